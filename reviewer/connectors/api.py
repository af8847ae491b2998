"""Connector API 1.0: everything that a plugin may import from the workstation.

A connector speaks to one kind of marketplace server.  It is a plain object that runs in a process of its
own; its methods are called one at a time and may block, within the timeouts of its session.  It has
`service`, `close` and the calls of the capabilities that its manifest declares, and no others.  It raises
the errors below and nothing else that it can help; anything else is shown as a fault of the connector.
What crosses this boundary are frozen dataclasses of standard-library types.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Protocol, TypeVar

import requests

from reviewer.domain.audit import (
    Countersignature,
    FindingsTaken,
    LogHead,
    LogKey,
    LogRow,
    ReturnedCase,
    SettledCase,
    VouchedKey,
)
from reviewer.domain.case import Case, CaseKind, CaseRow, CaseState, Flag, FlagSource, Lease, Sibling
from reviewer.domain.decision import Decision, DecisionKind, Measure, MeasureKind, Receipt, ReceiptStatus
from reviewer.domain.dossier import (
    Account,
    Dossier,
    DossierEvent,
    DossierListing,
    DossierListings,
    Identifier,
    LadderSum,
    ProposedFlag,
    Sales,
    SumLine,
)
from reviewer.domain.evidence import BankEntry, Fingerprint, NearCase
from reviewer.domain.listing import CategoryPrice, Listing, Picture, revision_digest
from reviewer.domain.notice import ClaimantRecord, Notice, NoticeCheck
from reviewer.domain.redress import Appeal, Appealed, Document, Proof
from reviewer.domain.reference import AuthenticationPoint, ReferenceProduct, Right
from reviewer.domain.referral import ReferralWitness
from reviewer.domain.seller import Offence, Seller, SellerLink, Standing
from reviewer.domain.server import Holder, LeasedCase, Marketplace, Service
from reviewer.domain.values import Money, format_time, gtin_is_valid, money, parse_time, sha256_hex

#: What a manifest names: `api = ["1"]`.  It changes when a connector that worked would not work any more.
API_VERSION = "1"
#: The same with its additions: a later 1.x has everything of an earlier one.
API_RELEASE = "1.0"

ItemT = TypeVar("ItemT")


class ConnectorError(Exception):
    """What a connector raises.  Its text is shown to the reviewer: say who must do what."""


class Unavailable(ConnectorError):
    """The server can't be reached or gave no usable answer: the workstation tries again later."""


class Unauthorized(ConnectorError):
    """The server does not know who this is, or the role was taken away: the workstation asks to sign in."""


class RateLimited(ConnectorError):
    """The server asks for patience: nothing is sent for `after_s` seconds."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class Refused(ConnectorError):
    """The server understood and said no, for good.  `case_id` is the case it is about, or empty."""

    def __init__(self, message: str, case_id: str = "") -> None:
        super().__init__(message)
        self.case_id = case_id


class CursorLost(Refused):
    """The server does not know this cursor (any more): the workstation reads the whole list anew."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An item that could not be read: where it was, why, and its first bytes for the diagnostics."""

    where: str
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim.  `next_retry_s` says when to ask again where there was nothing."""

    items: tuple[LeasedCase, ...] = ()
    next_retry_s: float = 15.0
    quarantined: tuple[Quarantined, ...] = ()
    held_elsewhere: tuple[Holder, ...] = ()


@dataclass(frozen=True, slots=True)
class LeaseKey:
    """Names a lease to the server; `reason` is for a release."""

    id: str
    token: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of a lease: `ttl_s` seconds more, or None where it is lost."""

    id: str
    ttl_s: float | None


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """A part of a list.  `next_cursor` is None at the end; `quarantined` are items that could not be read."""

    items: tuple[ItemT, ...] = ()
    next_cursor: str | None = None
    quarantined: tuple[Quarantined, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed on the server; `row` is the case as it now is, None where it left the queue."""

    kind: str
    case_id: str
    at: datetime
    row: CaseRow | None = None


@dataclass(frozen=True, slots=True)
class OutgoingDecision:
    """A decision with the exact bytes that were made durable for it: canonical JSON in the Queue API's shape.

    A connector that speaks the Queue API sends `body` as it is; others translate `decision`.
    """

    decision: Decision
    body: bytes


@dataclass(frozen=True, slots=True)
class PastDecision:
    """A decision as the server keeps it, for audits: who made it, what became of it, when it arrived."""

    decision: Decision
    reviewer_id: str
    reviewer_name: str = ""
    receipt: Receipt | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What the settings would read, shown below the form: a few rows under their headings, and a sentence."""

    words: str
    headings: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def json_of(response: requests.Response) -> Any:
    """What an answer says in JSON; raises `Unavailable` where it is something else, such as a login page."""
    try:
        return response.json()
    except (ValueError, RecursionError) as error:
        raise Unavailable("The server answered with a page, not with data. Check the address.") from error


def date_of(response: requests.Response) -> datetime:
    """The server's time from the header `Date`, which every web server sends; raises `Unavailable` without one."""
    try:
        return parsedate_to_datetime(response.headers["Date"]).astimezone(UTC)
    except (KeyError, ValueError, TypeError) as error:
        raise Unavailable("The server does not tell its time (Date). Whoever runs it must mend that.") from error


def retry_after_s(response: requests.Response, default: float = 5.0) -> float:
    """For how long a server asks to wait (`Retry-After`, RFC 9110: a number or a date), 1 to 3600; else `default`."""
    told = str(response.headers.get("Retry-After") or "").strip()
    try:
        seconds = float(told)
    except ValueError:
        try:
            until = parsedate_to_datetime(told).astimezone(UTC)
            seconds = (until - date_of(response)).total_seconds()
        except (ValueError, TypeError, Unavailable):
            seconds = default
    return min(3600.0, max(1.0, seconds)) if math.isfinite(seconds) else default


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Context:
    """What the workstation gives a connector.

    `settings` are the values of the manifest's settings, `secrets` those of its secret settings, from the
    system's keyring; `session` has timeouts, size caps, retries, the allowed hosts and the system's trust store
    built in; `now` is the clock: take the time from it, so that tests can set it.  `folder` is the connector's
    own, for what it wants to keep: small, and never the only copy of a decision.
    """

    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    session: requests.Session
    logger: logging.Logger
    now: Callable[[], datetime] = utc_now
    folder: str = ""


class Connector(Protocol):
    """The calls of a connector: `service`, `close`, and those of the capabilities that it declares.

    Some have their call in a protocol of its own: `Polling`, `KeepingHistory`, `KeepingDossiers`, `TakingReferrals`,
    `TakingNotices`, `Previewing`.
    """

    def service(self) -> Service:
        """Who answers and what it can do.  Also what "test connection" calls: bad credentials must fail here."""

    def claim(
        self,
        count: int,
        *,
        marketplaces: Sequence[str] = (),
        grounds: Sequence[str] = (),
        case_ids: Sequence[str] = (),
        offline_s: float = 0.0,
    ) -> Claim:
        """Claim up to `count` of the most urgent open cases, or the named ones."""

    def renew(self, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        """Prolong leases; one answer each, in order."""

    def release(self, leases: Sequence[LeaseKey]) -> None:
        """Give cases back, each with its reason.  A lease that is lost already is no error."""

    def media(self, sha256: str) -> bytes:
        """The bytes of a picture or document, at most 20 MiB.  The workstation checks the digest itself."""

    def submit(self, decisions: Sequence[OutgoingDecision]) -> tuple[Receipt, ...]:
        """Hand decisions over; one receipt each, in order.  Called again with the same bytes after a failure."""

    def cases(self, cursor: str | None, limit: int = 500) -> Page[CaseRow]:
        """All open cases as rows, for the queue table."""

    def changes(self, cursor: str | None, limit: int = 500) -> Page[Change]:
        """What changed since a cursor.  With None: no items and the cursor of now."""

    def seller(self, seller_id: str) -> Seller:
        """A seller with offences and links, as the server knows it now."""

    def references(self, cursor: str | None, limit: int = 200) -> Page[ReferenceProduct]:
        """Reference products since a cursor."""

    def policies(self) -> Mapping[str, Any]:
        """The house rules as the tables of `policies.toml`, in JSON's types."""

    def close(self) -> None:
        """Let go of connections."""


class Polling(Protocol):
    """The call of the capability `poll`."""

    def poll(self, cursor: str | None, limit: int = 500) -> Page[Case]:
        """In the place of claims, where the server knows no leases: the cases that are open, or changed since a cursor.

        None begins anew: every open case.  `next_cursor` is where to go on, also later; a page without items ends
        a reading.  A case that left the queue comes once more with the state `decided` or `withdrawn`.  Where the
        server has no cursors, the last page has None: then each reading is the whole queue, and what is not in it
        left.  The workstation keeps who works on what.
        """


class KeepingHistory(Protocol):
    """The call of the capability `history`."""

    def history(self, cursor: str | None, limit: int = 500) -> Page[PastDecision]:
        """Decisions of everybody since a cursor, oldest first, for audits."""


class KeepingDossiers(Protocol):
    """The calls of the capability `dossiers`."""

    def dossier(self, seller_id: str) -> Dossier:
        """All that the server knows of a seller.  `Refused` where it knows no such seller.

        Identifiers of people come as hashes under a secret of the server, never in the clear: what has another form
        than hexadecimal digits is left out by the workstation.
        """

    def prices(self) -> tuple[CategoryPrice, ...]:
        """The usual price of each category, by currency; empty where the server reckons none."""


class TakingReferrals(Protocol):
    """The call of the capability `referrals`."""

    def refer(self, referral_id: str, digest: str, seller_id: str, act: str) -> ReferralWitness:
        """Tell the server that a pack was `made`, or is `confirmed`; its answer is its signed word for who did what.

        `digest` is the SHA-256 of the pack's manifest.  `Refused` where the person who made it would confirm it, or
        where another pack is known under that id.  Telling the same again changes nothing.
        """


class TakingNotices(Protocol):
    """The call of the capability `notices`."""

    def notices(self, cursor: str | None, limit: int = 200) -> Page[Notice]:
        """Complaints that came in since a cursor, oldest first."""


class KeepingBanks(Protocol):
    """The calls of the capability `banks`."""

    def bank(self, name: str, cursor: str | None, limit: int = 200) -> Page[BankEntry]:
        """Entries of the `infringing` or the `negative` bank that came or went since a cursor, as they are now.

        An empty page is the end; its cursor is where the next reading begins.
        """

    def add_non_matches(self, entries: Sequence[BankEntry]) -> None:
        """Tell the server of pairs (`picture`, `other`, `note`, `removed`) that a person calls no match."""


class KeepingLogs(Protocol):
    """The calls of the capability `audit`: the server vouches for workstations' logs, and auditors reach reviewers."""

    def enrol_key(self, key: LogKey) -> VouchedKey:
        """Enrol the key of this workstation's log; the same again gives the same answer."""

    def countersign(self, head: LogHead) -> Countersignature:
        """Have a head countersigned; the same again gives the same answer.

        Raises `Refused` for one that does not go on from what the server saw of the log.
        """

    def returned(self, cursor: str | None, limit: int = 200) -> Page[ReturnedCase]:
        """Decisions of this reviewer that auditors sent back since a cursor.  An empty page is the end."""

    def settle(self, cases: Sequence[SettledCase]) -> None:
        """Say what became of returned cases.  Called again with the same after a failure."""

    def send_findings(self, body: bytes) -> FindingsTaken:
        """Hand in a signed findings file, byte for byte.  Raises `Refused` where the server does not take it."""


class LinkingPictures(Protocol):
    """The calls of the capability `near_pictures`."""

    def unseen_pictures(self, start: str, limit: int = 20) -> tuple[str, ...]:
        """Digests of pictures of open cases that no workstation has told of, from a digest on and then from the first.

        Workstations look at them when nothing else waits, and tell of each with `link_pictures`.
        """

    def link_pictures(self, prints: Sequence[Fingerprint], searched: Sequence[tuple[str, ...]]) -> tuple[NearCase, ...]:
        """Tell the server of pictures that were looked at; answers the open cases with near ones.

        At most 50.  `prints` without `codes` are near-blank or can't be decoded.  `searched` are for each the codes
        by which near ones are looked for: those of its eight orientations.
        """


class Previewing(Protocol):
    """The call of the capability `preview`."""

    def preview(self) -> Preview:
        """What the settings would read, before they are saved."""


__all__ = [
    "API_RELEASE", "API_VERSION", "Account", "Appeal", "Appealed", "AuthenticationPoint", "BankEntry", "Case",
    "CaseKind", "CaseRow", "CaseState", "CategoryPrice", "Change", "Claim", "ClaimantRecord", "Connector",
    "ConnectorError", "Context", "Countersignature", "CursorLost", "Decision", "DecisionKind", "Document", "Dossier",
    "DossierEvent", "DossierListing", "DossierListings", "FindingsTaken", "Fingerprint", "Flag", "FlagSource",
    "Holder", "Identifier", "KeepingBanks", "KeepingDossiers", "KeepingHistory", "KeepingLogs", "LadderSum", "Lease",
    "LeaseKey", "LeasedCase", "LinkingPictures", "Listing", "LogHead", "LogKey", "LogRow", "Marketplace", "Measure",
    "MeasureKind", "Money", "NearCase", "Notice", "NoticeCheck", "Offence", "OutgoingDecision", "Page",
    "PastDecision", "Picture", "Polling", "Preview", "Previewing", "Proof", "ProposedFlag", "Quarantined",
    "RateLimited", "Receipt", "ReceiptStatus", "ReferenceProduct", "ReferralWitness", "Refused", "Renewal",
    "ReturnedCase", "Right", "Sales", "Seller", "SellerLink", "Service", "SettledCase", "Sibling", "Standing",
    "SumLine", "TakingNotices", "TakingReferrals", "Unauthorized", "Unavailable", "VouchedKey", "date_of",
    "format_time", "gtin_is_valid", "json_of", "money", "parse_time", "retry_after_s", "revision_digest", "sha256_hex",
    "utc_now",
]  # fmt: skip
