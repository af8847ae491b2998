"""Opening the store, on the one thread that writes or on the one that only reads."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlite_utils

from reviewer.errors import OperatorError
from reviewer.failpoints import failpoint
from reviewer.storage.migrations import SCHEMA

#: A write-ahead log that is longer is moved into the file when the store's thread is idle.
CHECKPOINT_BYTES = 4 * 1024 * 1024


#: What SQLite says of a file that is no whole database.
_DAMAGE = ("malformed", "not a database", "unsupported file format", "Could not decode", "vtable constructor failed")


class StorageProblem(OperatorError):
    """The disk, the folder or the file does not do what it should.  Nothing was recorded."""


class DamagedStore(StorageProblem):
    """The file is no whole database any more."""


class Database:
    """A connection to the store.  It belongs to the thread that opened it.

    The writing one has WAL, `synchronous=FULL` and foreign keys, and alone checkpoints; a reading one is
    `query_only`.  Statements run in autocommit but inside `transaction()`.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        #: Why the disk or the file failed, in words for the window; empty since a write went well.
        self.trouble = ""
        self._read_only = read_only
        try:
            self._connection = self._connect()
        except (sqlite3.Error, OSError) as error:
            raise storage_error(error, path) from error
        try:
            self._set_up()
        except (sqlite3.Error, UnicodeDecodeError) as error:
            self._connection.close()
            raise storage_error(error, path) from error
        self.tables = sqlite_utils.Database(self._connection)
        if not read_only:
            self._migrate()

    def _connect(self) -> sqlite3.Connection:
        if self._read_only:
            return sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(self.path, isolation_level=None, cached_statements=512)

    def _set_up(self) -> None:
        self._connection.row_factory = sqlite3.Row
        execute = self._connection.execute
        execute("PRAGMA busy_timeout = 5000")
        execute("PRAGMA foreign_keys = ON")
        execute("PRAGMA temp_store = MEMORY")
        execute("PRAGMA mmap_size = 0")
        execute("PRAGMA cache_size = -16384")
        if self._read_only:
            execute("PRAGMA query_only = ON")
            execute("PRAGMA wal_autocheckpoint = 0")
        else:
            execute("PRAGMA journal_mode = WAL")
            execute("PRAGMA synchronous = FULL")
            # A checkpoint in the middle of a decision would delay it: the thread checkpoints when it is idle.
            execute("PRAGMA wal_autocheckpoint = 0")

    def refuse_newer(self) -> None:
        """Raise `StorageProblem` where a newer program made this store."""
        declared = {step.name for step in SCHEMA.pending(sqlite_utils.Database(memory=True))}
        try:
            newer = sorted({step.name for step in SCHEMA.applied(self.tables)} - declared)
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise storage_error(error, self.path) from error
        if newer:
            raise StorageProblem(
                f"The store {self.path} was made by a newer version of the program. Nothing was changed. "
                "Install the newer version, or start with another data folder (--data). What is unsent in it can be "
                "written to a file: reviewer outbox export.",
                detail=f"unknown schema steps: {', '.join(newer)}",
            )

    def is_new(self) -> bool:
        """Whether no schema step was made yet, as where the program was killed at its first start."""
        return not self.tables["_sqlite_migrations"].exists() or not SCHEMA.applied(self.tables)

    def _migrate(self) -> None:
        try:
            self.refuse_newer()
            SCHEMA.apply(self.tables)
        except sqlite3.Error as error:
            self._connection.close()
            raise storage_error(error, self.path) from error
        except StorageProblem:
            self._connection.close()
            raise

    def execute(self, statement: str, values: tuple[object, ...] | dict[str, object] = ()) -> sqlite3.Cursor:
        """Run one statement; raises what SQLite raises, or `StorageProblem` where the disk or the file is at fault."""
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._noted(error) from error

    def executemany(self, statement: str, values: list[tuple[object, ...]]) -> None:
        """Run one statement for each row of values."""
        try:
            self._connection.executemany(statement, values)
        except sqlite3.Error as error:
            raise self._noted(error) from error

    def one(self, statement: str, values: tuple[object, ...] = ()) -> sqlite3.Row | None:
        """The first row of an answer, or None."""
        row: sqlite3.Row | None = self.execute(statement, values).fetchone()
        return row

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing.  Errors of SQLite leave as `OperatorError` with the transaction rolled back."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # SQLite has rolled back by itself, or does so when it is closed
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise self._noted(error) from error
        self.trouble = ""

    def _noted(self, error: sqlite3.Error) -> Exception:
        """The error in words for the window, which are kept until a write goes well."""
        told = storage_error(error, self.path)
        if isinstance(told, StorageProblem):
            self.trouble = str(told)
        return told

    def interrupt(self) -> None:
        """Stop the running statement.  The one method that other threads may call."""
        self._connection.interrupt()

    def checkpoint_if_due(self) -> None:
        """Move a long write-ahead log (over 4 MiB) into the file.  For moments in which nothing else waits."""
        log = self.path.with_name(self.path.name + "-wal")
        with suppress(OSError, sqlite3.Error):  # tried again at the next idle moment
            if log.stat().st_size > CHECKPOINT_BYTES:
                self._checkpoint()

    def close(self) -> None:
        """Checkpoint (the writing one) and close."""
        if not self._read_only:
            self.checkpoint()
        self._connection.close()

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file now; where that fails the next start does it."""
        with suppress(sqlite3.Error):
            self._checkpoint()

    def _checkpoint(self) -> None:
        failpoint("C15")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def storage_error(error: Exception, path: Path) -> Exception:
    """An error of SQLite or of the system in words for the window; programming errors stay as they are."""
    words = str(error)
    number = error.errno if isinstance(error, OSError) else None
    if "disk is full" in words or number == errno.ENOSPC:
        return StorageProblem(
            f"The disk that holds {path.parent} is full. Nothing was recorded. Free some space, then decide again.",
            detail=words,
        )
    if "readonly" in words or "unable to open" in words or number in (errno.EACCES, errno.EROFS, errno.EPERM):
        return StorageProblem(
            f"The folder {path.parent} can't be written to. Nothing was recorded. Make it writable for your "
            "account, or start with another data folder (--data).",
            detail=words,
        )
    if "disk I/O error" in words or number == errno.EIO:
        return StorageProblem(
            f"The disk that holds {path.parent} reports an error. Nothing was recorded. Have the disk checked; "
            "what was decided before is kept.",
            detail=words,
        )
    damaged = isinstance(error, sqlite3.Error) and any(sign in words for sign in _DAMAGE)
    if damaged or isinstance(error, UnicodeDecodeError):  # of SQLite's words about a schema that is no text any more
        return DamagedStore(
            f"The store {path} is damaged. Close the program and open it again: it then sets the file aside and "
            "salvages the unsent decisions.",
            detail=words,
        )
    return error
