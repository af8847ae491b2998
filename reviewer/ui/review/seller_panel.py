"""Who offers it, what stands against them, what a decision makes due, and why the listing was flagged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from reviewer.domain.case import Case
from reviewer.domain.decision import DecisionKind
from reviewer.domain.seller import Offence, Seller
from reviewer.domain.text import visible
from reviewer.policy.policy import Policy
from reviewer.services.clock import now
from reviewer.ui.review.ahead import Ahead
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.notice_lines import notice_lines
from reviewer.ui.review.passage import Line, Meter, Passage
from reviewer.ui.review.reach import measure_not_done
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import (
    age,
    country_name,
    day,
    day_and_time,
    ground_title,
    kind_name,
    kind_text,
    link_text,
    measure_text,
    source_look,
    standing_look,
    translate,
    verification_look,
)


class SellerPanel(QScrollArea):
    """The right column."""

    def __init__(self, theme: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ahead: Ahead[tuple[Line, ...]] = Ahead()
        self.passage = Passage(theme, translate("Review", "Seller, ladder and flags"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(translate("Review", "Seller"))
        self.setWidget(self.passage)

    def show_sitting(self, sitting: Sitting) -> None:
        """Show the seller of a case and what the ladder says for the chosen ground."""
        self.passage.set_lines(self._ahead.take(sitting) or panel_lines(sitting))

    def prepare(self, sitting: Sitting) -> None:
        """Lay a coming case out ahead."""
        self.passage.prepare(self._ahead.keep(sitting, panel_lines(sitting)))


def panel_lines(sitting: Sitting) -> tuple[Line, ...]:
    """Everything in the right column."""
    case, policy, moment = sitting.on_desk.case, sitting.on_desk.policy, now()
    ground = policy.ground(sitting.ground)
    kind = ground.action if ground is not None else DecisionKind.TAKEDOWN
    return (
        *seller_lines(case.seller, moment),
        *_strike_lines(sitting, kind),
        *offence_lines(case.seller, policy, moment),
        *link_lines(case),
        *ladder_lines(sitting, kind),
        *flag_lines(case, policy),
    )


def seller_lines(seller: Seller, moment: datetime) -> Iterator[Line]:
    """Name, country, age, verification and standing."""
    name = visible(seller.display_name, limit=120, keep_lines=False)
    yield Line(
        translate("Review", "SELLER"), "muted", bold=True, scale=0.9, rows=1, trailing=age(seller.joined_at, moment)
    )
    yield Line(name, bold=True, scale=1.1, rows=2)
    text, glyph, role = standing_look(seller.standing)
    if seller.standing_until is not None:
        text = translate("Review", "{0} until {1}").format(text, day(seller.standing_until))
    yield Line(text, role, glyph, bold=True, rows=1)
    words, glyph, role = verification_look(seller.verification)
    yield Line(words, glyph=glyph, glyph_role=role, rows=1, trailing=country_name(seller.country))
    counts = [
        template.format(count)
        for template, count in (
            (translate("Review", "{0:,} live"), seller.listings_live),
            (translate("Review", "{0:,} removed"), seller.listings_removed),
            (translate("Review", "{0:,} sold"), seller.units_sold),
        )
        if count is not None
    ]
    if counts:
        yield Line(" · ".join(counts), "muted", rows=2)


def _strike_lines(sitting: Sitting, kind: DecisionKind) -> Iterator[Line]:
    """The meter of points, with what the chosen ground would add."""
    policy = sitting.on_desk.policy
    step = sitting.step(kind)
    # A complaint is not ruled on yet: it adds nothing.
    adds, after = (0, step.before) if sitting.on_desk.reach.complaint else (step.adds, step.after)
    top = max([threshold.points for threshold in policy.thresholds] or [1])
    thresholds = tuple(threshold.points for threshold in policy.thresholds)
    role = "ok" if step.before == 0 else ("danger" if step.before >= top * 0.75 else "warning")
    yield Line(
        translate("Review", "{0} of {1} points").format(step.before, top),
        bold=True,
        gap=0.5,
        rows=2,
        trailing=translate("Review", "+{0} if decided so").format(adds) if adds else "",
        trailing_role="danger",
        meter=Meter(step.before, after, top, thresholds, role),
    )


def offence_lines(seller: Seller, policy: Policy, moment: datetime) -> Iterator[Line]:
    """What stands against the seller, newest first; what no longer counts says why."""
    if not seller.offences:
        yield Line(translate("Review", "no offences"), "muted", "check", "ok", rows=1)
        return
    for offence in sorted(seller.offences, key=lambda offence: offence.at, reverse=True)[:12]:
        yield _offence_line(offence, policy, moment)
    if len(seller.offences) > 12:
        yield Line(translate("Review", "and {0} more").format(len(seller.offences) - 12), "muted")


def _offence_line(offence: Offence, policy: Policy, moment: datetime) -> Line:
    text = f"{day(offence.at)}  {kind_text(offence.kind)}  {ground_title(policy, offence.ground)}"
    tip = visible(offence.listing_title, limit=200, keep_lines=False)
    if offence.overturned:
        return Line(
            text,
            "muted",
            "cross",
            strike=True,
            rows=1,
            trailing=translate("Review", "overturned"),
            tooltip=f"{text}\n{tip}",
        )
    if not offence.counts_at(moment):
        return Line(text, "muted", "clock", rows=1, trailing=translate("Review", "expired"), tooltip=f"{text}\n{tip}")
    until = translate("Review", "until {0}").format(day(offence.expires_at)) if offence.expires_at is not None else ""
    if offence.full_points is not None and offence.points < offence.full_points:
        whole = translate("Review", "{0} of {1} points: others of the same day count the rest")
        until = f"{until}\n{whole.format(offence.points, offence.full_points)}".strip()
    return Line(
        text,
        glyph="flag",
        glyph_role="warning",
        rows=1,
        trailing=f"+{offence.points}",
        tooltip=f"{text}\n{until}\n{tip}",
    )


def link_lines(case: Case) -> Iterator[Line]:
    """Linked accounts and what else of this seller is open."""
    same = sum(sibling.relation == "same_seller" for sibling in case.siblings)
    pictures = len(case.siblings) - same
    if case.siblings:
        words = translate("Review", "open elsewhere: {0} of this seller, {1} with these pictures")
        yield Line(words.format(same, pictures), glyph="box", glyph_role="accent", rows=2, gap=0.4)
    for link in sorted(case.seller.links, key=lambda link: -link.strength)[:8]:
        standing, _, role = standing_look(link.standing)
        name = visible(link.display_name, limit=60, keep_lines=False)
        text = f"{link_text(link.kind)}: {name}"
        yield Line(
            text, glyph="link", glyph_role=role, rows=1, trailing=f"{link.strength:.0%} {standing}", trailing_role=role
        )


def ladder_lines(sitting: Sitting, kind: DecisionKind) -> Iterator[Line]:
    """What the decision of the chosen ground makes due, with its sum."""
    step = sitting.step(kind)
    policy = sitting.on_desk.policy
    yield Line(translate("Review", "LADDER"), "muted", bold=True, scale=0.9, gap=0.7, rows=1)
    yield Line(
        translate("Review", "{0} for {1}").format(kind_name(kind), ground_title(policy, sitting.ground)),
        bold=True,
        rows=2,
    )
    if sitting.on_desk.reach.complaint:
        yield Line(translate("Review", "a complaint: measures are the marketplace's own"), "muted", rows=3)
    elif step.due is None:
        yield Line(
            translate("Review", "nothing is due: {0}").format(step.reason or translate("Review", "no points")),
            "muted",
            rows=3,
        )
    elif words := measure_not_done(sitting, kind):
        yield Line(words, "warning", "cross", rows=2)
    elif sitting.measure_off:
        yield Line(
            translate("Review", "{0}: switched off").format(measure_text(step.due)),
            "muted",
            "cross",
            strike=True,
            rows=2,
        )
    else:
        yield Line(translate("Review", "due: {0}").format(measure_text(step.due)), "danger", "arrow", bold=True, rows=2)
        yield Line(visible(step.reason, limit=200), "muted", rows=3)
    if step.next_points is not None:
        yield Line(translate("Review", "next step at {0} points").format(step.next_points), "muted", rows=2, scale=0.93)


def flag_lines(case: Case, policy: Policy) -> Iterator[Line]:
    """Each reason why the listing is here, with the notice behind it."""
    flags, behind = case.flags, {notice.id: notice for notice in case.notices}
    yield Line(
        translate("Review", "WHY FLAGGED"), "muted", bold=True, scale=0.9, gap=0.7, rows=1, trailing=str(len(flags))
    )
    for flag in flags[:20]:
        source, glyph = source_look(flag.source)
        sure = f"{flag.confidence:.0%}" if flag.confidence is not None else ""
        text = f"{source}: {ground_title(policy, flag.reason)}"
        yield Line(
            text,
            glyph=glyph,
            glyph_role="accent",
            bold=True,
            rows=2,
            trailing=sure,
            tooltip=day_and_time(flag.at),
            gap=0.15,
        )
        if flag.claimant:
            claimant = visible(flag.claimant, limit=80, keep_lines=False)
            upheld = (
                translate("Review", "{0:.0%} upheld").format(flag.claimant_upheld)
                if flag.claimant_upheld is not None
                else ""
            )
            yield Line(claimant, indent=1.35, rows=2, trailing=upheld)
        if flag.explanation:
            yield Line(visible(flag.explanation, limit=600, keep_lines=False), "muted", indent=1.35, rows=4)
        if flag.notice_id in behind:
            yield from notice_lines(behind[flag.notice_id], policy.notices)
