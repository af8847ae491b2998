"""Second opinions that a lead sends: kept, and what is not agreed with goes back to its reviewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from reviewer.domain.values import format_time, sha256_hex
from reviewer.hub.auth import Account
from reviewer.hub.locks import AUDIT, hold
from reviewer.hub.log_keys import is_enrolled
from reviewer.hub.messages_audit import FindingMessage, FindingsRequest, SettledMessage
from reviewer.hub.problems import Problem
from reviewer.hub.schema import Record, decisions
from reviewer.hub.schema_audit import findings, findings_files
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.findings import is_findings

#: The verdicts that go back to the reviewer.
BACK = ("fix", "return")
_PART = 400


def take_findings(
    connection: Connection, account: Account, message: FindingsRequest, sent: Mapping[str, Any], now: datetime
) -> dict[str, int]:
    """Keep a findings file; answers how many opinions are new, known, about decisions of other hubs, and go back.

    Raises `Problem` where the file is not what its key signed, where that key is not enrolled here, where it returns
    a case without a note, judges the sender's own decisions, or is about no decision of this hub.
    """
    hold(connection, AUDIT)
    if not is_findings(sent):
        raise Problem("findings-refused", "The file is not what its auditor signed. Ask for it again.")
    if not is_enrolled(connection, message.key):
        raise Problem(
            "findings-refused",
            f"The file is signed by the key {message.key[:16]}…, which is not enrolled here or was revoked. The "
            "auditor must enrol that workstation's key with this hub first.",
        )
    known = _decisions(connection, {item.decision_id for item in message.items})
    ours = [item for item in message.items if item.decision_id in known]
    if not ours:
        raise Problem("findings-refused", "None of the decisions that the file judges is known to this hub.")
    _check(account, ours, known)
    file_id = sha256_hex(canonical_json(dict(sent)))
    if connection.execute(select(findings_files.c.id).where(findings_files.c.id == file_id)).first() is None:
        values = {
            "id": file_id, "account_id": account.id, "key": message.key, "seed": message.seed, "draw": message.draw,
            "received_at": format_time(now), "body": msgspec.json.encode(sent).decode(),
        }  # fmt: skip
        connection.execute(insert(findings_files), values)
    rows = {row["id"]: row for row in (_row(item, known[item.decision_id], file_id) for item in ours)}
    stored = _stored(connection, list(rows))
    new = [row for name, row in rows.items() if name not in stored]
    if new:
        connection.execute(insert(findings), new)
    back = sum(row["verdict"] in BACK and row["settled_at"] is None for row in new)
    return {"new": len(new), "known": len(rows) - len(new), "elsewhere": len(message.items) - len(ours), "back": back}


def _check(account: Account, items: Sequence[FindingMessage], known: Mapping[str, Record]) -> None:
    for item in items:
        if item.verdict == "return" and not item.note.strip():
            raise Problem("findings-refused", f"The case of decision {item.decision_id} is returned without a note.")
        if known[item.decision_id].reviewer_id == account.id:
            raise Problem("findings-refused", f"The decision {item.decision_id} is your own: nobody audits oneself.")


def _decisions(connection: Connection, names: set[str]) -> dict[str, Record]:
    wanted = sorted(name for name in names if "\0" not in name)
    found = {}
    for start in range(0, len(wanted), _PART):
        query = select(
            decisions.c.id, decisions.c.case_id, decisions.c.reviewer_id, decisions.c.kind, decisions.c.body
        ).where(decisions.c.id.in_(wanted[start : start + _PART]), decisions.c.status == "accepted")
        found.update({row.id: row for row in connection.execute(query)})
    return found


def _stored(connection: Connection, names: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), _PART):
        query = select(findings.c.id).where(findings.c.id.in_(names[start : start + _PART]))
        found.update(connection.execute(query).scalars())
    return found


def _row(item: FindingMessage, decision: Record, file_id: str) -> dict[str, Any]:
    """An opinion is one of an auditor on a decision at a time; agreement settles itself."""
    name = canonical_json([item.decision_id, item.auditor, item.at, item.verdict])
    ground = msgspec.json.decode(decision.body).get("ground", "")
    same = item.verdict == "fix" and (item.kind, item.ground) == (decision.kind, ground)
    settled = item.at if item.verdict not in BACK or same else None
    return {
        "id": sha256_hex(name), "file_id": file_id, "decision_id": item.decision_id,
        "reviewer_id": decision.reviewer_id, "case_id": decision.case_id, "auditor": _text(item.auditor),
        "at": item.at, "verdict": item.verdict, "kind": _text(item.kind), "ground": _text(item.ground),
        "note": _text(item.note), "blind": int(item.blind), "golden": int(item.golden),
        "seconds": repr(item.seconds), "settled_at": settled, "resolution": "", "corrected_by": "",
    }  # fmt: skip


def _text(text: str) -> str:
    """As any other text of the hub: what is signed keeps its bytes in the file."""
    return text.replace("\0", "\ufffd")


def returned_page(connection: Connection, account: Account, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """What came back to an account after a number and is not settled, and the number to go on from."""
    rows = connection.execute(
        select(findings)
        .where(
            findings.c.reviewer_id == account.id,
            findings.c.seq > after,
            findings.c.verdict.in_(BACK),
            findings.c.settled_at.is_(None),
        )
        .order_by(findings.c.seq)
        .limit(limit)
    ).all()
    names = ("id", "decision_id", "case_id", "auditor", "at", "verdict", "kind", "ground", "note")
    items = [{name: getattr(row, name) for name in names} for row in rows]
    return items, rows[-1].seq if rows else after


def settle(connection: Connection, account: Account, items: Sequence[SettledMessage], now: datetime) -> list[str]:
    """Write down what a reviewer did with returned cases: `settled`, or `known` where it was before; in order.

    Raises `Problem` for a case that was not returned to this account.
    """
    answers = []
    for item in items:
        row = connection.execute(
            select(findings.c.seq, findings.c.settled_at)
            .where(findings.c.id == item.id, findings.c.reviewer_id == account.id)
            .with_for_update()
        ).first()
        if row is None:
            raise Problem("not-found", f"The case {item.id[:16]}… was not returned to you.")
        if row.settled_at is None:
            corrected = _text(item.decision_id)
            values = {"settled_at": format_time(now), "resolution": item.resolution, "corrected_by": corrected}
            connection.execute(update(findings).where(findings.c.seq == row.seq).values(values))
        answers.append("settled" if row.settled_at is None else "known")
    return answers
