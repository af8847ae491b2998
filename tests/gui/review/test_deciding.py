"""One key decides, the right thing, once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication

from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.services.model import Draft
from tests.fakes import make_case, make_cases, make_changed, make_listing, make_on_desk


@pytest.mark.parametrize(
    ("key", "kind", "ground"),
    [
        ("1", "clear", ""),
        ("2", "warn", "counterfeit"),
        ("3", "restrict", "counterfeit"),
        ("4", "takedown", "counterfeit"),
        ("6", "escalate", "counterfeit"),
        ("7", "request_proof", "counterfeit"),
    ],
)
def test_one_key_decides_with_the_default_ground(desk, key, kind, ground):
    first = desk.current().ref
    desk.press_and_wait(key)
    assert desk.decided == [(kind, ground)]
    assert desk.workstation.review.decided[0].ref == first
    assert desk.current().ref != first


def test_five_gives_the_case_back(desk):
    first = desk.current().ref
    desk.press_and_wait("5")
    assert desk.workstation.review.skipped == [(first, "skipped")]
    assert not desk.decided


def test_a_case_is_given_back_for_a_reason(desk):
    first = desk.current().ref
    desk.press("Shift+5")
    desk.bot.waitUntil(desk.screen.choosing.skips.isVisible)
    desk.bot.keyClick(desk.screen.choosing.skips.list, "l")
    desk.bot.waitUntil(lambda: bool(desk.workstation.review.skipped))
    assert desk.workstation.review.skipped == [(first, "needs_language")]


@pytest.mark.parametrize(
    ("key", "qt_key", "text"),
    [("4", ord("4"), "4"), ("U", 0x1160, "ㅕ"), ("U", 0x0E35, "ี"), ("U", 0x413, "г")],
    ids=["latin", "korean", "thai", "cyrillic"],
)
def test_keys_are_places_whatever_the_layout(desk, key, qt_key, text):
    desk.press_and_wait("1")
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.press(key, text=text, key=qt_key)
    assert desk.decided == ([("clear", ""), ("takedown", "counterfeit")] if key == "4" else [])


def test_two_keys_decide_on_another_ground(desk):
    desk.press("Shift+4")
    sheet = desk.screen.choosing.grounds
    desk.bot.waitUntil(sheet.isVisible)
    desk.bot.keyClick(sheet.list, "t")
    desk.bot.waitUntil(lambda: bool(desk.decided))
    assert desk.decided == [("takedown", "trademark")]
    assert not sheet.isVisible()


def test_the_picker_keeps_its_keys_to_itself(desk):
    desk.press("G")
    sheet = desk.screen.choosing.grounds
    desk.bot.waitUntil(lambda: QApplication.focusWidget() is sheet.list)
    desk.press("4")
    desk.bot.keyClick(sheet.list, Qt.Key.Key_M)
    assert not desk.decided
    assert desk.screen.sitting.ground == "misleading"
    desk.press_and_wait("4")
    assert desk.decided == [("takedown", "misleading")]


def test_escape_leaves_the_picker_as_it_was(desk):
    desk.press("G")
    desk.bot.keyClick(desk.screen.choosing.grounds.list, Qt.Key.Key_Escape)
    assert desk.screen.sitting.ground == "counterfeit"
    assert QApplication.focusWidget() is desk.screen


def test_keys_in_the_note_are_text(desk):
    desk.press("N")
    note = desk.screen.bar.note
    desk.bot.waitUntil(note.hasFocus)
    desk.bot.keyClicks(note, "4 points")
    assert note.text() == "4 points"
    assert not desk.decided
    desk.bot.keyClick(note, Qt.Key.Key_Escape)
    desk.press_and_wait("4")
    assert desk.workstation.review.decided[0].note == "4 points"


def test_composing_in_the_note_is_not_interrupted(desk):
    desk.press("N")
    note = desk.screen.bar.note
    QApplication.sendEvent(note, QInputMethodEvent("ㅎ", []))
    desk.press("4")
    assert not desk.decided
    done = QInputMethodEvent()
    done.setCommitString("한")
    QApplication.sendEvent(note, done)
    assert "한" in desk.screen.sitting.note


def test_undo_brings_case_and_note_back(desk):
    first = desk.current().ref
    desk.press("N")
    desk.bot.keyClicks(desk.screen.bar.note, "thick letters")
    desk.bot.keyClick(desk.screen.bar.note, Qt.Key.Key_Return)
    desk.press_and_wait("4")
    assert desk.screen.bar.note.text() == ""
    desk.press_and_wait("U")
    assert desk.current().ref == first
    assert desk.screen.bar.note.text() == "thick letters"
    assert not desk.decided


def test_undo_has_the_usual_key_as_well(desk):
    desk.press_and_wait("1")
    desk.press_and_wait("Ctrl+Z")
    assert not desk.decided


def test_a_draft_is_kept_while_typing_and_restored(desk, open_desk):
    desk.press("N")
    desk.bot.keyClicks(desk.screen.bar.note, "look again")
    ref = desk.current().ref
    desk.bot.waitUntil(lambda: ref in desk.workstation.review.drafts)
    assert desk.workstation.review.drafts[ref].note == "look again"


def test_a_stored_draft_is_shown(open_desk):
    draft = Draft("from yesterday", "trademark", True, "first offence", ("price 97 % below the list price",))
    desk = open_desk([make_on_desk(1, draft=draft)])
    assert desk.screen.bar.note.text() == "from yesterday"
    assert desk.screen.bar.reason.text() == "first offence"
    assert desk.screen.sitting.ground == "trademark"
    assert desk.screen.sitting.measure_off


def test_the_measure_goes_off_with_a_reason_only(desk):
    desk.press("M")
    desk.bot.waitUntil(desk.screen.bar.reason.hasFocus)
    desk.bot.keyClick(desk.screen.bar.reason, Qt.Key.Key_Escape)
    desk.press("4")
    assert not desk.decided
    desk.bot.waitUntil(desk.screen.bar.reason.hasFocus)
    desk.bot.keyClicks(desk.screen.bar.reason, "mixed up")
    desk.bot.keyClick(desk.screen.bar.reason, Qt.Key.Key_Escape)
    desk.press_and_wait("4")
    ruling = desk.workstation.review.decided[0]
    assert (ruling.measure_off, ruling.measure_off_reason) == (True, "mixed up")


def test_a_changed_listing_asks_for_a_second_press(open_desk):
    desk = open_desk([make_changed(), *make_cases(2)])
    text = desk.screen.listing.head.text()
    assert "CHANGED" in text
    assert "299" in text
    desk.press("4")
    assert not desk.decided
    assert "confirm" in desk.screen.case_bar.notice
    desk.press("2")
    assert not desk.decided
    desk.press_and_wait("2")
    assert desk.decided == [("warn", "counterfeit")]
    assert desk.workstation.review.decided[0].confirm_changed


def test_a_failed_decision_keeps_the_case_and_says_why(desk):
    first = desk.current().ref
    desk.workstation.review.error = OperatorError("The disk is full. Free some space.")
    with desk.bot.waitSignal(desk.screen.problem_raised) as raised:
        desk.press("4")
    assert raised.args == ["The disk is full. Free some space."]
    assert desk.current().ref == first
    assert "disk is full" in desk.screen.case_bar.notice
    desk.workstation.review.error = None
    desk.press_and_wait("4")
    assert desk.decided == [("takedown", "counterfeit")]


def test_facts_go_in_and_out(desk):
    strongest = desk.screen.sitting.facts(desk.current().facts[0].side)[0]
    desk.press("C")
    sheet = desk.screen.choosing.facts
    desk.bot.waitUntil(sheet.isVisible)
    desk.bot.keyClick(sheet.list, "a")
    desk.bot.keyClick(sheet.list, Qt.Key.Key_Escape)
    desk.press_and_wait("4")
    assert strongest.sentence() not in desk.workstation.review.decided[0].facts


def test_a_failed_point_is_a_fact(desk):
    desk.press("P")
    desk.press("-")
    desk.press("P")
    desk.press("=")
    desk.press_and_wait("4")
    facts = desk.workstation.review.decided[0].facts
    assert any("failed: The lettering" in fact for fact in facts)
    assert not any("Stitching" in fact for fact in facts)


def test_a_batch_is_claimed_decided_and_undone_together(desk):
    first = desk.current()
    desk.press("B")
    sheet = desk.screen.batch.sheet
    desk.bot.waitUntil(sheet.isVisible)
    assert desk.workstation.intake.claimed == [tuple(sibling.case_id for sibling in first.case.siblings)]
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.bot.keyClick(sheet.list, "4")
    assert {ruling.ref.case_id for ruling in desk.workstation.review.decided} == {
        first.ref.case_id,
        *(sibling.case_id for sibling in first.case.siblings if sibling.relation == "same_pictures"),
    }
    desk.press_and_wait("U")
    assert not desk.decided
    assert desk.current().ref == first.ref


def test_other_goods_of_the_seller_are_offered_but_not_ticked(desk):
    others = {row.case_id for row in desk.current().case.siblings if row.relation == "same_seller"}
    desk.press("B")
    sheet = desk.screen.batch.sheet
    desk.bot.waitUntil(sheet.isVisible)
    assert others
    assert not others & set(sheet.ticked())
    assert sheet.list.count() == 1 + len(desk.current().case.siblings)


def test_a_case_held_by_others_is_shown_but_not_decided(desk):
    held = desk.current().case.siblings[0].case_id
    desk.workstation.intake.refuses.add(held)
    desk.press("B")
    sheet = desk.screen.batch.sheet
    desk.bot.waitUntil(sheet.isVisible)
    assert held not in sheet.ticked()
    assert any("somebody else" in sheet.list.item(row).text() for row in range(sheet.list.count()))


def test_keys_are_dead_after_a_swap_by_something_else(desk):
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.workstation.review.put(*make_cases(9)[5:])
    desk.press("4")
    assert not desk.decided
    desk.bot.wait(350)
    desk.press_and_wait("4")
    assert len(desk.decided) == 1


def test_a_changed_listing_keeps_what_was_typed(desk):
    desk.press("N")
    desk.bot.keyClicks(desk.screen.bar.note, "half a thought")
    changed = replace(desk.current(), problem="changed")
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.workstation.review.put(changed, *make_cases(4)[1:])
    assert desk.screen.bar.note.text() == "half a thought"
    assert "changed" in desk.screen.case_bar.text()


def test_late_evidence_leaves_the_work_alone(desk):
    desk.press("N")
    desk.bot.keyClicks(desk.screen.bar.note, "note")
    sitting = desk.screen.sitting
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.workstation.review.put(replace(desk.current(), facts=desk.current().facts[:1]), *make_cases(3)[1:])
    assert desk.screen.sitting is sitting
    assert len(sitting.on_desk.facts) == 1


def test_a_seller_with_nothing_known(open_desk):
    case = make_case(1, references=(), siblings=(), flags=(), listing=make_listing(1, price=None, gtin="", pictures=()))
    desk = open_desk([make_on_desk(1, case=case, facts=())])
    desk.press_and_wait("1")
    assert desk.workstation.review.decided[0].kind == DecisionKind.CLEAR
