"""Why a listing was flagged: the notice behind it, its misfits in plain words, and the claimant's record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtWidgets import QApplication

from reviewer.domain.case import Flag
from reviewer.domain.notice import ClaimantRecord, Notice, NoticeCheck
from reviewer.domain.reference import Right
from reviewer.policy.model import NoticeRules
from reviewer.ui.review.notice_lines import notice_lines
from tests.fakes import NOW, make_case, make_on_desk

RULES = NoticeRules()
RIGHT = Right("trademark", "018123456", "NORRVIK", "EUIPO", "Norrvik AB", (3,), ("EU",), NOW + timedelta(days=900))
CHECKS = (
    NoticeCheck("good_faith", "ok", "declared"),
    NoticeCheck("in_force", "ok", "trademark 018123456 is registered until 2029-05-09"),
    NoticeCheck("class", "fails", "backpack is of class 18; the right is for class 3"),
    NoticeCheck("may_act", "unknown", "acts for Norrvik AB; a person must read the authorisation that is attached"),
    NoticeCheck("future_item", "fails", "something that a newer hub says"),
)
RECORD = ClaimantRecord(3, 40, 8, 2, 1, 80.0, 4.0, judged=True, fast=False, words="fast handling is lost")


def made(**changes):
    whole = Notice(
        "n-1", "Norrvik AB", NOW, "The seams are wrong.", RIGHT, ("l1",), True, source="rights_holder",
        ground="counterfeit", claimant_id="norrvik", listing_count=312, state="open", complete=False,
        asked=("Give the Nice classes of the registration.",), outcome="open", checks=CHECKS, record=RECORD,
    )  # fmt: skip
    return replace(whole, **changes)


def texts(notice):
    return [line.text for line in notice_lines(notice, RULES)]


def test_misfits_are_said_plainly_and_the_rest_in_one_line():
    lines = list(notice_lines(made(), RULES))
    said = {line.text: line for line in lines}
    misfit = said["class of the goods: backpack is of class 18; the right is for class 3"]
    assert (misfit.role, misfit.glyph) == ("danger", "cross")
    unknown = next(line for line in lines if line.text.startswith("authority to act: acts for Norrvik AB"))
    assert unknown.role == "warning"
    fine = said["in order: good faith, validity of the right"]
    assert "registered until 2029-05-09" in fine.tooltip
    assert "future_item: something that a newer hub says" in said
    assert "asked of the claimant: Give the Nice classes of the registration." in said
    assert "the notice names 312 listings" in said
    assert "trademark 018123456 NORRVIK" in said


def test_the_record_has_a_meter_and_says_what_is_lost():
    lines = list(notice_lines(made(), RULES))
    drawn = next(line for line in lines if line.meter is not None)
    meter = drawn.meter
    assert meter is not None
    assert drawn.text == "40 of 50 upheld in 3 months, 4 % successfully countered"
    assert (meter.value, meter.thresholds, meter.role) == (80, (90,), "warning")
    assert any("fast handling lost: below 90 % upheld or above 5 % countered" in line.text for line in lines)
    young = ClaimantRecord(3, 2, words="no record yet")
    assert "no record yet: 2 decided in 3 months" in texts(made(record=young))
    suspended = replace(RECORD, suspended_until=NOW + timedelta(days=9))
    assert any("claimant suspended until" in text for text in texts(made(record=suspended)))
    warned = replace(RECORD, warned_at=NOW)
    assert "claimant warned of misuse on 2026-11-20" in texts(made(record=warned))


def test_a_withdrawn_notice_says_so_first():
    assert texts(made(withdrawn_at=NOW, state="withdrawn"))[0].startswith("withdrawn by the claimant on")


def test_a_server_without_notices_shows_flags_as_before():
    assert texts(Notice("n-1", "A claimant", NOW)) == []


def test_the_review_screen_tells_of_the_notice(open_desk, tmp_path):
    flag = Flag("f1", "rights_holder", "counterfeit", NOW, "The seams are wrong.", notice_id="n-1", claimant="Norrvik")
    long = made(
        id="n-2", checks=(NoticeCheck("may_act", "fails", "說它擁有權利，但註冊人是另一家公司 " * 6),), record=None,
        claimant="한국 지식재산 보호 협회 " * 6, withdrawn_at=NOW, asked=(),
    )  # fmt: skip
    other = replace(flag, id="f2", source="trusted_flagger", notice_id="n-2", claimant="ร้านกระเป๋าคุณน้ำฝน" * 4)
    case = replace(make_case(1), flags=(flag, other), notices=(made(), long))
    desk = open_desk((make_on_desk(1, case=case),))
    panel = desk.screen.seller
    assert "class of the goods: backpack is of class 18" in panel.passage.text()
    bar = panel.verticalScrollBar()
    bar.setValue(bar.maximum())
    QApplication.processEvents()
    assert desk.screen.grab().save(str(tmp_path / "notices.png"))
