"""The way to the EU's transparency database: statements in batches, each until it is known to be there.

The server takes up to a hundred statements a call, all or none.  It never replays an answer: a second send of an
identifier is refused, and asking for the identifier tells that it is stored.  After 181 days it forgets
identifiers and would store them again; what may have been stored so long ago is therefore never sent again.
"""

from __future__ import annotations

import logging
import os
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import msgspec
import requests
from sqlalchemy import Connection, func, select, update

from reviewer.domain.text import visible
from reviewer.domain.values import format_time, parse_time
from reviewer.errors import OperatorError
from reviewer.hub.schema import Record, statements
from reviewer.hub.statements import make_statements
from reviewer.hub.store import Store
from reviewer.policy.statement_schema import judge_outgoing

BATCH = 100
TOKEN_VARIABLE = "REVIEWER_HUB_TRANSPARENCY_TOKEN"  # noqa: S105 - the name of a variable
#: An attempt from before this may have been stored and forgotten since; one day is left for clocks and jobs.
FORGOTTEN_AFTER = timedelta(days=180)
_log = logging.getLogger(__name__)
_TIMEOUT_S = (10.0, 60.0)
_FIRST_WAIT_S, _LONGEST_WAIT_S, _IDLE_S, _REFUSED_WAIT_S = 2.0, 900.0, 5.0, 900.0
_ANSWER_LIMIT = 8 * 2**20
_INDEXED = re.compile(r"^statement_(\d{1,3})$")


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass did: statements known to be stored now, those parked, and how long to wait for the next."""

    sent: int = 0
    parked: int = 0
    wait_s: float = 0.0
    why: str = ""


class Transparency:
    """Sends what waits.  One pass at a time; it may be ended at any moment and goes on where it was."""

    def __init__(self, store: Store, address: str, token: str, session: requests.Session | None = None) -> None:
        """`address` is the root, such as `https://transparency.dsa.ec.europa.eu`; raises `OperatorError`."""
        if not address.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise OperatorError("The transparency database's address must begin with https://.")
        if not token.strip() or not token.isascii() or any(character.isspace() for character in token.strip()):
            raise OperatorError("The token of the transparency database is empty or no token.")
        self._store = store
        self._root = address.rstrip("/") + "/api/v1"
        self._session = session or requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token.strip()}", "Accept": "application/json"})
        self._failures = 0

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()

    def run_once(self) -> Pass:
        """Makes the statements of new decisions and sends one batch of those that wait."""
        make_all(self._store)
        batch, parked = self._store.database.write(self._take)
        if not batch:
            return Pass(parked=parked, wait_s=0.0 if parked else _IDLE_S)
        try:
            answer = self._session.post(
                f"{self._root}/statements",
                data=_batch_body(batch),
                headers={"Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
            body = _json(answer)
        except requests.RequestException as error:
            return self._failed(batch, f"no answer: {type(error).__name__}", parked)
        done = self._settle(batch, answer, body)
        return Pass(done.sent, done.parked + parked, done.wait_s, done.why)

    def _take(self, connection: Connection) -> tuple[list[Record], int]:
        """The batch that is to be sent, noted as tried before it goes out; and how many were parked instead."""
        now = self._store.now(connection)
        rows = connection.execute(
            select(statements).where(statements.c.state == "waiting").order_by(statements.c.seq).limit(BATCH)
        ).all()
        good: list[Record] = []
        parked = 0
        for row in rows:
            why = _unfit(row, now)
            if why:
                _park(connection, row.seq, why, now)
                parked += 1
            else:
                good.append(row)
        tried = [row.seq for row in good]
        connection.execute(
            update(statements)
            .where(statements.c.seq.in_(tried))
            .values(
                attempts=statements.c.attempts + 1,
                first_tried_at=func.coalesce(statements.c.first_tried_at, format_time(now)),
            )
        )
        return good, parked

    def _settle(self, batch: Sequence[Record], answer: requests.Response, body: Any) -> Pass:
        status = answer.status_code
        if status == 201:
            return self._stored(batch, body)
        if status == 422 and isinstance(body, Mapping) and isinstance(body.get("errors"), Mapping):
            return self._refused(batch, body["errors"])
        if status == 429:
            return self._failed(batch, "the database asks to wait", 0, _retry_after(answer, self._store.clock()))
        if status in (401, 403):
            words = "the token is refused" if status == 401 else "the token may not create statements"
            return self._failed(batch, f"{words} ({status}); give the hub a valid one", 0, _REFUSED_WAIT_S)
        return self._failed(batch, f"answered {status}", 0)

    def _stored(self, batch: Sequence[Record], body: Any) -> Pass:
        """Writes the answer down before anything else: the identifiers in it can't be read again."""
        items = body.get("statements") if isinstance(body, Mapping) else None
        answers = {
            item["puid"]: msgspec.json.encode(item).decode()
            for item in (items if isinstance(items, list) else ())
            if isinstance(item, Mapping) and isinstance(item.get("puid"), str)
        }
        rows = [(row.seq, answers[row.puid]) for row in batch if row.puid in answers]
        self._store.database.write(lambda connection: _mark_sent(connection, rows, self._store.now(connection)))
        if len(rows) < len(batch):
            return self._failed(batch, "the answer does not name all statements", 0, sent=len(rows))
        self._failures = 0
        return Pass(sent=len(rows))

    def _refused(self, batch: Sequence[Record], errors: Mapping[str, Any]) -> Pass:
        """All or none: what is stored already is left out, what is wrong is parked, the rest goes in the next pass."""
        existing = errors.get("existing_puids")
        if isinstance(existing, list) and existing:
            return self._ask_for(batch, {puid for puid in existing if isinstance(puid, str)})
        wrong: dict[int, str] = {}
        for name, found in errors.items():
            match = _INDEXED.match(name)
            if match and int(match[1]) < len(batch):
                wrong[batch[int(match[1])].seq] = _told(found)
        if not wrong:
            return self._failed(batch, f"refused the batch: {_told(errors)}", 0)

        def park(connection: Connection) -> None:
            now = self._store.now(connection)
            for seq, why in wrong.items():
                _park(connection, seq, f"refused by the database: {why}", now)

        self._store.database.write(park)
        return Pass(parked=len(wrong))

    def _ask_for(self, batch: Sequence[Record], existing: set[str]) -> Pass:
        """Asks of each identifier that is said to be used whether it is stored: 302 for yes, 404 for no."""
        stored: list[tuple[int, str]] = []
        for row in batch:
            if row.puid not in existing:
                continue
            try:
                answer = self._session.get(
                    f"{self._root}/statement/existing-puid/{quote(row.puid, safe='')}",
                    timeout=_TIMEOUT_S,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                return self._failed(batch, f"no answer: {type(error).__name__}", 0)
            if answer.status_code == 302:
                stored.append((row.seq, ""))
            elif answer.status_code != 404:
                return self._failed(batch, f"answered {answer.status_code}", 0)
        self._store.database.write(lambda connection: _mark_sent(connection, stored, self._store.now(connection)))
        if not stored:
            return self._failed(batch, "says that identifiers are used and does not know them", 0)
        return Pass(sent=len(stored))

    def _failed(
        self, batch: Sequence[Record], why: str, parked: int, wait_s: float | None = None, *, sent: int = 0
    ) -> Pass:
        """Notes why the batch still waits, and for how long: longer each time, with some chance in it."""
        self._failures += 1
        if wait_s is None:
            longest = min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** min(self._failures - 1, 20))
            wait_s = longest * random.uniform(0.5, 1.0)  # noqa: S311 - to spread the load, no secret
        waiting = [row.seq for row in batch]
        self._store.database.write(
            lambda connection: connection.execute(
                update(statements)
                .where(statements.c.seq.in_(waiting), statements.c.state == "waiting")
                .values(error=visible(why, limit=500))
            )
        )
        return Pass(sent, parked, wait_s, why)


def _unfit(row: Record, now: datetime) -> str:
    """Why a statement must not be sent, or ''."""
    if row.first_tried_at and parse_time(row.first_tried_at) < now - FORGOTTEN_AFTER:
        return "it may have been stored over 180 days ago and forgotten since; look it up by hand before it goes again"
    findings = judge_outgoing(msgspec.json.decode(row.body))
    return "; ".join(map(str, findings[:5]))


def _park(connection: Connection, seq: int, why: str, now: datetime) -> None:
    values = {"state": "parked", "error": visible(why, limit=2000), "settled_at": format_time(now)}
    connection.execute(
        update(statements).where(statements.c.seq == seq, statements.c.state == "waiting").values(values)
    )


def _mark_sent(connection: Connection, rows: Sequence[tuple[int, str]], now: datetime) -> None:
    for seq, answer in rows:
        values = {"state": "sent", "answer": answer, "error": "", "settled_at": format_time(now)}
        connection.execute(
            update(statements).where(statements.c.seq == seq, statements.c.state == "waiting").values(values)
        )


def _batch_body(batch: Sequence[Record]) -> bytes:
    return b'{"statements":[' + b",".join(row.body.encode() for row in batch) + b"]}"


def _json(answer: requests.Response) -> Any:
    """The answer's JSON, or None where it is none or longer than any answer should be."""
    if len(answer.content) > _ANSWER_LIMIT:
        return None
    try:
        return msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, RecursionError):
        return None


def _told(found: object) -> str:
    return visible(msgspec.json.encode(found).decode(), limit=600, keep_lines=False)


def _retry_after(answer: requests.Response, now: datetime) -> float | None:
    """The seconds that `Retry-After` asks for, at most an hour; None where it says nothing."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isdigit():
        return min(float(told[:9]), 3600.0)
    try:
        moment = parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
    return min(max((moment.astimezone(UTC) - now).total_seconds(), 1.0), 3600.0)


def make_all(store: Store) -> None:
    """Makes the statements of all decisions that came since the last time."""
    while store.database.write(
        lambda connection: make_statements(connection, store.rules_in_force(connection), store.now(connection))
    ):
        pass


def parked(connection: Connection) -> list[tuple[str, str]]:
    """The statements that a person must look at, and why."""
    rows = connection.execute(select(statements).where(statements.c.state == "parked").order_by(statements.c.seq))
    return [(row.puid, row.error) for row in rows]


def written(connection: Connection) -> list[str]:
    """All statements as JSON, in the order of their making."""
    return list(connection.execute(select(statements.c.body).order_by(statements.c.seq)).scalars())


@contextmanager
def sending_statements(store: Store, address: str) -> Iterator[None]:
    """Sends statements for as long as the block runs; does nothing without an address.

    The token is read from the environment alone (`REVIEWER_HUB_TRANSPARENCY_TOKEN`), so that it stands in no
    list of processes.  Raises `OperatorError` where address or token can't be one.
    """
    if not address:
        yield
        return
    try:
        sender = Transparency(store, address, os.environ.get(TOKEN_VARIABLE, ""))
    except OperatorError:
        store.close()
        raise
    going = Outgoing(sender, lambda words: _log.warning("%s", words))
    going.start()
    try:
        yield
    finally:
        going.close()


def states(connection: Connection) -> dict[str, int]:
    """How many statements wait, are sent, and are parked."""
    rows = connection.execute(select(statements.c.state, func.count()).group_by(statements.c.state)).all()
    return {"waiting": 0, "sent": 0, "parked": 0} | {row[0]: row[1] for row in rows}


class Outgoing:
    """A thread that runs passes until it is closed."""

    def __init__(self, sender: Transparency, tell: Callable[[str], None]) -> None:
        self._sender = sender
        self._tell = tell
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transparency", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def close(self) -> None:
        """End after the call at hand."""
        self._closed.set()
        self._thread.join()
        self._sender.close()

    def _run(self) -> None:
        told = ""
        while not self._closed.is_set():
            try:
                done = self._sender.run_once()
            except Exception as error:  # noqa: BLE001 - what waits is durable: the next pass begins anew
                done = Pass(wait_s=_LONGEST_WAIT_S / 10, why=f"{type(error).__name__}")
            if done.why and done.why != told:
                self._tell(f"statements of reasons wait: {done.why}")
            told = done.why
            self._closed.wait(done.wait_s)
