"""Decisions of this desk that auditors sent back: kept once, settled once, told to the server once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from reviewer.domain.audit import ReturnedCase, SettledCase
from reviewer.domain.decision import Decision
from reviewer.domain.values import format_time, parse_time
from reviewer.storage import accounts, decisions, people
from reviewer.storage.database import Database

_CURSOR = "returned"


@dataclass(frozen=True, slots=True)
class ReturnedEntry:
    """A returned case with the decision that it is about, for showing; `number` names it at this desk."""

    number: int
    case: ReturnedCase
    decision: Decision
    account: str
    title: str


def cursor(database: Database, account: str) -> str | None:
    """Where the reading of returned cases stands."""
    return accounts.cursor(database, account, _CURSOR)


def take(database: Database, account: str, cases: Iterable[ReturnedCase], following: str | None, at: str) -> int:
    """Keep what came back with the place that was reached; what is known stays.  One transaction.

    Answers how many were new.
    """
    new = 0
    with database.transaction():
        for case in cases:
            new += database.execute(
                "INSERT INTO returned_case (account, id, decision_id, case_id, auditor, at, verdict, kind, ground,"
                " note, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (account, case.id, case.decision_id, case.case_id, case.auditor, format_time(case.at), case.verdict,
                 case.kind, case.ground, case.note, at),
            ).rowcount  # fmt: skip
        if following is not None:
            accounts.save_cursor(database, account, _CURSOR, following)
    return new


def entries(database: Database) -> list[ReturnedEntry]:
    """What is not settled and was decided at this desk by the person whose turn it is, newest first."""
    rows = database.execute(
        "SELECT r.*, d.title FROM returned_case r JOIN decision d ON d.id = r.decision_id AND d.account = r.account"
        f" WHERE r.resolved_at IS NULL AND {people.MINE} ORDER BY r.number DESC"
    ).fetchall()
    found = []
    for row in rows:
        decision = decisions.read(database, row["decision_id"])
        if decision is not None:
            found.append(ReturnedEntry(row["number"], _case(row), decision, row["account"], row["title"]))
    return found


def _case(row: sqlite3.Row) -> ReturnedCase:
    return ReturnedCase(
        row["id"], row["decision_id"], row["case_id"], row["auditor"], parse_time(row["at"]),
        row["verdict"], row["kind"], row["ground"], row["note"],
    )  # fmt: skip


def count(database: Database) -> int:
    """How many are not settled."""
    row = database.one(
        "SELECT count(*) FROM returned_case r JOIN decision d ON d.id = r.decision_id AND d.account = r.account"
        f" WHERE r.resolved_at IS NULL AND {people.MINE}"
    )
    return int(row[0]) if row else 0


def uphold(database: Database, number: int, at: str) -> bool:
    """The reviewer stands by the decision.  Call inside a transaction.  False where it was settled already."""
    return bool(
        database.execute(
            "UPDATE returned_case SET resolved_at = ?, resolution = 'upheld' WHERE number = ? AND resolved_at IS NULL",
            (at, number),
        ).rowcount
    )


def correct(database: Database, account: str, decision: Decision, at: str) -> None:
    """A superseding decision settles what came back of its case.  Call inside its transaction."""
    database.execute(
        "UPDATE returned_case SET resolved_at = ?, resolution = 'corrected', corrected_by = ?"
        " WHERE account = ? AND case_id = ? AND resolved_at IS NULL",
        (at, decision.id, account, decision.case_id),
    )


def reopen(database: Database, decision_id: str) -> None:
    """The superseding decision was taken back before the server knew of it.  Call inside a transaction."""
    database.execute(
        "UPDATE returned_case SET resolved_at = NULL, resolution = '', corrected_by = ''"
        " WHERE corrected_by = ? AND told_at IS NULL",
        (decision_id,),
    )


def untold(database: Database, account: str) -> list[SettledCase]:
    """What is settled and the server does not know: corrections as soon as it has the superseding decision."""
    rows = database.execute(
        "SELECT r.id, r.resolution, r.corrected_by FROM returned_case r"
        " LEFT JOIN decision d ON d.id = r.corrected_by LEFT JOIN outbox o ON o.sequence = d.sequence"
        " WHERE r.account = ? AND r.resolved_at IS NOT NULL AND r.told_at IS NULL"
        " AND (r.resolution = 'upheld' OR o.state = 'settled') ORDER BY r.number",
        (account,),
    )
    return [SettledCase(row["id"], row["resolution"], row["corrected_by"]) for row in rows]


def mark_told(database: Database, account: str, ids: Iterable[str], at: str) -> None:
    """The server knows.  One transaction."""
    with database.transaction():
        database.executemany(
            "UPDATE returned_case SET told_at = ? WHERE account = ? AND id = ?", [(at, account, name) for name in ids]
        )
