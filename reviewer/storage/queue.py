"""The mirror of every open case, and how it is filtered, sorted and paged in SQL."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from reviewer.domain.case import CaseRow
from reviewer.domain.urgency import urgency_of_row
from reviewer.domain.values import Money, format_time, parse_time
from reviewer.storage import people
from reviewer.storage.database import Database

#: A due time later than any, so that cases without one sort last.
#: So many rows of a search for text are counted and can be scrolled through; more asks for more words.
MOST_FOUND = 5000
_NO_DUE = "9999-12-31T00:00:00.000Z"
#: What no kept text holds and what SQLite can't look for: NUL and lone surrogates.
_NEVER_KEPT = re.compile("[\0\ud800-\udfff]")

_COLUMNS = (
    "account, case_id, marketplace, state, priority, due_at, title, brand, category, seller_id, seller_name,"
    " standing, ground, source, flags, price, currency, price_sort, language, leased_by, severity, reach, trust, rank"
)
_PLACES = ", ".join("?" for _ in _COLUMNS.split(","))
_UPDATES = ", ".join(
    f"{name} = excluded.{name}" for name in map(str.strip, _COLUMNS.split(",")) if name not in ("account", "case_id")
)
_UPSERT = (
    f"INSERT INTO queue_row ({_COLUMNS}) VALUES ({_PLACES}) ON CONFLICT (account, case_id) DO UPDATE SET {_UPDATES}"
)
#: The columns of the index `queue_facets`, with the due time.
_FACETS = ("marketplace", "ground", "source", "state", "standing")
#: Sort key: how the rows are ordered, and how they are ordered the other way round.
_ORDERS = {
    "urgency": ("q.rank, q.id", "q.rank DESC, q.id DESC"),
    "due_at": ("q.due_at, q.id", "q.due_at DESC, q.id DESC"),
    "price": ("q.price_sort, q.id", "q.price_sort DESC, q.id DESC"),
} | {
    name: (f"q.{name}, q.id", f"q.{name} DESC, q.id DESC")
    for name in ("title", "brand", "seller_name")
} | {
    name: (f"q.{name}, q.rank, q.id", f"q.{name} DESC, q.rank DESC, q.id DESC")
    for name in ("marketplace", "ground", "source")
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """What rows to show.  `equals` maps a column to the values that it may have; `text` is looked for in
    titles, brands, sellers and ids; `due_before` is a kept time; `held_only` shows cases on this desk."""

    text: str = ""
    equals: Mapping[str, Sequence[str]] | None = None
    due_before: str = ""
    due_after: str = ""
    held_only: bool = False


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """A row of the table as it is shown."""

    account: str
    row: CaseRow
    held: bool
    pending: str


def upsert(database: Database, account: str, rows: Iterable[CaseRow]) -> None:
    """Mirror these cases.  Call inside a transaction."""
    database.executemany(_UPSERT, [_values(account, row) for row in rows])


def remove(database: Database, account: str, case_ids: Iterable[str]) -> None:
    """These cases left the queue.  Call inside a transaction."""
    database.executemany(
        "DELETE FROM queue_row WHERE account = ? AND case_id = ?",
        [(account, case_id) for case_id in case_ids],
    )


def keep_only(database: Database, account: str, case_ids: Iterable[str]) -> int:
    """Remove every row of the account that is not named, after a whole reading.  Inside a transaction."""
    database.execute("CREATE TEMP TABLE IF NOT EXISTS still_open (case_id TEXT PRIMARY KEY)")
    database.execute("DELETE FROM still_open")
    database.executemany("INSERT OR IGNORE INTO still_open VALUES (?)", [(case_id,) for case_id in case_ids])
    return database.execute(
        "DELETE FROM queue_row WHERE account = ? AND case_id NOT IN (SELECT case_id FROM still_open)",
        (account,),
    ).rowcount


def leased_elsewhere(database: Database, account: str) -> list[tuple[str, int]]:
    """Who holds how many cases of the mirror that do not lie on this desk: also this reviewer, at another one."""
    rows = database.execute(
        "SELECT leased_by, count(*) FROM queue_row q WHERE account = ? AND state = 'leased' AND NOT EXISTS"
        " (SELECT 1 FROM desk_case c WHERE c.account = q.account AND c.case_id = q.case_id AND c.state != 'lost')"
        " GROUP BY leased_by ORDER BY leased_by",
        (account,),
    )
    return [(row[0], row[1]) for row in rows]


def _values(account: str, row: CaseRow) -> tuple[object, ...]:
    urgency = urgency_of_row(row)
    return (
        account, row.id, row.marketplace, row.state, row.priority, format_time(row.due_at) if row.due_at else _NO_DUE,
        row.title, row.brand, row.category, row.seller_id, row.seller_name, row.standing, row.ground, row.source,
        row.flags, str(row.price.amount) if row.price else None, row.price.currency if row.price else None,
        float(row.price.amount) if row.price else None, row.language, row.leased_by,
        urgency.severity, urgency.reach, urgency.trust, urgency.rank(),
    )  # fmt: skip


def count(database: Database, condition: Condition) -> int:
    """How many rows the condition leaves; for a text that is found in more than `MOST_FOUND`, one more than those."""
    joins, where, values = _where(condition)
    if _is_indexed(condition.text):
        where = where.replace(_AMONG_FOUND, "f.queue_text MATCH ?")
        found = f"SELECT 1 FROM queue_text f CROSS JOIN queue_row q ON q.id = f.rowid {joins} {where} LIMIT ?"
        row = database.one(f"SELECT count(*) FROM ({found})", (*values, MOST_FOUND + 1))
        return row[0] if row else 0
    index = "INDEXED BY queue_facets" if _is_of_facets(condition) else ""
    row = database.one(f"SELECT count(*) FROM queue_row q {index} {joins} {where}", values)
    return row[0] if row else 0


def _is_of_facets(condition: Condition) -> bool:
    """Whether several columns filter that one index holds: by the index of one of them, each row would be read.

    The index of one column holds the due time as well, so that this alone makes no second column.
    """
    columns = {column for column, allowed in (condition.equals or {}).items() if allowed}
    return len(columns) > 1 and columns <= set(_FACETS) and not condition.text.strip() and not condition.held_only


def page(
    database: Database,
    condition: Condition,
    sort: str,
    descending: bool,
    start: int,
    limit: int,
    *,
    common: bool = False,
) -> list[MirrorRow]:
    """Rows `start` to `start + limit` in that order.

    The inner query walks an index alone, so that jumping far down reads no rows on the way.  `common` says that
    the text is in many rows: then each row on the way is asked for it, instead of collecting all that have it.
    """
    order = _ORDERS.get(sort, _ORDERS["urgency"])[int(descending)]
    joins, where, values = _where(condition)
    if common:
        where = where.replace(_AMONG_FOUND, _HAS_TEXT)
    rows = database.execute(
        "SELECT q.*, c.state IS NOT NULL AND c.state = 'held' AS held,"
        " coalesce((SELECT s.kind FROM standing_decision s JOIN decision d ON d.sequence = s.sequence"
        "  WHERE s.account = q.account AND s.case_id = q.case_id AND s.delivery <> 'settled'"
        f" AND {people.MINE} LIMIT 1), '') AS pending"
        f" FROM (SELECT q.id FROM queue_row q {joins} {where} ORDER BY {order} LIMIT ? OFFSET ?) chosen"
        " JOIN queue_row q ON q.id = chosen.id"
        " LEFT JOIN desk_case c ON c.account = q.account AND c.case_id = q.case_id"
        f" ORDER BY {order}",
        (*values, limit, start),
    )
    return [_mirror_row(row) for row in rows]


def _mirror_row(row: sqlite3.Row) -> MirrorRow:
    get = row.__getitem__
    price = Money(Decimal(get("price")), get("currency")) if get("price") is not None else None
    due = get("due_at")
    return MirrorRow(
        get("account"),
        CaseRow(
            id=get("case_id"), marketplace=get("marketplace"), state=get("state"), priority=get("priority"),
            due_at=None if due == _NO_DUE else parse_time(due), title=get("title"), brand=get("brand"),
            category=get("category"), seller_id=get("seller_id"), seller_name=get("seller_name"),
            standing=get("standing"), ground=get("ground"), source=get("source"), flags=get("flags"), price=price,
            language=get("language"), leased_by=get("leased_by"),
            severity=get("severity"), reach=get("reach"), trust=get("trust"),
        ),
        bool(get("held")),
        get("pending"),
    )  # fmt: skip


def facets(database: Database, column: str) -> list[tuple[str, int]]:
    """The values of a column with how many rows have each, most frequent first."""
    if column not in _FACETS:
        raise ValueError(f"no facet: {column}")
    rows = database.execute(f"SELECT {column}, count(*) FROM queue_row GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 200")
    return [(row[0], row[1]) for row in rows]


def due_counts(database: Database, now: str, soon: str) -> tuple[int, int, int]:
    """Open cases in all, those due between now and soon, those overdue."""
    row = database.one(
        "SELECT (SELECT count(*) FROM queue_row),"
        " (SELECT count(*) FROM queue_row WHERE due_at >= ? AND due_at < ?),"
        " (SELECT count(*) FROM queue_row WHERE due_at < ?)",
        (now, soon, now),
    )
    return (row[0], row[1], row[2]) if row else (0, 0, 0)


_AMONG_FOUND = "q.id IN (SELECT rowid FROM queue_text WHERE queue_text MATCH ?)"
_HAS_TEXT = "EXISTS (SELECT 1 FROM queue_text WHERE queue_text MATCH ? AND rowid = q.id)"


def _is_indexed(text: str) -> bool:
    return len(text.strip()) >= 3


def _where(condition: Condition) -> tuple[str, str, tuple[object, ...]]:
    joins, tests, values = "", [], []
    for column, allowed in (condition.equals or {}).items():
        if column not in (*_FACETS, "seller_id"):
            raise ValueError(f"no filter: {column}")
        if allowed:
            tests.append(f"q.{column} IN ({', '.join('?' for _ in allowed)})")
            values += list(allowed)
    if condition.due_before:
        tests.append("q.due_at < ?")
        values.append(condition.due_before)
    if condition.due_after:
        tests.append("q.due_at >= ?")
        values.append(condition.due_after)
    if condition.held_only:
        joins += " JOIN desk_case h ON h.account = q.account AND h.case_id = q.case_id AND h.state = 'held'"
    text = _NEVER_KEPT.sub("\ufffd", condition.text.strip())
    if _is_indexed(text):
        # Trigrams find any substring of three characters or more, in every script.
        tests.append(_AMONG_FOUND)
        values.append('"' + text.replace('"', '""') + '"')
    elif text:
        pattern = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        columns = ("title", "brand", "seller_name", "case_id")
        tests.append("(" + " OR ".join(f"q.{name} LIKE ? ESCAPE '\\'" for name in columns) + ")")
        values += [pattern] * len(columns)
    where = ("WHERE " + " AND ".join(tests)) if tests else ""
    return joins, where, tuple(values)
