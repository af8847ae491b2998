"""A settings form made from a connector's fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.ui.plain import PlainLabel, label_text
from reviewer.ui.ports import KindLike, SettingLike

_ONE_LINE = 60


class Field:
    """One field: its widget, its message, and how its value is read and written."""

    def __init__(self, setting: SettingLike, changed: Callable[[], None]) -> None:
        self.setting = setting
        self.problem = PlainLabel(role="danger").wrapped()
        self.problem.hide()
        self.widget = self._made(changed)
        self.widget.setAccessibleName(setting.label)
        self.widget.setAccessibleDescription(setting.help)
        if setting.default is not None:
            self.write(setting.default)

    def value(self) -> Any:
        """What was entered, in the setting's type; raises ValueError with words where it is none."""
        if isinstance(self.widget, QCheckBox):
            return self.widget.isChecked()
        if isinstance(self.widget, QComboBox):
            return self.widget.currentData()
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
        if isinstance(self.widget, QCheckBox):
            self.widget.setChecked(value is True or str(value).lower() == "true")
        elif isinstance(self.widget, QComboBox):
            self.widget.setCurrentIndex(max(0, self.widget.findData(str(value))))
        elif isinstance(self.widget, QLineEdit):
            self.widget.setText(str(value))

    def say(self, text: str) -> None:
        """Show what is wrong with it, or nothing."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))

    def _made(self, changed: Callable[[], None]) -> QWidget:
        if self.setting.kind == "switch":
            box = QCheckBox()
            box.toggled.connect(lambda _on: changed())
            return box
        if self.setting.kind == "choice":
            combo = QComboBox()
            for choice in self.setting.choices:
                combo.addItem(label_text(choice), choice)
            combo.currentIndexChanged.connect(lambda _place: changed())
            return combo
        line = QLineEdit()
        if self.setting.kind == "secret":
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        elif self.setting.kind == "address":
            line.setPlaceholderText("https://")
            line.setInputMethodHints(Qt.InputMethodHint.ImhUrlCharactersOnly)
        line.textEdited.connect(lambda _text: changed())
        return line


class SettingsForm(QWidget):
    """The fields of one connector.  `edited` follows every change by the person."""

    edited = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.fields: dict[str, Field] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._body: QWidget | None = None

    def show_kind(self, kind: KindLike, values: Mapping[str, Any] | None = None) -> None:
        """Make the form of a connector, with the values of an account where there are some."""
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.deleteLater()
        self._body = QWidget()
        form = QFormLayout(self._body)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.fields = {}
        for setting in kind.settings:
            field = Field(setting, self.edited.emit)
            self.fields[setting.key] = field
            name = setting.label if setting.required else self.tr("{0} (optional)").format(setting.label)
            label = PlainLabel(name)
            label.setBuddy(field.widget)
            form.addRow(label, field.widget)
            if setting.help:
                hint = PlainLabel(visible(setting.help, limit=500), "muted")
                hint.setWordWrap(len(setting.help) > _ONE_LINE)
                form.addRow("", hint)
            form.addRow("", field.problem)
            if values is not None and setting.key in values:
                field.write(values[setting.key])
        self._layout.addWidget(self._body)

    def focus_first(self) -> None:
        """Put the cursor into the first field."""
        for field in self.fields.values():
            field.widget.setFocus()
            return

    def check(self, *, secrets_known: bool = False) -> bool:
        """Show what is missing or wrong; `secrets_known` where an account keeps its secrets."""
        fine = True
        for field in self.fields.values():
            problem = self._problem(field, secrets_known)
            field.say(problem)
            fine = fine and not problem
        return fine

    def read(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The settings and the secrets that were entered; call `check` before."""
        settings: dict[str, Any] = {}
        secrets: dict[str, str] = {}
        for key, field in self.fields.items():
            value = field.value()
            if field.setting.kind != "secret":
                settings[key] = value
            elif value:
                secrets[key] = str(value)
        return settings, secrets

    def _problem(self, field: Field, secrets_known: bool) -> str:
        setting = field.setting
        try:
            value = field.value()
        except ValueError:
            return self.tr("This must be a number.")
        if value in ("", None):
            needed = setting.required and not (secrets_known and setting.kind == "secret")
            return self.tr("This is needed.") if needed else ""
        if setting.kind == "address" and not str(value).lower().startswith(("http://", "https://")):
            return self.tr("An address begins with https:// (or http:// on this computer).")
        return ""
