"""A connector as the view shows it: version, tier, what it may do, its processes, its log, and its approval."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QMessageBox,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from reviewer.connectors.opener import HostReport
from reviewer.domain.decision import DecisionKind, MeasureKind
from reviewer.domain.text import visible
from reviewer.services.accounts import ConnectorKind
from reviewer.ui.plain import PlainLabel, button, message_box
from reviewer.ui.review.wording import kind_name
from reviewer.ui.theme import Theme

_STATES = {
    "ready": ("Ready", "ok"),
    "unapproved": ("Not approved", "warning"),
    "changed": ("Changed since it was approved", "danger"),
    "broken": ("Can't be used", "danger"),
}
_TIERS = {"gold": "★★★ gold", "silver": "★★ silver", "bronze": "★ bronze"}
_LONG = 1000
_ON_SELLERS = frozenset(MeasureKind) - {MeasureKind.LISTING_REMOVED, MeasureKind.LISTING_HIDDEN}


def tr(text: str) -> str:
    """A text of this module in the person's language."""
    return QCoreApplication.translate("KindCard", text)


def card_frame(title: str) -> tuple[QFrame, QVBoxLayout, QHBoxLayout]:
    """A framed card with its layout and its first line."""
    card = QFrame()
    card.setProperty("role", "card")
    card.setAccessibleName(title)
    whole = QVBoxLayout(card)
    line = QHBoxLayout()
    line.addWidget(PlainLabel(title, "heading"))
    line.addStretch(1)
    whole.addLayout(line)
    return card, whole, line


def kind_card(
    kind: ConnectorKind, approve: Callable[[ConnectorKind], object], show_log: Callable[[ConnectorKind], object]
) -> QFrame:
    """The card of one connector."""
    name = visible(kind.name, limit=80, keep_lines=False)
    card, whole, line = card_frame(f"{name} {visible(kind.version, limit=40, keep_lines=False)}".strip())
    state, role = _STATES.get(kind.state, ("Can't be used", "danger"))
    if kind.tier in _TIERS:
        tier = PlainLabel(tr(_TIERS[kind.tier]), "muted")
        tier.setToolTip(tr("How much of the conformance suite these very files pass"))
        line.addWidget(tier)
    line.addWidget(PlainLabel(tr(state), role))
    if kind.state in ("unapproved", "changed"):
        made = button(tr("Approve …"), "primary", name=f"{tr('Approve …')} {name}")
        made.clicked.connect(lambda: approve(kind))
        line.addWidget(made)
    if any(report.log or report.trace for report in kind.reports):
        made = button(tr("Log …"), name=f"{tr('Log …')} {name}")
        made.clicked.connect(lambda: show_log(kind))
        line.addWidget(made)
    if kind.state != "broken":
        whole.addWidget(PlainLabel(facts_of(kind), "muted").wrapped())
    if kind.problem:
        problem = visible(kind.problem, limit=2000)
        whole.addWidget(PlainLabel(problem, "danger" if kind.state != "unapproved" else "warning").wrapped())
    for report in kind.reports:
        whole.addWidget(PlainLabel(_process(report), "muted" if report.state == "running" else "warning").wrapped())
        if report.error:
            whole.addWidget(PlainLabel(visible(report.error, limit=_LONG), "danger").wrapped())
    return card


def ask_to_approve(parent: QWidget, kind: ConnectorKind, approved: Callable[[], object]) -> QMessageBox:
    """Say what the connector is and may do, and ask."""
    name = visible(kind.name, limit=80, keep_lines=False)
    box = message_box(
        parent,
        QMessageBox.Icon.Warning,
        tr("Approve the connector?"),
        tr("Let “{0}” {1} run as its files are now?").format(name, kind.version),
        tr(
            "By {0}, in {1}. It may reach: {2}. A connector can read your files and reach the network: approve it only "
            "if you trust its author. A change of any of its files asks again."
        ).format(
            visible(kind.author, limit=80, keep_lines=False),
            visible(kind.folder, limit=200, keep_lines=False),
            ", ".join(visible(host, limit=80, keep_lines=False) for host in kind.hosts) or tr("no host"),
        ),
    )
    yes = box.addButton(tr("Approve"), QMessageBox.ButtonRole.AcceptRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    yes.clicked.connect(lambda: approved())
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


class LogDialog(QDialog):
    """The last lines of a connector's processes, and the trace of its last fault, to be copied to its author."""

    def __init__(self, kind: ConnectorKind, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log of {0}").format(visible(kind.name, limit=80, keep_lines=False)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName(self.windowTitle())
        self.text.setPlainText("\n\n".join(_told(report) for report in kind.reports))
        self.resize(theme.em(60), theme.em(32))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(self.text)
        whole.addWidget(buttons)


def facts_of(kind: ConnectorKind) -> str:
    """Where it comes from, what it can do, and what it does not carry out, in a line."""
    origins = {"shipped": tr("part of the program"), "folder": tr("in your folder"), "package": tr("installed package")}
    effects = {"change": tr("changes listings"), "complaint": tr("files complaints")}
    parts = [origins.get(kind.origin, kind.origin), effects.get(kind.effect, kind.effect)]
    if kind.author and kind.origin != "shipped":
        parts.append(tr("by {0}").format(visible(kind.author, limit=80, keep_lines=False)))
    parts.append(", ".join(kind.capabilities))
    missing = [kind_name(one) for one in DecisionKind if one.value not in kind.decisions]
    if missing and "submit" in kind.capabilities:
        parts.append(tr("does not carry out: {0}").format(", ".join(missing)))
    if "submit" in kind.capabilities and not set(kind.measures) & _ON_SELLERS:
        parts.append(tr("no measures on sellers"))
    return " · ".join(part for part in parts if part)


def _process(report: HostReport) -> str:
    states = {"running": tr("running"), "waiting": tr("waits to be started again"), "stopped": tr("ended")}
    parts = [tr("Process of {0}").format(report.account or tr("a test")), states.get(report.state, report.state)]
    if report.memory:
        parts.append(tr("{0} MiB").format(f"{report.memory / 2**20:.0f}"))
    if report.restarts:
        parts.append(tr("started again {0} times").format(report.restarts))
    return " · ".join(parts)


def _told(report: HostReport) -> str:
    parts = [_process(report), *(visible(line, limit=_LONG, keep_lines=False) for line in report.log)]
    if report.trace:
        parts += ["", visible(report.error, limit=_LONG), visible(report.trace, limit=10_000)]
    return "\n".join(parts)
