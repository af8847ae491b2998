"""Pictures: fetched once, checked, kept, and every failure is a reason on its tile."""

from __future__ import annotations

import io
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from reviewer.connectors.api import Picture, ReferenceProduct, Unavailable
from reviewer.domain.values import sha256_hex
from reviewer.errors import BugError, OperatorError
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from reviewer.services.pictures import PictureCache, PictureService
from reviewer.storage.threads import StoreThread
from tests.fakes_connector import FakeConnector, FakeServer, made_case


def photo(seed: int, *, quality: int = 90, size: tuple[int, int] = (320, 240)) -> bytes:
    """A picture that is not flat, so that it has a fingerprint."""
    noise = Image.frombytes("L", (16, 12), random.Random(seed).randbytes(16 * 12))
    picture = Image.linear_gradient("L").resize(size)
    picture.paste(noise.resize((size[0] // 2, size[1] // 2)), (20 * seed % 150, 13 * seed % 110))
    data = io.BytesIO()
    picture.convert("RGB").save(data, "JPEG", quality=quality)
    return data.getvalue()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as made:
        yield made


class Gallery:
    """A picture service on a folder, with a made-up server behind it."""

    def __init__(self, folder: Path, pool: DecodePool) -> None:
        self.server = FakeServer()
        self.opened = 0
        self.store = StoreThread(folder / "store.sqlite3")
        self.store.start()
        self.cache = PictureCache(folder / "pictures")
        self.background = ThreadPoolExecutor(1)
        self.service = PictureService(self.store, self.cache, pool, self._open, self.background)
        self.service.start()

    def _open(self, account: str) -> Any:
        if account != "a":
            raise OperatorError("This account was removed.")
        with self.server.lock:
            self.server.open_connectors += 1
        return FakeConnector(self.server, "token")

    def add(self, data: bytes) -> str:
        self.server.pictures[sha256_hex(data)] = data
        return sha256_hex(data)

    def ask(self, name: str, account: str = "a") -> Decoded | RefusedPicture:
        return self.service.request(account, name, 200, 200, urgent=True).result(20)

    def refused(self, name: str, account: str = "a") -> RefusedPicture:
        answer = self.ask(name, account)
        assert isinstance(answer, RefusedPicture)
        assert answer.reason
        return answer

    def close(self) -> None:
        self.service.close()
        self.background.shutdown()
        self.store.close()


@pytest.fixture
def gallery(tmp_path: Path, pool: DecodePool) -> Iterator[Gallery]:
    assert pool.wait_ready(30)
    made = Gallery(tmp_path, pool)
    yield made
    made.close()
    assert made.server.open_connectors == 0


def test_a_picture_is_fetched_once_and_then_comes_from_the_disk(gallery: Gallery) -> None:
    name = gallery.add(photo(1))
    first = gallery.ask(name)
    assert isinstance(first, Decoded)
    assert (first.width, first.height) == (200, 150)
    gallery.server.error = Unavailable("no network")
    second = gallery.ask(name)
    assert isinstance(second, Decoded)
    assert second.pixels == first.pixels
    assert gallery.server.calls == ["media"]


def test_a_picture_that_is_asked_for_many_times_at_once_is_fetched_once(gallery: Gallery) -> None:
    name = gallery.add(photo(2))
    futures = [gallery.service.request("a", name, 100 + n, 100, urgent=n % 3 == 0) for n in range(20)]
    assert all(isinstance(future.result(20), Decoded) for future in futures)
    assert gallery.server.calls == ["media"]


def test_other_bytes_than_the_digest_says_are_not_shown_and_not_kept(gallery: Gallery) -> None:
    name = sha256_hex(b"what was promised")
    gallery.server.pictures[name] = photo(3)
    assert gallery.refused(name).code == "damaged"
    assert not gallery.cache.has(name)


def test_a_missing_picture_says_so(gallery: Gallery) -> None:
    answer = gallery.refused("0" * 64)
    assert answer.code == "unavailable"
    assert "no such picture" in answer.reason


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "x" * 64])
def test_a_name_that_is_no_digest_reaches_neither_disk_nor_server(gallery: Gallery, name: str) -> None:
    assert gallery.refused(name).code == "damaged"
    with pytest.raises(BugError):
        gallery.cache.read(name)
    assert gallery.server.calls == []


def test_where_the_server_is_away_the_picture_is_asked_for_again_later(gallery: Gallery) -> None:
    name = gallery.add(photo(4))
    gallery.server.error = Unavailable("the hub is down")
    answer = gallery.refused(name)
    assert answer.code == "unavailable"
    assert "the hub is down" in answer.reason
    gallery.server.error = None
    assert isinstance(gallery.ask(name), Decoded)


def test_an_account_that_is_gone_costs_a_tile(gallery: Gallery) -> None:
    assert "removed" in gallery.refused(gallery.add(photo(5)), "b").reason


@pytest.mark.parametrize("answer", [None, 7, "text", object()])
def test_a_connector_that_lies_about_its_types_costs_a_tile(gallery: Gallery, answer: Any) -> None:
    lie, good = "1" * 64, gallery.add(photo(6))
    gallery.server.pictures[lie] = answer
    gallery.server.errors["media"] = ValueError("a fault of its own")
    assert gallery.refused("2" * 64).code == "unavailable"
    gallery.server.errors.clear()
    for _ in range(3):
        assert gallery.refused(lie).code == "unavailable"
    assert isinstance(gallery.ask(good), Decoded)


def test_bytes_that_are_no_picture_are_refused_with_the_reason(gallery: Gallery) -> None:
    whole = photo(7)
    assert gallery.refused(gallery.add(b"<svg xmlns='http://www.w3.org/2000/svg'/>")).code != "damaged"
    assert isinstance(gallery.ask(gallery.add(whole[: len(whole) // 3])), RefusedPicture)


def test_a_file_that_was_changed_on_the_disk_is_fetched_again(gallery: Gallery) -> None:
    name = gallery.add(photo(8))
    gallery.ask(name)
    gallery.cache._path(name).write_bytes(b"bit rot")
    assert isinstance(gallery.ask(name), Decoded)
    assert gallery.server.calls == ["media", "media"]


def test_a_disk_that_takes_nothing_still_shows_the_picture(gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("a file in the way of the folder")
    assert isinstance(gallery.ask(gallery.add(photo(9))), Decoded)


def test_the_cache_forgets_the_oldest_files_first(tmp_path: Path) -> None:
    cache = PictureCache(tmp_path / "pictures")
    names = [sha256_hex(bytes([number])) for number in range(5)]
    for number, name in enumerate(names):
        cache.write(name, bytes([number]))
    cache.prune(10)
    assert all(cache.has(name) for name in names)
    cache.prune(2)
    assert sum(cache.has(name) for name in names) == 2
    assert cache.read(names[0]) in (None, b"\x00")


def look_at(gallery: Gallery, ours: bytes, theirs: bytes) -> Any:
    listing, reference = Picture(gallery.add(ours)), Picture(gallery.add(theirs))
    case = made_case(
        1, pictures=(listing,), references=(ReferenceProduct("ref", "Orle", "Saddle", pictures=(reference,)),)
    )
    seen = threading.Event()
    gallery.service.look_at("a", case, seen.set)
    assert seen.wait(20)
    return gallery.store.run(lambda _: gallery.service.matches(case))


def test_the_same_bytes_match_by_their_digest(gallery: Gallery) -> None:
    found = look_at(gallery, photo(10), photo(10))
    assert [(match.method, match.distance) for match in found] == [("sha256", 0)]


def test_an_edited_copy_matches_by_its_fingerprint_and_another_photo_does_not(gallery: Gallery) -> None:
    original = photo(11)
    copy = io.BytesIO()
    Image.open(io.BytesIO(original)).resize((280, 210)).save(copy, "JPEG", quality=40)
    found = look_at(gallery, copy.getvalue(), original)
    assert [(match.method, match.source_id) for match in found] == [("phash64", "ref")]
    assert found[0].distance <= 4
    other = Image.radial_gradient("L").rotate(30).convert("RGB")
    data = io.BytesIO()
    other.save(data, "PNG")
    assert look_at(gallery, data.getvalue(), original) == ()


def test_what_can_not_be_fetched_does_not_hold_up_the_evidence(gallery: Gallery) -> None:
    gallery.server.error = Unavailable("away")
    assert look_at(gallery, photo(12), photo(13)) == ()


def test_what_was_not_begun_at_the_end_is_answered_with_a_reason(tmp_path: Path, pool: DecodePool) -> None:
    gallery = Gallery(tmp_path, pool)
    futures = [gallery.service.request("a", f"{number:064x}", 10, 10) for number in range(50)]
    gallery.close()
    futures.append(gallery.service.request("a", "f" * 64, 10, 10))
    answers = [future.result(20) for future in futures]
    assert all(isinstance(answer, RefusedPicture) for answer in answers)
    assert answers[-1].code == "stopped"  # type: ignore[union-attr]
