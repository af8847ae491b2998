"""The commands of window scope, with their first keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reviewer.ui.commands import Command, Scope
from reviewer.ui.navigation import VIEWS

if TYPE_CHECKING:
    from reviewer.ui.main_window import MainWindow

_TEXT_STEP = 10
_FUNCTION_KEYS = {"review": "F2", "queue": "F3", "outbox": "F4", "connectors": "F6", "help": "F1"}


def register_window_commands(window: MainWindow) -> None:
    """Register them all."""
    theme = window.theme
    views, looks, work = window.tr("Views"), window.tr("Looks"), window.tr("Window")
    register = window.commands.register
    for place, name in enumerate(VIEWS, start=1):
        register(
            Command(
                f"view.{name}",
                window.navigation.title(name),
                f"Ctrl+{place}",
                Scope.WINDOW,
                partial(window.show_view, name),
                group=views,
                also=(_FUNCTION_KEYS[name],),
            )
        )

    def find() -> None:
        window.show_view("queue")
        window.queue.search()

    def step(percent: int) -> None:
        theme.set_text_size(theme.text_size + percent)

    for command_id, title, chord, handler, group in (
        ("palette.open", window.tr("Palette"), "Ctrl+K", lambda: window.palette_box.open_over(window), work),
        ("queue.search", window.tr("Search the queue"), "Ctrl+F", find, work),
        ("queue.review_filtered", window.tr("Review the filtered set"), "Ctrl+Return", window.queue.review_these, work),
        ("offline.take", window.tr("Take work offline …"), "Ctrl+Shift+O", window.take_offline, work),
        ("lock.now", window.tr("Lock the screen"), "Ctrl+L", lambda: window.lock.lock(), work),
        ("help.keys", window.tr("Keys"), "?", window.show_keys, work),
        ("diagnostics.copy", window.tr("Copy diagnostics"), "", window.diagnostics.copy, work),
        ("help.about", window.tr("About Reviewer"), "", window.about, work),
        ("window.close", window.tr("Close"), "Ctrl+Q", window.close, work),
        ("text.larger", window.tr("Larger texts"), "Ctrl+=", partial(step, _TEXT_STEP), looks),
        ("text.smaller", window.tr("Smaller texts"), "Ctrl+-", partial(step, -_TEXT_STEP), looks),
        ("text.normal", window.tr("Texts as the desktop has them"), "Ctrl+0", partial(theme.set_text_size, 100), looks),
    ):
        also = ("Shift+/",) if command_id == "help.keys" else ()
        register(Command(command_id, title, chord, Scope.WINDOW, handler, group=group, also=also))
    register(
        Command(
            "pictures.veil",
            window.tr("Blur the pictures of listings"),
            "",
            Scope.WINDOW,
            lambda: window.veil(not window.veiled),
            group=looks,
            checkable=True,
            checked=lambda: window.veiled,
        )
    )
    for choice, title in (
        ("system", window.tr("Colours as the desktop")),
        ("light", window.tr("Light colours")),
        ("dark", window.tr("Dark colours")),
    ):
        register(
            Command(
                f"theme.{choice}",
                title,
                "",
                Scope.WINDOW,
                partial(theme.choose, choice),
                group=looks,
                checkable=True,
                checked=lambda choice=choice: theme.choice == choice,  # type: ignore[misc]
            )
        )
