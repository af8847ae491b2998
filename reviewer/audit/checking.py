"""Verifying a pack with the keys that are pinned here."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from reviewer.audit.pins import Pin, add_pins, pin_file_beside, pins_of, read_pins
from reviewer.audit.verifier import NotAPack, Outcome, Pins, open_pack, told, verify
from reviewer.errors import OperatorError
from reviewer.ledger.keys import is_signed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Lines for people, the last the verdict; `outcome` has the details."""

    lines: tuple[str, ...]
    outcome: Outcome

    @property
    def verified(self) -> bool:
        """Whether every row is as it was signed."""
        return self.outcome.first is None


def check_pack(
    path: Path, pin_file: Path, *, keys: Sequence[str] = (), demo: bool = False, older_ok: bool = False
) -> Verdict:
    """Verify a pack against `keys`, else against what is pinned in `pin_file`, else next to the pack.

    With `demo` only a key that was made with a demo pack counts.  A verified pack's heads are remembered in
    `pin_file`; a later pack that is older is then broken, but with `older_ok`.  Raises `NotAPack`.
    """
    logs = _logs(path)
    remembered = pins_of(logs, read_pins(pin_file))
    pinned, where = remembered, str(pin_file)
    if not pinned and not keys:
        beside = pin_file_beside(path)
        pinned, where = pins_of(logs, read_pins(beside)), str(beside)
    if demo:
        pinned = {log: pin for log, pin in pinned.items() if pin.demo}
    names = {key: "given with --key" for key in map(_key, keys)} or {
        pin.key: f"{pin.name} (pinned in {where})" for pin in pinned.values()
    }
    heads = {} if older_ok else {log: (pin.size, pin.root) for log, pin in pinned.items() if pin.size}
    pins = Pins(names, heads)
    outcome = verify(path, pins, is_signed)
    lines = told(outcome, pins)
    if not names:
        lines.insert(0, "no key is pinned for this pack: give the admin's key with --key")
    if outcome.first is None:
        _remember(pin_file, outcome, pins, pinned)
    return Verdict(tuple(lines), outcome)


def _remember(pin_file: Path, outcome: Outcome, pins: Pins, pinned: dict[str, Pin]) -> None:
    key = outcome.pinned[0] if outcome.pinned else next(iter(pins.keys))
    found = {}
    for log, known in outcome.logs.items():
        before = pinned.get(log)
        name = before.name if before else pins.keys[key]
        found[log] = Pin(
            before.key if before else key, name, known["size"], known["root"], bool(before and before.demo)
        )
    add_pins(pin_file, found)


def _key(text: str) -> str:
    key = text.strip().removeprefix("ed25519:").lower()
    if len(key) != 64 or key.strip("0123456789abcdef"):
        raise OperatorError(
            f"{text[:80]!r} is no key: give 64 hexadecimal digits, with or without ed25519: before them."
        )
    return key


def _logs(path: Path) -> set[str]:
    """The logs that a pack speaks of; nothing of it is trusted yet."""
    with closing(open_pack(path)) as connection:
        try:
            return {log for (log,) in connection.execute("SELECT log FROM keys LIMIT 10000") if isinstance(log, str)}
        except (sqlite3.Error, UnicodeDecodeError):
            return set()  # the verification says what is wrong


__all__ = ["NotAPack", "Verdict", "check_pack"]
