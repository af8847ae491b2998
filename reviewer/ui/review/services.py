"""What the review screen asks of the workstation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from reviewer.services.model import CaseOnDesk, CaseRef, Desk, Draft, Ruling, Status
from reviewer.ui.review.pixmaps import PictureSource


class Review(Protocol):
    """On the desk's thread.  Each raises `OperatorError` where the step could not be made: then it was not."""

    def desk(self) -> Desk: ...

    def decide(self, ruling: Ruling) -> Desk: ...

    def decide_batch(self, refs: Sequence[CaseRef], ruling: Ruling) -> Desk: ...

    def undo(self) -> Desk: ...

    def skip(self, ref: CaseRef, reason: str) -> Desk: ...

    def bring(self, ref: CaseRef) -> Desk: ...

    def save_draft(self, ref: CaseRef, draft: Draft) -> None: ...


class Intake(Protocol):
    """In the background: it waits for servers."""

    def claim_named(self, account: str, case_ids: Sequence[str]) -> tuple[CaseOnDesk, ...]: ...


class StatusSource(Protocol):
    """On the desk's thread."""

    def status(self) -> Status: ...


class EvidenceDoor(Protocol):
    """On the desk's thread."""

    def say_no_match(self, account: str, picture: str, other: str) -> None: ...


class ReviewWorkstation(Protocol):
    """The services behind the review screen."""

    @property
    def review(self) -> Review: ...
    @property
    def intake(self) -> Intake: ...
    @property
    def status(self) -> StatusSource: ...
    @property
    def pictures(self) -> PictureSource: ...
    @property
    def evidence(self) -> EvidenceDoor: ...
