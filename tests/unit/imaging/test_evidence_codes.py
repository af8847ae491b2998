"""PDQ against pdqhash, pHash against imagehash, borders, and the exact index with its file."""

import csv
import io
from pathlib import Path

import imagehash
import numpy as np
import pytest
import simplejpeg
from PIL import Image

from reviewer.errors import BugError
from reviewer.imaging.decoder import decode
from reviewer.imaging.hamming import HammingIndex, IndexDamaged, Neighbour
from reviewer.imaging.index_store import StoredIndex
from reviewer.imaging.pdq import pdq
from reviewer.imaging.pictures import Decoded
from reviewer.imaging.trimming import Box, trimmed
from tests.unit.imaging.pictures import encoded, photo, shared

LUMA = np.array([0.299, 0.587, 0.114])


def theirs(picture: np.ndarray) -> tuple[np.ndarray, int]:
    pdqhash = pytest.importorskip(
        "pdqhash", reason="pdqhash is built from source; install it where there is a compiler"
    )
    vector, quality = pdqhash.compute(np.ascontiguousarray(picture))
    return np.packbits(vector.astype(bool)), quality


def apart(one: np.ndarray, other: np.ndarray) -> int:
    return int(np.bitwise_count(one ^ other).sum())


def test_pdq_is_the_published_one() -> None:
    """The code of this picture in the documentation of ThreatExchange."""
    folder = shared("data", "copydetection", "pdq")
    picture = simplejpeg.decode_jpeg((folder / "bridge-mods-aaa-orig.jpg").read_bytes())
    code = pdq(picture @ LUMA)
    assert code is not None
    assert code.code.hex() == "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
    assert code.quality == 100


def test_pdq_of_a_made_up_picture_is_that_of_pdqhash() -> None:
    """As computed by pdqhash 0.2.8."""
    code = pdq(np.asarray(photo(301, 517, seed=9)) @ LUMA)
    assert code is not None
    theirs = bytes.fromhex("f1785784ed615782e5615780a13952fde25e5ad6a51cb529bd211f820ec3ec67")
    assert apart(code.codes[0], np.frombuffer(theirs, dtype=np.uint8)) <= 1


@pytest.mark.parametrize(("width", "height"), [(640, 480), (301, 517), (64, 64), (90, 400), (1000, 130)])
def test_pdq_has_the_bits_and_the_quality_of_pdqhash(width: int, height: int) -> None:
    picture = np.asarray(photo(width, height, seed=width))
    code, quality = theirs(picture)
    ours = pdq(picture @ LUMA)
    assert ours is not None
    assert apart(ours.codes[0], code) <= 1
    assert abs(ours.quality - quality) <= 1


def test_the_eight_orientations_are_those_of_turned_pictures() -> None:
    """At 64 pixels a side the samples are the pixels: on others PDQ's filters are not quite symmetrical."""
    picture = np.asarray(photo(64, 64, seed=3)) @ LUMA
    code = pdq(picture)
    assert code is not None
    for number in range(8):
        turned = picture.T if number & 4 else picture
        turned = turned[:, ::-1] if number & 1 else turned
        turned = turned[::-1] if number & 2 else turned
        again = pdq(turned, every_orientation=False)
        assert again is not None
        assert apart(again.codes[0], code.codes[number]) <= 2


def test_a_blank_picture_has_no_code() -> None:
    assert pdq(np.full((300, 200), 250.0)) is None


def test_codes_from_scaled_decodes_are_near_those_of_pdqhash() -> None:
    folder = shared("data", "products")
    with (folder / "products.csv").open(encoding="utf-8") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["file"].endswith(".jpg")][::9]
    distances = []
    for name in names:
        data = (folder / name).read_bytes()
        picture = simplejpeg.decode_jpeg(data)
        height, width = picture.shape[:2]
        by = 4 if max(height, width) >= 800 else 2
        gray = simplejpeg.decode_jpeg(data, colorspace="GRAY", min_height=-(-height // by), min_width=-(-width // by))
        code, full = pdq(gray[..., 0], (height, width)), theirs(picture)[0]
        assert code is not None
        distances.append(apart(code.codes[0], full))
    assert np.mean(distances) <= 1.6
    assert max(distances) <= 12


def test_phash_of_a_scaled_decode_agrees_with_imagehash() -> None:
    folder = shared("data", "products", "img")
    same, files = 0, sorted(folder.glob("*.jpg"))[::12]
    for path in files:
        data = path.read_bytes()
        answer = decode(data, 400, 400, fingerprint=True)
        assert isinstance(answer, Decoded)
        assert answer.fingerprint is not None
        code = imagehash.phash(Image.open(io.BytesIO(data))).hash
        distance = (int.from_bytes(np.packbits(code).tobytes()) ^ int.from_bytes(answer.fingerprint)).bit_count()
        same += distance == 0
        assert distance <= 4
    assert same >= 0.88 * len(files)


def test_frames_and_margins_are_trimmed() -> None:
    picture = Image.new("L", (400, 300), 40)
    picture.paste(255, (20, 20, 380, 280))
    picture.paste(photo(200, 160).convert("L"), (100, 80))
    box = trimmed(np.asarray(picture))
    assert max(abs(box.left - 100), abs(box.top - 80), abs(box.right - 300), abs(box.bottom - 240)) <= 3
    assert (box.width, box.height) == (box.right - box.left, box.bottom - box.top)


def test_a_picture_without_borders_and_a_plain_one_stay_whole() -> None:
    assert trimmed(np.asarray(photo(120, 90).convert("L"))) == Box(0, 0, 120, 90)
    assert trimmed(np.full((90, 120), 200, dtype=np.uint8)) == Box(0, 0, 120, 90)


def some_codes(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), dtype=np.uint8)


@pytest.mark.parametrize("library", ["faiss", "numpy"])
def test_search_is_exact(library: str) -> None:
    codes = some_codes(3000)
    index = HammingIndex(library)
    assert index.search(codes[:1], 31) == []
    index.add(np.arange(3000), codes)
    asked = codes[[17, 90]].copy()
    asked[0, :3] ^= 0xFF
    for radius in (0, 23, 24, 31, 110):
        bits = np.minimum(
            np.bitwise_count(codes ^ asked[0]).sum(axis=1), np.bitwise_count(codes ^ asked[1]).sum(axis=1)
        )
        wanted = [Neighbour(int(name), int(bits[name])) for name in np.flatnonzero(bits <= radius)]
        assert index.search(asked, radius) == sorted(wanted, key=lambda one: (one.distance, one.identity))
    assert index.library == library


@pytest.mark.parametrize("library", ["faiss", "numpy"])
def test_codes_go_with_their_id(library: str) -> None:
    codes = some_codes(100)
    index = HammingIndex(library)
    index.add([name // 2 for name in range(100)], codes)
    assert index.remove([3, 4711]) == 2
    assert len(index) == 98
    assert index.search(codes[6:8], 10) == []
    assert index.search(codes[8:9], 0) == [Neighbour(4, 0)]


def test_an_index_refuses_what_is_no_code() -> None:
    with pytest.raises(BugError):
        HammingIndex().add([1], np.zeros((1, 31), dtype=np.uint8))
    with pytest.raises(BugError):
        HammingIndex("pigeons")


def test_a_saved_index_comes_back_and_a_changed_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "index"
    index = HammingIndex()
    codes = some_codes(50)
    index.add(range(50), codes)
    index.save(path)
    assert (HammingIndex.load(path).codes() == codes).all()
    whole = path.read_bytes()
    for at in (0, 9, 100, len(whole) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(IndexDamaged):
            HammingIndex.load(path)
    for cut in (0, 20, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(IndexDamaged):
            HammingIndex.load(path)


def test_the_log_keeps_what_was_not_saved(tmp_path: Path) -> None:
    path, codes = tmp_path / "index", some_codes(10)
    stored = StoredIndex(path)
    assert stored.state == "missing"
    stored.add([1, 2, 3], codes[:3])
    stored.remove([2])
    stored.add([4], codes[3:4])
    again = StoredIndex(path)
    assert (again.state, len(again.index)) == ("loaded", 3)
    assert again.search(codes[1:2], 0) == []
    again.save()
    assert not path.with_name("index.log").exists()
    assert len(StoredIndex(path).index) == 3


def test_a_log_that_was_cut_off_loses_its_last_record_only(tmp_path: Path) -> None:
    path, codes = tmp_path / "index", some_codes(10)
    StoredIndex(path).add([1, 2], codes[:2])
    log = path.with_name("index.log")
    log.write_bytes(log.read_bytes()[:-7])
    stored = StoredIndex(path)
    assert (stored.state, len(stored.index)) == ("loaded", 1)
    stored.add([3], codes[2:3])
    assert len(StoredIndex(path).index) == 2


def test_a_log_with_another_byte_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "index"
    StoredIndex(path).add([1, 2], some_codes(2))
    log = path.with_name("index.log")
    data = bytearray(log.read_bytes())
    data[45] ^= 1
    log.write_bytes(bytes(data))
    stored = StoredIndex(path)
    assert (stored.state, len(stored.index)) == ("damaged", 0)


def test_a_log_of_an_older_base_is_left_out(tmp_path: Path) -> None:
    path, log = tmp_path / "index", tmp_path / "index.log"
    stored = StoredIndex(path)
    stored.add([1], some_codes(1))
    old = log.read_bytes()
    stored.save()
    log.write_bytes(old)  # as after a crash between the two steps of `save`
    assert len(StoredIndex(path).index) == 1


def test_near_blank_pictures_have_no_phash() -> None:
    answer = decode(encoded(Image.new("RGB", (300, 200), "white"), "PNG"), 300, 300, fingerprint=True)
    assert isinstance(answer, Decoded)
    assert answer.fingerprint is None
