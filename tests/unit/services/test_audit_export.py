"""Packs from a workstation's store, with the checkpoints that were signed as it grew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import keyring
import keyring.backends.fail
import pytest

from reviewer.audit.checking import check_pack
from reviewer.audit.history import read_history
from reviewer.audit.merge import merge_packs
from reviewer.audit.pins import NAME
from reviewer.domain.case import Lease
from reviewer.domain.decision import DecisionKind
from reviewer.domain.server import LeasedCase
from reviewer.errors import OperatorError
from reviewer.ledger.heads import is_checkpoint
from reviewer.services.audit_export import Scope, export_pack
from reviewer.services.changes import Changed
from reviewer.services.export import STORE
from reviewer.services.signing import KEY_FILE, CheckpointService, signing_key
from reviewer.storage import cases, decisions, heads
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread
from tests.made import make_case
from tests.unit.storage.making import NOW, made


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    yield
    keyring.set_keyring(before)


def fill(folder: Path, count: int, first: int = 1) -> None:
    """Cases and decisions as a desk makes them, every seventh undone."""
    database = Database(folder / STORE)
    for number in range(first, first + count):
        case = make_case(number)
        listing = case.listing
        kind = DecisionKind.CLEAR if number % 3 == 0 else DecisionKind.TAKEDOWN
        decision = made(
            number, listing=listing.id, case_id=case.id, revision=listing.revision, kind=kind,
            ground="" if kind is DecisionKind.CLEAR else "counterfeit", decided_at=NOW + timedelta(minutes=number),
        )  # fmt: skip
        with database.transaction():
            lease = Lease(f"lease-{number}", 1, 600)
            cases.ingest(database, "a", [LeasedCase(case, lease)], "2026-11-20T08:00:00.000Z", "")
            decisions.record(
                database, decision, account="a", reviewer="ana" if number % 2 else "bo", title=listing.title
            )
    database.close()


def test_a_workstations_history_is_verified_and_goes_on(tmp_path: Path) -> None:
    fill(tmp_path, 30)
    out = tmp_path / "packs" / "one.pack"
    count, key = export_pack(tmp_path, out, Scope(), NOW)
    verdict = check_pack(out, tmp_path / NAME)
    assert (count, verdict.verified) == (30, True)
    assert key in verdict.lines[0]
    assert "rows 1 to 30 are unwitnessed" in verdict.lines[1]
    fill(tmp_path, 5, 31)
    export_pack(tmp_path, tmp_path / "two.pack", Scope(), NOW)
    assert check_pack(tmp_path / "two.pack", tmp_path / NAME).verified
    older = check_pack(out, tmp_path / NAME)
    assert "older file" in older.lines[-1]
    assert check_pack(out, tmp_path / "elsewhere.json").verified  # by the pin beside it
    history = read_history(out)
    assert {row.title for row in history.decisions} == {make_case(number).listing.title for number in range(1, 31)}
    assert all(row.opened_at and row.source and row.seller_id for row in history.decisions)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0
    assert signing_key(tmp_path).public == key


def test_parts_of_a_history_keep_the_whole_chain(tmp_path: Path) -> None:
    fill(tmp_path, 20)
    half = (NOW + timedelta(minutes=10)).isoformat()[:19] + ".000Z"
    scopes = {
        10: Scope(reviewer="ana"), 9: Scope(until=half), 11: Scope(since=half), 14: Scope(ground="counterfeit"),
        0: Scope(marketplace="none"),
    }  # fmt: skip
    for count, scope in scopes.items():
        out = tmp_path / f"{count}.pack"
        assert export_pack(tmp_path, out, scope, NOW)[0] == count
        assert check_pack(out, tmp_path / NAME).verified
    found = merge_packs([tmp_path / "9.pack", tmp_path / "11.pack"], tmp_path / "both.pack")
    assert found == []
    assert check_pack(tmp_path / "both.pack", tmp_path / NAME).verified
    assert len(read_history(tmp_path / "both.pack").decisions) == 20
    found = merge_packs([tmp_path / "10.pack", tmp_path / "9.pack"], tmp_path / "more.pack")
    assert any(words.startswith("gap: ") for words in found)
    assert any(words.startswith("overlap: ") for words in found)


def test_a_pseudonymous_pack_names_nobody(tmp_path: Path) -> None:
    fill(tmp_path, 12)
    out = tmp_path / "p.pack"
    export_pack(tmp_path, out, Scope(pseudonymous=True), NOW)
    verdict = check_pack(out, tmp_path / NAME)
    assert verdict.verified
    assert any(line.startswith("12 decisions are pseudonymised") for line in verdict.lines)
    data = out.read_bytes()
    case = make_case(1)
    for name in (
        case.seller.display_name.encode(),
        b"note 1",
        *(f.claimant.encode() for f in case.flags if f.claimant),
    ):
        assert name not in data
    assert {row.reviewer[:2] for row in read_history(out).decisions} == {"p-"}
    assert len({row.reviewer for row in read_history(out).decisions}) == 2


def test_an_erased_text_leaves_its_commitment(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    connection = sqlite3.connect(tmp_path / STORE)
    with connection:
        connection.execute("UPDATE decision_text SET salt = NULL, body = NULL WHERE sequence = 2")
    connection.close()
    export_pack(tmp_path, tmp_path / "e.pack", Scope(), NOW)
    verdict = check_pack(tmp_path / "e.pack", tmp_path / NAME)
    assert verdict.verified
    assert "1 texts were erased; their commitments stand" in verdict.lines


def test_nothing_to_export_is_said_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="no store"):
        export_pack(tmp_path, tmp_path / "x.pack", Scope(), NOW)
    Database(tmp_path / STORE).close()
    with pytest.raises(OperatorError, match="Nothing was decided"):
        export_pack(tmp_path, tmp_path / "x.pack", Scope(), NOW)
    assert not list(tmp_path.glob("x.pack*"))


def test_heads_are_signed_every_hundred_rows_after_five_minutes_and_at_the_end(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    now = NOW
    store = StoreThread(tmp_path / STORE)
    store.start()
    service = CheckpointService(tmp_path, store, lambda: now)
    outbox = Changed(frozenset({"outbox"}))

    def sizes() -> list[int]:
        found = store.run(heads.checkpoints)
        assert all(is_checkpoint(signed) for signed in found)
        return [signed.head.size for signed in found]

    def more(count: int, first: int) -> None:
        rows = [made(number) for number in range(first, first + count)]

        def write(database: Database) -> None:
            with database.transaction():
                for row in rows:
                    decisions.record(database, row, account="a", reviewer="ana", title="t")

        store.run(write)
        service.changed(outbox)

    service.changed(outbox)
    assert sizes() == []
    service.start()
    service.changed(Changed(frozenset({"queue"})))
    assert sizes() == []
    service.changed(outbox)
    assert sizes() == [3]
    more(99, 1000)
    assert sizes() == [3]
    more(1, 2000)
    assert sizes() == [3, 103]
    more(1, 3000)
    assert sizes() == [3, 103]
    now = NOW + timedelta(minutes=5)
    service.changed(outbox)
    assert sizes() == [3, 103, 104]
    more(2, 4000)
    service.close()
    service.close()
    assert sizes() == [3, 103, 104, 106]
    store.close()
    database = Database(tmp_path / STORE)
    with pytest.raises(sqlite3.DatabaseError, match="never deleted"):
        database.execute("DELETE FROM checkpoint")
    with pytest.raises(sqlite3.DatabaseError, match="never changed"):
        database.execute("UPDATE checkpoint SET root = ''")
    database.close()
    export_pack(tmp_path, tmp_path / "p.pack", Scope(), NOW)
    assert check_pack(tmp_path / "p.pack", tmp_path / NAME).verified


def test_statements_and_notices_of_the_desk_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 12)
    export_pack(tmp_path, tmp_path / "s.pack", Scope(), NOW)
    history = read_history(tmp_path / "s.pack")
    against = {row.id for row in history.decisions if row.kind == "takedown"}
    told = list(history.rows("statements"))
    assert {str(row["decision_id"]) for row in told} == against
    assert all("decision_ground" in json.loads(str(row["body"])) for row in told)
    noticed = {flag.notice_id for number in range(1, 13) for flag in make_case(number).flags if flag.notice_id}
    assert {str(row["id"]) for row in history.rows("notices")} == noticed
    export_pack(tmp_path, tmp_path / "p.pack", Scope(pseudonymous=True), NOW)
    bare = read_history(tmp_path / "p.pack")
    assert {row["body"] for row in bare.rows("statements")} == {""}
    assert {row["claimant"] for row in bare.rows("notices")} <= {""}
