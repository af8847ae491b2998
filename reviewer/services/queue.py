"""The queue table: pages, counts and facets, on the reader's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from reviewer.domain.values import format_time
from reviewer.services.model import CaseRef, Names, QueueFilter, QueuePage, QueueRow
from reviewer.storage import queue as table
from reviewer.storage.database import Database
from reviewer.storage.queue import Condition
from reviewer.storage.threads import StoreThread

_SOON = timedelta(minutes=60)


class QueueService:
    """Reads the mirror of the queue.  Call it on the reader's thread."""

    def __init__(self, reader: StoreThread, now: Callable[[], datetime], names: Callable[[], Names] = Names) -> None:
        self._reader = reader
        self._now = now
        self._names = names
        self._counted: tuple[Condition, int, int] | None = None

    def page(self, chosen: QueueFilter, start: int, count: int) -> QueuePage:
        """Rows of the filtered, sorted table.  Counted once per filter, and again from its first page.

        Of a text that is found in very many rows, the first `MOST_FOUND` in the chosen order can be seen.
        """
        condition = self._condition(chosen)

        def read(database: Database) -> QueuePage:
            version = database.one("PRAGMA data_version")
            stamp = version[0] if version else 0
            if self._counted is None or self._counted[:2] != (condition, stamp):
                self._counted = (condition, stamp, table.count(database, condition))
            found = self._counted[2]
            more = bool(condition.text.strip()) and found > table.MOST_FOUND
            room = min(count, table.MOST_FOUND - start) if more else count
            first = max(start, 0)
            rows = table.page(database, condition, chosen.sort, chosen.descending, first, max(0, room), common=more)
            return QueuePage(
                start,
                table.MOST_FOUND if more else found,
                tuple(QueueRow(CaseRef(row.account, row.row.id), row.row, row.held, row.pending) for row in rows),
                self._names(),
                more,
            )

        return self._reader.run(read)

    def facets(self) -> Mapping[str, tuple[tuple[str, int], ...]]:
        """The values of each filter with their counts."""
        names = ("marketplace", "ground", "source", "state", "standing")
        return self._reader.run(lambda database: {name: tuple(table.facets(database, name)) for name in names})

    def _condition(self, chosen: QueueFilter) -> Condition:
        # To the minute, so that the same filter counts as the same condition while one scrolls.
        now = self._now().replace(second=0, microsecond=0)
        equals = {
            "marketplace": chosen.marketplaces,
            "ground": chosen.grounds,
            "source": chosen.sources,
            "state": chosen.states,
            "standing": chosen.standings,
            "seller_id": (chosen.seller_id,) if chosen.seller_id else (),
        }
        return Condition(
            text=chosen.text,
            equals={name: values for name, values in equals.items() if values},
            due_before=format_time(now + _SOON if chosen.due == "soon" else now) if chosen.due else "",
            due_after=format_time(now) if chosen.due == "soon" else "",
            held_only=chosen.where == "local",
        )
