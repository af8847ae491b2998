"""What a pack tells, read safely into memory: decisions with their cases, and the tables beside them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from reviewer.audit.layout import TABLES, schema
from reviewer.audit.verifier import NotAPack, open_pack, schema_digest
from reviewer.errors import OperatorError


class Decided(NamedTuple):
    """A decision with what is needed of its case.  Times are RFC 3339 texts, which sort as texts."""

    log: str
    sequence: int
    id: str
    case_id: str
    listing_id: str
    revision: str
    reviewer: str
    kind: str
    ground: str
    measure: str
    decided_at: str
    seconds: float
    supersedes: str
    marketplace: str
    title: str
    opened_at: str | None
    due_at: str | None
    source: str
    claimant: str
    seller_id: str
    units_sold: int | None
    due_measure: str


class Opinion(NamedTuple):
    """A second opinion on a decision: `verdict` is agree, fix or return."""

    decision_id: str
    sample: str
    auditor: str
    at: str
    verdict: str
    kind: str
    ground: str
    note: str
    blind: int
    golden: int
    seconds: float


@dataclass(frozen=True, slots=True)
class History:
    """A pack in memory: each decision once, also where parts overlap; other tables as rows of their columns.

    `superseded` are ids that later decisions replaced which are not among `decisions` (some were left out).
    """

    decisions: tuple[Decided, ...]
    opinions: tuple[Opinion, ...]
    others: dict[str, tuple[tuple[object, ...], ...]]
    title: str
    superseded: frozenset[str] = frozenset()

    def rows(self, table: str) -> Iterator[dict[str, object]]:
        """The rows of one of the other tables, each as column to value."""
        columns = tuple(TABLES[table])
        for row in self.others[table]:
            yield dict(zip(columns, row, strict=True))

    def standing(self) -> dict[str, Decided]:
        """The decisions that no later one supersedes, by id; withdrawals stand for nothing."""
        over = {row.supersedes for row in self.decisions if row.supersedes} | self.superseded
        return {row.id: row for row in self.decisions if row.id not in over and row.kind != "withdraw"}


_DECISIONS = (
    "SELECT d.log, d.sequence, d.id, d.case_id, d.listing_id, d.revision,"
    " coalesce(nullif(d.reviewer_name, ''), d.reviewer), d.kind, d.ground, d.measure, d.decided_at, d.seconds,"
    " d.supersedes, c.marketplace, c.title, c.opened_at, c.due_at, c.source, c.claimant, c.seller_id, c.units_sold,"
    " c.due_measure FROM decisions d JOIN cases c ON c.part = d.part AND c.row = d.row ORDER BY d.part, d.row"
)
_OTHERS = ("appeals", "notices", "figures", "referrals", "statements", "policies")
#: What is read into memory at most, in bytes of the file without its pictures.
MOST = 1024 * 1024 * 1024


@cache
def expected_schema() -> str:
    """The digest of the tables and views that a pack of this format declares."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in schema():
            connection.execute(statement)
        return schema_digest(connection)


def open_known(path: Path) -> sqlite3.Connection:
    """A pack with exactly the tables and views of this format.  Raises `OperatorError` where it is another file."""
    try:
        connection = open_pack(path)
    except NotAPack as problem:
        raise OperatorError(f"{path} is not a readable pack: {problem}.") from None
    try:
        same = schema_digest(connection) == expected_schema()
    except sqlite3.Error:
        same = False
    if not same:
        connection.close()
        raise OperatorError(f"{path} declares tables, views or triggers that no pack has. Verify it; ask for another.")
    return connection


def read_history(path: Path) -> History:
    """Everything but pictures and texts.  Raises `OperatorError` where the file can't be read as a pack, or holds more
    than fits into memory."""
    with closing(open_known(path)) as connection:
        try:
            (pictures,) = connection.execute("SELECT coalesce(sum(length(bytes)), 0) FROM pictures").fetchone()
            told = path.stat().st_size - int(pictures)
            if told > MOST:
                raise OperatorError(
                    f"{path} is too large to be looked at: {told >> 20:,} MiB beside its pictures, and {MOST >> 20:,} "
                    "are the most. It can be verified; ask for a part of it, such as one year."
                )
            return _history(connection)
        except (sqlite3.Error, UnicodeDecodeError, TypeError, ValueError) as error:
            raise OperatorError(f"{path} is damaged: {error}. Verify it; ask for another copy.") from error


def _history(connection: sqlite3.Connection) -> History:
    decisions: dict[tuple[str, int], Decided] = {}
    for row in connection.execute(_DECISIONS):
        made = Decided(*row)
        _check(made)
        decisions.setdefault((made.log, made.sequence), made)
    opinions = dict.fromkeys(
        Opinion(*row)
        for row in connection.execute(f"SELECT {_names('opinions')} FROM opinions ORDER BY part, row")  # noqa: S608
    )
    others = {
        table: tuple(dict.fromkeys(connection.execute(f"SELECT {_names(table)} FROM {table} ORDER BY part, row")))  # noqa: S608
        for table in _OTHERS
    }
    title = connection.execute("SELECT json_extract(body, '$.title') FROM manifest ORDER BY part LIMIT 1").fetchone()
    return History(tuple(decisions.values()), tuple(opinions), others, str(title[0]) if title else "")


def _check(made: Decided) -> None:
    """A pack that was not verified may hold anything: what is counted must be of its type."""
    if not isinstance(made.seconds, float) or not all(
        isinstance(value, str) for value in (made.id, made.reviewer, made.kind, made.ground, made.decided_at)
    ):
        raise ValueError(f"row {made.sequence} of the log {made.log} holds values of the wrong type")


def _names(table: str) -> str:
    return ", ".join(f'"{column}"' for column in TABLES[table])
