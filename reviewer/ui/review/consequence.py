"""What each key of the decision bar would do to this case, in small words."""

from __future__ import annotations

from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.ui.review.reach import measure_not_done, not_done
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import complaint_effect, kind_effect, measure_text, translate


def consequence(sitting: Sitting, kind: DecisionKind, ground: str = "") -> str:
    """Such as `removes listing · +12 → 24 points · restrict category 14 d`, or `files a complaint`."""
    reach = sitting.on_desk.reach
    if not_done(sitting, kind):
        return translate("Review", "not carried out here")
    parts = [kind_effect(kind)]
    if reach.complaint:
        parts = [complaint_effect(kind)]
    elif kind in AGAINST_SELLER:
        step = sitting.step(kind, ground)
        parts.append(translate("Review", "+{0} → {1} points").format(step.adds, step.after))
        if words := measure_not_done(sitting, kind, ground):
            parts.append(words)
        elif step.due is not None and sitting.measure_off:
            parts.append(translate("Review", "measure off"))
        elif step.due is not None:
            parts.append(measure_text(step.due))
        if sitting.refund:
            parts.append(translate("Review", "advise refund"))
    if reach.is_final:
        parts.append(translate("Review", "final once sent"))
    return " · ".join(parts)


def skip_effect() -> str:
    """What skipping does."""
    return translate("Review", "gives it back")
