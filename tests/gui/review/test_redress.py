"""Proofs and appeals on the review screen: what is shown, and what the keys make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from reviewer.domain.redress import Appeal, Appealed, Document, Proof
from tests.gui.review.conftest import Desk
from tests.made import NOW, make_case, make_cases, make_on_desk

LETTER = "Your offer was removed\n\nDear seller,\n- your offer is removed for good\n"
TEXT = "상품은 정품입니다. ของแท้จากตัวแทนจำหน่าย\nThe article is genuine; I enclose the invoice of my supplier."


def make_appeal(number: int = 1, *, first: str = "takedown", appellant: str = "seller"):
    """A case that lies on the desk as an appeal."""
    appealed = Appealed(
        "d-1", first, NOW - timedelta(days=9), "counterfeit", "IP-1", ("The logo is printed and not stitched.",),
        "Clear copy.", ("listing removed", "seller warned"), 12, LETTER,
    )  # fmt: skip
    appeal = Appeal("a-1", appellant, "Lantern & Co", TEXT, NOW - timedelta(days=1), appealed)
    case = replace(make_case(number), kind="appeal", appeal=appeal)
    return make_on_desk(number, case=case, default_ground="counterfeit")


def make_proof(number: int = 1):
    """A case whose documents came: they are pictures of its listing, which the fakes have."""
    case = make_case(number)
    said = (("invoice", "", None), ("licence", "Somebody Else Ltd", date(2020, 1, 1)))
    papers = tuple(
        Document(
            picture.sha256, kind, f"{kind}.pdf", "application/pdf", 9000, "Norrvik AB", to, date(2026, 1, 2), until
        )
        for picture, (kind, to, until) in zip(case.listing.pictures, said, strict=False)
    )
    proof = Proof(
        "p-1", "submitted", ("invoice", "licence"), NOW - timedelta(days=2), NOW + timedelta(days=1), "Norrvik",
        case.listing.id, "Please send the invoice.", papers, NOW,
    )  # fmt: skip
    return make_on_desk(number, case=replace(case, kind="proof", proof=proof), default_ground="no_proof")


def note(desk: Desk, words: str) -> None:
    desk.screen.bar.note.setText(words)
    desk.screen.bar.note.textEdited.emit(words)


def names(desk: Desk) -> list[str]:
    return [button.text() for button in desk.screen.bar.buttons.values()]


def test_an_appeal_shows_its_text_and_what_it_is_against(open_desk) -> None:
    desk = open_desk([make_appeal(), *make_cases(2)])
    text = desk.screen.listing.head.text()
    for words in ("I enclose the invoice", "정품입니다", "AGAINST: Takedown", "not stitched", "12 points", "Clear copy",
                  "your offer is removed for good"):  # fmt: skip
        assert words in text
    assert "APPEAL of the seller" in desk.screen.case_bar.text()
    assert names(desk)[:4] == ["Uphold", "Partly", "Reverse", "–"]


@pytest.mark.parametrize(
    ("first", "key", "kind"),
    [
        ("takedown", "1", "uphold"),
        ("takedown", "2", "warn"),
        ("takedown", "3", "clear"),
        ("clear", "3", "takedown"),
        ("clear", "1", "uphold"),
    ],
)
def test_keys_rule_on_an_appeal(open_desk, first: str, key: str, kind: str) -> None:
    appellant = "seller" if first == "takedown" else "claimant"
    desk = open_desk([make_appeal(first=first, appellant=appellant), *make_cases(2)])
    note(desk, "Looked at again.")
    desk.press_and_wait(key)
    assert desk.decided[0][0] == kind
    assert desk.workstation.review.decided[0].note == "Looked at again."


def test_a_ruling_needs_its_reasons_and_other_keys_do_nothing(open_desk) -> None:
    desk = open_desk([make_appeal(), *make_cases(2)])
    desk.press("3")
    assert "reasons" in desk.screen.case_bar.notice
    desk.screen.setFocus()
    desk.press("4")
    assert "1 upholds" in desk.screen.case_bar.notice
    assert desk.decided == []


def test_documents_come_first_with_what_is_said_of_them(open_desk) -> None:
    desk = open_desk([make_proof(), *make_cases(2)])
    text = desk.screen.listing.head.text()
    for words in ("PROOF ASKED FOR: invoice, licence", "made out to Somebody Else Ltd", "EXPIRED on 2020-01-01"):
        assert words in text
    assert "PROOF OF AUTHENTICITY" in desk.screen.case_bar.text()
    assert "DOCUMENTS 1/2" in desk.screen.compare.listing.head.text()
    assert names(desk)[0] == "Accept"
    assert names(desk)[3].startswith("Reject ▸")
    for _ in range(2):
        desk.press("Right")
    assert "LISTING 1/" in desk.screen.compare.listing.head.text()


def test_accepting_names_the_documents_and_rejecting_needs_a_reason(open_desk) -> None:
    desk = open_desk([make_proof(1), make_proof(2)])
    desk.press("4")
    assert "reasons" in desk.screen.case_bar.notice
    desk.screen.setFocus()
    desk.press_and_wait("1")
    accepted = desk.workstation.review.decided[0]
    assert (accepted.kind.value, accepted.facts[0][:35]) == ("clear", "Proof of authenticity accepted: inv")
    note(desk, "The invoice names another article.")
    desk.press_and_wait("4")
    assert desk.decided[1] == ("takedown", "no_proof")
