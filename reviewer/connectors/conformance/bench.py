"""What a step of the suite works with: the connector, opened in this way and that, and decisions for it."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reviewer.connectors.api import (
    CaseRow,
    Connector,
    ConnectorError,
    Decision,
    DecisionKind,
    LeasedCase,
    OutgoingDecision,
    Receipt,
    ReceiptStatus,
    Service,
)
from reviewer.connectors.conformance.relay import Relay
from reviewer.connectors.conformance.stands import Stand
from reviewer.connectors.host import ConnectorHosts
from reviewer.connectors.host_process import HostLimits
from reviewer.connectors.manifest import Manifest
from reviewer.connectors.opener import Opening
from reviewer.connectors.session import Limits
from reviewer.connectors.settings_schema import with_defaults
from reviewer.domain.decision import decision_to_mapping
from reviewer.errors import OperatorError
from reviewer.ledger.canonical import canonical_json

#: With these a server that is too slow is found out in seconds.
SHORT = Limits(connect_s=2.0, idle_s=2.0, whole_s=3.0)
_PAGES = 10_000
_MANY = 500


#: Never decided of a listing by itself: what takes back, and what answers an appeal.
_NEVER = (DecisionKind.WITHDRAW, DecisionKind.UPHOLD)


class Exempt(Exception):
    """The step does not apply; `inherent` where that follows from what the connector declares."""

    def __init__(self, reason: str, *, inherent: bool = True) -> None:
        super().__init__(reason)
        self.inherent = inherent


class Broken(Exception):
    """A promise that the connector did not keep, in words for its author."""


def require(holds: object, words: str) -> None:
    """Raise `Broken` where it does not hold."""
    if not holds:
        raise Broken(words)


@dataclass
class Bench:
    """The connector under test and its stand.  `folder` is for what the connector keeps."""

    manifest: Manifest
    stand: Stand
    folder: Path
    hosts: ConnectorHosts = field(
        default_factory=lambda: ConnectorHosts(HostLimits(call_s=60.0, first_wait_s=0.1, longest_wait_s=1.0))
    )
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _told: Service | None = None

    @property
    def told(self) -> Service:
        """What the connector's server says of itself, within what the manifest declares; asked once."""
        if self._told is None:
            with self.opened() as connector:
                self._told = connector.service()
        return self._told

    def carries_out(self, kind: DecisionKind) -> bool:
        """Whether a kind of decision is carried out there."""
        return kind.value in (self.told.decisions or ())

    def needs(self, *capabilities: str) -> None:
        """Raise `Exempt` unless the connector declares one of these."""
        if not set(capabilities) & set(self.manifest.capabilities):
            raise Exempt(f"does not declare {' or '.join(capabilities)}")

    def needs_server(self) -> None:
        """Raise `Exempt` unless the connector asks a server."""
        if not self.manifest.hosts:
            raise Exempt("declares no hosts: it asks no server")
        if not self.stand.address:
            raise Exempt("the stand names no setting with the server's address", inherent=False)

    @contextmanager
    def opened(self, account: str = "suite", **changes: Any) -> Iterator[Connector]:
        """The connector, for as long as the `with` lasts; `changes` are those of the `Opening`."""
        told = {**self.manifest.check_settings, **self.stand.settings}
        base = Opening(
            account, self.manifest, with_defaults(self.manifest.settings, told),
            dict(self.stand.secrets), keep=str(self.folder / "kept" / account),
        )  # fmt: skip
        settings = {**base.settings, **changes.pop("settings", {})}
        connector = self.hosts.open(replace(base, settings=settings, **changes))
        try:
            yield connector
        finally:
            connector.close()

    @contextmanager
    def behind(self, mode: str, **changes: Any) -> Iterator[tuple[Connector, Relay]]:
        """The connector with the lying line before its server."""
        self.needs_server()
        relay = Relay(str(self.stand.settings[self.stand.address]))
        try:
            settings = {self.stand.address: relay.address}
            account = f"relay-{next(self.numbers)}"
            with self.opened(account, settings=settings, limits=SHORT, **changes) as connector:
                relay.mode = mode
                yield connector, relay
                relay.mode = "pass"
        finally:
            relay.close()

    def add(self, **listing: Any) -> tuple[str, str]:
        """Put a listing there; answers its name at the stand and its title, which is like no other."""
        title = listing.pop("title", "Conformance listing") + f" {next(self.numbers)}-{uuid.uuid4().hex[:6]}"
        try:
            return self.stand.add({"description": "made for the conformance suite", **listing, "title": title}), title
        except NotImplementedError as error:
            raise Exempt(f"the stand can't add this: {error}", inherent=False) from error

    def rows(self, connector: Connector, limit: int = _MANY) -> list[CaseRow]:
        """All open cases, page by page."""
        rows: list[CaseRow] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            page = connector.cases(cursor, limit)
            require(len(page.items) <= limit, f"cases() answered {len(page.items)} rows where {limit} were asked for")
            rows += page.items
            if page.next_cursor is None or (page.next_cursor == cursor and not page.items):
                return rows
            require(page.next_cursor != cursor, "cases() answered rows and the same cursor again: it never ends")
            cursor = page.next_cursor
        raise Broken("cases() never ends")

    def take(self, connector: Connector, title: str = "") -> LeasedCase:
        """A case that is free, or the one of a title, claimed."""
        if title and {"cases", "poll"} & set(self.manifest.capabilities):
            found = [row.id for row in self.rows(connector) if row.title == title]
            require(found, f"a listing that was flagged is not among the cases: {title!r}")
            claim = connector.claim(1, case_ids=[found[0]])
            require(claim.items, f"the case {found[0]} is listed and can't be claimed")
            return claim.items[0]
        if title:
            for item in connector.claim(50).items:
                if item.case.listing.title == title:
                    return item
            raise Broken(f"a listing that was flagged does not come with a claim: {title!r}")
        claim = connector.claim(1)
        if not claim.items:
            _, made = self.add()
            return self.take(connector, made)
        return claim.items[0]

    def kind(self) -> DecisionKind:
        """A kind of decision that the connector carries out; one that hurts nobody where there is a choice."""
        order: list[DecisionKind] = [DecisionKind.CLEAR, DecisionKind.TAKEDOWN, *DecisionKind]
        able = [kind for kind in order if self.carries_out(kind) and kind not in _NEVER]
        if not able:
            raise Exempt("carries out no decision")
        return able[0]

    def decided(self, item: LeasedCase, kind: DecisionKind | None = None, **changes: Any) -> OutgoingDecision:
        """A decision on a case, as the workstation would send it."""
        case, lease, kind = item.case, item.lease, kind or self.kind()
        decision = Decision(
            str(uuid.uuid4()), case.id, case.listing.id, case.listing.revision, kind, datetime.now(UTC),
            lease.id, lease.token,
        )  # fmt: skip
        if kind in (DecisionKind.TAKEDOWN, DecisionKind.WARN, DecisionKind.RESTRICT):
            changes = {"ground": "counterfeit", "facts": ("the logo is a copy",), **changes}
        decision = replace(decision, **changes)
        return OutgoingDecision(decision, canonical_json(decision_to_mapping(decision)))

    def submit(self, connector: Connector, *decisions: OutgoingDecision) -> list[Receipt]:
        """Hand decisions over; one receipt each, in order."""
        receipts = list(connector.submit(decisions))
        require(
            [row.decision_id for row in receipts] == [item.decision.id for item in decisions],
            "submit() did not answer one receipt for each decision, in order",
        )
        return receipts

    def accepted(self, connector: Connector, outgoing: OutgoingDecision) -> Receipt:
        """Hand a decision over that must be taken."""
        receipt = self.submit(connector, outgoing)[0]
        require(
            receipt.status is ReceiptStatus.ACCEPTED,
            f"a decision that nothing speaks against was answered {receipt.status.value}: {receipt.detail}",
        )
        return receipt

    def state(self, name: str) -> str:
        """How the marketplace shows a listing, or empty where the stand does not tell."""
        tell = getattr(self.stand, "state", None)
        return str(tell(name)) if tell is not None else ""

    def close(self) -> None:
        """End all processes of the connector."""
        self.hosts.close()


def expect_error(call: Any, *kinds: type[Exception], doing: str) -> Exception:
    """Call, and answer the error, which must be of one of these kinds."""
    names = " or ".join(kind.__name__ for kind in kinds)
    try:
        call()
    except kinds as error:
        return error
    except (ConnectorError, OperatorError) as error:
        raise Broken(f"{doing}: raised {type(error).__name__} ({error}) instead of {names}") from error
    raise Broken(f"{doing}: went well, where it must raise {names}")
