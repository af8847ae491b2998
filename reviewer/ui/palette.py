"""The palette: everything the window can do, and every case, by a few typed letters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from reviewer.domain.text import visible
from reviewer.services.model import QueueFilter, QueuePage, QueueRow
from reviewer.ui.commands import Commands
from reviewer.ui.fuzzy import score
from reviewer.ui.plain import PlainLabel
from reviewer.ui.ports import Queue
from reviewer.ui.tasks import Task, Tasks
from reviewer.ui.theme import Theme

_CASES = 8
_SHOWN = 60
_DEBOUNCE_MS = 120
_LEAST_LETTERS = 2


@dataclass(frozen=True)
class Hit:
    """A line of the palette: a command with its key, or a case."""

    text: str
    chord: str = ""
    command_id: str = ""
    row: QueueRow | None = None


class Palette(QDialog):
    """`case_chosen` carries the queue row to open; commands are run after the palette has closed."""

    case_chosen = Signal(object)
    cases_arrived = Signal()

    def __init__(
        self, commands: Commands, tasks: Tasks, queue: Queue, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self._commands = commands
        self._tasks = tasks
        self._queue = queue
        self._theme = theme
        self._hits: list[Hit] = []
        self._task: Task | None = None
        self.setWindowTitle(self.tr("Palette"))
        self.setAccessibleName(self.tr("Palette"))
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("What do you want to do? Or a case, a title, a seller …"))
        self.field.setAccessibleName(self.tr("Command or case"))
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Hits"))
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.hint = PlainLabel(self.tr("↑ ↓ choose   Return run   Esc close"), "muted")
        whole = QVBoxLayout(self)
        whole.addWidget(self.field)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.hint)
        self._debounce = QTimer(self)
        self._debounce.setSingleShot(True)
        self._debounce.setInterval(_DEBOUNCE_MS)
        self._debounce.timeout.connect(self._ask_cases)
        self.field.textChanged.connect(self._typed)
        self.field.installEventFilter(self)
        self.list.itemClicked.connect(lambda _item: self.run_current())

    @property
    def hits(self) -> tuple[Hit, ...]:
        """What is listed, from above."""
        return tuple(self._hits)

    def open_over(self, window: QWidget) -> None:
        """Show it over a window, empty."""
        width = min(self._theme.em(46), window.width() - self._theme.em(4))
        self.resize(width, min(self._theme.em(32), window.height() - self._theme.em(8)))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - width) // 2, corner.y() + self._theme.em(4))
        self.field.clear()
        self._typed("")
        self.show()
        self.field.setFocus()

    def run_current(self) -> None:
        """Do what is chosen."""
        row = self.list.currentRow()
        if not 0 <= row < len(self._hits):
            return
        hit = self._hits[row]
        self.close()
        if hit.row is not None:
            self.case_chosen.emit(hit.row)
        else:
            QTimer.singleShot(0, self._commands, partial(self._commands.run, hit.command_id))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = {
                int(Qt.Key.Key_Down): 1,
                int(Qt.Key.Key_Up): -1,
                int(Qt.Key.Key_PageDown): 10,
                int(Qt.Key.Key_PageUp): -10,
            }
            if event.key() in steps:
                last = self.list.count() - 1
                self.list.setCurrentRow(max(0, min(last, self.list.currentRow() + steps[event.key()])))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.run_current()
                return True
        return super().eventFilter(watched, event)

    def _typed(self, text: str) -> None:
        ranked = []
        for place, command in enumerate(self._commands.all()):
            if not command.listed or not command.is_enabled():
                continue
            rank = score(text, f"{command.title} {command.group}")
            if rank is not None:
                ranked.append((-rank, place, command))
        hits = []
        for _rank, _place, command in sorted(ranked, key=lambda entry: entry[:2])[:_SHOWN]:
            ticked = "✓ " if command.checked is not None and command.checked() else ""
            hits.append(Hit(ticked + command.title, self._commands.chord_text(command.id), command.id))
        self._fill(hits)
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if len(text.strip()) >= _LEAST_LETTERS or any(not character.isascii() for character in text):
            self._debounce.start()
        else:
            self._debounce.stop()

    def _ask_cases(self) -> None:
        chosen = QueueFilter(text=self.field.text().strip())
        self._task = self._tasks.on_reader(
            partial(self._queue.page, chosen, 0, _CASES), self._arrived, lambda _error: None, owner=self
        )

    def _arrived(self, page: QueuePage) -> None:
        cases = [Hit(_case_text(row), row=row) for row in page.rows]
        self._fill([hit for hit in self._hits if hit.row is None] + cases)
        self.cases_arrived.emit()

    def _fill(self, hits: list[Hit]) -> None:
        row = max(0, self.list.currentRow()) if [hit.command_id for hit in self._hits if hit.command_id] else 0
        keep = row if hits[: row + 1] == self._hits[: row + 1] else 0
        self._hits = hits
        self.list.clear()
        for hit in hits:
            item = QListWidgetItem(hit.text)
            if hit.row is not None:
                item.setIcon(self._theme.icon("review", "muted"))
                item.setFont(self._theme.font(hit.row.row.language))
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{hit.text} {hit.chord}".strip())
            self.list.addItem(item)
            if hit.chord:
                self.list.setItemWidget(item, _key_line(hit.chord))
        if hits:
            self.list.setCurrentRow(keep)


def _key_line(chord: str) -> QWidget:
    """The key of a command at the right end of its line."""
    label = PlainLabel(chord, "key")
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return label


def _case_text(row: QueueRow) -> str:
    title = visible(row.row.title, limit=120, keep_lines=False)
    return f"{title}  ·  {visible(row.ref.case_id, limit=60, keep_lines=False)}"
