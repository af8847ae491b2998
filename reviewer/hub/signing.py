"""The hub's own key: it vouches for the keys of workstations and countersigns their heads."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.hub.locks import AUDIT, hold
from reviewer.hub.schema_audit import hub_keys
from reviewer.hub.store import Store
from reviewer.ledger.keys import SigningKey

#: Where the private half lies in the data folder: readable by its owner alone.
KEY_FILE = "signing-key"


@dataclass(frozen=True, slots=True)
class HubKey:
    """The key with the name of the hub's own log; `at` is when the hub first had it."""

    key: SigningKey
    log: str
    name: str
    at: str


def with_key(store: Store) -> Callable[[Connection], HubKey]:
    """A unit of work that answers the hub's key, and makes it where there never was one.

    It raises `OperatorError` where the key that this hub had is not in the data folder any more: a new one would
    break with all that the old one vouched for.
    """
    return lambda connection: _key(connection, store.folder, store.name, store.now(connection))


def _key(connection: Connection, folder: Path, name: str, now: datetime) -> HubKey:
    known = connection.execute(select(hub_keys)).first()
    if known is None:
        hold(connection, AUDIT)
        known = connection.execute(select(hub_keys)).first()
    path = folder / KEY_FILE
    key = _read(path)
    if known is None:
        key = key or _made(path)
        row = {"key": key.public, "log": f"hub-{secrets.token_hex(8)}", "at": format_time(now)}
        connection.execute(insert(hub_keys), row)
        return HubKey(key, row["log"], name, row["at"])
    if key is None or key.public != known.key:
        raise OperatorError(
            f"The hub's signing key is not in {path} any more. Put it back from a backup: it is the one that the "
            f"database names, ed25519:{known.key}."
        )
    return HubKey(key, known.log, name, known.at)


def _read(path: Path) -> SigningKey | None:
    try:
        return SigningKey(bytes.fromhex(path.read_text("ascii").strip()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise OperatorError(f"The hub's signing key {path} can't be read. Put it back.", detail=str(error)) from error


def _made(path: Path) -> SigningKey:
    key = SigningKey.generate()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(key.seed.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OperatorError(f"The hub's signing key {path} can't be kept: {error.strerror}.") from error
    return key
