"""Second opinions on a pack, kept in a signed file beside it: what goes back to the reviewers."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewer.errors import OperatorError
from reviewer.ledger.findings import is_findings, signed_findings
from reviewer.ledger.keys import SigningKey

VERDICTS = ("agree", "fix", "return")
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Finding:
    """One second opinion.  `verdict` is agree, fix (the auditor's `kind` and `ground` are the right ones) or return
    (to the reviewer, with a note)."""

    decision_id: str
    reviewer: str
    auditor: str
    at: str
    verdict: str
    kind: str
    ground: str
    note: str = ""
    blind: bool = False
    golden: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Findings:
    """The file: whose it is, on which draw, and the opinions in the order in which they were given."""

    key: str
    seed: str
    draw: str
    items: tuple[Finding, ...]


def findings_beside(pack: Path) -> Path:
    """Where the findings on a pack are kept; the pack itself is never changed."""
    return pack.with_name(pack.name + ".findings.json")


def write_findings(path: Path, key: SigningKey, seed: str, draw: str, items: Sequence[Finding]) -> None:
    """Sign and write, whole or not at all.  Raises `OperatorError` where it can't be written, or a note is missing."""
    for item in items:
        if item.verdict not in VERDICTS or (item.verdict == "return" and not item.note.strip()):
            raise OperatorError("A case that is returned needs a note that says why.")
    rows: list[dict[str, Any]] = [{name: getattr(item, name) for name in Finding.__slots__} for item in items]
    value = signed_findings(key, seed, draw, rows)
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(value, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise OperatorError(f"{path} can't be written: {error.strerror}. Choose another place.") from error


def read_findings(path: Path) -> Findings:
    """Read a findings file and check its signature.

    Raises `OperatorError` where it is none, or is not what its key signed.  Whose key that is, the caller must know.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise OperatorError(f"{path} is too large for a findings file.")
        body = json.loads(path.read_text("utf-8"))
        sound = is_findings(body)
        items = tuple(Finding(**item) for item in body["items"])
    except OSError as error:
        raise OperatorError(f"{path} can't be read: {error.strerror}.") from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise OperatorError(f"{path} is no findings file.") from None
    if not sound:
        raise OperatorError(f"{path} is not what its auditor signed: ask for it again.")
    return Findings(body["key"], body["seed"], body["draw"], items)
