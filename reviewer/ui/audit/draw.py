"""The dialog that draws a sample: size by lot, margin or number, strata, golden cases, seed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from reviewer.audit.choosing import Chosen
from reviewer.audit.drawing import COLUMNS, Plan, draw_by, drawn_rows
from reviewer.audit.history import History
from reviewer.audit.sample import LEVELS, STRATA, Sample
from reviewer.audit.tables import csv_text
from reviewer.errors import OperatorError
from reviewer.ui.plain import PlainLabel, button
from reviewer.ui.theme import Theme


class DrawDialog(QDialog):
    """Shows at once what a plan would draw; `sample` is what was drawn, `plan` how."""

    def __init__(
        self, history: History, chosen: Chosen, plan: Plan | None, blind: bool, theme: Theme, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._history = history
        self._chosen = chosen
        self.sample: Sample | None = None
        self.setWindowTitle(self.tr("Draw a sample"))
        self.setAccessibleName(self.tr("Draw a sample"))
        self.seed = self._line(self.tr("Seed"), plan.seed if plan else datetime.now(UTC).strftime("%Y-%m"))
        self.auditor = self._line(self.tr("Auditor"), plan.auditor if plan else "")
        self.auditor.setPlaceholderText(self.tr("Your name: your own decisions are left out"))
        self.by_lot, self.by_margin, self.by_size = (
            QRadioButton(text)
            for text in (self.tr("By the lot, ISO 2859-1, level"), self.tr("By a margin of ± %"), self.tr("So many"))
        )
        self.level = QComboBox()
        self.level.addItems(LEVELS)
        self.level.setCurrentText(plan.level if plan else "II")
        self.margin = QDoubleSpinBox(minimum=0.5, maximum=50, value=100 * (plan.margin or 0.05) if plan else 5)
        self.size_wanted = QSpinBox(minimum=1, maximum=100_000, value=(plan.size or 50) if plan else 50)
        self.golden = QSpinBox(minimum=0, maximum=10_000, value=(plan.golden or 0) if plan else 0)
        for widget, name in (
            (self.level, self.tr("Inspection level")), (self.margin, self.tr("Margin in percent")),
            (self.size_wanted, self.tr("Size of the sample")), (self.golden, self.tr("Golden cases")),
        ):  # fmt: skip
            widget.setAccessibleName(name)
        names = {
            "reviewer": self.tr("Reviewer"), "ground": self.tr("Ground"), "marketplace": self.tr("Marketplace"),
            "decision": self.tr("Decision"), "override": self.tr("Measure switched off"), "speed": self.tr("Speed"),
        }  # fmt: skip
        self.strata = {name: QCheckBox(names[name]) for name in STRATA}
        for name, box in self.strata.items():
            box.setChecked(name in (plan.by if plan else ("reviewer", "decision")))
        self.blind = QCheckBox(self.tr("Blind: the first decision is hidden until you ruled"))
        self.blind.setChecked(blind)
        self.told = PlainLabel().wrapped()
        self.told.setAccessibleName(self.tr("What would be drawn"))
        self.shares = QPlainTextEdit()
        self.shares.setReadOnly(True)
        self.shares.setAccessibleName(self.tr("Strata"))
        choice = self.by_margin if plan and plan.margin is not None else self.by_size if plan and plan.size else None
        (choice or self.by_lot).setChecked(True)
        self._lay_out(theme)
        for signal in (
            self.seed.textChanged, self.auditor.textChanged, self.level.currentIndexChanged, self.margin.valueChanged,
            self.size_wanted.valueChanged, self.golden.valueChanged,
            *(box.toggled for box in (*self.strata.values(), self.by_lot, self.by_margin, self.by_size)),
        ):  # fmt: skip
            signal.connect(self.refresh)
        self.refresh()

    @staticmethod
    def _line(name: str, text: str) -> QLineEdit:
        line = QLineEdit(text)
        line.setAccessibleName(name)
        return line

    def _lay_out(self, theme: Theme) -> None:
        form = QFormLayout()
        form.addRow(self.tr("Seed"), self.seed)
        form.addRow(self.tr("Auditor"), self.auditor)
        sizes = QGridLayout()
        for place, (radio, field) in enumerate(
            ((self.by_lot, self.level), (self.by_margin, self.margin), (self.by_size, self.size_wanted))
        ):
            field.setMinimumHeight(theme.em(2))
            sizes.addWidget(radio, place, 0)
            sizes.addWidget(field, place, 1)
        form.addRow(self.tr("Size"), sizes)
        strata = QGridLayout()
        for place, box in enumerate(self.strata.values()):
            strata.addWidget(box, place // 3, place % 3)
        form.addRow(self.tr("Strata"), strata)
        form.addRow(self.tr("Golden cases"), self.golden)
        form.addRow("", self.blind)
        self.save_button = button(self.tr("Save the draw as CSV …"))
        self.save_button.clicked.connect(self._ask_where)
        self.cancel_button = button(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.reject)
        self.draw_button = button(self.tr("Draw"), "primary")
        self.draw_button.setDefault(True)
        self.draw_button.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(self.save_button)
        row.addStretch(1)
        for made in (self.cancel_button, self.draw_button):
            row.addWidget(made)
        column = QVBoxLayout(self)
        column.setSpacing(theme.em(0.7))
        column.addLayout(form)
        column.addWidget(self.told)
        column.addWidget(self.shares, 1)
        column.addLayout(row)
        self.resize(theme.em(44), theme.em(44))

    @property
    def plan(self) -> Plan:
        """How to draw, as it stands in the fields."""
        return Plan(
            self.seed.text().strip(),
            self.level.currentText(),
            self.margin.value() / 100 if self.by_margin.isChecked() else None,
            self.size_wanted.value() if self.by_size.isChecked() else None,
            tuple(name for name, box in self.strata.items() if box.isChecked()),
            self.golden.value(),
            self.auditor.text().strip(),
            self._chosen,
        )

    def refresh(self) -> None:
        """Draw by the fields, and say what comes of it."""
        plan, problem = self.plan, ""
        for radio, field in (
            (self.by_lot, self.level), (self.by_margin, self.margin), (self.by_size, self.size_wanted),
        ):  # fmt: skip
            field.setEnabled(radio.isChecked())
        if not plan.seed:
            problem = self.tr("A draw needs a seed: whoever has it draws the same.")
        elif not plan.auditor:
            problem = self.tr("Whose opinions are these? Write your name as the pack tells it.")
        try:
            self.sample = draw_by(self._history, plan) if not problem else None
        except OperatorError as error:
            self.sample, problem = None, str(error)
        sample = self.sample
        if sample is not None and not sample.size:
            problem = self.tr("No decision is left to draw from.")
        self.told.set_role("danger" if problem else "")
        self.shares.clear()
        if sample is not None:
            letter = self.tr(", code letter {0}").format(sample.letter) if sample.letter else ""
            text = self.tr("{0} of a lot of {1}{2}, {3} golden cases among them. Draw {4}")
            golden = len(sample.golden)
            told = text.format(f"{sample.size:,}", f"{sample.lot:,}", letter, golden, sample.digest[:16])
            own = sum(row.reviewer == plan.auditor for row in self._history.decisions)
            told += self.tr("; {0} decisions of {1} are left out").format(f"{own:,}", plan.auditor)
            only = self.tr("Only: {0}.").format(self._chosen.told()) if self._chosen.told() else ""
            self.told.setText(problem or f"{told}. {only}".strip())
            line = self.tr("{0} of {1}   {2}")
            self.shares.setPlainText(
                "\n".join(line.format(taken, count, name or self.tr("all")) for name, count, taken in sample.strata)
            )
        else:
            self.told.setText(problem)
        for made in (self.draw_button, self.save_button):
            made.setEnabled(sample is not None and sample.size > 0)

    def save(self, path: Path) -> None:
        """Write the draw.  Raises OSError."""
        if self.sample is not None:
            path.write_bytes(csv_text(COLUMNS, drawn_rows(self._history, self.sample)).encode("utf-8"))

    def _ask_where(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.tr("Save the draw"), "draw.csv", "CSV (*.csv)")
        if path:
            try:
                self.save(Path(path))
            except OSError as error:
                self.told.setText(self.tr("{0} can't be written: {1}.").format(path, error.strerror))
