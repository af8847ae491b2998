"""A settings form made from a connector's fields."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.ui.connectors.fields import Field
from reviewer.ui.plain import PlainLabel
from reviewer.ui.ports import KindLike

_ONE_LINE = 60


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
            field = Field(setting, partial(self._changed, setting.key))
            field.on_leaving(partial(self._left, setting.key))
            self.fields[setting.key] = field
            name = field.label if setting.required else self.tr("{0} (optional)").format(field.label)
            label = PlainLabel(name)
            label.setBuddy(field.widget)
            form.addRow(label, field.widget)
            if field.help:
                hint = PlainLabel(visible(field.help, limit=500), "muted")
                hint.setWordWrap(len(field.help) > _ONE_LINE)
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
            if problem and fine:
                field.widget.setFocus()
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

    def _left(self, key: str) -> None:
        """The person goes on: say what is wrong with what was entered, not yet what is missing."""
        self.fields[key].say(self._problem(self.fields[key], secrets_known=True, missing=False))

    def _changed(self, key: str) -> None:
        field = self.fields.get(key)
        if field is not None and field.problem.text():
            field.say(self._problem(field, secrets_known=True, missing=False))
        self.edited.emit()

    def _problem(self, field: Field, secrets_known: bool, *, missing: bool = True) -> str:
        setting = field.setting
        try:
            value = field.value()
        except ValueError:
            return self.tr("This must be a number.")
        if value in ("", None, [], {}):
            needed = missing and setting.required and not (secrets_known and setting.kind == "secret")
            return self.tr("This is needed.") if needed else ""
        if setting.kind == "address" and not str(value).lower().startswith(("http://", "https://")):
            return self.tr("An address begins with https:// (or http:// on this computer).")
        if setting.kind == "number" and setting.least is not None and value < setting.least:
            return self.tr("This must be at least {0}.").format(f"{setting.least:g}")
        if setting.kind == "number" and setting.most is not None and value > setting.most:
            return self.tr("This must be at most {0}.").format(f"{setting.most:g}")
        if setting.kind in ("text", "secret") and setting.problem(value):
            return self.tr("This is too long.")
        if setting.problem(value):  # the widgets of other kinds let nothing else in; numbers may be without end
            return self.tr("This must be a number.") if setting.kind == "number" else self.tr("This does not fit.")
        return ""
