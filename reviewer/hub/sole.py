"""One hub to one SQLite file: a lock that the operating system takes back when its holder ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from reviewer.errors import OperatorError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def sole_server(database: Path | None) -> Iterator[None]:
    """Holds the lock beside a SQLite file; raises `OperatorError` where another hub serves it.

    None is a database that several hubs may share.
    """
    if database is None:
        yield
        return
    path = database.with_name(database.name + ".lock")
    try:
        file = path.open("ab")
    except OSError as error:
        raise OperatorError(f"The lock file {path} can't be made: {error.strerror}.") from None
    with file:
        try:
            _lock(file)
        except OSError:
            raise OperatorError(
                f"Another hub serves {database}. Stop it first, or use PostgreSQL to run several hubs on one database."
            ) from None
        yield
