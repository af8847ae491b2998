"""`reviewer evidence`: what the picture evidence is worth on a folder of pictures, and two pictures compared."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reviewer.errors import OperatorError
from reviewer.imaging import peers
from reviewer.imaging.comparison import draw
from reviewer.imaging.evaluation import (
    Claim,
    Outcome,
    Row,
    decoded,
    evaluate,
    held_out,
    read_tables,
    reference_files,
    rows,
)
from reviewer.imaging.evidence import EVIDENCE_SIDE, Evidence
from reviewer.imaging.matches import Match
from reviewer.imaging.pictures import Decoded, RefusedPicture
from reviewer.imaging.pool import DecodePool
from reviewer.imaging.thresholds import thresholds

_SHOWN_SIDE = 800


def run_evaluation(
    folder: Path, products: Path | None, *, with_peers: bool, processes: int, tell: Callable[[str], None]
) -> dict[str, Any]:
    """The whole protocol as one document; see `docs/evidence.md` for its fields."""
    began = time.monotonic()
    outcome = evaluate(folder, products, processes=processes, tell=tell)
    false, excused = sift(outcome, processes)
    document = {
        "thresholds": thresholds().version,
        "references": outcome.references,
        "seconds": round(time.monotonic() - began, 1),
        **_part(outcome, false, lambda path: True),
        "development": _part(outcome, false, lambda path: not held_out(path)),
        "held_out": _part(outcome, false, held_out),
        "false": [_claim(claim) for claim in false],
        "excused": [{**_claim(claim), "reason": reason} for claim, reason in excused],
        "edits_named": _named(outcome),
        "relations": _relations(outcome),
        "refused": [path.name for path in outcome.refused],
    }
    if with_peers:
        tell("The peers look at the same pictures ...")
        document["peers"] = run_peers(folder, products, processes)
    return document


def sift(outcome: Outcome, processes: int) -> tuple[list[Claim], list[tuple[Claim, str]]]:
    """The claims that are wrong, and those that the tables do not list but that are true, each with its reason.

    A collage shows pictures beside the one that its row names, and a shop may list one picture under two names.
    Both are found by pixels and pHash, not by our own matching.
    """
    claims = outcome.claims()
    collages = {edit.file for edit in outcome.edits if edit.edit == "collage"}
    wanted = dict.fromkeys(path for claim in claims for path in (claim.query, claim.claimed, claim.truth))
    with DecodePool(processes) as pool:
        pictures = {path: one for path, one in decoded(pool, list(wanted), EVIDENCE_SIDE) if isinstance(one, Decoded)}
    false, excused = [], []
    for claim in claims:
        if peers.same_to_the_eye(pictures[claim.truth], pictures[claim.claimed]):
            excused.append((claim, "the folder holds this picture under both names"))
        elif claim.query in collages and peers.shown_in_a_tile(pictures[claim.query], pictures[claim.claimed]):
            excused.append((claim, "another tile of the collage"))
        else:
            false.append(claim)
    return false, excused


def run_peers(folder: Path, products: Path | None, processes: int) -> list[dict[str, Any]]:
    """Recall and false hits of the other packages at their usual thresholds, on the same queries."""
    edits, pairs = read_tables(folder)
    references = reference_files(edits, pairs, products)
    truths = {edit.file: edit.original for edit in edits} | {
        path: path for pair in pairs for path in (pair.one, pair.other)
    }
    hashed: dict[Path, peers.Hashed] = {}
    every = list(dict.fromkeys([*references, *truths]))
    with DecodePool(processes) as pool:
        for start in range(0, len(every), 100):
            pictures = dict(decoded(pool, every[start : start + 100], peers.PEER_SIDE))
            looked = {path: one for path, one in pictures.items() if isinstance(one, Decoded)}
            hashed |= peers.hash_all(looked, processes)
    references = [path for path in references if path in hashed]
    lines: list[dict[str, Any]] = []
    for peer in peers.PEERS:
        if not any(peer in one.by_peer for one in hashed.values()):
            lines.append({"peer": peer, "rows": [], "missing": "not installed"})
            continue
        near = {
            query: {name for name in references if peers.within(hashed[query], hashed[name], peer)} for query in truths
        }
        found = rows(edits, lambda edit, near=near: edit.original in near[edit.file])  # type: ignore[misc]
        wrong = sum(bool(names - {truths[query], query}) for query, names in near.items())
        lines.append({"peer": peer, "within_bits": peers.PEERS[peer], "rows": _rows(found), "false_hits": wrong})
    return lines


def compare_files(one: Path, other: Path, out: Path) -> tuple[str, list[Match]]:
    """Draw how `other` lies in `one` into a PNG file; answers what was found in words.  Raises OperatorError."""
    with DecodePool(1) as pool, Evidence(background=False) as evidence:
        small = [_decoded(pool, path, EVIDENCE_SIDE) for path in (one, other)]
        shown = [_decoded(pool, path, _SHOWN_SIDE) for path in (one, other)]
        matches = evidence.match(small[0], [("other", small[1])]).result()
    sentences = [match.sentence(other.name) for match in matches]
    if len(sentences) > 1:
        sentences = [f"{number}. {sentence}" for number, sentence in enumerate(sentences, start=1)]
    words = "\n".join(sentences) or f"No match with {other.name} was found."
    try:
        draw(shown[0], shown[1], matches, words, out)
    except OSError as error:
        raise OperatorError(f"{out} can't be written: {error.strerror}.") from error
    return words, matches


def table(document: dict[str, Any]) -> Iterable[str]:
    """The document as lines of text."""
    development = {row["edit"]: row for row in document["development"]["rows"]}
    aside = {row["edit"]: row for row in document["held_out"]["rows"]}
    yield f"{'edit':<14}{'n':>5}{'recall':>9}   95 % interval     development   held out   named same photo"
    for row in document["rows"]:
        named = document["edits_named"][row["edit"]]
        yield (
            f"{row['edit']:<14}{row['n']:>5}{row['recall']:>9.1%}   {row['low']:>6.1%} to {row['high']:>6.1%}"
            f"   {_short(development, row['edit']):>11}   {_short(aside, row['edit']):>8}"
            f"   {named['same photo']:>3}, recoloured {named['recoloured']}"
        )
    yield (
        f"False hits: {document['false_hits']} of {document['queries']} queries"
        f" (held out: {document['held_out']['false_hits']} of {document['held_out']['queries']});"
        f" {document['pairs']} pairs that are no copies; {document['references']} references."
    )
    for claim in document["false"]:
        yield f"  wrong: {claim['query']} called the same photo as {claim['claimed']}"
    for reason, count in Counter(claim["reason"] for claim in document["excused"]).items():
        yield f"  true, though no row says so: {count} ({reason})"
    for line in document["relations"]:
        counts = ", ".join(f"{name} {count}" for name, count in line.items() if name != "relation")
        yield f"{line['relation']}: {counts}"
    for peer in document.get("peers", []):
        if peer["rows"]:
            recalls = ", ".join(f"{row['edit']} {row['recall']:.0%}" for row in peer["rows"])
            yield f"{peer['peer']} (within {peer['within_bits']} bits): {recalls}; false hits {peer['false_hits']}"
        else:
            yield f"{peer['peer']}: {peer['missing']}"
    yield f"{document['seconds']:.0f} s"


def write_json(document: dict[str, Any], path: Path) -> None:
    """Raises OperatorError where the file can't be written."""
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}.") from error


def _decoded(pool: DecodePool, path: Path, side: int) -> Decoded:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
    result = pool.submit(data, side, side).result()
    if isinstance(result, RefusedPicture):
        raise OperatorError(f"{path}: {result.reason}")
    return result


def _part(outcome: Outcome, false: Sequence[Claim], chosen: Callable[[Path], bool]) -> dict[str, Any]:
    """The figures of the edits whose original is in a part, and of the pair sides in it."""
    edits = [edit for edit in outcome.edits if chosen(edit.original)]
    sides = [path for pair in outcome.pairs for path in (pair.one, pair.other) if chosen(path)]
    queries = len(edits) + len(set(sides))
    wrong = {claim.query for claim in false if chosen(claim.truth)}
    both = sum(chosen(pair.one) and chosen(pair.other) for pair in outcome.pairs)
    found = rows(edits, outcome.hit)
    return {"rows": _rows(found), "false_hits": len(wrong), "pairs": both, "queries": queries}


def _rows(found: Iterable[Row]) -> list[dict[str, Any]]:
    return [asdict(row) for row in found]


def _claim(claim: Claim) -> dict[str, str]:
    return {"query": claim.query.name, "claimed": claim.claimed.name, "truth": claim.truth.name}


def _named(outcome: Outcome) -> dict[str, dict[str, int]]:
    names: dict[str, Counter[str]] = {}
    for edit in outcome.edits:
        kind = outcome.found.get(edit.file, {}).get(edit.original, "none")
        names.setdefault(edit.edit, Counter())[kind] += 1
    return {edit: _all_classes(counts) for edit, counts in names.items()}


def _relations(outcome: Outcome) -> list[dict[str, Any]]:
    names: dict[str, Counter[str]] = {}
    for pair in outcome.pairs:
        for query, name in ((pair.one, pair.other), (pair.other, pair.one)):
            kind = outcome.found.get(query, {}).get(name, "none")
            names.setdefault(pair.relation, Counter())[kind] += 1
    return [{"relation": relation, **_all_classes(counts)} for relation, counts in names.items()]


def _all_classes(counts: Counter[str]) -> dict[str, int]:
    return {kind: counts[kind] for kind in ("same photo", "recoloured", "same print", "none")}


def _short(found: dict[str, dict[str, Any]], edit: str) -> str:
    row: dict[str, Any] | None = found.get(edit)
    return f"{row['recall']:.0%} of {row['n']}" if row else "-"
