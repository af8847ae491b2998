"""Who vouches for a workstation's log, for its packs: hubs with their keys, enrolments and countersignatures."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reviewer.audit import recording
from reviewer.audit.pack import PackWriter
from reviewer.audit.pins import Pin
from reviewer.domain.values import format_time
from reviewer.ledger.heads import Enrolment, Head, SignedHead
from reviewer.ledger.keys import SigningKey
from reviewer.services.export import STORE
from reviewer.storage import heads, witness
from reviewer.storage.database import Database

#: The role of a key that vouches and countersigns; where it is not pinned, what it signed counts for nothing.
HUB = "hub"


def write_vouchers(writer: PackWriter, database: Database, log: str, key: SigningKey, now: datetime) -> dict[str, Pin]:
    """Write the keys of the log and of the hubs that vouch for it, and their countersignatures.

    Answers the hubs' keys to pin, by the names of their own logs.
    """
    made = [row for row in witness.enrolments(database) if (row.log, row.key) == (log, key.public)]
    pins = {row.server_log: Pin(row.server_key, row.server_name, 0, "") for row in made}
    for name, pin in pins.items():
        recording.write_key(writer, HUB, Enrolment(name, pin.key, pin.name, format_time(now), pin.key, b""))
    for row in made:
        signature = bytes.fromhex(row.signature)
        recording.write_key(writer, "workstation", Enrolment(log, row.key, row.name, row.at, row.server_key, signature))
    if not made:
        own = Enrolment(log, key.public, "this workstation", format_time(now), key.public, b"")
        recording.write_key(writer, "workstation", own)
    known = {pin.key for pin in pins.values()}
    for signed in witness.countersignatures(database):
        if signed.key in known and signed.log == log:
            head = Head(log, signed.size, signed.root, signed.at)
            recording.write_head(writer, "witnesses", SignedHead(head, signed.key, bytes.fromhex(signed.signature)))
    return pins


def log_of(folder: Path, key: SigningKey) -> str:
    """The name of a data folder's log; one after its key where nothing was decided there yet."""
    store = folder / STORE
    if not store.is_file():
        return f"desk-{key.public[:16]}"
    database = Database(store, read_only=True)
    try:
        database.refuse_newer()
        return heads.log_name(database) or f"desk-{key.public[:16]}"
    finally:
        database.close()
