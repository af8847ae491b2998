"""How much the evidence finds and how often it is wrong, on a folder of edited pictures that anyone can bring.

The folder is laid out as follows.  `market_edits.csv` (`file`, `original`, `edit`) names edited pictures and what
they were made from; `not_a_copy_pairs.csv` (`file_a`, `file_b`, `relation`) names pairs that are no copies.  Paths are
relative to the folder.  The index holds every original and every other picture of the products folder.

A hit is an edit whose original is found as *same photo* or *recoloured*.  A false hit is a query (an edit, or one side
of a pair) that calls a wrong picture *same photo*.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import sqrt
from pathlib import Path
from typing import Final

from reviewer.errors import OperatorError
from reviewer.imaging.evidence import EVIDENCE_SIDE, Evidence
from reviewer.imaging.matches import STRENGTH, Match, MatchClass
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool

HELD_OUT_BELOW: Final = 77
"""Of 256: names whose SHA-256 begins with a smaller byte (30 %) were set aside while thresholds were chosen."""
_Z: Final = 1.959964
"""The normal quantile of a two-sided 95 % interval."""
_ENDINGS: Final = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"})
_BEFOREHAND: Final = 16
"""Pictures that are decoded ahead of the evidence processes."""
_TRIES: Final = 3
"""How often a picture is tried again whose decoding took too long."""


@dataclass(frozen=True, slots=True)
class Edit:
    """An edited picture and what it was made from."""

    file: Path
    original: Path
    edit: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of which neither is a copy of the other."""

    one: Path
    other: Path
    relation: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A query that calls another picture than its own *same photo*."""

    query: Path
    claimed: Path
    truth: Path


@dataclass(frozen=True, slots=True)
class Row:
    """Recall of one edit with its 95 % interval."""

    edit: str
    n: int
    recall: float
    low: float
    high: float


@dataclass(slots=True)
class Outcome:
    """What was found for each query: the strongest class a reference got, by reference."""

    edits: list[Edit]
    pairs: list[Pair]
    references: int
    found: dict[Path, dict[Path, MatchClass]] = field(default_factory=dict)
    refused: list[Path] = field(default_factory=list)

    def hit(self, edit: Edit) -> bool:
        """Whether the original was found as what it is."""
        return self.found.get(edit.file, {}).get(edit.original) in ("same photo", "recoloured")

    def claims(self) -> list[Claim]:
        """Every *same photo* that is not the table's own original or the picture itself."""
        truths = {edit.file: edit.original for edit in self.edits}
        return [
            Claim(query, name, truths.get(query, query))
            for query, classes in self.found.items()
            for name, kind in classes.items()
            if kind == "same photo" and name not in (query, truths.get(query))
        ]


def held_out(path: Path) -> bool:
    """Whether a picture belongs to the part that was set aside, by its name alone."""
    return hashlib.sha256(path.name.encode()).digest()[0] < HELD_OUT_BELOW


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, "Probable inference", 1927)."""
    if not n:
        return 0.0, 1.0
    share, square = hits / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def rows(edits: Iterable[Edit], hit: Callable[[Edit], bool]) -> list[Row]:
    """Recall by edit, in the order of the table."""
    asked: Counter[str] = Counter()
    hits: Counter[str] = Counter()
    for edit in edits:
        asked[edit.edit] += 1
        hits[edit.edit] += hit(edit)
    return [Row(name, n, hits[name] / n, *wilson(hits[name], n)) for name, n in asked.items()]


def read_tables(folder: Path) -> tuple[list[Edit], list[Pair]]:
    """Both tables; raises OperatorError where one is not there or not as it must be, or names a missing file."""
    edits = [
        Edit(_at(folder, row["file"]), _at(folder, row["original"]), row["edit"])
        for row in _read_table(folder / "market_edits.csv", ("file", "original", "edit"))
    ]
    pairs = [
        Pair(_at(folder, row["file_a"]), _at(folder, row["file_b"]), row["relation"])
        for row in _read_table(folder / "not_a_copy_pairs.csv", ("file_a", "file_b", "relation"))
    ]
    if not edits:
        raise OperatorError(f"{folder / 'market_edits.csv'} has no rows: name at least one edited picture.")
    named = [path for edit in edits for path in (edit.file, edit.original)]
    missing = [path for path in [*named, *(p for pair in pairs for p in (pair.one, pair.other))] if not path.is_file()]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise OperatorError(f"{missing[0]}{more}, named in the tables of {folder}, can't be found.")
    return edits, pairs


def _read_table(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """The rows of a table, each with all of `columns` filled.  Raises OperatorError with what is wrong and where."""
    found: list[dict[str, str]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            absent = [name for name in columns if name not in (reader.fieldnames or ())]
            if absent:
                raise OperatorError(f"{path} lacks the column {absent[0]}; it needs {', '.join(columns)}.")
            for row in reader:
                if empty := [name for name in columns if not row[name]]:
                    raise OperatorError(f"{path}, line {reader.line_num}: {empty[0]} is empty.")
                found.append({name: row[name] for name in columns})
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise OperatorError(f"{path} is no CSV file in UTF-8: {error}.") from error
    return found


def _at(folder: Path, name: str) -> Path:
    return (folder / name).resolve()


def reference_files(edits: Sequence[Edit], pairs: Sequence[Pair], products: Path | None) -> list[Path]:
    """Every original and every picture of the products folder; by default the folder that the originals lie in."""
    named = {edit.original for edit in edits} | {path for pair in pairs for path in (pair.one, pair.other)}
    folders = {products.resolve()} if products is not None else {edit.original.parent for edit in edits}
    for folder in folders:
        named |= {path.resolve() for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS}
    return sorted(named)


def evaluate(
    folder: Path, products: Path | None, *, processes: int = 2, tell: Callable[[str], None] = lambda words: None
) -> Outcome:
    """Run the whole protocol; `tell` hears how far it is."""
    edits, pairs = read_tables(folder)
    references = reference_files(edits, pairs, products)
    named = {edit.original for edit in edits}
    outcome = Outcome(edits, pairs, len(references))
    queries = list(dict.fromkeys([edit.file for edit in edits] + [p for pair in pairs for p in (pair.one, pair.other)]))
    with ExitStack() as stack:
        pool = stack.enter_context(DecodePool(processes))
        doors = [stack.enter_context(Evidence(background=False)) for _ in range(processes)]
        tell(f"{len(references)} references are looked at ...")
        for path, picture in decoded(pool, references, EVIDENCE_SIDE):
            if isinstance(picture, RefusedPicture):
                if path in named:
                    raise OperatorError(f"{path} can't be looked at: {picture.reason} Mend it or leave out its row.")
                outcome.refused.append(path)
                continue
            for learning in [door.learn(str(path), picture) for door in doors]:
                learning.result()
        tell(f"{len(queries)} pictures are matched ...")
        waiting: list[tuple[Path, Future[list[Match]]]] = []
        for number, (path, picture) in enumerate(decoded(pool, queries, EVIDENCE_SIDE)):
            if isinstance(picture, RefusedPicture):
                raise OperatorError(f"{path} can't be looked at: {picture.reason} Mend it or leave out its row.")
            waiting.append((path, doors[number % processes].match_known(picture)))
            if len(waiting) > _BEFOREHAND:
                _take(outcome, *waiting.pop(0))
            if number % 200 == 199:
                tell(f"{number + 1} of {len(queries)}")
        for path, future in waiting:
            _take(outcome, path, future)
    return outcome


def decoded(pool: DecodePool, paths: Sequence[Path], side: int) -> Iterable[tuple[Path, Decoded | RefusedPicture]]:
    """The pictures of files in their order, decoded by the pool a few ahead; a machine that is too busy gets time."""
    ahead: list[tuple[Path, bytes, Future[Decoded | RefusedPicture]]] = []
    rest = iter(paths)
    while True:
        while len(ahead) < _BEFOREHAND and (path := next(rest, None)) is not None:
            try:
                data = path.read_bytes()
            except OSError as error:
                raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
            ahead.append((path, data, pool.submit(data, side, side)))
        if not ahead:
            return
        path, data, future = ahead.pop(0)
        result = future.result()
        for _ in range(_TRIES):
            if isinstance(result, Decoded) or result.code not in ("timeout", "crashed"):
                break
            result = pool.submit(data, side, side).result()
        yield path, result


def _take(outcome: Outcome, query: Path, future: "Future[list[Match]]") -> None:
    classes: dict[Path, MatchClass] = {}
    for match in future.result():
        name = Path(match.reference)
        if name not in classes or STRENGTH[match.kind] > STRENGTH[classes[name]]:
            classes[name] = match.kind
    outcome.found[query] = classes
