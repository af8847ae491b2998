"""The signing key of this workstation, and the checkpoints that it signs as the log grows."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import keyring
from keyring.errors import KeyringError

from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.ledger.heads import Head, sign_checkpoint
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.tree import Tree
from reviewer.services.changes import Changed
from reviewer.storage import heads
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread

_SERVICE = "reviewer-workstation-signing"
#: Where the key lies without a keyring: readable by its owner alone.
KEY_FILE = "signing-key"
#: A checkpoint is due after so many rows, or after so long where there is any.
ROWS = 100
PAUSE = timedelta(minutes=5)
_log = logging.getLogger(__name__)


def signing_key(folder: Path) -> SigningKey:
    """The key of a data folder, from the keyring, else from a file; made where there is none.  Blocking.

    Raises `OperatorError` where it can be neither read nor kept.
    """
    path = folder / KEY_FILE
    try:
        if path.exists():
            return SigningKey(bytes.fromhex(path.read_text("ascii").strip()))
        kept = _from_keyring(folder)
        if kept is not None:
            return kept
        key = SigningKey.generate()
        if not _into_keyring(folder, key):
            _into_file(path, key)
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"The signing key of {folder} can't be read or kept. Make the folder writable, or restore {KEY_FILE}.",
            detail=str(error),
        ) from error
    return key


def key_place(folder: Path) -> str:
    """Where the key of a data folder lies: `file`, `keyring`, or empty where there is none yet; nothing is made."""
    if (folder / KEY_FILE).exists():
        return "file"
    try:
        return "keyring" if _from_keyring(folder) is not None else ""
    except ValueError:
        return ""


def _from_keyring(folder: Path) -> SigningKey | None:
    try:
        kept = keyring.get_password(_SERVICE, str(folder.resolve()))
    except KeyringError:
        return None
    return SigningKey(bytes.fromhex(kept)) if kept else None


def _into_keyring(folder: Path, key: SigningKey) -> bool:
    try:
        keyring.set_password(_SERVICE, str(folder.resolve()), key.seed.hex())
    except KeyringError:
        return False
    return True


def _into_file(path: Path, key: SigningKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.seed.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


class CheckpointService:
    """Signs a head every 100 decisions, five minutes after the last where there are any, and at the end of work.

    It looks whenever something changed; its work is done on the store's thread, behind everything urgent.
    """

    def __init__(self, folder: Path, store: StoreThread, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._store = store
        self._now = now
        self.key: SigningKey | None = None
        #: Whether the key was looked for: it may be missing all the same.
        self.tried = False

    def start(self) -> None:
        """Fetch the key.  Blocking: for a thread in the background.  Without one nothing is signed."""
        try:
            self.key = signing_key(self._folder)
        except OperatorError:
            _log.warning("no signing key: checkpoints are not signed", exc_info=True)
            return
        finally:
            self.tried = True
        self._store.submit(heads.name_log)

    def changed(self, changed: Changed) -> None:
        """A subscriber of the notifier."""
        if self.key is not None and changed.topics & {"outbox", "status"}:
            self._store.submit(self._sign_if_due)

    def close(self) -> None:
        """Sign what is not signed yet."""
        if self.key is not None:
            self._store.run(lambda database: self._sign(database) if heads.unsigned_rows(database)[0] else None)

    def _sign_if_due(self, database: Database) -> None:
        rows, at = heads.unsigned_rows(database)
        if rows >= ROWS or (rows > 0 and (not at or self._now() - parse_time(at) >= PAUSE)):
            self._sign(database)

    def sign_at(self, size: int) -> None:
        """Sign the head of the first `size` rows, for a server that takes only so many at once."""
        self._store.run(lambda database: self._sign(database, heads.tree_at(database, size)))

    def _sign(self, database: Database, tree: Tree | None = None) -> None:
        if self.key is None:
            return
        tree = tree or heads.grown_tree(database)
        head = Head(heads.name_log(database), tree.size, tree.head().hex(), format_time(self._now()))
        heads.save_checkpoint(database, sign_checkpoint(self.key, head), tree)
