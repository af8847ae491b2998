"""Looks at this computer and says of each thing that it is fine, or what to do."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from reviewer import __version__
from reviewer.app import make_application
from reviewer.connectors.api import ConnectorError
from reviewer.connectors.host import ConnectorHosts
from reviewer.errors import OperatorError
from reviewer.imaging.pool import DecodePool
from reviewer.resources import plugins_folder
from reviewer.services.account_book import CLOCK_S
from reviewer.services.plugins import Plugins
from reviewer.services.secrets import Secrets, keyring_problem
from reviewer.services.signing import KEY_FILE, key_place
from reviewer.storage import witness
from reviewer.storage.accounts import AccountRow, all_accounts
from reviewer.storage.database import Database
from reviewer.ui import checks

_LEAST_FREE_MIB = 500


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `words` say what was found, or what to do where it is not `ok`."""

    what: str
    ok: bool
    words: str


def examine(folder: Path) -> list[Finding]:
    """Everything, in the order in which it matters.  Changes nothing but a file that it deletes again."""
    found = [Finding("version", True, f"{__version__}, Python {sys.version.split()[0]}")]
    found += _window()
    found += _folder(folder)
    found += _store(folder)
    found.append(_keyring())
    found += _signing(folder)
    found.append(_decoder())
    found += _hubs(folder)
    return found


def _window() -> list[Finding]:
    make_application()
    return [Finding(answer.name, answer.fine, answer.words) for answer in checks.all_answers()]


def _folder(folder: Path) -> list[Finding]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as error:
        words = f"{folder} can't be written to ({error.strerror}): make it writable for your account, or use --data."
        return [Finding("data folder", False, words)]
    free = shutil.disk_usage(folder).free // 2**20
    words = f"{free:,} MiB free" + ("" if free >= _LEAST_FREE_MIB else f": free at least {_LEAST_FREE_MIB} MiB")
    return [Finding("data folder", True, str(folder)), Finding("disk", free >= _LEAST_FREE_MIB, words)]


def _store(folder: Path) -> list[Finding]:
    version = sqlite3.sqlite_version
    trigrams = sqlite3.sqlite_version_info >= (3, 34, 0)
    found = [Finding("SQLite", trigrams, version if trigrams else f"{version}: Python needs SQLite 3.34 or newer")]
    path = folder / "workstation.sqlite3"
    if not path.exists():
        return [*found, Finding("store", True, "none yet; it is made at the first start")]
    try:
        database = Database(path, read_only=True)
        try:
            row = database.one("PRAGMA quick_check(1)")
            mode = database.one("PRAGMA journal_mode")
        finally:
            database.close()
    except OperatorError as error:
        return [*found, Finding("store", False, str(error))]
    sound = row is not None and row[0] == "ok"
    words = f"sound, {mode[0] if mode else '?'}" if sound else "damaged: keep it, and start with another --data folder"
    return [*found, Finding("store", sound, words)]


def _keyring() -> Finding:
    problem = keyring_problem()
    if not problem:
        return Finding("keyring", True, "tokens are kept in the system's keyring")
    words = f"none ({problem.splitlines()[0][:120]}): tokens are kept for one run only; start a keyring service"
    return Finding("keyring", True, words)


def _signing(folder: Path) -> list[Finding]:
    """Where the key of this workstation's log lies, and who vouches for it."""
    where = key_place(folder)
    words = {
        "file": f"in the file {folder / KEY_FILE}, which your account alone must be able to read",
        "keyring": "in the system's keyring",
        "": "none yet; it is made at the first start",
    }[where]
    found = [Finding("signing key", where != "file" or _is_private(folder / KEY_FILE), words)]
    path = folder / "workstation.sqlite3"
    if not path.exists():
        return found
    try:
        database = Database(path, read_only=True)
        try:
            rows = [row for row in all_accounts(database) if row.service and "audit" in row.service.capabilities]
            return found + [_vouched(database, row) for row in rows]
        finally:
            database.close()
    except OperatorError:
        return found


def _is_private(path: Path) -> bool:
    return os.name != "posix" or not path.stat().st_mode & 0o077


def _vouched(database: Database, row: AccountRow) -> Finding:
    what = f"log at {row.name}"
    problem = witness.trouble(database, row.id)
    if problem:
        return Finding(what, False, f"not countersigned: {problem}")
    known = witness.enrolment(database, row.id)
    if known is None:
        return Finding(what, True, "its key is not enrolled yet; it is at the next connection")
    done = witness.witnessed(database, row.id)
    words = f"enrolled by {known.server_name} (ed25519:{known.server_key[:16]}…), countersigned up to row {done:,}"
    return Finding(what, True, words)


def _decoder() -> Finding:
    with DecodePool(1) as pool:
        ready = pool.wait_ready(20)
        protection, reason = pool.protection, pool.protection_reason
    if not ready:
        return Finding("decode worker", False, f"does not start ({reason}): install the program again")
    if protection == "full":
        return Finding("decode worker", True, "locked down in full")
    return Finding("decode worker", True, f"reduced protection: {reason}")


def _hubs(folder: Path) -> list[Finding]:
    path = folder / "workstation.sqlite3"
    if not path.exists():
        return [Finding("accounts", True, "none yet: the window asks for one")]
    try:
        database = Database(path, read_only=True)
        try:
            rows = all_accounts(database)
        finally:
            database.close()
    except OperatorError:
        return []
    hosts = ConnectorHosts()
    try:
        plugins = Plugins(folder, plugins_folder(), hosts)
        return [_hub(folder, plugins, row) for row in rows if row.id != "demo"]
    finally:
        hosts.close()


def _hub(folder: Path, plugins: Plugins, row: AccountRow) -> Finding:
    what = f"account {row.name}"
    try:
        connector = plugins.open(row.connector, row.settings, Secrets(str(folder)).load(row.id))
        try:
            service = connector.service()
        finally:
            connector.close()
    except (OperatorError, ConnectorError) as error:
        return Finding(what, False, str(error))
    skew = abs((service.server_time - datetime.now(UTC)).total_seconds())
    if skew > CLOCK_S:
        return Finding(what, False, f"its clock and yours differ by {skew / 60:.0f} minutes: set this one's clock")
    return Finding(what, True, f"{service.name}, as {service.reviewer_name} ({service.role}), clocks agree")
