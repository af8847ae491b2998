"""What speaks for and against an infringement, and the points to look at on the genuine article."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from reviewer.domain.facts import Side
from reviewer.domain.reference import AuthenticationPoint, ReferenceProduct
from reviewer.domain.text import visible
from reviewer.ui.commands import Commands
from reviewer.ui.review.ahead import Ahead
from reviewer.ui.review.looks import Looks
from reviewer.ui.review.matching import earlier_in_words
from reviewer.ui.review.passage import Line, Passage
from reviewer.ui.review.sitting import Sitting
from reviewer.ui.review.wording import day, fact_text, translate

#: Earlier decisions and open cases that are named; the others are counted.
_EARLIER = 6
_IN, _OUT = "☑", "☐"


class FactsPanel(QScrollArea):
    """Facts, strongest first, and points of authentication.

    `fact_toggled` carries the place of a fact among those of its side, as `+0` or `-2`; `point_picked` the
    place of a point.
    """

    fact_toggled = Signal(str)
    point_picked = Signal(int)

    def __init__(self, theme: Looks, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._ahead: Ahead[tuple[Line, ...]] = Ahead()
        self.passage = Passage(theme, translate("Review", "Facts and points of authentication"))
        self.passage.line_clicked.connect(self._clicked)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setAccessibleName(translate("Review", "Facts"))
        self.setWidget(self.passage)

    def show_sitting(
        self,
        sitting: Sitting,
        points: Sequence[AuthenticationPoint],
        point: int,
        reference: ReferenceProduct | None,
    ) -> None:
        """Show a case's facts and the points of the reference product that is shown."""
        self.passage.set_lines(self._ahead.take(sitting) or self._lines(sitting, points, point, reference))
        if point >= 0:
            top, height = self.passage.extent_of(f"point:{point}")
            self.ensureVisible(0, top + height // 2, 0, height)

    def prepare(self, sitting: Sitting, reference: ReferenceProduct | None) -> None:
        """Lay a coming case out ahead."""
        points = reference.authentication_points if reference is not None else ()
        self.passage.prepare(self._ahead.keep(sitting, self._lines(sitting, points, -1, reference)))

    def _lines(
        self,
        sitting: Sitting,
        points: Sequence[AuthenticationPoint],
        point: int,
        reference: ReferenceProduct | None,
    ) -> tuple[Line, ...]:
        lines = [*fact_lines(sitting), *self._earlier(sitting)]
        if points:
            keys = translate("Review", "{0} next, {1} pass, {2} fail").format(
                self._commands.chord_text("review.point_next"),
                self._commands.chord_text("review.point_pass"),
                self._commands.chord_text("review.point_fail"),
            )
            lines.append(Line(translate("Review", "LOOK AT"), "muted", bold=True, gap=0.5, trailing=keys, rows=1))
            lines += point_lines(sitting, points, point)
        if reference is not None:
            lines += reference_lines(reference)
        return tuple(lines)

    def _earlier(self, sitting: Sitting) -> Iterator[Line]:
        """Past decisions and other open cases with the same photos."""
        found = sitting.on_desk.earlier
        if not found:
            return
        keys = translate("Review", "{0} decides open ones together").format(self._commands.chord_text("review.batch"))
        trailing = keys if any(one.case_id for one in found) else ""
        title = translate("Review", "THE SAME PHOTOS ELSEWHERE")
        yield Line(title, "muted", bold=True, scale=0.9, gap=0.5, rows=1, trailing=trailing)
        for one in found[:_EARLIER]:
            look = ("link", "accent") if one.case_id else ("clock", "danger" if one.kind == "takedown" else "muted")
            yield Line(earlier_in_words(one), glyph=look[0], glyph_role=look[1], rows=4)
        if len(found) > _EARLIER:
            yield Line(translate("Review", "and {0} more").format(len(found) - _EARLIER), "muted", indent=1.4)

    def _clicked(self, key: str) -> None:
        kind, _, rest = key.partition(":")
        if kind == "fact":
            self.fact_toggled.emit(rest)
        else:
            self.point_picked.emit(int(rest))


def fact_lines(sitting: Sitting) -> Iterator[Line]:
    """Facts of both sides in the order of their strength, with a tick where they go into the decision."""
    sides = (
        (Side.FOR, "plus", "for", translate("Review", "FOR an infringement")),
        (Side.AGAINST, "minus", "against", translate("Review", "AGAINST an infringement")),
    )
    for side, glyph, role, name in sides:
        facts = sitting.facts(side)
        gap = 0.0 if side == Side.FOR else 0.4
        yield Line(name, role, bold=True, scale=0.9, rows=1, gap=gap, trailing=str(len(facts)))
        for place, fact in enumerate(facts):
            yield Line(
                fact_text(fact),
                glyph=glyph,
                glyph_role=role,
                rows=4,
                trailing=_IN if sitting.is_checked(fact) else _OUT,
                trailing_role=role,
                key=f"fact:{side.value}{place}",
                tooltip=fact_text(fact),
            )
        if not facts:
            yield Line(translate("Review", "nothing known"), "muted")


def point_lines(sitting: Sitting, points: Sequence[AuthenticationPoint], current: int) -> Iterator[Line]:
    """Numbered points with what the reviewer saw there."""
    for place, point in enumerate(points):
        passed = sitting.points.get(point.id)
        looks = {
            None: ("dot", "muted", ""),
            True: ("check", "ok", translate("Review", "passed")),
            False: ("cross", "danger", translate("Review", "failed")),
        }
        glyph, role, word = looks[passed]
        yield Line(
            f"{place + 1}  {visible(point.words, limit=300, keep_lines=False)}",
            glyph=glyph,
            glyph_role=role,
            bold=place == current,
            back="selection" if place == current else "",
            trailing=word,
            trailing_role=role,
            rows=3,
            key=f"point:{place}",
        )
        if point.copies:
            copies = visible(point.copies, limit=300, keep_lines=False)
            yield Line(translate("Review", "copies: {0}").format(copies), "muted", indent=1.4, rows=3, scale=0.93)


def reference_lines(reference: ReferenceProduct) -> Iterator[Line]:
    """The rights that stand behind the reference, and who may sell it."""
    if reference.rights or reference.authorised_sellers:
        yield Line(translate("Review", "RIGHTS"), "muted", bold=True, scale=0.9, gap=0.5, rows=1)
    for right in reference.rights:
        parts = [right.kind, right.sign, right.number, right.office, right.owner]
        words = " · ".join(visible(part, limit=60, keep_lines=False) for part in parts if part)
        if right.nice_classes:
            words += " · " + translate("Review", "classes {0}").format(", ".join(map(str, right.nice_classes)))
        if right.territories:
            words += " · " + ", ".join(visible(place, limit=20) for place in right.territories)
        if right.expires_at is not None:
            words += " · " + translate("Review", "until {0}").format(day(right.expires_at))
        yield Line(words, glyph="seal", glyph_role="muted", rows=3)
    if reference.authorised_sellers:
        names = ", ".join(visible(name, limit=60, keep_lines=False) for name in reference.authorised_sellers)
        yield Line(translate("Review", "authorised: {0}").format(names), glyph="check", glyph_role="muted", rows=3)
