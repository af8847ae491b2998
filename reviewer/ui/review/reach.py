"""What this case's marketplace does not carry out, in words for the keys and the bar."""

from __future__ import annotations

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, MeasureKind
from reviewer.domain.text import visible
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import kind_name, measure_text, translate


def not_done(sitting: Sitting, kind: DecisionKind) -> str:
    """Why a decision can't be made here, in a sentence; empty where it can."""
    if kind in sitting.on_desk.reach.decisions:
        return ""
    words = translate("Review", "{0} does not carry out “{1}”. Choose another decision, or skip the case.")
    return words.format(_market(sitting), kind_name(kind))


def measure_not_done(sitting: Sitting, kind: DecisionKind, ground: str = "") -> str:
    """That the ladder's due measure is not carried out here, in few words; empty where it is or none is due."""
    reach = sitting.on_desk.reach
    if kind not in AGAINST_SELLER or reach.complaint:
        return ""
    due = sitting.step(kind, ground).due
    if due is None or due.kind in reach.measures:
        return ""
    return translate("Review", "{0}: not done here").format(measure_text(due))


def refund_not_done(sitting: Sitting) -> str:
    """Why refunds can't be advised here; empty where they can."""
    if MeasureKind.REFUND_ADVISED in sitting.on_desk.reach.measures:
        return ""
    return translate("Review", "{0} advises no refunds.").format(_market(sitting))


def remark(sitting: Sitting, kind: DecisionKind) -> str:
    """What a person should know before pressing a key that can be pressed; sentences for the tooltip."""
    reach, said = sitting.on_desk.reach, []
    if reach.complaint and kind in AGAINST_SELLER:
        said.append(
            translate("Review", "A complaint is filed with {0}, which rules on it itself.").format(_market(sitting))
        )
    if measure_not_done(sitting, kind):
        said.append(translate("Review", "{0} does not carry out the measure that is due.").format(_market(sitting)))
    if reach.is_final:
        said.append(translate("Review", "Once it is sent it can't be undone: the marketplace takes nothing back."))
    return " ".join(said)


def _market(sitting: Sitting) -> str:
    return visible(sitting.on_desk.marketplace.name, limit=40, keep_lines=False)
