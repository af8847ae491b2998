"""Questions of the `doctor` command about the window: the platform plugin, the fonts, the style sheet."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics, QGuiApplication

from reviewer.resources import resources_folder

#: Scripts with a character that only a font for that script has.
_SCRIPTS = {
    "Latin": (QFontDatabase.WritingSystem.Latin, "é"),
    "Korean": (QFontDatabase.WritingSystem.Korean, "한"),
    "Thai": (QFontDatabase.WritingSystem.Thai, "ก"),
    "Simplified Chinese": (QFontDatabase.WritingSystem.SimplifiedChinese, "汉"),
    "Traditional Chinese": (QFontDatabase.WritingSystem.TraditionalChinese, "漢"),
    "Japanese": (QFontDatabase.WritingSystem.Japanese, "あ"),
    "Cyrillic": (QFontDatabase.WritingSystem.Cyrillic, "ж"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, whether it is fine, and in words what was found or what must be done."""

    name: str
    fine: bool
    words: str


def platform() -> Answer:
    """Which window system plugin Qt loaded.  Needs a QGuiApplication."""
    name = QGuiApplication.platformName()
    return Answer("window system", bool(name), name or "Qt found no window system.")


def fonts() -> tuple[Answer, ...]:
    """Whether each script has a font.  Needs a QGuiApplication."""
    metrics = QFontMetrics(QFont())
    answers = []
    for script, (system, character) in _SCRIPTS.items():
        families = [family for family in QFontDatabase.families(system) if not QFontDatabase.isPrivateFamily(family)]
        fine = bool(families) or metrics.inFontUcs4(ord(character))
        words = families[0] if families else "the desktop's font" if fine else "missing: its texts are boxes"
        if not fine:
            words += "; install a font such as Noto Sans CJK or Noto Sans Thai"
        answers.append(Answer(f"font for {script}", fine, words))
    return tuple(answers)


def style_sheet() -> Answer:
    """Whether the style sheet is there."""
    path = resources_folder() / "style.qss"
    return Answer("style sheet", path.is_file(), str(path) if path.is_file() else f"{path} is missing: install again.")


def all_answers() -> tuple[Answer, ...]:
    """Everything above."""
    return (platform(), *fonts(), style_sheet())
