"""A claimant's record against the rules: shares over some months, and whether fast handling is kept."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import datetime

from reviewer.domain.case import FlagSource
from reviewer.domain.notice import ClaimantRecord, Outcome
from reviewer.policy.model import NoticeRules

#: By law or by role these keep fast handling whatever their record (DSA Art. 9, Art. 22).
_ALWAYS_FAST = (FlagSource.AUTHORITY, FlagSource.TRUSTED_FLAGGER)


def is_trusted(source: str) -> bool:
    """Whether claimants of that kind keep fast handling whatever their record."""
    return source in _ALWAYS_FAST


def record_of(
    counts: Mapping[str, int],
    rules: NoticeRules,
    source: str,
    *,
    warned_at: datetime | None = None,
    suspended_until: datetime | None = None,
) -> ClaimantRecord:
    """The record from how many listings ended how, by `Outcome`."""
    upheld, rejected, turned = (counts.get(name, 0) for name in (Outcome.UPHELD, Outcome.REJECTED, Outcome.REVERSED))
    decided = upheld + rejected + turned
    share = 100 * upheld / decided if decided else None
    countered = 100 * turned / decided if decided else None
    judged = decided >= rules.least_notices
    fails = []
    if judged and share is not None and share < rules.upheld_percent:
        fails.append(f"{_percent(share)} upheld, at least {rules.upheld_percent:g} % are needed")
    if judged and countered is not None and countered > rules.countered_percent:
        fails.append(f"{_percent(countered)} successfully countered, at most {rules.countered_percent:g} % may be")
    always = is_trusted(source)
    if suspended_until is not None:
        words = f"notices are refused until {suspended_until:%Y-%m-%d}"
    elif fails:
        kept = "keeps fast handling by its role" if always else "fast handling is lost"
        words = f"{kept}: {'; '.join(fails)}"
    elif not judged:
        words = f"no record yet: {decided} of {rules.least_notices} decided that are needed to judge one"
    else:
        words = f"{_percent(share or 0)} upheld, {_percent(countered or 0)} successfully countered: keeps fast handling"
    return ClaimantRecord(
        months=rules.months,
        upheld=upheld,
        rejected=rejected,
        reversed=turned,
        withdrawn=counts.get(Outcome.WITHDRAWN, 0),
        upheld_percent=None if share is None else round(share, 1),
        countered_percent=None if countered is None else round(countered, 1),
        judged=judged,
        fast=always or not fails,
        warned_at=warned_at,
        suspended_until=suspended_until,
        words=words,
    )


def month_before(moment: datetime, months: int) -> datetime:
    """The same day so many months before, or the last of a shorter month."""
    whole = moment.year * 12 + moment.month - 1 - months
    year, month = whole // 12, whole % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def _percent(share: float) -> str:
    return f"{share:.2f}".rstrip("0").rstrip(".") + " %"
