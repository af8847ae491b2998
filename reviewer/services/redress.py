"""What proofs and appeals ask of a decision beyond what every decision needs."""

from __future__ import annotations

from datetime import datetime

from reviewer.domain.case import Case, CaseKind
from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.redress import Document, Outcome, outcome_of
from reviewer.domain.seller import Offence
from reviewer.errors import OperatorError
from reviewer.policy.model import Policy

#: What on a case with documents says something of them; the rest leaves them unjudged.
_REJECTING = AGAINST_SELLER | {DecisionKind.REQUEST_PROOF}


def documents_of(case: Case) -> tuple[Document, ...]:
    """The documents that are to be looked at in a case."""
    if case.kind == CaseKind.PROOF and case.proof is not None:
        return case.proof.documents
    if case.kind == CaseKind.APPEAL and case.appeal is not None:
        earlier = case.proof.documents if case.proof is not None else ()
        return (*case.appeal.documents, *earlier)
    return ()


def rejects(case: Case, kind: DecisionKind) -> bool:
    """Whether a decision of that kind rejects the seller's proof, so that it needs a reason."""
    return case.kind == CaseKind.PROOF and kind in _REJECTING


def outcome(case: Case, kind: DecisionKind) -> Outcome | None:
    """What a decision of that kind makes of the case's appeal; None where it is no ruling on one."""
    if case.kind != CaseKind.APPEAL or case.appeal is None:
        return None
    return outcome_of(case.appeal.first.kind, kind)


def needs_reason(case: Case, kind: DecisionKind) -> bool:
    """Whether the note must say why, because the seller or whoever appealed reads it."""
    return rejects(case, kind) or outcome(case, kind) is not None


def offences_of(case: Case) -> tuple[Offence, ...]:
    """The seller's offences for the ladder: a ruling on an appeal takes the place of the one appealed against."""
    if case.kind != CaseKind.APPEAL or case.appeal is None:
        return case.seller.offences
    return tuple(row for row in case.seller.offences if row.decision_id != case.appeal.first.id)


def supersedes(case: Case, own: str, kind: DecisionKind) -> str:
    """The decision that a ruling names: one's own that is replaced, else the one that is appealed against."""
    if own or outcome(case, kind) is None or case.appeal is None:
        return own
    return case.appeal.first.id


def ground_of(case: Case, policy: Policy) -> str:
    """The ground that a decision on a proof or an appeal begins with; '' where the flags tell it."""
    if case.kind == CaseKind.PROOF and policy.ground(policy.proofs.ground) is not None:
        return policy.proofs.ground
    if case.kind == CaseKind.APPEAL and case.appeal is not None and case.appeal.first.ground:
        return case.appeal.first.ground
    return ""


def check(case: Case, kind: DecisionKind, ground: str, note: str, policy: Policy, now: datetime) -> None:
    """Raises `OperatorError` where the server would refuse the decision: nothing is recorded then."""
    if case.kind != CaseKind.APPEAL and kind is DecisionKind.UPHOLD:
        raise OperatorError("Only an appeal can be answered so. Nothing was recorded.")
    if case.kind == CaseKind.APPEAL:
        found = outcome(case, kind)
        if found is None and kind is not DecisionKind.ESCALATE:
            raise OperatorError("That is no ruling on this appeal: uphold, reverse, or decide in part.")
        if found is Outcome.PARTLY and not _is_less(case, kind, ground, policy):
            raise OperatorError("That is no less than the decision appealed against: choose a lesser ground (G).")
    if case.kind == CaseKind.PROOF and kind is DecisionKind.CLEAR:
        papers = documents_of(case)
        if papers and all(paper.is_expired(now.date()) for paper in papers):
            raise OperatorError("Every document of this proof has expired: it can't be accepted.")
    if needs_reason(case, kind) and not note.strip():
        whose = "the seller" if case.kind == CaseKind.PROOF else "whoever appealed"
        raise OperatorError(f"Say why in the note (N): {whose} reads it.")


def _is_less(case: Case, kind: DecisionKind, ground: str, policy: Policy) -> bool:
    if case.appeal is None or kind != case.appeal.first.kind:
        return True
    was, now = policy.ground(case.appeal.first.ground), policy.ground(ground)
    return was is not None and now is not None and now.points < was.points


def accepted_words(case: Case, kind: DecisionKind) -> tuple[str, ...]:
    """The fact that a decision which accepts a proof rests on, naming its documents."""
    if case.kind != CaseKind.PROOF or kind is not DecisionKind.CLEAR:
        return ()
    named = [", ".join(part for part in (paper.kind, paper.issuer) if part) for paper in documents_of(case)]
    return (f"Proof of authenticity accepted: {'; '.join(named)[:1000]}",)
