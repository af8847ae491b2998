"""Second opinions: a drawn case with its pictures, blind where asked, judged by three keys."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from reviewer.audit.findings import Finding
from reviewer.audit.sample import Sample
from reviewer.domain.decision import DecisionKind
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.services.audit_desk import AuditDesk, CaseInPack, OpenedPack
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.tasks import Tasks
from reviewer.ui.theme import Theme

_KINDS = tuple(kind.value for kind in DecisionKind if kind is not DecisionKind.WITHDRAW)


class OpinionsPane(QWidget):
    """Draw, look, judge: 1 agrees, 2 fixes and accepts, 3 returns with a note."""

    def __init__(self, desk: AuditDesk, tasks: Tasks, theme: Theme) -> None:
        super().__init__()
        self._desk = desk
        self._tasks = tasks
        self._opened: OpenedPack | None = None
        self.sample: Sample | None = None
        self.case: CaseInPack | None = None
        self.given: tuple[Finding, ...] = ()
        self._make(theme)
        self._lay_out(theme)
        for chord, verdict in (("1", "agree"), ("2", "fix"), ("3", "return")):
            shortcut = QShortcut(QKeySequence(chord), self)
            shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(partial(self.judge, verdict))

    def _make(self, theme: Theme) -> None:
        self.seed = self._line(self.tr("Seed"), datetime.now(UTC).strftime("%Y-%m"))
        self.auditor = self._line(self.tr("Auditor"), "")
        self.auditor.setPlaceholderText(self.tr("Your name: your own decisions are left out"))
        self.blind = QCheckBox(self.tr("Blind: the first decision is hidden until you ruled"))
        self.blind.setChecked(True)
        self.draw_button = button(self.tr("Draw a sample"), "primary")
        self.draw_button.clicked.connect(self.draw)
        self.state = PlainLabel(role="muted").wrapped()
        self.title = PlainLabel(role="heading").wrapped()
        self.told = PlainLabel().wrapped()
        self.first = PlainLabel().wrapped()
        self.first.setAccessibleName(self.tr("The first decision"))
        self.pictures = [QLabel() for _ in range(2)]
        for label, name in zip(self.pictures, (self.tr("Listing"), self.tr("Reference")), strict=True):
            label.setFixedSize(theme.em(26), theme.em(26))
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setAccessibleName(name)
        self.kind, self.ground = QComboBox(), QComboBox()
        self.kind.setAccessibleName(self.tr("Your decision"))
        self.ground.setAccessibleName(self.tr("Your ground"))
        self.kind.addItems(_KINDS)
        self.note = self._line(self.tr("Note"), "")
        self.note.setPlaceholderText(self.tr("Note: needed where the case is returned"))
        words = {
            "agree": self.tr("1 Agree"),
            "fix": self.tr("2 Fix and accept"),
            "return": self.tr("3 Return with a note"),
        }
        self.buttons = {verdict: button(text) for verdict, text in words.items()}
        for verdict, made in self.buttons.items():
            made.clicked.connect(partial(self.judge, verdict))

    @staticmethod
    def _line(name: str, text: str) -> QLineEdit:
        line = QLineEdit(text)
        line.setAccessibleName(name)
        return line

    def _lay_out(self, theme: Theme) -> None:
        top = QHBoxLayout()
        for widget in (PlainLabel(self.tr("Seed")), self.seed, self.auditor, self.draw_button):
            top.addWidget(widget)
        column = QVBoxLayout(self)
        column.setSpacing(theme.em(0.5))
        column.addLayout(top)
        column.addWidget(self.blind)
        column.addWidget(self.state)
        grid = QGridLayout()
        words = QVBoxLayout()
        for label in (self.title, self.told, self.first):
            words.addWidget(label)
        words.addStretch(1)
        ruling = QHBoxLayout()
        for choice in (self.kind, self.ground):
            ruling.addWidget(choice)
        words.addLayout(ruling)
        words.addWidget(self.note)
        for made in self.buttons.values():
            words.addWidget(made)
        grid.addWidget(self.pictures[0], 0, 0)
        grid.addWidget(self.pictures[1], 0, 1)
        grid.addLayout(words, 0, 2)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid, 1)
        self._show_case(None)

    def show_pack(self, opened: OpenedPack | None) -> None:
        """Begin with another pack."""
        self._opened = opened
        self.sample, self.given = None, ()
        self.ground.clear()
        ready = opened is not None and opened.history is not None
        self.draw_button.setEnabled(ready)
        if opened is not None and opened.history is not None:
            self.ground.addItems(["", *sorted({row.ground for row in opened.history.decisions if row.ground})])
        self.state.setText(self.tr("Draw a sample to begin.") if ready else self.tr("Open a pack first."))
        self._show_case(None)

    def draw(self) -> None:
        """Draw by the seed and bring the first case that has no opinion of this auditor yet."""
        opened = self._opened
        if opened is None or opened.history is None:
            return
        self.sample = self._desk.draw(opened.history, self.seed.text(), self.auditor.text())
        self._tasks.in_background(partial(self._desk.given, opened.path), self._go_on, self._failed, owner=self)

    def judge(self, verdict: str) -> None:
        """Give the opinion on the case that is shown; durable at once, then the next comes."""
        case, opened, sample = self.case, self._opened, self.sample
        if case is None or opened is None or sample is None:
            return
        kind, ground = self.kind.currentText(), self.ground.currentText()
        if verdict == "agree" and not self.blind.isChecked():
            kind, ground = case.decided.kind, case.decided.ground
        same = (kind, ground) == (case.decided.kind, case.decided.ground)
        if verdict == "agree" and not same:
            self._say_first(case)
            self.state.setText(self.tr("You ruled otherwise than the reviewer: fix and accept (2), or return (3)."))
            return
        if verdict == "return" and not self.note.text().strip():
            self.state.setText(self.tr("A case that is returned needs a note that says why."))
            self.note.setFocus()
            return
        finding = self._desk.finding(
            case.decided, self.auditor.text(), datetime.now(UTC), verdict, kind, ground, self.note.text(),
            blind=self.blind.isChecked(), golden=case.decided.id in sample.golden,
        )  # fmt: skip
        self.case = None
        self._tasks.in_background(
            partial(self._desk.give, opened.path, sample, finding), self._go_on, self._failed, owner=self
        )

    def _go_on(self, given: tuple[Finding, ...]) -> None:
        self.given = given
        opened, sample = self._opened, self.sample
        if opened is None or opened.history is None or sample is None:
            return
        mine = {item.decision_id for item in given if item.auditor == self.auditor.text()}
        left = [identity for identity in sample.ids if identity not in mine]
        text = self.tr("{0} of {1} judged; lot {2}, code letter {3}, seed {4}, draw {5}")
        done = sample.size - len(left)
        self.state.setText(text.format(done, sample.size, sample.lot, sample.letter, sample.seed, sample.digest[:12]))
        if not left:
            self._show_case(None)
            return
        decided = opened.history.standing()[left[0]]
        self._tasks.in_background(
            partial(self._desk.case, opened.path, decided), self._show_case, self._failed, owner=self
        )

    def _failed(self, error: Exception) -> None:
        self.state.setText(str(error))

    def _show_case(self, case: CaseInPack | None) -> None:
        self.case = case
        self.note.clear()
        for widget in (self.kind, self.ground, self.note, *self.buttons.values()):
            widget.setEnabled(case is not None)
        self.first.clear()
        if case is None:
            self.title.clear()
            self.told.clear()
            for label in self.pictures:
                label.clear()
            return
        self.title.setText(case.decided.title)
        flagged = self.tr("flagged by {0}").format(case.decided.source or "–")
        self.told.setText("\n".join((case.price, case.description[:600], f"{case.decided.marketplace}, {flagged}")))
        self._paint(self.pictures[0], case.pictures)
        self._paint(self.pictures[1], case.references)
        if not self.blind.isChecked():
            self._say_first(case)
        self.buttons["agree"].setFocus()

    def _say_first(self, case: CaseInPack) -> None:
        decided = case.decided
        text = self.tr("Decided: {0} {1} by {2} in {3} s. {4} {5}")
        facts = " ".join(case.facts)
        words = text.format(decided.kind, decided.ground, decided.reviewer, round(decided.seconds, 1), facts, case.note)
        self.first.setText(words.strip())

    @staticmethod
    def _paint(label: QLabel, pictures: tuple[Decoded | RefusedPicture, ...]) -> None:
        shown = pictures[0] if pictures else RefusedPicture("unavailable", "There is no picture.")
        if isinstance(shown, RefusedPicture):
            label.setText(shown.reason)
            return
        image = QImage(shown.pixels, shown.width, shown.height, shown.stride, QImage.Format.Format_RGB32).copy()
        label.setPixmap(
            QPixmap.fromImage(image).scaled(
                label.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
            )
        )
