"""Colours that can be read, fonts for every script, one style sheet."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from reviewer.resources import resources_folder
from reviewer.ui.checks import all_answers
from reviewer.ui.theme import DARK, LIGHT, Theme, contrast

TEXTS = ("text", "muted", "accent", "for", "against", "ok", "warning", "danger")
GROUNDS = ("canvas", "surface", "raised", "field", "hover", "selection")


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_every_ground(colours: dict[str, str]) -> None:
    weak = [
        (text, ground)
        for text in TEXTS
        for ground in GROUNDS
        if contrast(QColor(colours[text]), QColor(colours[ground])) < 4.5
    ]
    assert weak == []
    assert contrast(QColor(colours["on_accent"]), QColor(colours["accent"])) >= 4.5
    for text, ground in (("text", "info_back"), ("text", "warning_back"), ("text", "danger_back")):
        assert contrast(QColor(colours[text]), QColor(colours[ground])) >= 4.5
    for ground in GROUNDS[:4]:
        assert contrast(QColor(colours["focus"]), QColor(colours[ground])) >= 3


def _as_seen(colour: QColor, kind: str) -> tuple[float, float, float]:
    """A colour as a dichromat sees it (Viénot, Brettel and Mollon 1999, linear RGB)."""
    red, green, blue = (value**2.2 for value in (colour.redF(), colour.greenF(), colour.blueF()))
    if kind == "protan":
        mixed = 0.1124 * red + 0.8876 * green
        return mixed, mixed, 0.004 * red - 0.004 * green + blue
    mixed = 0.2928 * red + 0.7072 * green
    return mixed, mixed, -0.0223 * red + 0.0223 * green + blue


@pytest.mark.parametrize("kind", ["protan", "deutan"])
@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_for_and_against_differ_for_every_kind_of_sight(colours: dict[str, str], kind: str) -> None:
    one, two = (_as_seen(QColor(colours[role]), kind) for role in ("for", "against"))
    assert sum((a - b) ** 2 for a, b in zip(one, two, strict=True)) ** 0.5 > 0.15


def test_both_themes_have_the_same_roles() -> None:
    assert set(LIGHT) == set(DARK)


def test_a_choice_is_kept_and_told(qtbot: QtBot, theme: Theme, settings: QSettings, qapp: QApplication) -> None:
    with qtbot.waitSignal(theme.changed):
        theme.choose("light")
    assert theme.colour("surface").name() == LIGHT["surface"]
    assert not theme.dark
    assert Theme(qapp, settings).choice == "light"
    theme.choose("no such")
    assert theme.choice == "system"


def test_the_desktops_colours_are_followed(qapp: QApplication, theme: Theme) -> None:
    theme.choose("system")
    assert theme.dark == (qapp.styleHints().colorScheme() == Qt.ColorScheme.Dark)


def test_no_token_is_left_over(theme: Theme) -> None:
    for choice in ("light", "dark"):
        theme.choose(choice)
        sheet = re.sub(r"/\*.*?\*/", "", theme.style_sheet(), flags=re.DOTALL)
        assert "@" not in sheet


def test_sizes_follow_the_texts(theme: Theme) -> None:
    theme.set_text_size(100)
    small = theme.em(2)
    theme.set_text_size(200)
    assert theme.em(2) == pytest.approx(2 * small, abs=2)
    theme.set_text_size(9999)
    assert theme.text_size == 200
    theme.set_text_size(100)


def test_a_chinese_text_is_not_set_in_japanese_shapes(theme: Theme) -> None:
    families = theme.font("zh-CN").families()
    japanese = [place for place, family in enumerate(families) if family.endswith(" JP")]
    chinese = [place for place, family in enumerate(families) if family.endswith(" SC")]
    if not chinese:
        pytest.skip("no Chinese font on this system")
    assert not japanese or chinese[0] < japanese[0]


def test_every_icon_is_drawn(theme: Theme) -> None:
    for path in (resources_folder() / "icons").glob("*.svg"):
        assert not theme.icon(path.stem, "danger").pixmap(24).isNull()


def test_the_doctor_gets_answers(qapp: QApplication) -> None:
    answers = {answer.name: answer for answer in all_answers()}
    assert answers["style sheet"].fine
    assert answers["window system"].words == QApplication.platformName()
    assert answers["font for Latin"].fine
    assert all(answer.words for answer in answers.values())
