"""Picture evidence on a desk: compared in the evidence process, kept, told; banks, earlier decisions, the index."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageOps

from reviewer.cli import main
from reviewer.connectors.api import BankEntry, Case, Decision, DecisionKind, Fingerprint, Picture, ReferenceProduct
from reviewer.domain.facts import Match, Side
from reviewer.domain.values import new_id, sha256_hex
from reviewer.imaging.pool import DecodePool
from reviewer.policy.signs import facts_for
from reviewer.services.evidence import INDEX_FILE, EvidenceService
from reviewer.services.model import CaseOnDesk, CaseRef
from reviewer.services.pictures import PictureCache, PictureService
from reviewer.storage import evidence as table
from reviewer.storage.threads import StoreThread
from tests.fakes_connector import FakeConnector, FakeServer, made_case
from tests.made import make_on_desk
from tests.unit.imaging.test_evidence_matching import scene

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG = 60.0


def encoded(picture: Image.Image) -> bytes:
    sink = io.BytesIO()
    picture.convert("RGB").save(sink, "JPEG", quality=88)
    return sink.getvalue()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool(1) as made:
        yield made


class Desk:
    """An evidence service on a folder, with a made-up server behind it; `on_desk` are the open cases."""

    def __init__(self, folder: Path, pool: DecodePool, server: FakeServer) -> None:
        self.folder = folder
        self.server = server
        self.on_desk: list[CaseOnDesk] = []
        self.store = StoreThread(folder / "store.sqlite3")
        self.store.start()
        self.background = ThreadPoolExecutor(1)
        cache = PictureCache(folder / "pictures")
        self.pictures = PictureService(self.store, cache, pool, self._open, self.background)
        self.pictures.start()
        self.service = EvidenceService(folder, self.store, self.pictures, lambda: self.on_desk)
        self.service.start()

    def _open(self, account: str) -> FakeConnector:
        with self.server.lock:
            self.server.open_connectors += 1
        return FakeConnector(self.server, "token")

    def add(self, picture: Image.Image) -> Picture:
        data = encoded(picture)
        self.server.pictures[sha256_hex(data)] = data
        return Picture(sha256_hex(data))

    def until(self, case: Case, wanted: Callable[[tuple[Match, ...]], bool]) -> tuple[Match, ...]:
        """Look at a case until its matches are as wanted."""
        told = threading.Semaphore(0)
        self.service.look_at(CaseRef("a", case.id), case, told.release)
        while True:
            assert told.acquire(timeout=LONG), self.matches(case)
            if wanted(self.matches(case)):
                return self.matches(case)

    def matches(self, case: Case) -> tuple[Match, ...]:
        return self.store.run(lambda _: self.service.matches(case))

    def earlier(self, case: Case) -> list[tuple[str, str, str]]:
        found = self.store.run(lambda _: self.service.earlier(case, self.service.matches(case)))
        return [(one.listing_title, one.kind or one.case_id, one.note) for one in found]

    def close(self) -> None:
        self.service.close()
        self.pictures.close()
        self.background.shutdown()
        self.store.close()


@pytest.fixture
def open_desk(tmp_path: Path, pool: DecodePool) -> Iterator[Callable[[], Desk]]:
    server, opened = FakeServer(), []

    def open_one() -> Desk:
        opened.append(Desk(tmp_path, pool, server))
        return opened[-1]

    yield open_one
    for desk in opened:
        desk.close()


def takedown(case: Case, note: str) -> Decision:
    return Decision(
        new_id(), case.id, case.listing.id, case.listing.revision, DecisionKind.TAKEDOWN, NOW, ground="counterfeit",
        note=note,
    )  # fmt: skip


def test_an_edited_copy_is_named_with_its_edits(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    original = scene(1)
    genuine, other = desk.add(original), desk.add(scene(2))
    mirrored = desk.add(ImageOps.mirror(original).crop((0, 0, 280, 480)))
    product = ReferenceProduct("ref", "Norrvik", "Bag", pictures=(other, genuine))
    case = made_case(1, pictures=(desk.add(scene(9)), mirrored), references=(product,))
    found = desk.until(case, lambda found: any(match.kind == "same photo" for match in found))
    match = found[0]
    assert (match.picture, match.other, match.source, match.source_id) == (
        mirrored.sha256, genuine.sha256, "reference", "ref",
    )  # fmt: skip
    assert match.found is not None
    assert match.found.mirrored
    assert match.found.words.startswith(", mirrored and cropped to ")
    assert "keypoint pairs" in match.found.explanation
    fact = next(fact for fact in facts_for(case, found, NOW) if fact.kind == "picture")
    assert fact.side is Side.FOR
    assert fact.sentence().startswith("Picture 2 is the same photo as the brand's picture 2, mirrored and cropped to ")
    prints = desk.store.run(lambda _: desk.service.fingerprints(case))
    assert {one.picture for one in prints} == {picture.sha256 for picture in case.listing.pictures}
    assert all(len(code) == 64 for one in prints for code in one.codes)


def test_a_relisted_photo_brings_the_earlier_decision_until_it_is_reversed(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    photo = scene(3)
    first = made_case(1, pictures=(desk.add(photo),))
    desk.service.look_at(CaseRef("a", first.id), first, lambda: None)
    decision = takedown(first, "the zip is wrong")

    def decide(database: object) -> None:
        with database.transaction():  # type: ignore[attr-defined]
            table.note_decided(database, "a", decision, first, "Ana")  # type: ignore[arg-type]

    desk.store.run(decide)
    again = made_case(2, pictures=(desk.add(photo.resize((300, 360))),))
    found = desk.until(again, lambda found: any(match.source == "infringing" for match in found))
    assert (found[0].kind, found[0].label, found[0].at) == ("same photo", first.listing.title, "2026-03-01")
    assert desk.earlier(again) == [(first.listing.title, "takedown", "the zip is wrong")]
    sentence = facts_for(again, found, NOW)[0].sentence()
    assert f"in “{first.listing.title}”, taken down on 2026-03-01" in sentence

    same_file = made_case(3, pictures=first.listing.pictures)
    assert [match.kind for match in desk.matches(same_file)] == ["same file"]

    def reverse(database: object) -> None:
        with database.transaction():  # type: ignore[attr-defined]
            table.take_back(database, decision.id)  # type: ignore[arg-type]

    desk.store.run(reverse)
    assert desk.matches(again) == desk.matches(same_file) == ()
    assert desk.earlier(again) == []


def test_the_same_photo_in_another_open_case_and_a_pair_that_is_no_match(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    photo = scene(4)
    first, second = (
        made_case(number, pictures=(desk.add(picture),))
        for number, picture in ((1, photo), (2, photo.rotate(90, expand=True)))
    )
    desk.on_desk = [replace(make_on_desk(), ref=CaseRef("a", case.id), case=case) for case in (first, second)]
    desk.service.look_at(CaseRef("a", first.id), first, lambda: None)
    found = desk.until(second, lambda found: bool(found))
    assert [(match.source, match.source_id, match.kind) for match in found] == [("listing", first.id, "same photo")]
    assert desk.earlier(second) == [(first.listing.title, first.id, "")]

    ones = sorted((first.listing.pictures[0].sha256, second.listing.pictures[0].sha256))
    pair = BankEntry("n", ones[0], ones[1])

    def say(database: object) -> None:
        with database.transaction():  # type: ignore[attr-defined]
            table.save_bank(database, "a", "negative", [pair])  # type: ignore[arg-type]

    desk.store.run(say)
    assert desk.matches(second) == ()


@pytest.mark.parametrize("harm", ["cut", "flip", "gone", "stale"])
def test_an_index_that_is_not_what_it_was_is_built_again(open_desk: Callable[[], Desk], harm: str) -> None:
    desk = open_desk()
    photo = scene(5)
    first = made_case(1, pictures=(desk.add(photo),))
    told = threading.Event()
    desk.service.look_at(CaseRef("a", first.id), first, told.set)
    assert told.wait(LONG)
    desk.service.close()
    path = desk.folder / INDEX_FILE
    data = path.read_bytes()
    if harm == "cut":
        path.write_bytes(data[:-3])
    elif harm == "flip":
        path.write_bytes(bytes([data[0], data[1] ^ 1]) + data[2:])
    elif harm == "gone":
        path.unlink()
    else:
        code = Fingerprint("pdq", 1, 90, ("5a" * 32,), "f" * 64)

        def add(database: object) -> None:
            with database.transaction():  # type: ignore[attr-defined]
                table.save_code(database, code)  # type: ignore[arg-type]

        desk.store.run(add)
    desk.close()

    after = open_desk()
    again = made_case(2, pictures=(after.add(ImageOps.mirror(photo)),))
    after.on_desk = [replace(make_on_desk(), ref=CaseRef("a", first.id), case=first)]
    found = after.until(again, lambda found: bool(found))
    assert found[0].source == "listing"


def test_a_killed_evidence_process_costs_no_evidence(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    photo = scene(8)
    product = ReferenceProduct("ref", "Norrvik", "Bag", pictures=(desk.add(photo),))
    first = made_case(1, pictures=(desk.add(photo.crop((40, 40, 360, 440))),), references=(product,))
    desk.until(first, bool)
    pid = desk.service._door.pid
    assert pid is not None
    psutil.Process(pid).kill()
    second = made_case(2, pictures=(desk.add(ImageOps.mirror(photo)),), references=(product,))
    found = desk.until(second, bool)
    assert [match.kind for match in found] == ["same photo"]
    assert desk.service._door.pid not in (None, pid)


def test_pictures_that_can_not_be_had_cost_no_more_than_their_evidence(open_desk: Callable[[], Desk]) -> None:
    desk = open_desk()
    photo = scene(6)
    broken = Picture(sha256_hex(b"nothing"))
    product = ReferenceProduct("ref", "Norrvik", "Bag", pictures=(Picture("e" * 64), desk.add(photo)))
    case = made_case(1, pictures=(broken, desk.add(photo.crop((40, 40, 360, 440)))), references=(product,))
    found = desk.until(case, lambda found: bool(found))
    assert [match.kind for match in found] == ["same photo"]


@pytest.mark.parametrize("algorithm", ["pdq", "phash64"])
def test_a_hash_list_of_others_is_matched_and_comes_out_again(
    open_desk: Callable[[], Desk], tmp_path: Path, algorithm: str
) -> None:
    desk = open_desk()
    case = made_case(1, pictures=(desk.add(scene(7)),))
    name = case.listing.pictures[0].sha256
    seen = threading.Event()
    desk.pictures.look_at("a", case, seen.set)
    assert seen.wait(LONG)
    looked = threading.Event()
    desk.service.look_at(CaseRef("a", case.id), case, looked.set)
    assert looked.wait(LONG)
    if algorithm == "pdq":
        known = desk.store.run(lambda _: desk.service.fingerprints(case))[0].codes[0]
    else:
        hashed = desk.store.run(lambda database: table.phash_of(database, name, "phash64"))
        assert hashed is not None
        known = hashed.hex()
    near = f"{int(known, 16) ^ 0b1011:0{len(known)}x}"
    path = tmp_path / "list.csv"
    path.write_text(f"algorithm,hash,label\n{algorithm},{near},counterfeit\n{algorithm},{'9c' * (len(known) // 2)},x\n")
    assert desk.service.import_list(path, "A brand") == 2
    assert desk.service.import_list(path, "A brand") == 0
    found = desk.until(case, bool)
    assert [(match.kind, match.source, match.label) for match in found] == [("near", "infringing", "A brand")]
    assert found[0].found is not None
    assert found[0].found.words == f", 3 of {4 * len(known)} bits apart"
    sentences = [fact.sentence() for fact in facts_for(case, found, NOW)]
    assert "Picture 1 is near a picture on the hash list A brand" in sentences
    assert desk.service.export_list(tmp_path / "out.json") == 2
    assert near in (tmp_path / "out.json").read_text()


def test_the_commands_exchange_lists_and_say_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["reviewer", "evidence", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out + said.err

    data, lines = str(tmp_path / "data"), tmp_path / "list.csv"
    lines.write_text(f"algorithm,hash\npdq,{'1e' * 32}\n")
    assert run("import", str(lines), "--data", data, "--source", "B") == (0, "1 new, 0 known.\n")
    assert run("import", str(lines), "--data", data) == (0, "0 new, 1 known.\n")
    out = tmp_path / "out.csv"
    assert run("export", "--out", str(out), "--data", data) == (0, f"1 lines in {out}.\n")
    assert out.read_text().splitlines()[1] == f"pdq,{'1e' * 32},100,,B,1"
    for arguments, words in (
        (("import", str(tmp_path / "gone.csv"), "--data", data), "can't be read: No such file"),
        (("import", str(tmp_path), "--data", data), "can't be read"),
        (("export", "--out", str(out), "--data", str(tmp_path / "nothing")), "There is no store in"),
        (("export", "--out", str(out), "--data", data, "--bank", "x"), "There is no bank 'x'"),
        (("export", "--out", str(tmp_path / "a" / "b.csv"), "--data", data), "can't be written"),
    ):
        code, said = run(*arguments)
        assert code == 2
        assert said.startswith("reviewer: ")
        assert words in said
        assert said.count("\n") == 1
