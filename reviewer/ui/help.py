"""The help view: the first steps, the keys, the looks, the diagnostics."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from reviewer import __version__
from reviewer.ui.commands import Commands
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.theme import CHOICES, Theme


class HelpView(QScrollArea):
    """`lock_minutes_chosen` carries the minutes after which the screen is locked, `veil_chosen` whether pictures
    of listings are blurred; buttons run commands."""

    lock_minutes_chosen = Signal(int)
    veil_chosen = Signal(bool)

    def __init__(self, commands: Commands, theme: Theme, lock_minutes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._theme = theme
        self.setObjectName("help")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(self.tr("Help"))
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("Colours"))
        for choice, words in zip(CHOICES, (self.tr("As the desktop"), self.tr("Light"), self.tr("Dark")), strict=True):
            self.choice.addItem(words, choice)
        self.size_box = QSpinBox()
        self.size_box.setAccessibleName(self.tr("Size of texts in percent"))
        self.size_box.setRange(70, 200)
        self.size_box.setSingleStep(10)
        self.size_box.setSuffix(" %")
        self.minutes = QSpinBox()
        self.minutes.setAccessibleName(self.tr("Minutes until the screen is locked"))
        self.minutes.setRange(0, 240)
        self.minutes.setValue(lock_minutes)
        self.minutes.setSuffix(self.tr(" min"))
        self.minutes.setSpecialValueText(self.tr("never"))
        self.veil = QCheckBox(self.tr("Blur the pictures of listings; V shows those of one case"))
        self.veil.setAccessibleName(self.veil.text())
        self._lay_out()
        self._show_theme()
        self.choice.activated.connect(lambda _place: theme.choose(str(self.choice.currentData())))
        self.size_box.editingFinished.connect(self._resize)
        self.minutes.valueChanged.connect(self.lock_minutes_chosen)
        self.veil.clicked.connect(self.veil_chosen)
        theme.changed.connect(self._show_theme)

    def show_veil(self, on: bool) -> None:
        """Whether the pictures of listings are blurred."""
        self.veil.setChecked(on)

    def _lay_out(self) -> None:
        page = QWidget()
        whole = QVBoxLayout(page)
        margin = self._theme.em(0.8)
        whole.setContentsMargins(margin, margin, margin, margin)
        whole.setSpacing(self._theme.em(0.8))
        whole.addWidget(PlainLabel(self.tr("Help"), "title"))
        steps = "\n".join(
            (
                self.tr("1. Look: the listing on the left, the genuine article beside it, the seller on the right."),
                self.tr("2. Weigh: sentences with + speak for an infringement, those with − against."),
                self.tr("3. Decide: one key. The next case is there at once; U takes the last step back."),
                self.tr("Without network the work goes on: decisions wait in the outbox until they are sent."),
            )
        )
        whole.addWidget(self._card(self.tr("The work in short"), PlainLabel(steps).wrapped()))
        whole.addWidget(
            self._card(self.tr("Find things"), self._buttons("help.keys", "palette.open", "offline.take", "lock.now"))
        )
        form = QWidget()
        rows = QFormLayout(form)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        rows.addRow(PlainLabel(self.tr("Colours")), self.choice)
        rows.addRow(PlainLabel(self.tr("Texts")), self.size_box)
        rows.addRow(PlainLabel(self.tr("Lock the screen after")), self.minutes)
        rows.addRow(PlainLabel(self.tr("Pictures")), self.veil)
        whole.addWidget(self._card(self.tr("Looks"), form))
        about = PlainLabel(self.tr("Reviewer {0}").format(__version__), "muted")
        whole.addWidget(
            self._card(self.tr("Where something is wrong"), about, self._buttons("diagnostics.copy", "help.about"))
        )
        whole.addStretch(1)
        self.setWidget(page)

    def _card(self, title: str, *widgets: QWidget) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        card.setAccessibleName(title)
        inner = QVBoxLayout(card)
        inner.addWidget(PlainLabel(title, "heading"))
        for widget in widgets:
            inner.addWidget(widget)
        return card

    def _buttons(self, *command_ids: str) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        for command_id in command_ids:
            command = self._commands.find(command_id)
            if command is None:
                continue
            chord = self._commands.chord_text(command_id)
            made = button(f"{command.title}   {chord}".strip(), name=command.title)
            made.clicked.connect(lambda _checked=False, command_id=command_id: self._commands.run(command_id))
            line.addWidget(made)
        line.addStretch(1)
        return row

    def _resize(self) -> None:
        if self.size_box.value() != self._theme.text_size:
            self._theme.set_text_size(self.size_box.value())

    def _show_theme(self) -> None:
        self.choice.setCurrentIndex(self.choice.findData(self._theme.choice))
        self.size_box.setValue(self._theme.text_size)
