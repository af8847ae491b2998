"""Every change of a pack is caught and named, by the program's verifier and by the single file."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from reviewer.audit import verifier
from reviewer.audit.checking import check_pack
from reviewer.audit.demo import write_demo
from reviewer.audit.layout import TABLES
from reviewer.audit.pins import Pin, pin_file_beside, read_pins, write_pins
from reviewer.audit.verifier import NotAPack, Outcome, Pins, ed25519_is_signed, verify
from reviewer.ledger import heads as ledger_heads
from reviewer.ledger.keys import SigningKey, is_signed
from tests.tamper.sweep import Change, all_changes, changed, fault_of, forge_chain, reseal
from tests.unit.audit.conftest import START, Made, Tamper

After = Callable[[Tamper], Outcome]
CELLS = [(table, column) for table, columns in TABLES.items() for column in columns]


def found(outcome: Outcome) -> tuple[str, int]:
    """The table and the row that are named first."""
    assert outcome.first is not None
    return outcome.first.table, outcome.first.row


def test_the_demo_pack_is_verified_with_all_that_it_says(demo: Made) -> None:
    outcome = verify(demo.path, demo.pins(), is_signed)
    assert outcome.faults == []
    assert outcome.pinned == [demo.key]
    assert set(outcome.counts) == set(TABLES)
    assert all(outcome.counts[table] for table in TABLES)
    assert outcome.counts["decisions"] == outcome.counts["texts"] == outcome.counts["cases"] >= 1000
    assert {known["size"] - known["witnessed"] for known in outcome.logs.values()} == {12}
    assert "rows" in verifier.told(outcome, demo.pins())[1]


def test_equal_seeds_make_equal_histories(demo: Made, tmp_path: Path) -> None:
    again = write_demo(tmp_path / "again.pack", seed=11, decisions=1000, start=START)
    other = write_demo(tmp_path / "other.pack", seed=12, decisions=1000, start=START)
    assert again.key != demo.key
    assert list(again.heads.values()) == list(demo.heads.values())
    assert list(other.heads.values()) != list(demo.heads.values())


@pytest.mark.parametrize(("table", "column"), CELLS)
def test_every_changed_value_is_named_by_its_row(after: After, table: str, column: str) -> None:
    rng = random.Random(f"{table}.{column}")

    row = 0

    def tamper(connection: sqlite3.Connection) -> None:
        nonlocal row
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        row = rng.randint(1, count)
        (value,) = connection.execute(f'SELECT "{column}" FROM {table} WHERE row = ?', (row,)).fetchone()
        connection.execute(f'UPDATE {table} SET "{column}" = ? WHERE row = ?', (changed(value), row))

    assert found(after(tamper)) == (table, row)


def test_a_share_of_all_changes_among_a_thousand_rows_is_caught_and_named(tmp_path: Path) -> None:
    """Others each time, by the seed that pytest prints; `make soak` makes every one of them."""
    path = tmp_path / "thousand.pack"
    made = write_demo(path, seed=1, decisions=80, start=START)
    changes = list(all_changes(path, made.heads))
    assert len(changes) > 13_000
    pins = Pins({made.key: "demo admin"}, dict(made.heads))
    connection = sqlite3.connect(path, isolation_level=None)
    by_kind: dict[str, list[Change]] = {}
    for change in changes:
        by_kind.setdefault("a value" if change.what.endswith(" changed") else change.what, []).append(change)
    share = [random.choice(of) for of in by_kind.values()] + random.sample(changes, 60)
    assert [words for change in share if (words := fault_of(connection, pins, change))] == []
    connection.close()


def test_a_blob_that_is_too_long_to_read_is_named_by_its_row(demo: Made, copy: Path) -> None:
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute(f"UPDATE pictures SET bytes = zeroblob({verifier.LONGEST + 1}) WHERE row = 3")
    connection.close()
    first = verify(copy, demo.pins(), is_signed).first
    assert first is not None
    assert (first.table, first.row) == ("pictures", 3)
    assert "too big" in first.words


@pytest.mark.parametrize("value", [None, 0, 0.5, "", b"", b"takedown", "takedown\0", 2**62])
def test_another_type_is_another_value(after: After, value: object) -> None:
    outcome = after(lambda connection: connection.execute("UPDATE decisions SET kind = ? WHERE row = 700", (value,)))
    assert found(outcome) == ("decisions", 700)


@pytest.mark.parametrize("table", TABLES)
def test_dropped_doubled_swapped_and_added_rows_are_named(after: After, table: str) -> None:
    columns = ", ".join(f'"{column}"' for column in TABLES[table])
    insert = f"INSERT INTO {table} SELECT 1, ?, {columns} FROM {table} WHERE row = ?"
    last = 0

    def look(connection: sqlite3.Connection) -> None:
        nonlocal last
        (last,) = connection.execute(f"SELECT max(row) FROM {table}").fetchone()

    assert after(look).faults == []
    middle = (last + 1) // 2

    def drop(connection: sqlite3.Connection, row: int) -> None:
        connection.execute(f"DELETE FROM {table} WHERE row = ?", (row,))

    def drop_and_close_up(connection: sqlite3.Connection) -> None:
        drop(connection, middle)
        connection.execute(f"UPDATE {table} SET row = -(row - 1) WHERE row > ?", (middle,))
        connection.execute(f"UPDATE {table} SET row = -row WHERE row < 0")

    def swap(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE {table} SET row = -1 WHERE row = 1")
        connection.execute(f"UPDATE {table} SET row = 1 WHERE row = ?", (last,))
        connection.execute(f"UPDATE {table} SET row = ? WHERE row = -1", (last,))

    def double(connection: sqlite3.Connection) -> None:
        connection.execute(f"UPDATE {table} SET row = -(row + 1) WHERE row > ?", (middle,))
        connection.execute(f"UPDATE {table} SET row = -row WHERE row < 0")
        connection.execute(insert, (middle + 1, middle))

    for row in {1, middle, last}:
        assert found(after(partial(drop, row=row))) == (table, row)
    if last > 1:
        assert found(after(drop_and_close_up)) == (table, middle)
        assert found(after(swap)) == (table, 1)
        assert "holds what was sealed as row" in str(after(swap).first)
    assert found(after(double)) == (table, middle + 1)
    assert found(after(lambda connection: connection.execute(insert, (last + 1, last)))) == (table, last + 1)
    assert found(after(lambda connection: connection.execute(f"UPDATE {table} SET part = 2 WHERE row = {last}"))) == (
        table, last,
    )  # fmt: skip
    assert found(after(lambda connection: connection.execute(f"DELETE FROM {table}"))) == (table, 1)


@pytest.mark.parametrize("row", [1, 100, 101, 417, 500])
def test_a_forged_row_with_a_chain_that_fits_is_named(after: After, row: int) -> None:
    outcome = after(lambda connection: forge_chain(connection, row))
    assert found(outcome) == ("chain", row)


def test_a_history_sealed_anew_by_another_key_names_the_rows_that_were_forged(after: After) -> None:
    def tamper(connection: sqlite3.Connection) -> None:
        forge_chain(connection, 417)
        reseal(connection, SigningKey.generate(), ["chain", "decisions"])

    outcome = after(tamper)
    assert found(outcome) == ("chain", 401)
    assert "rows 401 to 500" in str(outcome.first)
    assert any("no pinned key vouches" in str(fault) for fault in outcome.faults)


def test_swapped_keys_that_sign_everything_again_are_named(after: After, demo: Made) -> None:
    def tamper(connection: sqlite3.Connection) -> None:
        admin = SigningKey.generate()
        for log in demo.heads:
            desk = SigningKey.generate()
            enrolled = ledger_heads.enrol(admin, log, desk.public, "Desk", "2024-01-01T00:00:00.000Z")
            connection.execute(
                "UPDATE keys SET name = 'Desk', at = ?, key = ?, \"by\" = ?, signature = ? WHERE log = ?",
                (enrolled.at, desk.public, admin.public, enrolled.signature, log),
            )
            for table, key, sign in (
                ("checkpoints", desk, ledger_heads.sign_checkpoint),
                ("witnesses", admin, ledger_heads.witness),
            ):
                for row, size, root, at in connection.execute(
                    f"SELECT row, size, root, at FROM {table} WHERE log = ?", (log,)
                ).fetchall():
                    signed = sign(key, ledger_heads.Head(log, size, root, at))
                    connection.execute(
                        f"UPDATE {table} SET key = ?, signature = ? WHERE row = ?", (key.public, signed.signature, row)
                    )
        reseal(connection, admin, ["keys", "checkpoints", "witnesses"])

    outcome = after(tamper)
    assert outcome.first is not None
    assert {fault.table for fault in outcome.faults} >= {"keys", "checkpoints", "witnesses", "manifest"}
    assert any("no pinned key" in str(fault) and fault.table == "keys" and fault.row == 1 for fault in outcome.faults)


def test_an_older_pack_and_one_whose_end_was_cut_off_are_named(demo: Made, tmp_path: Path) -> None:
    pins = demo.pins()
    log, (size, root) = next(iter(pins.heads.items()))
    pins.heads[log] = (size + 40, root)
    first = verify(demo.path, pins, is_signed).first
    assert first is not None
    assert (first.table, first.row) == ("chain", size + 1)
    assert "older file" in first.words
    file = tmp_path / "pins.json"
    write_pins(file, {log: Pin(demo.key, "demo admin", size + 40, root, demo=True)})
    assert not check_pack(demo.path, file).verified
    assert check_pack(demo.path, file, older_ok=True).verified


def test_another_history_of_the_same_log_is_named(demo: Made) -> None:
    pins = demo.pins()
    log = sorted(pins.heads)[0]
    pins.heads[log] = (100, "0" * 64)
    assert verify(demo.path, pins, is_signed).first is not None


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON decisions BEGIN DELETE FROM texts; END",
        "CREATE VIEW decision AS SELECT 1 AS kind",
        "CREATE INDEX i ON decisions (kind)",
        "CREATE TABLE more (a)",
        "DROP VIEW a_decision",
        "ALTER TABLE decisions ADD COLUMN verdict TEXT",
        "UPDATE manifest SET signature = zeroblob(64)",
        "UPDATE manifest SET body = CAST('{}' AS BLOB)",
        "UPDATE manifest SET body = 7",
        "UPDATE manifest SET key = 'x'",
        "UPDATE manifest SET part = 2",
        "DELETE FROM manifest",
        "DELETE FROM seals",
        "DELETE FROM seals WHERE table_name = 'texts' AND block = 3",
        "UPDATE seals SET digests = zeroblob(3200) WHERE table_name = 'texts' AND block = 3",
        "UPDATE seals SET part = 7 WHERE table_name = 'texts'",
        "INSERT INTO manifest SELECT 2, body, key, signature FROM manifest",
        "DROP TABLE figures",
    ],
)
def test_what_was_added_to_or_taken_from_the_whole_is_named(after: After, statement: str) -> None:
    assert after(lambda connection: connection.execute(statement)).first is not None


def test_the_text_of_a_decision_may_be_erased_at_its_source_and_the_rest_stands(demo: Made, tmp_path: Path) -> None:
    """A pack that was exported after an erasure says so; one that is emptied afterwards is broken."""
    other = tmp_path / "cut.pack"
    other.write_bytes(demo.path.read_bytes())
    connection = sqlite3.connect(other)
    with connection:
        connection.execute("UPDATE texts SET salt = NULL, body = NULL WHERE row = 5")
    connection.close()
    first = verify(other, demo.pins(), is_signed).first
    assert first is not None
    assert (first.table, first.row) == ("texts", 5)


def test_nothing_pinned_is_never_verified(demo: Made, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere.pack"
    other.write_bytes(demo.path.read_bytes())
    verdict = check_pack(other, tmp_path / "pins.json")
    assert not verdict.verified
    assert verdict.lines[0].startswith("no key is pinned")
    assert verdict.lines[-1].startswith("broken: keys row 1: ")


def test_a_verified_pack_is_remembered_and_not_changed(demo: Made, tmp_path: Path) -> None:
    before = demo.path.read_bytes()
    file = tmp_path / "pins.json"
    assert check_pack(demo.path, file, keys=[f"ed25519:{demo.key}"]).verified
    assert {log: (pin.size, pin.root) for log, pin in read_pins(file).items()} == demo.heads
    assert check_pack(demo.path, file).verified
    assert check_pack(demo.path, tmp_path / "none.json", demo=True).verified
    assert demo.path.read_bytes() == before
    assert sorted(path.name for path in demo.path.parent.iterdir()) == ["demo.pack", "demo.pack.pin"]
    assert pin_file_beside(demo.path).is_file()


def test_the_same_log_under_another_key_is_broken(demo: Made, tmp_path: Path) -> None:
    file = tmp_path / "pins.json"
    write_pins(file, {log: Pin("0" * 64, "somebody", 0, "") for log in demo.heads})
    assert check_pack(demo.path, file).lines[-1].startswith("broken: keys row 1: ")


SCRIPT = [sys.executable, "-I", "-S", verifier.__file__]


def test_the_single_file_needs_nothing_else(demo: Made, copy: Path) -> None:
    good = subprocess.run([*SCRIPT, str(demo.path), "--key", demo.key], capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.splitlines()[0].startswith(f"pinned key: ed25519:{demo.key}")
    assert good.stdout.splitlines()[-1].startswith("verified: ")
    connection = sqlite3.connect(copy)
    with connection:
        connection.execute("UPDATE cases SET seller_name = 'x' WHERE row = 321")
    connection.close()
    bad = subprocess.run([*SCRIPT, "--key", demo.key, str(copy)], capture_output=True, text=True, check=False)
    assert bad.returncode == 1
    assert bad.stdout.splitlines()[-1] == "broken: cases row 321: was changed"
    other = subprocess.run([*SCRIPT, str(demo.path), "--key", "0" * 64], capture_output=True, text=True, check=False)
    assert other.returncode == 1
    none = subprocess.run([*SCRIPT, __file__, "--key", demo.key], capture_output=True, text=True, check=False)
    assert (none.returncode, none.stdout) == (2, "not a readable pack: it is not an SQLite file\n")
    assert subprocess.run(SCRIPT, capture_output=True, check=False).returncode == 2


#: RFC 8032, 7.1, tests 1 to 3: secret, public, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize("check", [is_signed, ed25519_is_signed])
@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_the_published_vectors(
    secret: str, public: str, message: str, signature: str, check: verifier.Check
) -> None:
    key = SigningKey(bytes.fromhex(secret))
    assert (key.public, key.sign(bytes.fromhex(message)).hex()) == (public, signature)
    values = [bytes.fromhex(public), bytes.fromhex(signature), bytes.fromhex(message)]
    assert check(*values)
    assert not check(values[0], values[1], values[2] + b"x")
    for place in (0, 31, 32, 63):
        flipped = bytearray(values[1])
        flipped[place] ^= 1
        assert not check(values[0], bytes(flipped), values[2])
    assert not check(values[0][:31], values[1], values[2])
    assert not check(b"\xff" * 32, values[1], values[2])


def wrong_files(demo: Made) -> dict[str, bytes]:
    whole = demo.path.read_bytes()
    newer = bytearray(whole)
    newer[60:64] = (99).to_bytes(4, "big")
    other = bytearray(whole)
    other[68:72] = b"Othr"
    unfinished = bytearray(whole)
    unfinished[60:64] = bytes(4)
    return {
        "empty": b"",
        "text": b"decisions,1\n" * 300,
        "a picture": b"\xff\xd8\xff\xe0" + bytes(5000),
        "half a header": whole[:50],
        "one page": whole[:8192],
        "newer": bytes(newer),
        "another program's": bytes(other),
        "never finished": bytes(unfinished),
        "a header of nothing": whole[:100] + bytes(20_000),
    }


@pytest.mark.parametrize(
    "name",
    [
        "empty",
        "text",
        "a picture",
        "half a header",
        "one page",
        "newer",
        "another program's",
        "never finished",
        "a header of nothing",
    ],
)
def test_other_files_are_no_packs(demo: Made, tmp_path: Path, name: str) -> None:
    path = tmp_path / "file.pack"
    path.write_bytes(wrong_files(demo)[name])
    with pytest.raises(NotAPack):
        verify(path, demo.pins(), is_signed)
    with pytest.raises(NotAPack):
        verify(tmp_path / "none", demo.pins(), is_signed)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file.pack"]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_a_pack_whose_end_is_missing_is_broken(demo: Made, copy: Path, share: float) -> None:
    data = copy.read_bytes()
    copy.write_bytes(data[: int(len(data) * share)])
    try:
        assert verify(copy, demo.pins(), is_signed).first is not None
    except NotAPack as problem:
        assert "damaged" in str(problem)  # noqa: PT017 - both are right: it depends on what was lost


@pytest.mark.parametrize(
    "statements",
    [
        ["DROP TABLE decisions", "CREATE VIEW decisions AS SELECT 1 AS part, 1 AS row"],
        ["DROP TABLE texts", "CREATE VIRTUAL TABLE texts USING fts5(part, row)"],
        ["DROP TABLE manifest", "CREATE VIEW manifest AS SELECT 1 AS part, x'' AS body, '' AS key, x'' AS signature"],
        ["DROP TABLE seals", "CREATE TABLE seals AS SELECT 1 AS part"],
        ["UPDATE decisions SET kind = zeroblob(200000000) WHERE row = 3"],
        ["UPDATE manifest SET body = zeroblob(200000000)"],
        ["UPDATE manifest SET body = CAST(replace(hex(zeroblob(300000)), '00', '[') AS BLOB)"],
        ["UPDATE chain SET content = replace(hex(zeroblob(300000)), '00', '[') WHERE row = 9"],
    ],
)
def test_hostile_packs_are_named_and_never_verified(demo: Made, copy: Path, statements: list[str]) -> None:
    connection = sqlite3.connect(copy)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    before = copy.stat().st_mtime_ns
    try:
        assert verify(copy, demo.pins(), is_signed).first is not None
    except NotAPack as problem:
        assert "table" in str(problem)  # noqa: PT017
    assert copy.stat().st_mtime_ns == before
    assert [file.name for file in copy.parent.iterdir()] == ["copy.pack"]


def test_flipped_bits_are_named(demo: Made, copy: Path) -> None:
    whole = bytearray(copy.read_bytes())
    rng = random.Random(5)
    caught = 0
    for _ in range(25):
        at = rng.randrange(len(whole))
        whole[at] ^= 1 << rng.randrange(8)
        copy.write_bytes(whole)
        try:
            caught += verify(copy, demo.pins(), is_signed).first is not None
        except NotAPack:
            caught += 1
    assert caught == 25  # the first lies in a value, so that all that follow are broken as well


def test_pins_that_are_no_keys_are_refused(demo: Made) -> None:
    assert verify(demo.path, Pins({"": "", "x": ""}), is_signed).first is not None
