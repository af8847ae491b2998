"""A marketplace server in memory, and the connector plugin that reaches it: the fake at the connector seam."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from reviewer.connectors.api import (
    Case,
    CaseRow,
    Change,
    Claim,
    Connector,
    Context,
    Flag,
    Holder,
    Lease,
    LeasedCase,
    LeaseKey,
    Listing,
    Marketplace,
    Money,
    OutgoingDecision,
    Page,
    Picture,
    Receipt,
    ReceiptStatus,
    ReferenceProduct,
    Refused,
    Renewal,
    Seller,
    Service,
    Unauthorized,
    Unavailable,
    sha256_hex,
)
from reviewer.connectors.approvals import Approval, Approvals, folder_digest
from reviewer.connectors.manifest import Manifest
from reviewer.connectors.opener import Opening, open_here
from reviewer.policy.policy import policy_from_toml, policy_to_mapping
from reviewer.resources import resources_folder
from reviewer.services.changes import Notifier

AnswerT = TypeVar("AnswerT")

#: A wait longer than this is a failure.
PATIENCE_S = 20.0

_MANIFEST = """
id = "made_up"
name = "Made-up server"
version = "0.1"
api = ["1"]
entry = "connector:connect"
hosts = ["localhost"]
licence = "Apache-2.0"
author = "Nobody"
capabilities = ["leases", "media", "submit", "cases", "changes", "policies"]

[[setting]]
key = "server"
label = "Server"
required = true

[[setting]]
key = "token"
label = "Token"
kind = "secret"
required = true
"""

_CODE = """
from reviewer.connectors.api import Context
from tests.fakes_connector import SERVERS


def connect(context: Context):
    return SERVERS[context.settings["server"]].connector(context)
"""


def until(
    predicate: Callable[[], AnswerT], notifier: Notifier | None = None, *, patience: float = PATIENCE_S
) -> AnswerT:
    """The first true answer of `predicate`, which is asked again at every change that `notifier` tells of."""
    changed = threading.Event()
    unsubscribe = notifier.subscribe(lambda _: changed.set()) if notifier else lambda: None
    deadline = time.monotonic() + patience
    try:
        while True:
            changed.clear()
            if answer := predicate():
                return answer
            left = deadline - time.monotonic()
            assert left > 0, "what was waited for did not happen"
            changed.wait(min(left, 0.1 if notifier else 0.02))
    finally:
        unsubscribe()


def write_plugin(parent: Path, *, manifest: str = _MANIFEST, code: str = _CODE, folder: str = "made_up") -> Path:
    """A plugin folder inside `parent`, as a person would put it there."""
    path = parent / folder
    path.mkdir(parents=True)
    (path / "plugin.toml").write_text(manifest, encoding="utf-8")
    (path / "connector.py").write_text(code, encoding="utf-8")
    return path


def open_connector(manifest: Manifest, settings: Mapping[str, Any], secrets: Mapping[str, str]) -> Connector:
    """A connector in this very process, where the servers in memory are."""
    return open_here(Opening("test", manifest, settings, secrets))


def approve(folder: Path, *names: str) -> None:
    """Approve connectors of a data folder as they are, as an administrator would."""
    for name in names:
        digest = folder_digest(folder / "plugins" / name)
        Approvals(folder).approve(name, Approval(digest, "1", "2026-01-01T00:00:00.000Z"))


def made_case(number: int, *, listing: str = "", pictures: tuple[Picture, ...] = (), **changes: Any) -> Case:
    """A case whose urgency falls with its number."""
    now = datetime.now(UTC)
    offer = Listing(
        listing or f"l-{number}", "siam", f"กระเป๋า Orle {number} 정품급", f"rev-{number}", "งานเทียบแท้", "Orle", "bags",
        Money(Decimal("389.00"), "THB"), pictures=pictures,
    )  # fmt: skip
    case = Case(
        f"case-{number}", "siam", "open", 1000 - number, now + timedelta(hours=5), now, offer,
        Seller(f"seller-{number % 3}", f"Shop {number % 3}", "siam"),
        (Flag(f"f-{number}", "rights_holder", "counterfeit", now),),
        (ReferenceProduct("ref-1", "Orle", "Saddle", list_price=Money(Decimal(14500), "THB")),),
    )  # fmt: skip
    return replace(case, **changes)


def row_of(case: Case, state: str = "open") -> CaseRow:
    """The case as the queue lists it."""
    offer, seller = case.listing, case.seller
    return CaseRow(
        case.id, case.marketplace, state, case.priority, case.due_at, offer.title, offer.brand, offer.category,
        seller.id, seller.display_name, seller.standing, case.flags[0].reason if case.flags else "",
        case.flags[0].source if case.flags else "", len(case.flags), offer.price, offer.language,
    )  # fmt: skip


class FakeServer:
    """Hands out cases and takes decisions once each.  Safe on any thread.

    `error` is raised by every call while it is set, `errors` by calls of that name; `answer` replaces the
    receipt of a decision; `gate` holds `submit` back while it is cleared, `arrived` tells that it waits;
    the replies to so many of the next submissions are lost (`lost_replies`).
    """

    def __init__(self, cases: Sequence[Case] = (), *, lease_s: float = 600.0) -> None:
        self.name = ""
        self.lock = threading.RLock()
        self.cases = {case.id: case for case in cases}
        self.states = dict.fromkeys(self.cases, "open")
        self.leases: dict[str, tuple[str, int, str]] = {}
        self.taken: dict[str, tuple[bytes, Receipt]] = {}
        self.changes: list[Change] = []
        self.released: list[LeaseKey] = []
        self.submitted: list[list[bytes]] = []
        self.renewals = 0
        self.pictures: dict[str, bytes] = {}
        self.calls: list[str] = []
        self.error: Exception | None = None
        self.errors: dict[str, Exception] = {}
        self.answer: Callable[[OutgoingDecision], Receipt | None] = lambda _: None
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self.holders: tuple[Holder, ...] = ()
        self.tokens = {"token": ("ana", "Ana Reyes")}
        self.clock_skew = timedelta()
        self.lease_s = lease_s
        #: What the service says besides: `effect`, `decisions`, `measures`.
        self.said: dict[str, Any] = {}
        self.batch = 100
        self.lost_replies = 0
        self.asked_for: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
        self.capabilities = frozenset({"leases", "media", "cases", "changes", "policies"})
        self.open_connectors = 0
        self._skipped: set[str] = set()
        self._numbers = itertools.count(1)

    def connector(self, context: Context) -> FakeConnector:
        """A connector of this server."""
        with self.lock:
            self.open_connectors += 1
        return FakeConnector(self, context.secrets.get("token", ""))

    def add(self, case: Case) -> None:
        """A case comes into the queue."""
        with self.lock:
            self.cases[case.id] = case
            self.states[case.id] = "open"
            self.changes.append(Change("case_opened", case.id, datetime.now(UTC), row_of(case)))

    def edit(self, case_id: str, **values: Any) -> None:
        """The seller changes the listing of a case."""
        with self.lock:
            case = self.cases[case_id]
            self.cases[case_id] = replace(case, listing=replace(case.listing, **values))
            row = row_of(self.cases[case_id], self.states[case_id])
            self.changes.append(Change("listing_changed", case_id, datetime.now(UTC), row))

    def withdraw(self, case_id: str) -> None:
        """The case is closed by its server."""
        with self.lock:
            self.states[case_id] = "withdrawn"
            self.leases.pop(case_id, None)
            self.changes.append(Change("case_closed", case_id, datetime.now(UTC)))

    def give_to_another(self, case_id: str) -> None:
        """The lease ran out and somebody else claimed the case."""
        with self.lock:
            _, token, _ = self.leases[case_id]
            self.leases[case_id] = ("another", token + 1, "somebody else")

    def kinds(self) -> list[str]:
        """The kinds of the decisions that took effect, in the order of their arrival."""
        with self.lock:
            return [json.loads(body)["kind"] for body, receipt in self.taken.values() if receipt.status == "accepted"]

    def bodies(self) -> list[dict[str, Any]]:
        """The decisions that took effect."""
        with self.lock:
            return [json.loads(body) for body, receipt in self.taken.values() if receipt.status == "accepted"]

    def lease_for(self, case_id: str, owner: str) -> Lease:
        """A lease on a case: the same again for whom holds it."""
        with self.lock:
            held = self.leases.get(case_id)
            if held is None or held[2] != owner:
                token = (held[1] if held else 0) + 1
                held = self.leases[case_id] = (f"lease-{next(self._numbers)}", token, owner)
            self.states[case_id] = "leased"
            return Lease(held[0], held[1], self.lease_s)


class FakeConnector:
    """What the plugin answers; its calls are those of the connector API."""

    def __init__(self, server: FakeServer, token: str) -> None:
        self.server = server
        self._token = token
        self.closed = False

    def _enter(self, name: str) -> str:
        server = self.server
        server.calls.append(name)
        if error := server.errors.get(name) or server.error:
            raise error
        if self._token not in server.tokens:
            raise Unauthorized("this token is not known")
        return server.tokens[self._token][0]

    def service(self) -> Service:
        server = self.server
        me = self._enter("service")
        marketplaces = (Marketplace("siam", "สยามมาร์เก็ต", "THB", "th", "TH"),)
        return Service(
            "Made-up", datetime.now(UTC) + server.clock_skew, me, server.tokens[self._token][1], "reviewer",
            marketplaces, server.capabilities, lease_s=server.lease_s, decision_batch=server.batch,
            policy_version="2026-11-1", **server.said,
        )  # fmt: skip

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> Claim:
        me, server = self._enter("claim"), self.server
        with server.lock:
            server.asked_for = (tuple(marketplaces), tuple(grounds))
            free = [
                case_id
                for case_id, state in server.states.items()
                if (state == "open" and case_id not in server._skipped)
                or (case_ids and (state == "open" or server.leases.get(case_id, ("", 0, ""))[2] == me))
            ]
            if case_ids:
                free = [case_id for case_id in free if case_id in case_ids]
            free = [case_id for case_id in free if server.states[case_id] in ("open", "leased")]
            free.sort(key=lambda case_id: -server.cases[case_id].priority)
            items = [LeasedCase(server.cases[case_id], server.lease_for(case_id, me)) for case_id in free[:count]]
            return Claim(tuple(items), 1.0, held_elsewhere=server.holders)

    def renew(self, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        me, server = self._enter("renew"), self.server
        with server.lock:
            server.renewals += len(leases)
            held = set(server.leases.values())
            return tuple(
                Renewal(lease.id, server.lease_s if (lease.id, lease.token, me) in held else None) for lease in leases
            )

    def release(self, leases: Sequence[LeaseKey]) -> None:
        self._enter("release")
        server = self.server
        with server.lock:
            server.released += leases
            for case_id, held in list(server.leases.items()):
                for lease in leases:
                    if held[:2] == (lease.id, lease.token):
                        del server.leases[case_id]
                        server.states[case_id] = "open"
                        server._skipped.add(case_id)

    def media(self, sha256: str) -> bytes:
        self._enter("media")
        data = self.server.pictures.get(sha256)
        if data is None:
            raise Refused("there is no such picture")
        return data

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        server = self.server
        server.submitted.append([item.body for item in decisions])
        if not server.gate.is_set():
            server.arrived.set()
            assert server.gate.wait(PATIENCE_S)
        me = self._enter("submit")
        with server.lock:
            receipts = tuple(self._take(item, me) for item in decisions)
            if server.lost_replies:
                server.lost_replies -= 1
                raise Unavailable("the connection broke off after the server was done")
            return receipts

    def _take(self, item: OutgoingDecision, me: str) -> Receipt:
        server, decision = self.server, item.decision
        known = server.taken.get(decision.id)
        if known is not None:
            return replace(
                known[1], status=ReceiptStatus.DUPLICATE if known[0] == item.body else ReceiptStatus.CONFLICT
            )
        receipt = server.answer(item) or Receipt(decision.id, self._status(item, me))
        if receipt.status is not ReceiptStatus.DEFERRED:
            server.taken[decision.id] = (item.body, receipt)
        if receipt.status is ReceiptStatus.ACCEPTED:
            withdrawn = decision.kind == "withdraw"
            server.states[decision.case_id] = "open" if withdrawn else "decided"
            server.leases.pop(decision.case_id, None)
            row = row_of(server.cases[decision.case_id]) if withdrawn else None
            kind = "case_opened" if withdrawn else "case_closed"
            server.changes.append(Change(kind, decision.case_id, datetime.now(UTC), row))
        return receipt

    def _status(self, item: OutgoingDecision, me: str) -> ReceiptStatus:
        server, decision = self.server, item.decision
        if decision.supersedes:
            known = server.taken.get(decision.supersedes)
            return ReceiptStatus.ACCEPTED if known and known[1].status == "accepted" else ReceiptStatus.STALE
        if server.leases.get(decision.case_id) != (decision.lease_id, decision.lease_token, me):
            return ReceiptStatus.LEASE_LOST
        if server.cases[decision.case_id].listing.revision != decision.revision:
            return ReceiptStatus.STALE
        return ReceiptStatus.ACCEPTED

    def cases(self, cursor: str | None, limit: int = 500) -> Page[CaseRow]:
        self._enter("cases")
        server, start = self.server, int(cursor or 0)
        with server.lock:
            rows = [
                replace(row_of(case, server.states[case.id]), leased_by=server.leases.get(case.id, ("", 0, ""))[2])
                for case in server.cases.values()
            ]
        following = str(start + limit) if start + limit < len(rows) else None
        return Page(tuple(rows[start : start + limit]), following)

    def changes(self, cursor: str | None, limit: int = 500) -> Page[Change]:
        self._enter("changes")
        server = self.server
        with server.lock:
            if cursor is None:
                return Page((), str(len(server.changes)))
            items = tuple(server.changes[int(cursor) : int(cursor) + limit])
            return Page(items, str(int(cursor) + len(items)))

    def policies(self) -> Mapping[str, Any]:
        self._enter("policies")
        return policy_to_mapping(policy_from_toml((resources_folder() / "policies.toml").read_text("utf-8")))

    def seller(self, seller_id: str) -> Seller:
        raise Refused(f"no seller {seller_id}")

    def references(self, cursor: str | None, limit: int = 200) -> Page[ReferenceProduct]:
        return Page()

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            with self.server.lock:
                self.server.open_connectors -= 1


#: The servers that the plugin finds by the setting `server`.
SERVERS: dict[str, FakeServer] = {}


def picture_named(data: bytes) -> Picture:
    """The picture of these bytes."""
    return Picture(sha256_hex(data))
