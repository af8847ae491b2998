"""The answers about notices as models: they are what `/openapi.json` says."""

from __future__ import annotations

from typing import Literal

from reviewer.hub.shape_base import Moment, Right, Shape

OutcomeName = Literal["open", "upheld", "rejected", "reversed", "withdrawn", "repeated", "unavailable", "not_found"]
SourceName = Literal["rights_holder", "trusted_flagger", "authority", "consumer"]


class NoticeCheck(Shape):
    """One item of the checklist."""

    id: str
    verdict: Literal["ok", "fails", "unknown"]
    reason: str


class Record(Shape):
    """How a claimant's notices ended."""

    months: int
    upheld: int
    rejected: int
    reversed: int
    withdrawn: int
    upheld_percent: float | None
    countered_percent: float | None
    judged: bool
    fast: bool
    warned_at: Moment | None
    suspended_until: Moment | None
    words: str


class ListedNotice(Shape):
    """A complaint, with the first of the listings that it names."""

    id: str
    claimant: str
    claimant_id: str
    source: str
    ground: str
    received_at: Moment
    statement: str
    right: Right | None
    acting_as: str
    good_faith: bool
    evidence: list[str]
    listing_ids: list[str]
    listing_count: int
    state: Literal["open", "closed", "withdrawn"]
    withdrawn_at: Moment | None
    complete: bool
    asked: list[str]


class CaseNotice(ListedNotice):
    """A complaint behind a case: outcome and checklist are those of the case's listing."""

    outcome: OutcomeName
    checks: list[NoticeCheck]
    record: Record


class WholeNotice(ListedNotice):
    """A complaint with how many of its listings ended how."""

    outcomes: dict[str, int]
    withdrawn_why: str
    record: Record


class NoticePage(Shape):
    """A page of notices."""

    items: list[ListedNotice]
    next_cursor: str | None


class NamedOutcome(Shape):
    """A listing of a notice: its checklist and what became of it."""

    listing_id: str
    case_id: str
    gtin: str
    outcome: OutcomeName
    settled_at: Moment | None
    checks: list[NoticeCheck]
    words: str
    redress: str


class NamedOutcomePage(Shape):
    """A page of a notice's listings."""

    items: list[NamedOutcome]
    next_cursor: str | None


class OutcomeChange(Shape):
    """Something that became of a listing of a notice."""

    notice_id: str
    listing_id: str
    outcome: OutcomeName
    at: Moment
    words: str
    redress: str


class OutcomePage(Shape):
    """A page of outcomes; `next_cursor` is always there: the place to come back to."""

    items: list[OutcomeChange]
    next_cursor: str


class NoticeReceipt(Shape):
    """The answer to one notice."""

    id: str
    status: Literal["received", "duplicate", "conflict", "deferred", "refused"]
    received_at: Moment
    detail: str
    complete: bool | None
    asked: list[str]
    listings: dict[str, int]
    retry_after_s: int | None


class NoticesAnswer(Shape):
    """One receipt for each notice, in order."""

    receipts: list[NoticeReceipt]


class WithdrawnNotice(Shape):
    """What became of one withdrawal."""

    id: str
    status: Literal["withdrawn", "known", "not_found"]
    withdrawn: int
    decided: int
    cases_closed: int


class WithdrawalsAnswer(Shape):
    """One for each notice, in order."""

    items: list[WithdrawnNotice]


class ClaimantEvent(Shape):
    """Something that was done about a claimant."""

    kind: Literal["registered", "warned", "suspended", "lifted"]
    at: Moment
    words: str


class ClaimantLimits(Shape):
    """What the record is held against, and how much may come."""

    upheld_percent: float
    countered_percent: float
    least_notices: int
    misuse_percent: float
    per_hour: int
    listings_per_hour: int


class ClaimantAnswer(Shape):
    """A claimant with record, limits and events."""

    id: str
    name: str
    source: SourceName
    owners: list[str]
    record: Record
    limits: ClaimantLimits
    events: list[ClaimantEvent]
