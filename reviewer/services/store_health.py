"""Opens the store, sets a damaged one aside first, and says so for as long as the program runs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from reviewer.domain.values import format_time
from reviewer.services.changes import Notifier
from reviewer.services.model import Banner
from reviewer.storage.lock import FolderLock
from reviewer.storage.set_aside import Report, look_through, make_whole, take_over
from reviewer.storage.threads import StoreThread


class StoreHealth:
    """What is known of the store's file: found whole, set aside, its log missing, damaged since."""

    def __init__(self, path: Path, lock: FolderLock, notifier: Notifier) -> None:
        self._path = path
        self._lock = lock
        self._notifier = notifier
        self._reports: list[Report] = []
        self._log_missing = False
        self._damage = ""

    def open(self, now: datetime) -> StoreThread:
        """The thread with the open store.  Raises `OperatorError` where it can't be opened; it is then untouched."""
        log = self._path.with_name(self._path.name + "-wal")
        self._log_missing = self._lock.was_open and self._path.exists() and not log.exists()
        at = format_time(now)
        make_whole(self._path, at)
        store = StoreThread(self._path)
        store.start()
        try:
            self._reports = store.run(lambda database: take_over(database, at))
        except BaseException:
            store.close()
            raise
        self._lock.mark_open()
        store.watch(lambda: self._notifier.publish("status", origin="store"))
        return store

    def look_through(self) -> None:
        """Look at what the start did not look at.  Slow: in the background."""
        self._damage = look_through(self._path)
        if self._damage:
            self._notifier.publish("status", origin="store")

    def banners(self) -> tuple[Banner, ...]:
        """What the reviewer must know of the store."""
        found = [Banner(f"salvaged:{report.folder.name}", "warning", _words(report)) for report in self._reports]
        if self._log_missing:
            words = (
                f"The file {self._path.name}-wal is gone, and with it what was decided last. Look into the history "
                "whether your last decisions are there; whoever copies or restores the folder must take all its files."
            )
            found.append(Banner("log_missing", "error", words))
        if self._damage:
            words = (
                "The store is damaged. Close the program and open it again: it then sets the file aside and salvages "
                "the unsent decisions."
            )
            found.append(Banner("damaged", "error", words))
        return tuple(found)


def _words(report: Report) -> str:
    words = f"The store was damaged and was set aside in {report.folder}. "
    sent = report.decisions - report.returned
    words += f"{sent} unsent decisions were salvaged and wait to be sent." if sent else "Nothing unsent was in it."
    if report.returned:
        words += f" {report.returned} more are in the inbox."
    if report.unreadable:
        words += f" {len(report.unreadable)} could not be read: {', '.join(report.unreadable[:3])}"
        words += ", … ." if len(report.unreadable) > 3 else "."
    return words
