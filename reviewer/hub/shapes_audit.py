"""The answers of the audit's calls as models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from reviewer.hub.shape_base import Moment, Shape


class HubIdentity(Shape):
    """The hub's own log and key."""

    log: str
    key: str
    name: str
    at: Moment


class KeyAnswer(Shape):
    """The hub's word for a key."""

    log: str
    key: str
    name: str
    at: Moment
    signature: str
    hub: HubIdentity


class ListedKey(Shape):
    """An enrolled key."""

    log: str
    key: str
    name: str
    account_id: str
    account_name: str
    at: Moment
    revoked_at: Moment | None
    revoked_by: str


class KeyList(Shape):
    """All keys that were ever enrolled."""

    hub: HubIdentity
    items: list[ListedKey]


class RevokeAnswer(Shape):
    """Since when a key counts for nothing."""

    key: str
    revoked_at: Moment


class HeadAnswer(Shape):
    """A countersignature; `at` is when the hub saw the head first."""

    log: str
    size: int
    root: str
    at: Moment
    key: str
    signature: str


class FindingsAnswer(Shape):
    """How many opinions are new, known, about decisions of other hubs, and go back to reviewers."""

    new: int
    known: int
    elsewhere: int
    back: int


class ReturnedCase(Shape):
    """A decision that an auditor sent back, or rules otherwise."""

    id: str
    decision_id: str
    case_id: str
    auditor: str
    at: Moment
    verdict: Literal["fix", "return"]
    kind: str
    ground: str
    note: str


class ReturnedPage(Shape):
    """A page of what came back; `next_cursor` is always there: the place to go on from later."""

    items: list[ReturnedCase]
    next_cursor: str


class SettleAnswer(Shape):
    """What became of each item, in order."""

    items: list[Literal["settled", "known"]]


class OwnSignature(Shape):
    """The hub's signature on the head of its own log."""

    at: Moment
    signature: str


class HistoryLog(Shape):
    """A log as far as it is exported; the hub's own is signed as it is."""

    log: str
    size: int
    root: str
    checkpoints: OwnSignature | None = None
    witnesses: OwnSignature | None = None


class HistoryStart(Shape):
    """What an export of the team's history begins with: the logs, and how far each goes."""

    hub: HubIdentity
    logs: list[HistoryLog]


class HistoryRows(BaseModel):
    """Rows of a log, each with the decision and the case that it tells of."""

    items: list[dict[str, Any]]


class HistoryTable(BaseModel):
    """Rows of a table of the audit pack, by the names of its columns."""

    items: list[dict[str, Any]]
    next_cursor: str | None
