"""Proofs and appeals on the review screen: what the keys do there, the pages of documents, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reviewer.domain.case import Case, CaseKind
from reviewer.domain.decision import AGAINST_SELLER, DecisionKind
from reviewer.domain.listing import Picture
from reviewer.domain.redress import Appeal, Document, Proof
from reviewer.domain.text import visible
from reviewer.policy.policy import Policy
from reviewer.services.clock import now
from reviewer.services.model import CaseOnDesk
from reviewer.services.redress import documents_of
from reviewer.ui.review.passage import Line
from reviewer.ui.review.wording import day, ground_title, kind_text, translate

_LETTER_ROWS = 40


def pressed(case: Case, kind: DecisionKind) -> DecisionKind | None:
    """The decision that a key makes in a case of this kind: on an appeal 1 upholds, 2 grants in part, 3 reverses.

    None where the key has no meaning.
    """
    if case.kind != CaseKind.APPEAL or case.appeal is None:
        return kind
    against = case.appeal.first.kind in AGAINST_SELLER
    return {
        DecisionKind.CLEAR: DecisionKind.UPHOLD,
        DecisionKind.WARN: DecisionKind.WARN,
        DecisionKind.RESTRICT: DecisionKind.CLEAR if against else DecisionKind.TAKEDOWN,
        DecisionKind.ESCALATE: DecisionKind.ESCALATE,
    }.get(kind)


def key_name(case: Case, kind: DecisionKind, title: str) -> str:
    """What stands on a key in a case of a proof or an appeal; '' where it is as ever."""
    if case.kind == CaseKind.PROOF:
        return {
            DecisionKind.CLEAR: translate("Review", "Accept"),
            DecisionKind.WARN: translate("Review", "Reject, warn"),
            DecisionKind.RESTRICT: translate("Review", "Reject, restrict"),
            DecisionKind.TAKEDOWN: translate("Review", "Reject ▸ {0}").format(title),
            DecisionKind.REQUEST_PROOF: translate("Review", "Ask again"),
        }.get(kind, "")
    if case.kind == CaseKind.APPEAL:
        return {
            DecisionKind.CLEAR: translate("Review", "Uphold"),
            DecisionKind.WARN: translate("Review", "Partly"),
            DecisionKind.RESTRICT: translate("Review", "Reverse"),
            DecisionKind.TAKEDOWN: "–",
            DecisionKind.REQUEST_PROOF: "–",
        }.get(kind, "")
    return ""


def key_effect(case: Case, kind: DecisionKind) -> str:
    """What a key does besides, in few words; '' where it is as ever."""
    if case.kind == CaseKind.PROOF and kind is DecisionKind.CLEAR:
        return translate("Review", "keeps listing, holds for the brand")
    if case.kind != CaseKind.APPEAL or case.appeal is None:
        return ""
    against = case.appeal.first.kind in AGAINST_SELLER
    return {
        DecisionKind.CLEAR: translate("Review", "the decision stands"),
        DecisionKind.WARN: translate("Review", "listing back, warned on the ground chosen")
        if against
        else translate("Review", "listing stays, seller warned"),
        DecisionKind.RESTRICT: translate("Review", "listing, points and standing are as before")
        if against
        else translate("Review", "removes listing"),
        DecisionKind.TAKEDOWN: translate("Review", "not on an appeal"),
        DecisionKind.REQUEST_PROOF: translate("Review", "not on an appeal"),
    }.get(kind, "")


def note_hint(case: Case, key: str) -> str:
    """What stands in the empty note; '' where it is as ever."""
    if case.kind == CaseKind.PROOF:
        return translate("Review", "Why the proof is rejected ({0}); the seller reads it").format(key)
    if case.kind == CaseKind.APPEAL:
        return translate("Review", "Reasons of the ruling ({0}); whoever appealed reads them").format(key)
    return ""


def head_of(case: Case) -> str:
    """What stands before the case's name."""
    if case.kind == CaseKind.PROOF:
        return translate("Review", "PROOF OF AUTHENTICITY")
    if case.kind == CaseKind.APPEAL and case.appeal is not None:
        of_seller = case.appeal.appellant == "seller"
        return translate("Review", "APPEAL of the seller") if of_seller else translate("Review", "APPEAL of a claimant")
    return ""


def pictures_of(case: Case, pages: Mapping[str, int]) -> tuple[Picture, ...]:
    """The pages of the case's documents, as far as they were counted, before the pictures of the listing."""
    found: list[Picture] = []
    for document in documents_of(case):
        name = visible(document.name or document.kind, limit=40, keep_lines=False)
        count = pages.get(document.sha256, 1)
        for page in range(count):
            view = name if count == 1 else translate("Review", "{0}, page {1} of {2}").format(name, page + 1, count)
            digest = document.sha256 if page == 0 else f"{document.sha256}#{page}"
            found.append(Picture(digest, view, document.media_type))
    return (*found, *case.listing.pictures)


def document_count(case: Case, pages: Mapping[str, int]) -> int:
    """How many of those pictures are pages of documents."""
    return len(pictures_of(case, pages)) - len(case.listing.pictures)


def redress_lines(on_desk: CaseOnDesk) -> Iterator[Line]:
    """The appeal with what it is against, and the proof with its documents; nothing where there is neither."""
    case = on_desk.case
    if case.kind == CaseKind.APPEAL and case.appeal is not None:
        yield from _appeal_lines(case.appeal, on_desk.policy)
    if case.proof is not None:
        yield from _proof_lines(case.proof, case)
    if case.kind == CaseKind.APPEAL and case.appeal is not None and case.appeal.first.letter:
        yield _title(translate("Review", "THE STATEMENT OF REASONS THAT THE SELLER GOT"))
        for row in case.appeal.first.letter.splitlines()[:_LETTER_ROWS]:
            if row.strip():
                yield Line(visible(row, limit=1000), "muted", scale=0.93)
    if case.kind != CaseKind.LISTING:
        yield _title(translate("Review", "THE LISTING"))


def _title(words: str, trailing: str = "") -> Line:
    return Line(words, "muted", bold=True, scale=0.9, gap=0.4, rows=1, trailing=trailing)


def _appeal_lines(appeal: Appeal, policy: Policy) -> Iterator[Line]:
    who = visible(appeal.party, limit=80, keep_lines=False)
    of_seller = appeal.appellant == "seller"
    title = translate("Review", "APPEAL OF THE SELLER {0}") if of_seller else translate("Review", "APPEAL OF {0}")
    yield _title(title.format(who), day(appeal.filed_at))
    for row in visible(appeal.text, limit=6000).splitlines() or [""]:
        yield Line(row or " ", back="info_back")
    first = appeal.first
    against = translate("Review", "A REMOVAL BY RULE") if first.automatic else kind_text(first.kind)
    yield _title(
        translate("Review", "AGAINST: {0} ▸ {1}").format(against, ground_title(policy, first.ground)), day(first.at)
    )
    done = ", ".join(visible(words, limit=80) for words in first.measures)
    if first.points:
        done += ("; " if done else "") + translate("Review", "{0} points").format(first.points)
    if done:
        yield Line(done, glyph="bar", glyph_role="warning", rows=3)
    for fact in first.facts:
        yield Line(visible(fact, limit=600, keep_lines=False), glyph="plus", glyph_role="for", rows=4)
    if not first.facts:
        yield Line(translate("Review", "no facts were stated"), "muted")
    if first.note:
        yield Line(
            translate("Review", "Note: {0}").format(visible(first.note, limit=1000, keep_lines=False)), "muted", rows=5
        )


def _proof_lines(proof: Proof, case: Case) -> Iterator[Line]:
    asked = ", ".join(visible(kind, limit=40) for kind in proof.asked).replace("_", " ")
    until = translate("Review", "until {0}").format(day(proof.due_at))
    yield _title(translate("Review", "PROOF ASKED FOR: {0}").format(asked), until)
    if proof.words:
        yield Line(visible(proof.words, limit=500, keep_lines=False), "muted", rows=3)
    if proof.removed_at is not None:
        words = translate("Review", "Listing removed by rule on {0}: no proof came. No decision, no points.")
        yield Line(words.format(day(proof.removed_at)), "warning", "gear", "warning", rows=2)
    for document in proof.documents:
        yield from _document_lines(document, case)


def _document_lines(document: Document, case: Case) -> Iterator[Line]:
    name = visible(document.name or document.kind, limit=60, keep_lines=False)
    parts = [visible(document.kind, limit=40).replace("_", " ")]
    parts += [visible(part, limit=60, keep_lines=False) for part in (document.issuer,) if part]
    if document.issued_to:
        parts.append(
            translate("Review", "made out to {0}").format(visible(document.issued_to, limit=60, keep_lines=False))
        )
    if document.issued_on is not None:
        parts.append(translate("Review", "of {0}").format(document.issued_on.isoformat()))
    yield Line(f"{name}: {' · '.join(parts)}", glyph="seal", glyph_role="muted", rows=3)
    if document.expires_on is not None:
        expired = document.is_expired(now().date())
        words = translate("Review", "EXPIRED on {0}") if expired else translate("Review", "holds until {0}")
        role = "danger" if expired else "muted"
        yield Line(words.format(document.expires_on.isoformat()), role, indent=1.4, rows=1, bold=expired)
