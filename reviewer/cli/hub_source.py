"""A hub's history read from its data folder, for the commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from reviewer.errors import OperatorError
from reviewer.hub.audit_rows import history_rows, history_start
from reviewer.hub.audit_tables import table_page
from reviewer.hub.own_log import extend_own_log
from reviewer.hub.signing import with_key
from reviewer.hub.store import Store, open_store
from reviewer.hub.transparency import make_all
from reviewer.ledger.keys import SigningKey

_PAGE = 500


class HubFolder:
    """A hub's store, opened.  Raises `OperatorError` where there is none."""

    def __init__(self, folder: Path, database_url: str | None, media_url: str | None) -> None:
        if database_url is None and not (folder / "hub.db").is_file():
            raise OperatorError(f"There is no hub in {folder}. Name its data folder (--hub-data).")
        self._store: Store = open_store(folder, database_url=database_url, media_url=media_url)
        try:
            self._hub = self._store.database.write(with_key(self._store))
        except BaseException:
            self._store.close()
            raise

    @property
    def key(self) -> SigningKey:
        """The hub's own key."""
        return self._hub.key

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def start(self) -> Mapping[str, Any]:
        """As `reviewer.services.team_export.TeamHistory` says."""
        make_all(self._store)
        extend_own_log(self._store, self._hub)
        return self._store.database.read(
            lambda connection: history_start(connection, self._hub, self._store.now(connection))
        )

    def rows(self, log: str, size: int) -> Iterator[Mapping[str, Any]]:
        """The first `size` rows of a log."""
        done = 0
        while done < size:
            page = self._store.database.read(
                partial(history_rows, hub=self._hub, log=log, after=done, limit=min(_PAGE, size - done))
            )
            if not page:
                raise OperatorError(f"Rows of the log {log} are missing in the hub's database. Restore a backup.")
            yield from page
            done += len(page)

    def table(self, name: str) -> Iterator[Mapping[str, Any]]:
        """The rows of a table."""
        after: int | None = 0
        while after is not None:
            items, after = self._store.database.read(partial(table_page, name=name, after=after, limit=_PAGE))
            yield from items

    def picture(self, sha256: str) -> bytes | None:
        """The bytes of a picture, or None."""
        return self._store.media.get(sha256)
