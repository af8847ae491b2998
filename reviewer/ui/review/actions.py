"""Every key of the review screen, in one table."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from reviewer.domain.decision import DecisionKind
from reviewer.ui.commands import Command, Commands, Scope
from reviewer.ui.review.canvas import Mode
from reviewer.ui.review.wording import kind_name, translate

if TYPE_CHECKING:
    from reviewer.ui.review.screen import ReviewScreen

#: The decisions on the number keys: command, key, and whether Shift with it asks for another ground.
NUMBERS: tuple[tuple[str, str, DecisionKind, bool], ...] = (
    ("review.clear", "1", DecisionKind.CLEAR, False),
    ("review.warn", "2", DecisionKind.WARN, True),
    ("review.restrict", "3", DecisionKind.RESTRICT, True),
    ("review.takedown", "4", DecisionKind.TAKEDOWN, True),
    ("review.escalate", "6", DecisionKind.ESCALATE, True),
    ("review.proof", "7", DecisionKind.REQUEST_PROOF, True),
)


def register(screen: ReviewScreen, commands: Commands) -> None:
    """Register the commands of the review surface."""
    deciding = translate("Review", "Deciding")
    for command, key, kind, other in NUMBERS:
        name = kind_name(kind)
        _add(commands, command, name, key, partial(screen.deciding.decide, kind), deciding)
        if other:
            title = translate("Review", "{0} on another ground").format(name)
            _add(
                commands,
                f"{command}_ground",
                title,
                f"Shift+{key}",
                partial(screen.choosing.pick_ground, kind),
                deciding,
            )
    for command, title, key, handler, also in (
        ("review.skip", translate("Review", "Skip"), "5", screen.deciding.skip, ()),
        ("review.skip_reason", translate("Review", "Skip for a reason"), "Shift+5", screen.choosing.pick_skip, ()),
        ("review.undo", translate("Review", "Undo the last step"), "U", screen.deciding.undo, ("Ctrl+Z",)),
        ("review.ground", translate("Review", "Choose the ground"), "G", screen.choosing.pick_ground, ("R",)),
        ("review.measure", translate("Review", "Ladder's measure on or off"), "M", screen.toggle_measure, ()),
        (
            "review.refund",
            translate("Review", "Advise refunds to the buyers of six months"),
            "Shift+M",
            screen.toggle_refund,
            (),
        ),
        ("review.why", translate("Review", "Why this case comes now"), "W", screen.explain_place, ()),
        ("review.note", translate("Review", "Write a note"), "N", screen.bar.note.setFocus, ()),
        ("review.facts", translate("Review", "Facts of the decision"), "C", screen.choosing.pick_facts, ()),
        ("review.batch", translate("Review", "Decide cases that go together"), "B", screen.batch.offer, ()),
    ):
        _add(commands, command, title, key, handler, deciding, also)
    _register_looking(screen, commands)


def _register_looking(screen: ReviewScreen, commands: Commands) -> None:
    pictures, points = translate("Review", "Pictures"), translate("Review", "Points of authentication")
    pane = screen.compare
    for command, title, key, handler, also in (
        ("review.split", translate("Review", "Split A and B"), "S", partial(pane.toggle, Mode.SPLIT), ()),
        (
            "review.difference",
            translate("Review", "Difference of A and B"),
            "D",
            partial(pane.toggle, Mode.DIFFERENCE),
            (),
        ),
        (
            "review.onion",
            translate("Review", "A and B, one through the other"),
            "O",
            partial(pane.toggle, Mode.ONION),
            (),
        ),
        ("review.evidence", translate("Review", "All pictures with what they match"), "E", screen.evidence.offer, ()),
        ("review.whole_pixels", translate("Review", "100 % at the pointer"), "Z", pane.whole_pixels, ()),
        ("review.fit", translate("Review", "Whole pictures"), "F", pane.fit, ("0",)),
        ("review.retry", translate("Review", "Try failed pictures again"), "F5", pane.retry, ()),
        (
            "review.reference_window",
            translate("Review", "Reference in a window of its own"),
            "F11",
            screen.reference_window.toggle,
            (),
        ),
        ("review.veil", translate("Review", "Show veiled pictures of this case"), "V", pane.lift, ()),
    ):
        _add(commands, command, title, key, handler, pictures, also)
    for command, title, key, handler in (
        (
            "review.listing_next",
            translate("Review", "Next picture of the listing"),
            "Right",
            partial(pane.step_listing, 1),
        ),
        (
            "review.listing_back",
            translate("Review", "Picture before, of the listing"),
            "Left",
            partial(pane.step_listing, -1),
        ),
        (
            "review.reference_next",
            translate("Review", "Next picture of the reference"),
            "Shift+Right",
            partial(pane.step_reference, 1),
        ),
        (
            "review.reference_back",
            translate("Review", "Picture before, of the reference"),
            "Shift+Left",
            partial(pane.step_reference, -1),
        ),
        ("review.product_next", translate("Review", "Next reference product"), "Down", partial(pane.step_product, 1)),
        ("review.product_back", translate("Review", "Reference product before"), "Up", partial(pane.step_product, -1)),
    ):
        _add(commands, command, title, key, handler, pictures, repeats=True)
    for command, title, key, press, release in (
        (
            "review.flick",
            translate("Review", "B in place of A, while held"),
            "Space",
            partial(pane.flick, True),
            partial(pane.flick, False),
        ),
        (
            "review.unlink",
            translate("Review", "Move one picture alone, while held"),
            "X",
            partial(pane.unlink, True),
            partial(pane.unlink, False),
        ),
    ):
        _add(commands, command, title, key, press, pictures, released=release)
    for command, title, key, handler, second in (
        ("review.point_next", translate("Review", "Next point"), "P", partial(pane.step_point, 1), ""),
        ("review.point_back", translate("Review", "Point before"), "Shift+P", partial(pane.step_point, -1), ""),
        (
            "review.point_pass",
            translate("Review", "Point passes"),
            "=",
            partial(screen.mark_point, True),
            "Shift+=",
        ),
        ("review.point_fail", translate("Review", "Point fails"), "-", partial(screen.mark_point, False), ""),
    ):
        _add(commands, command, title, key, handler, points, (second,) if second else ())


def _add(
    commands: Commands,
    command: str,
    title: str,
    key: str,
    handler: Callable[[], object],
    group: str,
    also: tuple[str, ...] = (),
    *,
    released: Callable[[], object] | None = None,
    repeats: bool = False,
) -> None:
    commands.register(
        Command(command, title, key, Scope.REVIEW, handler, group, also, released=released, repeats=repeats)
    )
