"""The keys of the audit's second opinions: physical keys, as on the review screen, in one table."""

from __future__ import annotations

from collections.abc import Callable

from reviewer.ui.audit.opinions import OpinionsPane
from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.review.canvas import Mode
from reviewer.ui.words import translate

Pane = Callable[[], OpinionsPane | None]


def register(commands: Commands, pane: Pane) -> None:
    """Register the commands of the audit surface; `pane` answers the one that is shown, if any."""
    judging, pictures = translate("audit", "Second opinion"), translate("audit", "Pictures of the audit")
    table: tuple[tuple[str, str, str, Callable[[OpinionsPane], object], str], ...] = (
        ("agree", translate("audit", "Agree"), "1", lambda p: p.judge("agree"), judging),
        ("fix", translate("audit", "Fix and accept"), "2", lambda p: p.judge("fix"), judging),
        ("return", translate("audit", "Return with a note"), "3", lambda p: p.judge("return"), judging),
        ("kind", translate("audit", "Your decision: the next one"), "K", lambda p: p.step_kind(1), judging),
        ("kind_back", translate("audit", "Your decision: the one before"), "Shift+K", lambda p: p.step_kind(-1),
         judging),
        ("ground", translate("audit", "Your ground: the next one"), "J", lambda p: p.step_ground(1), judging),
        ("ground_back", translate("audit", "Your ground: the one before"), "Shift+J", lambda p: p.step_ground(-1),
         judging),
        ("golden", translate("audit", "Golden: my ruling is the known answer"), "G", lambda p: p.golden.toggle(),
         judging),
        ("note", translate("audit", "Write a note"), "N", lambda p: p.note.setFocus(), judging),
        ("again", translate("audit", "The case before, once more"), "U", lambda p: p.take_back(), judging),
        ("back", translate("audit", "Back to the sample"), "B", lambda p: p.back(), judging),
        ("draw", translate("audit", "Draw a sample"), "Ctrl+D", lambda p: p.ask_draw(), judging),
        ("split", translate("audit", "Split A and B"), "S", lambda p: p.compare.toggle(Mode.SPLIT), pictures),
        ("difference", translate("audit", "Difference of A and B"), "D", lambda p: p.compare.toggle(Mode.DIFFERENCE),
         pictures),
        ("onion", translate("audit", "A and B, one through the other"), "O", lambda p: p.compare.toggle(Mode.ONION),
         pictures),
        ("whole_pixels", translate("audit", "100 % at the pointer"), "Z", lambda p: p.compare.whole_pixels(), pictures),
        ("fit", translate("audit", "Whole pictures"), "F", lambda p: p.compare.fit(), pictures),
        ("retry", translate("audit", "Try failed pictures again"), "F5", lambda p: p.compare.retry(), pictures),
    )  # fmt: skip
    for name, title, key, call, group in table:
        _add(commands, pane, name, title, key, call, group)
    for name, title, key, call in (
        ("listing_next", translate("audit", "Next picture of the listing"), "Right",
         lambda p: p.compare.step_listing(1)),
        ("listing_back", translate("audit", "Picture before, of the listing"), "Left",
         lambda p: p.compare.step_listing(-1)),
        ("reference_next", translate("audit", "Next picture of the reference"), "Shift+Right",
         lambda p: p.compare.step_reference(1)),
        ("reference_back", translate("audit", "Picture before, of the reference"), "Shift+Left",
         lambda p: p.compare.step_reference(-1)),
        ("product_next", translate("audit", "Next reference product"), "Down", lambda p: p.compare.step_product(1)),
        ("product_back", translate("audit", "Reference product before"), "Up", lambda p: p.compare.step_product(-1)),
    ):  # fmt: skip
        _add(commands, pane, name, title, key, call, pictures, repeats=True)
    for name, title, key, call, end in (
        ("flick", translate("audit", "B in place of A, while held"), "Space", lambda p: p.compare.flick(True),
         lambda p: p.compare.flick(False)),
        ("unlink", translate("audit", "Move one picture alone, while held"), "X", lambda p: p.compare.unlink(True),
         lambda p: p.compare.unlink(False)),
    ):  # fmt: skip
        _add(commands, pane, name, title, key, call, pictures, released=end)


def _add(
    commands: Commands,
    pane: Pane,
    name: str,
    title: str,
    key: str,
    call: Callable[[OpinionsPane], object],
    group: str,
    *,
    released: Callable[[OpinionsPane], object] | None = None,
    repeats: bool = False,
) -> None:
    def on(handler: Callable[[OpinionsPane], object]) -> Callable[[], None]:
        def run() -> None:
            shown = pane()
            if shown is not None:
                handler(shown)

        return run

    commands.register(
        Command(
            f"audit.{name}", title, key, Scope.AUDIT, on(call), group, repeats=repeats, listed=False,
            released=on(released) if released is not None else None, enabled=lambda: pane() is not None,
        )
    )  # fmt: skip
