"""Hubs in processes of their own over one filled database, and clients on plain connections to this machine."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from reviewer.hub.auth import add_account
from reviewer.hub.messages import FlagMessage, ListingMessage
from reviewer.hub.provision import put_marketplace
from reviewer.hub.schema import decisions, offences
from reviewer.hub.seeding import SeededCase, SeededSeller, write_cases, write_sellers
from reviewer.hub.store import Store, open_store

_SELLERS = 200
_PLACE = {"id": "bazaar", "name": "Bazaar", "currency": "EUR", "language": "en", "country": "IE"}


@dataclass(frozen=True, slots=True)
class Arena:
    """Where the hubs listen, whose tokens are valid, and how to look into their database."""

    urls: tuple[str, ...]
    tokens: tuple[str, ...]
    folder: Path
    database_url: str

    def store(self) -> Store:
        """The hubs' database, opened beside them; whoever opens it closes it."""
        return open_store(self.folder, database_url=self.database_url, connections=2)


@contextmanager
def arena(
    folder: Path, database_url: str | None, *, cases: int, reviewers: int, hubs: int = 1, lease_s: int = 600
) -> Iterator[Arena]:
    """Runs hubs over a new database with so many open cases and reviewers; ends them with the block."""
    url = database_url or f"sqlite:///{folder / 'hub.db'}"
    tokens = tuple(f"token-of-reviewer-{number}" for number in range(reviewers))
    fill(folder, url, tokens, cases)
    command = [
        sys.executable, "-m", "reviewer", "hub", "serve", "--port", "0", "--until-stdin-closes", "--data", str(folder),
        "--database-url", url, "--lease-seconds", str(lease_s),
    ]  # fmt: skip
    running: list[subprocess.Popen[str]] = []
    try:
        for _ in range(hubs):
            running.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        urls = [json.loads(process.stdout.readline())["hub"] for process in running if process.stdout]
        yield Arena(tuple(urls), tokens, folder, url)
    finally:
        for process in running:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def fill(folder: Path, url: str, tokens: tuple[str, ...], count: int) -> None:
    """One marketplace, a reviewer for each token, and open cases of many sellers."""
    store = open_store(folder, database_url=url, connections=2)
    now = store.clock()
    sellers = [
        SeededSeller(f"s{number}", f"Seller {number}", "bazaar", "IE", now, "verified", 10, 100, "mixed")
        for number in range(_SELLERS)
    ]
    made = [
        SeededCase(
            f"c{number:06d}",
            ListingMessage(id=f"l{number:06d}", marketplace="bazaar", title=f"Listing {number}", brand="Norrvik"),
            sellers[number % _SELLERS].id,
            [FlagMessage(id=f"f{number}", source="automated", reason="counterfeit", at="2026-03-01T07:00:00.000Z")],
            [],
            now - timedelta(hours=2),
            now + timedelta(hours=2, seconds=number),
            number % 50,
        )
        for number in range(count)
    ]

    def write(connection: Connection) -> None:
        put_marketplace(connection, _PLACE)
        for number, token in enumerate(tokens):
            add_account(connection, f"Reviewer {number:02d}", "reviewer", token, now)
        write_sellers(connection, sellers)
        write_cases(connection, made, now, store.policy)

    store.database.write(write)
    store.close()


@dataclass
class Client:
    """One reviewer's connection; opened again where it broke."""

    url: str
    token: str
    _connection: http.client.HTTPConnection | None = field(default=None)

    def post(self, path: str, body: Any) -> tuple[int, Any]:
        """The status and the JSON of the answer; OSError where none came."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=60)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", path, json.dumps(body).encode(), headers)
            answer = self._connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise OSError(f"no answer: {error}") from error

    def close(self) -> None:
        """Lets go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What the database holds of the decisions when all is over."""

    accepted: dict[str, list[tuple[str, str, bool]]]
    standing_offences: dict[str, int]
    rows: int

    def doubled(self) -> int:
        """How many decisions stand that should not: more than one current, first or successor, and their offences."""
        found = 0
        for chain in self.accepted.values():
            firsts = sum(not supersedes for _, supersedes, _ in chain)
            successors = [supersedes for _, supersedes, _ in chain if supersedes]
            current = sum(now for _, _, now in chain)
            found += (firsts - 1) + (len(successors) - len(set(successors))) + (current - 1)
        return found + sum(count - 1 for count in self.standing_offences.values() if count > 1)


def kept(place: Arena) -> Kept:
    """Reads the decisions and the offences that stand, by case and by listing."""
    store = place.store()

    def read(connection: Connection) -> Kept:
        accepted: dict[str, list[tuple[str, str, bool]]] = {}
        rows = connection.execute(select(decisions).order_by(decisions.c.seq)).all()
        for row in rows:
            if row.status == "accepted":
                accepted.setdefault(row.case_id, []).append((row.id, row.supersedes, bool(row.current)))
        standing: dict[str, int] = {}
        query = select(offences.c.listing_id).where(offences.c.overturned.is_(False))
        for found in connection.execute(query):
            standing[found.listing_id] = standing.get(found.listing_id, 0) + 1
        return Kept(accepted, standing, len(rows))

    try:
        return store.database.read(read)
    finally:
        store.close()


def clock() -> float:
    """The clock that leases run by: the hubs are on this machine."""
    return time.time()
