"""The hub's part in the audit: heads countersigned with their rows, and the whole team's pack from its data folder."""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from benchmarks import report
from benchmarks.report import Line, Options
from reviewer.cli.hub_source import HubFolder
from reviewer.domain.values import sha256_hex
from reviewer.hub.auth import Account, add_account
from reviewer.hub.log_heads import RefusedHead, countersign
from reviewer.hub.log_keys import enrol_key
from reviewer.hub.messages_audit import HeadRequest, KeyRequest
from reviewer.hub.schema import cases, decisions, flags, listings, sellers
from reviewer.hub.signing import with_key
from reviewer.hub.store import Store, open_store
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey, is_signed
from reviewer.services.audit_export import Scope
from reviewer.services.team_export import export_team
from tests.unit.hub.desks import DeskLog

_DECISIONS, _ROWS = 20_000, 100
_A_SECOND = 2000.0
_AT = "2026-01-02T00:00:00.000Z"


def measure(options: Options) -> list[Line]:
    """Take decisions' rows by signed heads of a hundred, half of all; then write the team's pack."""
    count = options.count(_DECISIONS, 400)
    with tempfile.TemporaryDirectory(prefix="audit-hub-") as made:
        folder = Path(made)
        store = open_store(folder / "hub")
        rows = [_decision(number) for number in range(count)]
        store.database.write(lambda connection: _fill(connection, rows))
        heads = _heads(store, rows[: count // 2])
        began = time.perf_counter()
        for account, head in heads:
            taken = store.database.write(partial(_sign, store=store, account=account, head=head))
            assert not isinstance(taken, RefusedHead), taken
        signed = time.perf_counter() - began
        floor = _signatures(len(heads))
        store.close()
        with closing(HubFolder(folder / "hub", None, None)) as hub:
            hub.start()  # statements and the hub's own log are made once
            began = time.perf_counter()
            told = export_team(hub, hub.key, folder / "team.pack", folder, Scope(), datetime.now(UTC))
            wrote = time.perf_counter() - began
        assert told == count
    speed = told / wrote
    print(f"{len(heads)} heads of {_ROWS} rows: {1000 * signed / len(heads):.1f} ms each; {told:,} decisions told")
    return [
        Line("audit heads countersigned", len(heads) / signed, "heads/s", "", floor, "a signature and two checks",
             ratio=floor * signed / len(heads), note=f"with {_ROWS} rows each, one transaction a head"),
        Line("audit export of a team", speed, "decisions/s", ">= 2,000/s", met=speed >= _A_SECOND,
             note="from the hub's folder, without pictures"),
    ]  # fmt: skip


def _decision(number: int) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()), "case_id": f"c{number}", "listing_id": f"l{number}", "revision": "r", "kind": "clear",
        "decided_at": _AT, "lease": None, "ground": "", "clause": "", "facts": [], "note": "Checked.", "evidence": [],
        "measure": None, "measure_off_reason": "", "policy_version": "1", "seconds": 4.5, "supersedes": "",
    }  # fmt: skip


def _fill(connection: Connection, rows: list[dict[str, Any]]) -> None:
    connection.execute(
        insert(sellers), [{"id": f"s{i}", "marketplace": "m", "display_name": f"S {i}"} for i in range(50)]
    )
    for number, said in enumerate(rows):
        place = {"marketplace": "m", "seller_id": f"s{number % 50}"}
        shown = {"id": f"l{number}", "title": f"Bag {number}", "revision": "r", "description": "Leather. " * 30}
        whole = {**shown, "price": {"amount": "38.00", "currency": "EUR"}, "pictures": []}
        listing = {"id": f"l{number}", **place, "title": shown["title"], "revision": "r", "body": json.dumps(whole)}
        connection.execute(insert(listings), listing)
        case = {"id": f"c{number}", **place, "listing_id": f"l{number}", "opened_at": _AT, "source": "automated"}
        connection.execute(insert(cases), case)
        flag = {"id": f"f{number}", "case_id": f"c{number}", "source": "automated", "reason": "counterfeit", "at": _AT}
        connection.execute(insert(flags), flag)
        body = canonical_json(said)
        connection.execute(
            insert(decisions),
            {
                "id": said["id"], "case_id": f"c{number}", "reviewer_id": "r", "kind": "clear", "received_at": _AT,
                "body": body.decode(), "body_sha256": sha256_hex(body), "status": "accepted", "current": True,
            },
        )  # fmt: skip


def _account(connection: Connection, name: str) -> Account:
    return add_account(connection, name, "reviewer", name, datetime.now(UTC))


def _enrol(connection: Connection, store: Store, account: Account, log: DeskLog) -> None:
    message = KeyRequest(**log.enrolment(account.id))
    enrol_key(connection, with_key(store)(connection), account, message, datetime.now(UTC))


def _sign(connection: Connection, store: Store, account: Account, head: HeadRequest) -> dict[str, Any] | RefusedHead:
    return countersign(connection, with_key(store)(connection), account, head, datetime.now(UTC))


def _heads(store: Store, rows: list[dict[str, Any]]) -> list[tuple[Account, HeadRequest]]:
    """Heads of logs of at most 2,000 rows, each of an account's workstation."""
    found = []
    for start in range(0, len(rows), 2000):
        log = DeskLog(f"desk-{start}")
        account = store.database.write(partial(_account, name=log.name))
        store.database.write(partial(_enrol, store=store, account=account, log=log))
        for said in rows[start : start + 2000]:
            log.decide(said)
        for size in range(_ROWS, len(log.rows) + 1, _ROWS):
            found.append((account, HeadRequest(**log.head(size, first=size - _ROWS))))
    return found


def _signatures(count: int) -> float:
    """Heads a second that the signatures alone would let through."""
    key, message = SigningKey.generate(), b"x" * 200
    began = time.perf_counter()
    for _ in range(count):
        signature = key.sign(message)
        assert is_signed(bytes.fromhex(key.public), signature, message)
        assert is_signed(bytes.fromhex(key.public), signature, message)
    return count / (time.perf_counter() - began)


if __name__ == "__main__":
    report.run(measure)
