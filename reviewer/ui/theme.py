"""Dark and light: colours by role, fonts by script, icons and the one style sheet."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from PySide6.QtCore import QByteArray, QObject, QRectF, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from reviewer.resources import resources_folder

CHOICES = ("system", "light", "dark")

#: Every role in both themes.  `for` and `against` tell the two sides of the facts apart for every kind of
#: colour vision (orange and blue); texts reach a contrast of 4.5:1 on canvas, surface, raised and field.
LIGHT: Mapping[str, str] = MappingProxyType(
    {
        "canvas": "#e9ecf0",
        "surface": "#f6f7f9",
        "raised": "#ffffff",
        "field": "#ffffff",
        "hover": "#e3e9f1",
        "selection": "#cfe0f5",
        "text": "#171c24",
        "muted": "#525d6b",
        "border": "#c3cad3",
        "accent": "#0b5cad",
        "on_accent": "#ffffff",
        "focus": "#0b5cad",
        "for": "#9a4300",
        "against": "#0a5a8a",
        "ok": "#0a6647",
        "warning": "#7d5200",
        "danger": "#b3261e",
        "info_back": "#e1ecf8",
        "warning_back": "#fdf0d5",
        "danger_back": "#fbe4e1",
    }
)
DARK: Mapping[str, str] = MappingProxyType(
    {
        "canvas": "#14171b",
        "surface": "#1b1f25",
        "raised": "#242a32",
        "field": "#191d23",
        "hover": "#2d3540",
        "selection": "#224262",
        "text": "#e6eaef",
        "muted": "#a9b4c0",
        "border": "#3b444f",
        "accent": "#7cb7f7",
        "on_accent": "#0d1520",
        "focus": "#7cb7f7",
        "for": "#f2a45c",
        "against": "#6fbdf0",
        "ok": "#5ccb9f",
        "warning": "#e8c15a",
        "danger": "#ff9c8f",
        "info_back": "#1d3147",
        "warning_back": "#3a3018",
        "danger_back": "#45231f",
    }
)

#: Families by language, best first; the first part of a language tag decides.
_FAMILIES: dict[str, tuple[str, ...]] = {
    "ko": ("Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo"),
    "ja": ("Noto Sans CJK JP", "Noto Sans JP", "Yu Gothic UI", "Hiragino Sans"),
    "zh": ("Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei UI", "PingFang SC"),
    "zh-tw": ("Noto Sans CJK TC", "Noto Sans TC", "Microsoft JhengHei UI", "PingFang TC"),
    "zh-hk": ("Noto Sans CJK HK", "Noto Sans HK", "Microsoft JhengHei UI", "PingFang HK"),
    "th": ("Noto Sans Thai", "Leelawadee UI", "Thonburi", "Waree"),
}
_LATIN = ("Inter", "Noto Sans", "Segoe UI", "SF Pro Text", "Ubuntu", "Cantarell", "DejaVu Sans")
_TOKEN = re.compile(r"@(em\(([0-9.]+)\)|[a-z_]+)")
_DENSITIES = (1.0, 2.0, 3.0)


class Theme(QObject):
    """The looks of the application.  `changed` is emitted after the new ones are in force."""

    changed = Signal()

    def __init__(self, application: QApplication, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._application = application
        self._settings = settings
        self._base = QFont(application.font())
        self._available = frozenset(QFontDatabase.families())
        self._icons: dict[tuple[str, str], QIcon] = {}
        stored = str(settings.value("theme", "system"))
        self._choice = stored if stored in CHOICES else "system"
        self._text_size = _bounded(settings.value("text_size", 100))
        application.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        self.apply()

    @property
    def choice(self) -> str:
        """`system`, `light` or `dark`."""
        return self._choice

    @property
    def dark(self) -> bool:
        """Whether the dark colours are in force."""
        if self._choice != "system":
            return self._choice == "dark"
        return self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark

    @property
    def text_size(self) -> int:
        """The size of all texts in percent of the desktop's."""
        return self._text_size

    def choose(self, choice: str) -> None:
        """Take `light` or `dark`, or follow the desktop with `system`; remembered."""
        self._choice = choice if choice in CHOICES else "system"
        self._settings.setValue("theme", self._choice)
        self.apply()

    def set_text_size(self, percent: int) -> None:
        """Make all texts larger or smaller, 70 to 200 percent; remembered."""
        self._text_size = _bounded(percent)
        self._settings.setValue("text_size", self._text_size)
        self.apply()

    def colour(self, role: str) -> QColor:
        """The colour of a role, such as `surface`, `text`, `for`, `danger` or `focus`."""
        return QColor((DARK if self.dark else LIGHT)[role])

    def font(self, language: str = "", scale: float = 1.0, bold: bool = False) -> QFont:
        """The font for a text in a language (a BCP 47 tag): a Chinese text is not set in Japanese shapes."""
        font = QFont(self._base)
        font.setFamilies(self._families(language))
        font.setPointSizeF(self._base.pointSizeF() * self._text_size / 100 * scale)
        font.setBold(bold)
        return font

    def em(self, count: float = 1.0) -> int:
        """A length in pixels, measured in sizes of the text."""
        return max(1, round(QFontInfo(self.font()).pixelSize() * count))

    def icon(self, name: str, role: str = "text") -> QIcon:
        """The icon `resources/icons/<name>.svg` in the colour of a role."""
        key = (name, self.colour(role).name())
        if key not in self._icons:
            self._icons[key] = _drawn(name, key[1], self.colour("muted").name())
        return self._icons[key]

    def apply(self) -> None:
        """Put fonts, palette and style sheet in force."""
        self._icons.clear()
        self._application.setFont(self.font())
        self._application.setPalette(self._palette())
        self._application.setStyleSheet(self.style_sheet())
        self.changed.emit()

    def style_sheet(self) -> str:
        """The style sheet with its tokens filled: `@role` by a colour, `@em(n)` by pixels."""
        text = (resources_folder() / "style.qss").read_text("utf-8")
        return _TOKEN.sub(partial(self._fill, DARK if self.dark else LIGHT), text)

    def _fill(self, colours: Mapping[str, str], token: re.Match[str]) -> str:
        if token.group(2) is not None:
            return f"{self.em(float(token.group(2)))}px"
        if token.group(1) == "icons":
            return (resources_folder() / "icons").as_posix()
        if token.group(1) == "shade":
            return "dark" if self.dark else "light"
        return colours[token.group(1)]

    def _families(self, language: str) -> list[str]:
        tag = language.lower().replace("_", "-")
        chosen = _FAMILIES.get(tag[:5]) or _FAMILIES.get(tag[:2], ())
        latin = [family for family in _LATIN if family in self._available][:1]
        rest = [family for families in _FAMILIES.values() for family in families[:1]]
        ordered = [*latin, *chosen, *self._base.families(), *rest]
        present = [family for family in ordered if family in self._available]
        return list(dict.fromkeys(present)) or self._base.families()

    def _palette(self) -> QPalette:
        palette = QPalette()
        role = QPalette.ColorRole
        for colour_role, name in (
            (role.Window, "surface"),
            (role.WindowText, "text"),
            (role.Base, "field"),
            (role.AlternateBase, "surface"),
            (role.Text, "text"),
            (role.Button, "raised"),
            (role.ButtonText, "text"),
            (role.ToolTipBase, "raised"),
            (role.ToolTipText, "text"),
            (role.PlaceholderText, "muted"),
            (role.Highlight, "selection"),
            (role.HighlightedText, "text"),
            (role.Link, "accent"),
            (role.Accent, "accent"),
            (role.Mid, "border"),
        ):
            palette.setColor(colour_role, self.colour(name))
        for colour_role in (role.WindowText, role.Text, role.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, colour_role, self.colour("muted"))
        return palette

    def _scheme_changed(self) -> None:
        if self._choice == "system":
            self.apply()


def contrast(first: QColor, second: QColor) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: QColor) -> float:
    channels = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def _bounded(value: object) -> int:
    try:
        return max(70, min(200, int(str(value))))
    except ValueError:
        return 100


def _drawn(name: str, colour: str, disabled: str) -> QIcon:
    svg = (resources_folder() / "icons" / f"{name}.svg").read_text("utf-8")
    icon = QIcon()
    modes = QIcon.Mode
    for mode, painted in ((modes.Normal, colour), (modes.Selected, colour), (modes.Disabled, disabled)):
        renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", painted).encode()))
        for density in _DENSITIES:
            side = round(24 * density)
            pixmap = QPixmap(QSize(side, side))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            renderer.render(painter, QRectF(0, 0, side, side))
            painter.end()
            icon.addPixmap(pixmap, mode)
    return icon
