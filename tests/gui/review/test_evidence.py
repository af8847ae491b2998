"""Matches on the screen: the best pair laid onto itself, regions, points, the grid, what was decided before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QRectF

from reviewer.domain.decision import DecisionKind
from reviewer.domain.evidence import Earlier, Found
from reviewer.domain.facts import Match
from reviewer.domain.reference import AuthenticationPoint
from reviewer.services.model import CaseOnDesk
from reviewer.ui.review.aligned import carried, onto
from reviewer.ui.review.canvas import Mode
from tests.fakes import make_cases

#: The reference is mirrored and its right half fills the listing's picture.
HOMOGRAPHY = (-2.0, 0.0, 2.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
FOUND = Found(
    "same photo", "keypoints", ", mirrored and cropped to 50 %", "Aligned by 80 keypoint pairs.", 80, 0.97, 0.5, True,
    HOMOGRAPHY, ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)), ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)),
)  # fmt: skip


def with_evidence(entry: CaseOnDesk) -> CaseOnDesk:
    """The second picture of the listing is a copy of the first of the reference; its first one is nothing."""
    case = entry.case
    product = case.references[0]
    point = AuthenticationPoint("p", "The zip", "", product.pictures[0].sha256, (0.6, 0.4, 0.2, 0.2))
    case = replace(case, references=(replace(product, authentication_points=(point,)), *case.references[1:]))
    match = Match(
        case.listing.pictures[1].sha256, product.pictures[0].sha256, "reference", product.id, "keypoints", 0, FOUND
    )
    other = make_cases(3)[2].case
    earlier = (
        Earlier(
            (case.listing.pictures[1].sha256,), "Bag of old", "Shop 9", "takedown", "counterfeit", "wrong zip", "Ana",
            datetime(2026, 2, 3, tzinfo=UTC),
        ),
        Earlier((case.listing.pictures[1].sha256,), other.listing.title, "Shop 10", case_id=other.id),
    )  # fmt: skip
    case = replace(case, siblings=())
    return replace(entry, case=case, matches=(match,), earlier=earlier)


@pytest.fixture
def desk(open_desk):
    first, *others = make_cases(4)
    return open_desk([with_evidence(first), *others])


def test_the_copy_and_its_original_come_first_with_their_words(desk):
    pane = desk.screen.compare
    assert (pane.listing.place, pane.reference.place) == (1, 0)
    chip = pane.listing.chip.lines()[0]
    assert chip.text == "same photo as reference 1, mirrored and cropped to 50 %"
    assert chip.tooltip == "Aligned by 80 keypoint pairs."
    assert pane.listing.canvas.frame.regions == (FOUND.region,)
    assert pane.reference.canvas.frame.regions == (FOUND.other_region,)
    assert pane.reference.canvas.frame.aligned == HOMOGRAPHY
    desk.press("Right")
    assert pane.listing.canvas.frame.regions == ()
    assert pane.reference.canvas.frame.aligned == ()


def test_the_homography_places_corners_where_they_match(desk):
    shown = desk.screen.compare.reference.canvas.frame.shown
    assert shown is not None
    move = onto(HOMOGRAPHY, QRectF(100, 50, 400, 300), shown.pixmap)
    wide, high = shown.pixmap.width(), shown.pixmap.height()
    assert move.map(float(wide), 0.0) == pytest.approx((100.0, 50.0))
    assert move.map(wide / 2.0, float(high)) == pytest.approx((500.0, 350.0))
    assert carried((0.6, 0.4, 0.2, 0.2), HOMOGRAPHY) == pytest.approx((0.4, 0.4, 0.4, 0.2))


@pytest.mark.parametrize(("key", "mode"), [("S", Mode.SPLIT), ("D", Mode.DIFFERENCE), ("O", Mode.ONION)])
def test_the_pair_is_laid_over_in_every_way(desk, key, mode):
    canvas = desk.screen.compare.listing.canvas
    before = canvas.grab().toImage()
    desk.press(key)
    assert canvas.mode == mode
    assert canvas.grab().toImage() != before
    desk.press(key)
    assert canvas.mode == Mode.SINGLE


def test_points_bring_both_pictures_to_the_same_place_of_the_article(desk):
    pane = desk.screen.compare
    desk.press("P")
    reference, listing = pane.reference.canvas.view, pane.listing.canvas.view
    assert (reference.x, reference.y) == pytest.approx((0.7, 0.5))
    assert (listing.x, listing.y) == pytest.approx((0.6, 0.5))
    desk.press("-")
    desk.press_and_wait("4")
    assert "Point of authentication failed: The zip" in desk.workstation.review.decided[0].facts


def test_what_was_decided_before_is_told_and_one_key_opens_the_batch(desk, qtbot):
    text = desk.screen.facts.passage.text()
    assert "THE SAME PHOTOS ELSEWHERE" in text
    assert "“Bag of old” of Shop 9. wrong zip" in text
    assert "Takedown" in text
    assert desk.screen.bar.batch.isEnabled()
    assert "Batch: 1" in desk.screen.bar.batch.text()
    desk.press("B")
    qtbot.waitUntil(lambda: desk.screen.batch.sheet.isVisible())
    assert len(desk.screen.batch.sheet.ticked()) == 2
    with qtbot.waitSignal(desk.screen.desk_shown):
        desk.press("4")
    assert [kind for kind, _ in desk.decided] == [DecisionKind.TAKEDOWN.value] * len(desk.decided)


def test_the_grid_shows_every_picture_and_takes_a_denial(desk, qtbot):
    desk.press("E")
    grid = desk.screen.evidence.sheet
    assert grid.isVisible()
    texts = [grid.list.item(row).text() for row in range(grid.list.count())]
    assert len(texts) == len(desk.current().case.listing.pictures)
    assert texts[0] == "1   no match was found"
    assert texts[1].startswith("2   Same photo as reference 1, mirrored and cropped to 50 %\nAligned by 80")
    grid.list.setCurrentRow(1)
    desk.press("X")
    match = desk.current().matches[0]
    qtbot.waitUntil(lambda: desk.workstation.evidence.denied == [(desk.current().ref.account, *pair(match))])
    desk.press("Return")
    assert not grid.isVisible()
    assert desk.screen.compare.listing.place == 1
    desk.press("E")
    desk.press("Esc")
    assert not grid.isVisible()


def pair(match: Match) -> tuple[str, str]:
    return match.picture, match.other


def test_late_evidence_brings_its_pair_unless_the_reviewer_moved_on(open_desk, qtbot):
    first, *others = make_cases(3)
    desk = open_desk([replace(with_evidence(first), matches=(), earlier=()), *others])
    pane = desk.screen.compare
    assert (pane.listing.place, pane.reference.place) == (0, 0)
    late = with_evidence(first)
    desk.workstation.review.cases[0] = late
    with qtbot.waitSignal(desk.screen.desk_shown):
        desk.screen.refresh()
    assert (pane.listing.place, pane.reference.place) == (1, 0)
    desk.press("Right")
    moved = pane.listing.place
    again = replace(late, matches=(replace(late.matches[0], picture=late.case.listing.pictures[0].sha256),))
    desk.workstation.review.cases[0] = again
    with qtbot.waitSignal(desk.screen.desk_shown):
        desk.screen.refresh()
    assert pane.listing.place == moved
