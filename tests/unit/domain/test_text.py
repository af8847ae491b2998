"""Texts of strangers: what is shown for the characters that hide or reorder others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.text import has_hidden_controls, mixed_script_words, visible

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("정품급 미러 ของแท้ 原单", "정품급 미러 ของแท้ 原单"),
        ("abc\u202egpj.exe", "abc⟦RLO⟧gpj.exe"),
        ("o\u200briginal", "o⟦ZWSP⟧riginal"),
        ("\ufeffbegin", "⟦BOM⟧begin"),
        ("a\u00adb", "a⟦SHY⟧b"),
        ("x\ud800y", "x⟦U+D800⟧y"),
        ("bell\x07", "bell⟦U+0007⟧"),
        ("del\x7f", "del⟦U+007F⟧"),
        ("line\u2028separator", "line⟦U+2028⟧separator"),
        ("tag\U000e0041", "tag⟦U+E0041⟧"),
        ("private\ue000", "private⟦U+E000⟧"),
        ("invisible\u2062times", "invisible⟦U+2062⟧times"),
        ("<b>bold</b> &amp; _md_", "<b>bold</b> &amp; _md_"),
        (FAMILY, FAMILY),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"),
        ("a\u200db", "a⟦ZWJ⟧b"),
    ],
)
def test_controls_are_shown_by_name_and_letters_as_they_are(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_are_kept_or_folded_into_blanks() -> None:
    assert visible("one\n\ttwo") == "one\n\ttwo"
    assert visible("one\n\ttwo", keep_lines=False) == "one  two"


def test_a_long_text_is_cut_and_says_how_much_is_left() -> None:
    assert visible("x" * 1500, limit=300) == "x" * 300 + " … (1,200 more characters)"
    assert visible("x" * 300, limit=300) == "x" * 300


@given(st.text(st.characters()))
def test_no_control_survives(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    assert not any(0x202A <= ord(character) <= 0x202E or 0x2066 <= ord(character) <= 0x2069 for character in shown)
    assert not any(ord(character) < 0x20 and character not in "\n\t" for character in shown)


@given(st.text(st.sampled_from("abc 가ของ原é😀"), max_size=50))
def test_a_text_without_controls_is_unchanged(text: str) -> None:
    assert visible(text) == text
    assert not has_hidden_controls(text)


@pytest.mark.parametrize("text", ["a\u202eb", "a\u200bb", "a\u200db", "\ufeffa", "\u200d😀"])
def test_hidden_controls_are_noticed(text: str) -> None:
    assert has_hidden_controls(text)


@pytest.mark.parametrize("text", [FAMILY, "🏳\ufe0f\u200d🌈 sale", "line\nline\ttab"])
def test_what_belongs_to_a_picture_of_text_is_no_hidden_control(text: str) -> None:
    assert not has_hidden_controls(text)


def test_words_of_mixed_scripts_are_found_once_each() -> None:
    assert mixed_script_words("Nіke shoes Nіke Адидас adidas") == ("Nіke",)
    assert mixed_script_words("Gucсi Αpple Νike", limit=2) == ("Gucсi", "Αpple")
    assert mixed_script_words("plain ascii") == ()
    assert mixed_script_words("서울 Nike 原单 Москва") == ()
