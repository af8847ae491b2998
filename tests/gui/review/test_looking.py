"""Pictures: flick, split, difference, zoom, points, failures, and no blank frame."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPlainTextEdit, QWidget

from reviewer.connectors.api import Holder
from reviewer.ui.review.canvas import Mode, PictureCanvas
from reviewer.ui.review.passage import Passage
from reviewer.ui.review.viewport import Viewport
from tests.fakes import NOW, made_pictures, make_case, make_cases, make_listing, make_on_desk


def wheel(desk, canvas, steps=2):
    at = QPointF(canvas.rect().center())
    event = QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, 120 * steps), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def test_the_best_pair_is_shown_first(desk):
    assert desk.screen.compare.listing.place == 1
    assert desk.screen.compare.reference.place == 1
    assert "near reference 2, distance 2 of 64" in desk.screen.compare.listing.chip.text()


def test_space_flicks_while_held(desk):
    canvas = desk.screen.compare.listing.canvas
    desk.press("Space", release=False)
    assert canvas.mode == Mode.FLICK
    desk.release("Space")
    assert canvas.mode == Mode.SINGLE


@pytest.mark.parametrize(("key", "mode"), [("S", Mode.SPLIT), ("D", Mode.DIFFERENCE)])
def test_split_and_difference_go_on_and_off(desk, key, mode):
    canvas = desk.screen.compare.listing.canvas
    plain = canvas.grab().toImage()
    desk.press(key)
    assert canvas.mode == mode
    assert canvas.grab().toImage() != plain
    desk.press(key)
    assert canvas.grab().toImage() == plain


def test_the_difference_of_the_same_picture_is_black(open_desk):
    pictures = made_pictures("same", 1)
    case = make_case(1, listing=make_listing(1, pictures=pictures))
    reference = case.references[0].__class__("r", "B", "M", pictures=pictures)
    desk = open_desk([make_on_desk(1, case=make_case(1, listing=case.listing, references=(reference,)), matches=())])
    desk.press("D")
    canvas = desk.screen.compare.listing.canvas
    assert canvas.grab().toImage().pixelColor(canvas.rect().center() / canvas.devicePixelRatio()) == QColor(0, 0, 0)


def test_zoom_is_linked_and_relative(desk):
    pane = desk.screen.compare
    wheel(desk, pane.listing.canvas)
    assert pane.listing.canvas.view.zoom > 1.2
    assert pane.reference.canvas.view == pane.listing.canvas.view
    desk.press("F")
    assert pane.listing.canvas.view == Viewport()


def test_x_unlinks_while_held(desk):
    pane = desk.screen.compare
    desk.press("X", release=False)
    wheel(desk, pane.reference.canvas)
    assert pane.listing.canvas.view.zoom == pytest.approx(1.0)
    assert pane.reference.canvas.view.zoom > 1.2
    desk.release("X")
    wheel(desk, pane.reference.canvas)
    assert pane.listing.canvas.view == pane.reference.canvas.view


def test_z_shows_pixels_one_to_one(desk):
    canvas = desk.screen.compare.listing.canvas
    desk.press("Z")
    scale = canvas.scale_to_source() * canvas.view.zoom
    assert scale == pytest.approx(1.0, rel=0.02)
    desk.bot.waitUntil(lambda: any(width == 2000 for _, width, _, _ in desk.workstation.pictures.requests))
    desk.press("Z")
    assert canvas.view.zoom == pytest.approx(1.0)


def test_arrows_go_through_pictures_and_references(desk):
    pane = desk.screen.compare
    desk.press("Right")
    assert (pane.listing.place, pane.reference.place) == (2, 1)
    desk.press("Left")
    desk.press("Shift+Right")
    assert (pane.listing.place, pane.reference.place) == (1, 2)
    desk.press("Down")
    assert (pane.product, pane.reference.place) == (1, 0)
    desk.press("Up")
    assert pane.product == 0


def test_points_bring_both_pictures_to_their_place(desk):
    pane = desk.screen.compare
    desk.press("P")
    assert pane.reference.place == 0
    assert pane.listing.canvas.view == pane.reference.canvas.view
    assert pane.listing.canvas.view.zoom > 1.5
    assert pane.listing.canvas.view.x == pytest.approx(0.5)
    desk.press("P")
    assert pane.reference.place == 2


def test_a_refused_picture_says_why_and_can_be_asked_again(open_desk):
    case = make_on_desk(1)
    bad = case.case.listing.pictures[1].sha256
    desk = open_desk([case], painted=False)
    desk.workstation.pictures.refused[bad] = "The file ends too early."
    desk.screen.store.forget("demo", bad)
    pane = desk.screen.compare
    desk.bot.waitUntil(lambda: pane.listing.canvas.frame.settled)
    if not pane.listing.canvas.frame.refusal:
        desk.screen.store.forget("demo", bad)
        pane.fit()
        pane.step_listing(1)
        pane.step_listing(-1)
    desk.bot.waitUntil(lambda: "too early" in pane.listing.canvas.frame.refusal)
    desk.workstation.pictures.refused.clear()
    desk.press("F5")
    desk.bot.waitUntil(lambda: pane.listing.canvas.frame.shown is not None)
    desk.press_and_wait("1")
    assert desk.decided == [("clear", "")]


def test_no_frame_is_blank_while_fifty_cases_go_by(open_desk):
    desk = open_desk(make_cases(51))
    blank: list[str] = []

    def look(name, canvas):
        image = canvas.grab().toImage()
        colours = {image.pixel(x, y) for x in range(5, image.width(), 40) for y in range(5, image.height(), 40)}
        if len(colours) < 2:
            blank.append(name)

    seen = []
    desk.screen.case_painted.connect(lambda ref, _: seen.append(ref))
    for number in range(50):
        with desk.bot.waitSignal(desk.screen.case_painted):
            desk.press("1")
            for side in (desk.screen.compare.listing, desk.screen.compare.reference):
                look(f"{number} at once", side.canvas)
        for side in (desk.screen.compare.listing, desk.screen.compare.reference):
            look(f"{number} painted", side.canvas)
    assert blank == []
    assert len(seen) == 50


def test_the_frame_before_stays_until_the_next_is_there(desk):
    desk.workstation.pictures.held = True
    fresh = make_on_desk(40)
    with desk.bot.waitSignal(desk.screen.desk_shown):
        desk.workstation.review.put(fresh)
    canvas = desk.screen.compare.listing.canvas
    assert canvas.frame.shown is None
    image = canvas.grab().toImage()
    assert len({image.pixel(x, image.height() // 2) for x in range(0, image.width(), 8)}) > 2
    with desk.bot.waitSignal(desk.screen.case_painted):
        desk.workstation.pictures.let_go()
    assert canvas.frame.shown is not None


def test_the_memory_of_pictures_is_bounded(open_desk):
    desk = open_desk(make_cases(30))
    for _ in range(25):
        with desk.bot.waitSignal(desk.screen.case_painted):
            desk.press("1")
    assert desk.screen.store.bytes_held <= 96 * 1024 * 1024


def test_veiled_pictures_are_grey_until_they_are_lifted(desk):
    desk.screen.set_sensitive(True)
    canvas = desk.screen.compare.listing.canvas
    middle = canvas.grab().toImage().pixelColor(canvas.rect().center())
    assert middle.saturation() == 0
    desk.press("V")
    assert not canvas.frame.sensitive


def test_forty_pictures(open_desk):
    listing = make_listing(1, pictures=made_pictures("many", 40))
    desk = open_desk([make_on_desk(1, case=make_case(1, listing=listing))])
    for _ in range(45):
        desk.press("Right")
    assert desk.screen.compare.listing.place == (1 + 45) % 40
    assert f"{(1 + 45) % 40 + 1}/40" in desk.screen.compare.listing.head.text()


@pytest.mark.parametrize(
    "reason", ["loading", "no_account", "none_open", "held_elsewhere", "offline", "sign_in", "something_new"]
)
def test_an_empty_desk_says_what_to_do_next(open_desk, reason):
    desk = open_desk(painted=True, cases=make_cases(1))
    desk.workstation.review.empty_reason = reason
    desk.workstation.review.holders = (Holder("bo", 7, NOW),)
    desk.press_and_wait("1")
    page = desk.screen.empty
    assert page.isVisible()
    assert page.title.text()
    assert page.words.text()
    if reason == "held_elsewhere":
        assert "bo: 7" in page.words.text()
    if reason == "no_account":
        with desk.bot.waitSignal(desk.screen.action_asked) as asked:
            page.button.click()
        assert asked.args == ["open_accounts"]


def test_nothing_of_a_stranger_is_rich_text(open_desk):
    evil = "<img src='file:///etc/passwd'><b>bold</b> Nіke \u202etxet\u202c"
    listing = make_listing(1, title=evil, description=evil, brand=evil)
    desk = open_desk([make_on_desk(1, case=make_case(1, listing=listing))])
    assert "⟦RLO⟧" in desk.screen.listing.head.text()
    assert "<b>bold</b>" in desk.screen.listing.head.text()
    assert "several scripts" in desk.screen.listing.head.text()
    assert "<img" in desk.screen.listing.description.toPlainText()
    for label in desk.screen.findChildren(QLabel):
        assert label.textFormat() == Qt.TextFormat.PlainText
    for widget in desk.screen.findChildren(QWidget):
        assert "<b>" not in widget.toolTip()
        assert "<img" not in widget.toolTip()


def test_a_line_of_a_mebibyte_is_cut(open_desk):
    desk = open_desk([make_on_desk(1, case=make_case(1, listing=make_listing(1, description="x" * 2**20)))])
    assert len(desk.screen.listing.description.toPlainText()) < 11_000
    desk.screen.listing.show_all.click()
    assert len(desk.screen.listing.description.toPlainText()) > 2**20


def test_every_control_has_an_accessible_name(desk):
    for kind in (QAbstractButton, QLineEdit, QPlainTextEdit, Passage):
        for widget in desk.screen.findChildren(kind):
            if widget.objectName().startswith("qt_"):
                continue
            assert widget.accessibleName(), widget


def test_the_reference_has_a_window_of_its_own(desk):
    desk.press("F11")
    window = desk.screen.reference_window
    assert window.is_open
    mirror = next(
        canvas for canvas in desk.screen.findChildren(PictureCanvas) if canvas.window() is not desk.screen.window()
    )
    desk.bot.waitUntil(lambda: mirror.frame.shown is not None)
    assert mirror.frame.sha256 == desk.screen.compare.reference.canvas.frame.sha256
    wheel(desk, mirror)
    assert desk.screen.compare.listing.canvas.view == mirror.view
    desk.screen.setFocus()
    desk.press_and_wait("1")
    assert desk.decided == [("clear", "")]
    desk.press("F11")
    assert not window.is_open


def test_looks_follow_the_theme(desk):
    canvas = desk.screen.compare.listing.canvas
    desk.theme.choose("dark")
    dark = canvas.grab().toImage().pixelColor(2, 2)
    desk.theme.choose("light")
    assert canvas.grab().toImage().pixelColor(2, 2).lightness() > dark.lightness()
    desk.theme.choose("system")
