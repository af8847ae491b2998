"""Packs of a workstation that a hub vouches for: what counts with which key pinned, and what is forged."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.audit import recording
from reviewer.audit.pack import PackFile, PackWriter
from reviewer.audit.verifier import Outcome, Pins, ed25519_is_signed, told, verify
from reviewer.domain.decision import Decision, DecisionKind, decision_to_mapping
from reviewer.domain.values import parse_time, sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.chain import GENESIS, next_row
from reviewer.ledger.heads import Enrolment, Head, enrol, sign_checkpoint, witness
from reviewer.ledger.keys import SigningKey

AT = "2026-03-01T08:00:00.000Z"
LOG = "desk-one"
HUB, DESK, OTHER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))


def write(path: Path, *, hub: SigningKey = HUB, vouched: bool = True, rows: int = 5, witnessed: int = 3) -> Path:
    """A pack of a few decisions, sealed by the workstation, countersigned up to a row."""
    with PackFile(path) as file:
        writer = PackWriter(file)
        previous = GENESIS
        for number in range(1, rows + 1):
            decision = Decision(
                f"0190c0de-0000-7000-8000-{number:012d}", f"c{number}", f"l{number}", "r", DecisionKind.CLEAR,
                parse_time(AT),
            )  # fmt: skip
            whole = decision_to_mapping(decision)
            names = ("facts", "note", "measure_off_reason")
            salt, text = bytes(16), canonical_json({name: whole[name] for name in names})
            bare = {name: value for name, value in whole.items() if name not in names}
            content: dict[str, object] = {
                "account": "a", "decision": bare, "outbox": sha256_hex(canonical_json(whole)), "reviewer": "ana",
                "text": sha256_hex(salt + text),
            }  # fmt: skip
            made = next_row(number, previous, content)
            previous = made.digest
            recording.write_decision(
                writer, recording.Told(LOG, number, made.previous, made.content, made.digest, salt, text), None
            )
            head = Head(LOG, *writer.head(LOG), AT)
            if number in (witnessed, rows):
                recording.write_head(writer, "checkpoints", sign_checkpoint(DESK, head))
            if number == witnessed:
                recording.write_head(writer, "witnesses", witness(hub, head))
        recording.write_key(writer, "hub", Enrolment("hub-1", hub.public, "Hub", AT, hub.public, b""))
        own = Enrolment(LOG, DESK.public, "desk", AT, DESK.public, b"")
        recording.write_key(writer, "workstation", enrol(hub, LOG, DESK.public, "desk", AT) if vouched else own)
        writer.seal(DESK, AT, "Workstation history", {})
        file.complete()
    return path


def outcome(path: Path, *keys: SigningKey) -> Outcome:
    return verify(path, Pins({key.public: "" for key in keys}), ed25519_is_signed)


def test_the_hubs_key_vouches_for_the_workstation_and_witnesses(tmp_path: Path) -> None:
    found = outcome(write(tmp_path / "a.pack"), HUB)
    assert found.first is None
    assert found.logs[LOG] | {"root": ""} == {"size": 5, "witnessed": 3, "root": ""}
    assert any("rows 4 to 5 are unwitnessed" in line for line in told(found, Pins({HUB.public: ""})))


def test_without_the_hubs_key_its_word_counts_for_nothing_and_is_named(tmp_path: Path) -> None:
    found = outcome(write(tmp_path / "a.pack"), DESK)
    assert found.first is None
    assert found.logs[LOG]["witnessed"] == 0
    assert found.unpinned == {HUB.public: "Hub"}
    assert any("count for nothing" in line and HUB.public in line for line in told(found, Pins({DESK.public: ""})))


@pytest.mark.parametrize("pinned", [(OTHER,), ()])
def test_a_pack_that_nobody_pinned_vouches_for_is_broken(tmp_path: Path, pinned: tuple[SigningKey, ...]) -> None:
    assert outcome(write(tmp_path / "a.pack"), *pinned).first is not None


def test_another_hub_does_not_pass_for_the_pinned_one(tmp_path: Path) -> None:
    """Whoever makes a hub of their own witnesses nothing, also where the pack calls it by the same name."""
    found = outcome(write(tmp_path / "a.pack", hub=OTHER), HUB, DESK)
    assert found.first is None
    assert found.logs[LOG]["witnessed"] == 0
    assert outcome(write(tmp_path / "b.pack", hub=OTHER), HUB).first is not None


def test_a_key_that_vouches_for_itself_is_not_one_that_the_hub_enrolled(tmp_path: Path) -> None:
    found = outcome(write(tmp_path / "a.pack", vouched=False), HUB)
    assert found.first is not None
    assert "no pinned key" in str(found.first)
