"""The complaint behind a flag: who complains with what record, what does not fit, and what is in order."""

from __future__ import annotations

from collections.abc import Iterator

from reviewer.domain.notice import ClaimantRecord, Notice, NoticeCheck, Verdict
from reviewer.domain.text import visible
from reviewer.policy.model import NoticeRules
from reviewer.ui.review.passage import Line, Meter
from reviewer.ui.review.wording import day, translate

_INDENT = 1.35
_LONGEST = 400


def notice_lines(notice: Notice, rules: NoticeRules) -> Iterator[Line]:
    """Everything about one notice below its flag, what does not fit first."""
    if notice.withdrawn_at is not None:
        words = translate("Review", "withdrawn by the claimant on {0}").format(day(notice.withdrawn_at))
        yield Line(words, "warning", "cross", bold=True, indent=_INDENT, rows=2)
    if notice.record is not None:
        yield from record_lines(notice.record, rules)
    if notice.right is not None:
        right = " ".join(filter(None, (notice.right.kind, notice.right.number, notice.right.sign)))
        yield Line(_plain(right), "muted", "seal", "muted", indent=_INDENT, rows=2, tooltip=_right_tip(notice))
    for check in notice.checks:
        if check.verdict != Verdict.OK:
            yield _misfit(check)
    fine = [check for check in notice.checks if check.verdict == Verdict.OK]
    if fine:
        names = ", ".join(check_name(check.id) for check in fine)
        tip = "\n".join(f"{check_name(check.id)}: {_plain(check.reason)}" for check in fine)
        words = translate("Review", "in order: {0}").format(names)
        yield Line(words, "muted", "check", "ok", indent=_INDENT, rows=3, tooltip=tip)
    if notice.asked:
        words = translate("Review", "asked of the claimant: {0}").format(" ".join(map(_plain, notice.asked)))
        yield Line(words, "muted", "clock", "warning", indent=_INDENT, rows=4, tooltip=words)
    if notice.listing_count > 1:
        words = translate("Review", "the notice names {0:,} listings").format(notice.listing_count)
        yield Line(words, "muted", indent=_INDENT, rows=1)


def record_lines(record: ClaimantRecord, rules: NoticeRules) -> Iterator[Line]:
    """How the claimant's notices ended, with a meter against the least share that keeps fast handling."""
    if record.suspended_until is not None:
        words = translate("Review", "claimant suspended until {0}").format(day(record.suspended_until))
        yield Line(words, "danger", "pause", bold=True, indent=_INDENT, rows=2)
    elif record.warned_at is not None:
        words = translate("Review", "claimant warned of misuse on {0}").format(day(record.warned_at))
        yield Line(words, "warning", "warning", indent=_INDENT, rows=2)
    if not record.judged or record.upheld_percent is None or record.countered_percent is None:
        words = translate("Review", "no record yet: {0} decided in {1} months").format(record.decided, record.months)
        yield Line(words, "muted", indent=_INDENT, rows=2, tooltip=_plain(record.words))
        return
    words = translate("Review", "{0} of {1} upheld in {2} months, {3:.0f} % successfully countered").format(
        record.upheld, record.decided, record.months, record.countered_percent
    )
    value = round(record.upheld_percent)
    role = "ok" if record.fast else "warning"
    yield Line(
        words,
        indent=_INDENT,
        rows=3,
        tooltip=_plain(record.words),
        meter=Meter(value, value, 100, (round(rules.upheld_percent),), role),
    )
    if not record.fast:
        limits = translate("Review", "fast handling lost: below {0:g} % upheld or above {1:g} % countered")
        yield Line(limits.format(rules.upheld_percent, rules.countered_percent), "warning", "warning", indent=_INDENT,
                   rows=3)  # fmt: skip


def check_name(check_id: str) -> str:
    """An item of the checklist in words; one of a newer server as it came."""
    known = {
        "good_faith": translate("Review", "good faith"),
        "statement": translate("Review", "reasons"),
        "right": translate("Review", "right"),
        "in_force": translate("Review", "validity of the right"),
        "class": translate("Review", "class of the goods"),
        "territory": translate("Review", "territory"),
        "may_act": translate("Review", "authority to act"),
        "gtin": translate("Review", "article number"),
        "duplicate": translate("Review", "earlier notices"),
    }
    return known.get(check_id) or visible(check_id, limit=40, keep_lines=False)


def _misfit(check: NoticeCheck) -> Line:
    fails = check.verdict == Verdict.FAILS
    kind = translate("Review", "does not fit") if fails else translate("Review", "not known")
    text = f"{check_name(check.id)}: {_plain(check.reason)}"
    glyph, role = ("cross", "danger") if fails else ("warning", "warning")
    return Line(text, role, glyph, indent=_INDENT, rows=4, tooltip=f"{kind}: {_plain(check.reason)}")


def _right_tip(notice: Notice) -> str:
    right = notice.right
    if right is None:
        return ""
    rows = [
        translate("Review", "owner: {0}").format(_plain(right.owner)) if right.owner else "",
        translate("Review", "register: {0}").format(_plain(right.office)) if right.office else "",
        translate("Review", "classes {0}").format(", ".join(map(str, right.nice_classes)))
        if right.nice_classes
        else translate("Review", "no classes named"),
        translate("Review", "holds in {0}").format(_plain(", ".join(right.territories))) if right.territories else "",
        translate("Review", "until {0}").format(day(right.expires_at)) if right.expires_at is not None else "",
    ]
    return "\n".join(filter(None, rows))


def _plain(text: str) -> str:
    return visible(text, limit=_LONGEST, keep_lines=False)
