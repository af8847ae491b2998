"""A draw from a history as it is asked for, by the window and by the command line alike."""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.audit.choosing import Chosen
from reviewer.audit.history import Decided, History
from reviewer.audit.sample import SIZES, Sample, code_letter, draw, size_for_margin
from reviewer.audit.tables import Cell

COLUMNS = ("place", "decision", "decided_at", "reviewer", "marketplace", "kind", "ground", "title")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to draw.  The size is `size` where it is given, else that for `margin`, else ISO 2859-1's at `level`.

    `by` are strata, `golden` how many cases with a known answer are mixed in (None: one in twenty), `auditor` is whose
    own decisions are left out.
    """

    seed: str
    level: str = "II"
    margin: float | None = None
    size: int | None = None
    by: tuple[str, ...] = ()
    golden: int | None = 0
    auditor: str = ""
    chosen: Chosen = Chosen()


def lot_of(history: History, plan: Plan) -> tuple[Decided, ...]:
    """The decisions that are drawn from: those that stand and are chosen, but for the auditor's own."""
    rows = plan.chosen.choose(history).standing().values()
    return tuple(row for row in rows if not plan.auditor or row.reviewer != plan.auditor)


def size_of(count: int, plan: Plan) -> tuple[int, str]:
    """How many to draw from a lot of `count`, and its code letter (empty where the size is not by ISO 2859-1)."""
    if plan.size is not None:
        return plan.size, ""
    if plan.margin is not None:
        return size_for_margin(count, plan.margin), ""
    letter = code_letter(count, plan.level)
    return SIZES[letter], letter


def draw_by(history: History, plan: Plan) -> Sample:
    """Draw.  Raises `OperatorError` for a level, a margin or a stratum that there is not."""
    lot = lot_of(history, plan)
    size, letter = size_of(len(lot), plan)
    known = {row.decision_id for row in history.opinions if row.golden}
    golden = size // 20 if plan.golden is None else plan.golden
    return draw(
        lot, seed=plan.seed, size=size, by=plan.by, golden=known, golden_count=golden,
        excluded_reviewer=plan.auditor, letter=letter,
    )  # fmt: skip


def drawn_rows(history: History, sample: Sample) -> tuple[tuple[Cell, ...], ...]:
    """The draw as rows of `COLUMNS`, in the order in which they are to be looked at."""
    rows = {row.id: row for row in history.decisions}
    return tuple(
        (place, row.id, row.decided_at, row.reviewer, row.marketplace, row.kind, row.ground, row.title)
        for place, row in enumerate((rows[identity] for identity in sample.ids), 1)
    )
