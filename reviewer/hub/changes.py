"""What changed, in one sequence that only grows; written in the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from reviewer.hub.cases import case_row, case_rows_query
from reviewer.hub.prepared import Prepared, inserting
from reviewer.hub.schema import cases, changes
from reviewer.hub.sequenced import write_at_end

_RECORD = Prepared(inserting(changes))


def record_changes(connection: Connection, kind: str, case_ids: Iterable[str], at: str) -> None:
    """Appends one change for each case (or one for `""`, where it is about no case) at the end of the transaction."""
    write_at_end(connection, _RECORD, [{"kind": kind, "case_id": case_id, "at": at} for case_id in case_ids])


def change_page(connection: Connection, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
    """Changes after a sequence number, the number to go on from, and whether there are more.

    Each carries the case's row as it is now, so a client that reads to the end has the newest rows.
    """
    rows = connection.execute(select(changes).where(changes.c.seq > after).order_by(changes.c.seq).limit(limit)).all()
    wanted = {row.case_id for row in rows if row.case_id}
    known = {row.id: case_row(row) for row in connection.execute(case_rows_query().where(cases.c.id.in_(wanted)))}
    items = [{"kind": row.kind, "case_id": row.case_id, "at": row.at, "row": known.get(row.case_id)} for row in rows]
    return items, rows[-1].seq if rows else after
