"""Drawing a sample: its size from the lot, its rows from a seed, the same on every platform.

The draw uses no random generator: within each stratum decisions are ordered by SHA-256 over seed and id, and the
first ones are taken.  Whoever has pack and seed draws the same sample.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from statistics import median

from reviewer.audit.history import Decided
from reviewer.errors import OperatorError

#: ISO 2859-1:1999, table 1: the greatest lot of each line, and its code letters at S-1 to S-4, I, II, III.
_LETTERS = (
    (8, "AAAAAAB"), (15, "AAAAABC"), (25, "AABBBCD"), (50, "ABBCCDE"), (90, "BBCCCEF"), (150, "BBCDDFG"),
    (280, "BCDEEGH"), (500, "BCDEFHJ"), (1200, "CCEFGJK"), (3200, "CDEGHKL"), (10_000, "CDFGJLM"),
    (35_000, "CDFHKMN"), (150_000, "DEGJLNP"), (500_000, "DEGJMPQ"), (math.inf, "DEHKNQR"),
)  # fmt: skip
LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
#: ISO 2859-1:1999, table 2-A: the sample size of each code letter.
SIZES = dict(
    zip("ABCDEFGHJKLMNPQR", (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000), strict=True)
)
#: The standard normal's quantile for 95%.
_Z = 1.959963984540054
#: A decision is fast where it took less than this share of its reviewer's median.
FAST_SHARE = 0.4

STRATA: dict[str, Callable[[Decided], str]] = {
    "reviewer": lambda row: row.reviewer,
    "ground": lambda row: row.ground or "none",
    "marketplace": lambda row: row.marketplace,
    "decision": lambda row: row.kind,
    "override": lambda row: "measure off" if is_override(row) else "as due",
    "speed": lambda row: "",  # replaced by `speeds`, which needs the whole lot
}


def is_override(row: Decided) -> bool:
    """Whether the measure that was due was switched off."""
    return bool(row.due_measure and not row.measure)


@dataclass(frozen=True, slots=True)
class Sample:
    """A draw: ids in the order in which they are to be looked at; `golden` are those with a known answer."""

    seed: str
    lot: int
    size: int
    letter: str
    strata: tuple[tuple[str, int, int], ...]
    ids: tuple[str, ...]
    golden: frozenset[str]

    @property
    def digest(self) -> str:
        """SHA-256 over the drawn ids: two people compare it to know that they drew the same."""
        return hashlib.sha256("\n".join(self.ids).encode()).hexdigest()


def code_letter(lot: int, level: str = "II") -> str:
    """The code letter for a lot (ISO 2859-1, table 1).  Raises `OperatorError` for an unknown level."""
    if level not in LEVELS:
        raise OperatorError(f"There is no inspection level {level!r}: choose one of {', '.join(LEVELS)}.")
    return next(letters[LEVELS.index(level)] for most, letters in _LETTERS if lot <= most)


def size_for_margin(lot: int, margin: float, share: float = 0.5) -> int:
    """How many to draw so that a share is known within ± margin at 95% (Cochran 1977, 4.1, with the correction
    for a finite lot)."""
    if not 0 < margin < 1:
        raise OperatorError("The margin is a share between 0 and 1, such as 0.05.")
    endless = _Z**2 * share * (1 - share) / margin**2
    return min(lot, math.ceil(endless / (1 + (endless - 1) / lot))) if lot else 0


def draw(
    lot: Iterable[Decided],
    *,
    seed: str,
    size: int,
    by: Sequence[str] = (),
    golden: Collection[str] = (),
    golden_count: int = 0,
    excluded_reviewer: str = "",
    letter: str = "",
) -> Sample:
    """Draw `size` decisions, each stratum by its share and at least one, and mix golden cases in.

    An auditor's own decisions (`excluded_reviewer`) are left out.  Raises `OperatorError` for an unknown stratum.
    """
    unknown = [name for name in by if name not in STRATA]
    if unknown:
        raise OperatorError(f"There is no stratum {unknown[0]!r}: choose among {', '.join(STRATA)}.")
    rows = [row for row in lot if row.kind != "withdraw" and row.reviewer != excluded_reviewer]
    known = set(golden)
    open_rows = [row for row in rows if row.id not in known]
    pace = speeds(rows) if "speed" in by else {}
    keys = [(lambda row: pace[row.id]) if name == "speed" else STRATA[name] for name in by]
    groups: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in open_rows:
        groups[tuple([key(row) for key in keys])].append(row.id)
    strata = {" / ".join(names): ids for names, ids in groups.items()}
    wanted = _shares({name: len(ids) for name, ids in strata.items()}, min(size, len(open_rows)))
    drawn = [
        identity for name, ids in sorted(strata.items()) for identity in nsmallest(wanted[name], ids, key=_order(seed))
    ]
    answered = sorted((row.id for row in rows if row.id in known), key=_order(seed))[:golden_count]
    ids = tuple(sorted(drawn + answered, key=_order(f"{seed} mixed")))
    told = tuple((name, len(strata[name]), wanted[name]) for name in sorted(strata))
    return Sample(seed, len(rows), len(ids), letter, told, ids, frozenset(answered))


def _order(seed: str) -> Callable[[str], bytes]:
    begun = hashlib.sha256(f"{seed}\n".encode())

    def order(identity: str) -> bytes:
        digest = begun.copy()
        digest.update(identity.encode())
        return digest.digest()

    return order


def _shares(sizes: dict[str, int], size: int) -> dict[str, int]:
    """By largest remainder (Hamilton); each stratum has one at least where the sample is large enough."""
    total = sum(sizes.values())
    if not total:
        return {}
    least = 1 if size >= len(sizes) else 0
    exact = {name: size * count / total for name, count in sizes.items()}
    shares = {name: min(sizes[name], max(least, math.floor(value))) for name, value in exact.items()}
    order = sorted(sizes, key=lambda name: (shares[name] - exact[name], name))
    while sum(shares.values()) < size:
        for name in order:
            if shares[name] < sizes[name] and sum(shares.values()) < size:
                shares[name] += 1
    while sum(shares.values()) > size:
        largest = max(shares, key=lambda name: (shares[name] - exact[name], name))
        shares[largest] -= 1
    return shares


def speeds(rows: Iterable[Decided]) -> dict[str, str]:
    """`fast` or `usual` for each decision by its id, against the median of its reviewer."""
    rows = tuple(rows)
    times: defaultdict[str, list[float]] = defaultdict(list)
    for row in rows:
        times[row.reviewer].append(row.seconds)
    medians = {name: median(values) for name, values in times.items()}
    return {row.id: "fast" if row.seconds < FAST_SHARE * medians[row.reviewer] else "usual" for row in rows}
