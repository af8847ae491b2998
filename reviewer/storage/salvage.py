"""Unsent decisions out of a damaged store: what its rows prove of themselves, and nothing else.

An outbox row has the digest of its bytes; a decision's text has its commitment; so bytes that were hit
are told from whole ones, and are made again from the decision, its text and the audit row where those
are whole.  A decision whose way is not known any more comes back to the reviewer, it is not sent blindly.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from reviewer.domain.decision import Decision, decision_to_mapping
from reviewer.domain.values import sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.storage.carve import Row, carve
from reviewer.storage.records import decision_from_mapping

_STATES = ("waiting", "sending", "parked", "withdrawn", "settled")


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A decision that was found: `state` is `waiting` or `parked` (then `status` and `detail` say why);
    `body` is what goes out, byte for byte; `reviewer` and `title` are empty where they were lost."""

    sequence: int
    decision: Decision
    body: bytes
    account: str
    reviewer: str
    title: str
    state: str
    attempts: int
    status: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeptAccount:
    """An account as it was set up."""

    id: str
    connector: str
    name: str
    settings: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a damaged store gave: `unreadable` names the unsent decisions whose bytes are lost."""

    decisions: tuple[Salvaged, ...] = ()
    accounts: tuple[KeptAccount, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(slots=True)
class _Traces:
    """All that was found of one decision."""

    account: str = ""
    reviewer: str = ""
    title: str = ""
    name: str = ""
    states: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)
    bodies: dict[str, bytes] = field(default_factory=dict)
    bare: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    attempts: int = 0
    receipt: bytes = b""
    resolved: bool = False


def salvage(path: Path) -> Finding:
    """Read the file `path` and its `-wal`; nothing is written.  Raises OSError where they can't be read."""
    traces: dict[int, _Traces] = {}
    texts: dict[str, bytes] = {}
    accounts: dict[str, KeptAccount] = {}
    for row in carve(path):
        _take(row, traces, texts, accounts)
    found: list[Salvaged] = []
    unreadable: list[str] = []
    withdrawn, doubtful = _withdrawn(traces.values())
    for sequence, trace in sorted(traces.items()):
        if trace.states & {"settled", "withdrawn"} or trace.resolved or trace.name in withdrawn:
            continue
        made = _made(sequence, trace, texts, doubtful)
        if made is not None:
            found.append(made)
        elif trace.states or trace.name:
            unreadable.append(trace.name or f"decision {sequence}")
    return Finding(tuple(found), tuple(accounts.values()), tuple(unreadable))


def _take(row: Row, traces: dict[int, _Traces], texts: dict[str, bytes], accounts: dict[str, KeptAccount]) -> None:
    """Tell by its shape which table a row is of."""
    values = row.values
    match values:
        case (None, str(account), str(), str(state), body, str(digest), int(attempts), str(), receipt, *_) if (
            state in _STATES and len(digest) == 64
        ):
            trace = traces.setdefault(row.rowid, _Traces())
            trace.account = account
            trace.states.add(state)
            trace.digests.add(digest)
            trace.attempts = max(trace.attempts, attempts)
            if isinstance(body, bytes) and sha256_hex(body) == digest:
                trace.bodies[digest] = body
            if isinstance(receipt, bytes):
                trace.receipt = receipt
        case (None, str(name), str(account), str(reviewer), str(), str(), str(title), *_, bytes(body)) if (
            len(values) == 15 and len(name) == 36
        ):
            trace = traces.setdefault(row.rowid, _Traces())
            trace.name, trace.account, trace.reviewer, trace.title = name, account, reviewer, title
            _take_bare(trace, body, str(values[13]))
        case (None, bytes(salt), bytes(text)) if len(salt) == 16:
            texts[sha256_hex(salt + text)] = text
        case (None, str(previous), bytes(content), str(digest)) if len(previous) == len(digest) == 64:
            _take_audit(traces.setdefault(row.rowid, _Traces()), content)
        case (None, int(sequence), str(), str(), str(), str(), str()):
            traces.setdefault(sequence, _Traces()).resolved = True  # an inbox item with its time of resolving
        case (str(name), str(connector), str(shown), str(settings), bytes() | None, None):
            if _is_object(settings):
                accounts[name] = KeptAccount(name, connector, shown, settings)
        case (str(name), str(), str(), str(), bytes() | None, str()):
            accounts.pop(name, None)  # it was removed later


def _take_bare(trace: _Traces, body: bytes, commitment: str) -> None:
    try:
        value = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError):
        return
    trace.bare.append((value, commitment))


def _take_audit(trace: _Traces, content: bytes) -> None:
    """The audit row repeats the decision, whose it is and the digest of what goes out."""
    try:
        value = msgspec.json.decode(content, type=dict[str, Any])
        bare = dict(value["decision"])
        trace.account = trace.account or str(value["account"])
        trace.reviewer = trace.reviewer or str(value["reviewer"])
        trace.name = trace.name or str(bare["id"])
        trace.digests.add(str(value["outbox"]))
        trace.bare.append((bare, str(value["text"])))
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return


def _made(sequence: int, trace: _Traces, texts: dict[str, bytes], doubtful: set[str]) -> Salvaged | None:
    """The decision of these traces, where its bytes can be proved."""
    body = next(iter(trace.bodies.values()), None) or _rebuilt(trace, texts)
    if body is None:
        return None
    try:
        value = msgspec.json.decode(body, type=dict[str, Any])
        decision = decision_from_mapping(value)
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError):
        return None
    if canonical_json(decision_to_mapping(decision)) != body:
        return None
    state, status, detail = "waiting", "", ""
    if "parked" in trace.states:
        state = "parked"
        status, detail = _receipt(trace.receipt)
    elif not trace.states or decision.id in doubtful:
        state, status = "parked", "rejected"
        detail = "The store was damaged; whether this went out can't be told any more. Look whether the case is open."
    return Salvaged(
        sequence, decision, body, trace.account, trace.reviewer, trace.title or decision.listing_id, state,
        trace.attempts, status, detail,
    )  # fmt: skip


def _rebuilt(trace: _Traces, texts: dict[str, bytes]) -> bytes | None:
    """The bytes made again from decision and text; their digest must be the one that was written down."""
    for bare, commitment in trace.bare:
        text = texts.get(commitment)
        if text is None:
            continue
        try:
            body = canonical_json(bare | msgspec.json.decode(text, type=dict[str, Any]))
        except (msgspec.MsgspecError, ValueError, TypeError):
            continue
        if sha256_hex(body) in trace.digests:
            return body
    return None


def _withdrawn(traces: Iterable[_Traces]) -> tuple[set[str], set[str]]:
    """The decisions that were taken back before sending, though the row that says so may be lost; and those
    of which it is not known whether their withdrawal was to be sent."""
    withdrawn: set[str] = set()
    doubtful: set[str] = set()
    for trace in traces:
        for bare in _readable(trace):
            if bare.get("kind") == "withdraw" and bare.get("supersedes"):
                known = doubtful if not trace.states else withdrawn if "withdrawn" in trace.states else set()
                known.add(str(bare["supersedes"]))
    return withdrawn, doubtful


def _readable(trace: _Traces) -> Iterable[dict[str, Any]]:
    yield from (bare for bare, _ in trace.bare)
    for body in trace.bodies.values():
        yield msgspec.json.decode(body, type=dict[str, Any])


def _receipt(receipt: bytes) -> tuple[str, str]:
    try:
        value = msgspec.json.decode(receipt, type=dict[str, Any])
    except (msgspec.MsgspecError, ValueError):
        return "rejected", ""
    return str(value.get("status", "rejected")), str(value.get("detail", ""))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
