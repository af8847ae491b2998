"""The snapshots that services hand to the window: frozen, complete, safe on any thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reviewer.connectors.api import Holder, Marketplace
from reviewer.domain.case import Case, CaseRow
from reviewer.domain.decision import Decision, DecisionKind
from reviewer.domain.evidence import Earlier
from reviewer.domain.facts import Fact, Match
from reviewer.domain.server import Reach
from reviewer.policy.policy import Policy


@dataclass(frozen=True, slots=True, order=True)
class CaseRef:
    """Names a case on this desk: cases of different accounts may bear the same id."""

    account: str
    case_id: str

    def __str__(self) -> str:
        return f"{self.account}/{self.case_id}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What the reviewer had typed or chosen for a case without deciding it."""

    note: str = ""
    ground: str = ""
    measure_off: bool = False
    measure_off_reason: str = ""
    facts: tuple[str, ...] = ()
    refund: bool = False
    links: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseOnDesk:
    """A case with all that the review screen paints.

    `lease_deadline` is on the clock of `services.clock.steady()` (seconds), None where no lease is held
    (a reopened case of one's own).  `problem` is empty or names what stands in the way of an ordinary
    decision: `lease_lost`, `changed` (decide must confirm) or `reopened`.  `supersedes` is the id of the
    decision that the next one replaces, or empty.  `earlier` are past decisions and other open cases with the same
    photos.  `reach` says what is carried out at its marketplace.
    """

    ref: CaseRef
    case: Case
    marketplace: Marketplace
    policy: Policy
    default_ground: str
    facts: tuple[Fact, ...]
    matches: tuple[Match, ...]
    fetched_at: datetime
    lease_deadline: float | None
    draft: Draft = Draft()
    problem: str = ""
    supersedes: str = ""
    earlier: tuple[Earlier, ...] = ()
    reach: Reach = Reach()


@dataclass(frozen=True, slots=True)
class Counts:
    """This reviewer's day: decisions that stand, by kind; `recent` are the last ones, newest last."""

    total: int = 0
    by_kind: Mapping[DecisionKind, int] = field(default_factory=dict)
    seconds_per_case: float | None = None
    recent: tuple[DecisionKind, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on the desk.

    `empty_reason` says why there is no current case: ``, `loading`, `no_account`, `none_open`,
    `held_elsewhere` (see `holders`), `offline`, `sign_in`.  `undo_label` names what undo would undo.
    """

    current: CaseOnDesk | None
    upcoming: tuple[CaseOnDesk, ...] = ()
    on_desk: int = 0
    empty_reason: str = ""
    holders: tuple[Holder, ...] = ()
    undo_label: str = ""
    counts: Counts = Counts()


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the reviewer pressed.  `confirm_changed` is given where the listing changed and that was seen; `refund`
    advises to refund the buyers of the last six months."""

    ref: CaseRef
    kind: DecisionKind
    ground: str = ""
    facts: tuple[str, ...] = ()
    note: str = ""
    measure_off: bool = False
    measure_off_reason: str = ""
    seconds: float = 0.0
    confirm_changed: bool = False
    refund: bool = False


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A decision that has not been receipted: `state` is `waiting`, `sending` or `parked`.

    `send_in_s` counts down the sending delay; `attempts` and `last_error` say how delivery went.
    """

    decision: Decision
    ref: CaseRef
    title: str
    state: str
    decided_at: datetime
    send_in_s: float
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class InboxItem:
    """Something that came back: `status` is the receipt's (`lease_lost`, `stale`, `gone`, `rejected`,
    `conflict`) or `returned` (by an auditor); `detail` is the server's words or the auditor's; `actions` are the ways
    out (`again`, `escalate`, `moot`, `uphold`)."""

    id: int
    decision: Decision
    ref: CaseRef
    title: str
    status: str
    detail: str
    at: datetime
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Banner:
    """A state that the reviewer must know: `severity` is `info`, `warning` or `error`; `action` is empty or
    the id of what a button on it does (`sign_in`, `retry`, `open_inbox`, `open_accounts`)."""

    id: str
    severity: str
    text: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How it stands with one account: `state` is `connecting`, `online`, `offline`, `sign_in`, `failed`."""

    account: str
    name: str
    state: str
    error: str = ""
    since: datetime | None = None
    reviewer_name: str = ""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The head and foot of the window in numbers."""

    accounts: tuple[AccountStatus, ...] = ()
    open_cases: int = 0
    due_soon: int = 0
    overdue: int = 0
    unsent: int = 0
    oldest_unsent_s: float | None = None
    next_send_s: float | None = None
    next_send_label: str = ""
    inbox: int = 0
    offline_until_s: float | None = None
    protection: str = "full"
    banners: tuple[Banner, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the queue table shows.  Empty fields do not filter.

    `text` is matched in titles, brands, sellers and ids (substring of any language); `sort` is a column
    of `QUEUE_COLUMNS`; `due` is `overdue`, `soon` (60 minutes) or empty; `where` is `local` (on this
    desk), or empty.
    """

    text: str = ""
    marketplaces: tuple[str, ...] = ()
    grounds: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    standings: tuple[str, ...] = ()
    seller_id: str = ""
    due: str = ""
    where: str = ""
    sort: str = "urgency"
    descending: bool = False


#: The sortable columns of the queue table; `urgency` is priority, then due time.
QUEUE_COLUMNS = (
    "urgency",
    "due_at",
    "marketplace",
    "title",
    "brand",
    "seller_name",
    "ground",
    "source",
    "price",
)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A row of the queue table; `pending` is the kind of an unsent decision on it, or empty."""

    ref: CaseRef
    row: CaseRow
    on_desk: bool = False
    pending: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """What marketplaces and grounds are called, by id: as their servers and their rules say."""

    marketplaces: Mapping[str, str] = field(default_factory=dict)
    grounds: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Rows `start` to `start + len(rows)` of a filtered, sorted table of `total` rows, and what ids in it mean.

    `more` says that a search found more than those `total` rows.
    """

    start: int
    total: int
    rows: tuple[QueueRow, ...]
    names: Names = Names()
    more: bool = False
