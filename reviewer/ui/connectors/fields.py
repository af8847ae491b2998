"""One field of a settings form for each kind of setting: how it is entered, read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QLocale, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QWidget,
)

from reviewer.ui.plain import PlainLabel, button, label_text
from reviewer.ui.ports import SettingLike

_LIST_LINES = 4
_PAIRS = 3


class PathEdit(QWidget):
    """A path with a button to choose it."""

    def __init__(self, *, folder: bool, label: str, changed: Callable[[], None]) -> None:
        super().__init__()
        self._folder = folder
        self._changed = changed
        self.line = QLineEdit()
        self.line.setAccessibleName(label)
        self.line.textEdited.connect(lambda _text: changed())
        choose = button(tr("Choose …"), name=f"{tr('Choose …')} {label}")
        choose.clicked.connect(self.choose)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.line, 1)
        row.addWidget(choose)
        self.setFocusProxy(self.line)

    def choose(self) -> None:
        """Ask with the system's own window."""
        if self._folder:
            path = QFileDialog.getExistingDirectory(self, tr("Choose a folder"), self.line.text())
        else:
            path, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), self.line.text())
        if path:
            self.line.setText(path)
            self._changed()


class ColumnsEdit(QWidget):
    """For each of our fields the name of the marketplace's column; empty means the same name."""

    def __init__(self, choices: Sequence[str], changed: Callable[[], None]) -> None:
        super().__init__()
        self.lines: dict[str, QLineEdit] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for place, name in enumerate(choices):
            line = QLineEdit()
            line.setPlaceholderText(name)
            line.setAccessibleName(tr("Column of {0}").format(name))
            line.textEdited.connect(lambda _text: changed())
            row, column = divmod(place, _PAIRS)
            label = PlainLabel(name, "muted")
            label.setBuddy(line)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(line, row, 2 * column + 1)
            self.lines[name] = line

    def read(self) -> dict[str, str]:
        """The names that were entered."""
        return {name: text for name, line in self.lines.items() if (text := line.text().strip())}

    def write(self, value: Any) -> None:
        """Show names."""
        names = value if isinstance(value, Mapping) else {}
        for name, line in self.lines.items():
            line.setText(str(names.get(name, "")))


class Field:
    """One field: its widget, its message, and how its value is read and written."""

    def __init__(self, setting: SettingLike, changed: Callable[[], None]) -> None:
        self.setting = setting
        language = QLocale().name()
        self.label, self.help = setting.label_in(language), setting.help_in(language)
        self.problem = PlainLabel(role="danger").wrapped()
        self.problem.hide()
        self.widget = self._made(changed)
        self.widget.setAccessibleName(self.label)
        self.widget.setAccessibleDescription(self.help)
        if setting.default not in (None, ""):
            self.write(setting.default)

    def value(self) -> Any:
        """What was entered, in the setting's type; raises ValueError with words where it is none."""
        match self.widget:
            case QCheckBox():
                return self.widget.isChecked()
            case QComboBox():
                return self.widget.currentData()
            case ColumnsEdit():
                return self.widget.read()
            case QPlainTextEdit():
                return [line.strip() for line in self.widget.toPlainText().splitlines() if line.strip()]
            case PathEdit():
                return self.widget.line.text().strip()
        text = self.widget.text() if isinstance(self.widget, QLineEdit) else ""
        if self.setting.kind != "secret":
            text = text.strip()
        if not text:
            return "" if self.setting.kind != "number" else None
        if self.setting.kind == "number":
            return float(text) if "." in text else int(text)
        return text

    def write(self, value: Any) -> None:
        """Show a value."""
        match self.widget:
            case QCheckBox():
                self.widget.setChecked(value is True or str(value).lower() == "true")
            case QComboBox():
                self.widget.setCurrentIndex(max(0, self.widget.findData(str(value))))
            case ColumnsEdit():
                self.widget.write(value)
            case QPlainTextEdit():
                lines = value if isinstance(value, (list, tuple)) else [value]
                self.widget.setPlainText("\n".join(str(line) for line in lines))
            case PathEdit():
                self.widget.line.setText(str(value))
            case QLineEdit():
                self.widget.setText("" if value is None else str(value))

    def on_leaving(self, left: Callable[[], None]) -> None:
        """Call `left` when the person has entered something and goes on."""
        line = self.widget.line if isinstance(self.widget, PathEdit) else self.widget
        if isinstance(line, QLineEdit):
            line.editingFinished.connect(left)

    def say(self, text: str) -> None:
        """Show what is wrong with it, or nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _made(self, changed: Callable[[], None]) -> QWidget:
        match self.setting.kind:
            case "switch":
                box = QCheckBox()
                box.toggled.connect(lambda _on: changed())
                return box
            case "choice":
                combo = QComboBox()
                if not self.setting.required and self.setting.default in (None, ""):
                    combo.addItem("", "")
                for choice in self.setting.choices:
                    combo.addItem(label_text(choice), choice)
                combo.currentIndexChanged.connect(lambda _place: changed())
                return combo
            case "columns":
                return ColumnsEdit(self.setting.choices, changed)
            case "list":
                text = QPlainTextEdit()
                text.setTabChangesFocus(True)
                text.setPlaceholderText(tr("A line each"))
                text.setFixedHeight(text.fontMetrics().lineSpacing() * (_LIST_LINES + 1))
                text.textChanged.connect(changed)
                return text
            case "file" | "folder":
                return PathEdit(folder=self.setting.kind == "folder", label=self.label, changed=changed)
        line = QLineEdit()
        if self.setting.kind == "secret":
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        elif self.setting.kind == "address":
            line.setPlaceholderText("https://")
            line.setInputMethodHints(Qt.InputMethodHint.ImhUrlCharactersOnly)
        line.textEdited.connect(lambda _text: changed())
        return line


def tr(text: str) -> str:
    """A text of this module in the person's language."""
    return QCoreApplication.translate("SettingsForm", text)
