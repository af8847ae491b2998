"""Whether a history of one case's calls can have come from a hub that takes one call at a time.

Linearizability is local (Herlihy and Wing, 1990, theorem 1), so each case is checked by itself, which keeps the
search small: Wing and Gong's search over the orders that the calls' times allow, with the pairs of calls done
and state reached remembered (Lowe, 2017).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any

#: Times go over the wire in milliseconds.
SLACK_S = 0.01


@dataclass(frozen=True, slots=True)
class Call:
    """One call about one case, by the clock that hub and clients share.

    `result` is None where no answer came: then it was done at some time, or never.
    """

    what: str
    who: str
    called: float
    answered: float
    lease: str = ""
    token: int = 0
    ttl_s: float = 0.0
    decision: str = ""
    digest: str = ""
    supersedes: str = ""
    result: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A case as its calls see it; a lease lasts at least until `holds_until`, and until somebody else claims."""

    phase: str = "open"
    owner: str = ""
    lease: str = ""
    token: int = 0
    holds_until: float = -inf
    current: str = ""
    known: frozenset[tuple[str, str, str, str]] = field(default_factory=frozenset)


def step(state: State, call: Call) -> tuple[State, str] | None:
    """The state after a call and its only right answer; None where the call can't be done in this state."""
    if call.what == "claim":
        return _claim(state, call)
    if call.what in ("renew", "release"):
        return _keep(state, call)
    return _decide(state, call)


def _claim(state: State, call: Call) -> tuple[State, str] | None:
    """Claims are recorded where they were granted, so the answer is the lease that was given."""
    until = call.called + call.ttl_s
    if state.phase == "decided":
        return None
    if state.phase == "leased" and state.owner == call.who:
        same = (state.lease, state.token) == (call.lease, call.token)
        return (replace(state, holds_until=max(state.holds_until, until)), "granted") if same else None
    if state.phase == "leased" and call.answered < state.holds_until - SLACK_S:
        return None
    if call.token != state.token + 1 or call.lease == state.lease:
        return None
    taken = replace(state, phase="leased", owner=call.who, lease=call.lease, token=call.token, holds_until=until)
    return taken, "granted"


def _holds(state: State, call: Call) -> bool:
    return state.phase == "leased" and (state.owner, state.lease, state.token) == (call.who, call.lease, call.token)


def _keep(state: State, call: Call) -> tuple[State, str]:
    if not _holds(state, call):
        return state, "lease_lost"
    if call.what == "renew":
        return replace(state, holds_until=max(state.holds_until, call.called + call.ttl_s)), "renewed"
    return replace(state, phase="open", owner="", lease="", holds_until=-inf), "released"


def _decide(state: State, call: Call) -> tuple[State, str]:
    known = {row[0]: row for row in state.known}
    stored = known.get(call.decision)
    if stored is not None:
        _, digest, status, _ = stored
        again = "duplicate" if status == "accepted" else status
        return state, again if digest == call.digest else "conflict"
    if call.supersedes:
        if call.supersedes != state.current:
            status = "stale"
        else:
            status = "accepted" if known[state.current][3] == call.who else "rejected"
    else:
        status = "accepted" if _holds(state, call) else "lease_lost"
    row = (call.decision, call.digest, status, call.who)
    after = replace(state, known=state.known | {row})
    if status == "accepted":
        after = replace(after, phase="decided", owner="", lease="", holds_until=-inf, current=call.decision)
    return after, status


def linearized(calls: Iterable[Call]) -> list[Call] | None:
    """An order of the calls that explains every answer, or None where there is none."""
    history = sorted(calls, key=lambda call: (call.called, call.answered))
    whole = (1 << len(history)) - 1
    needed = sum(1 << place for place, call in enumerate(history) if call.result is not None)
    seen: set[tuple[int, State]] = set()
    path: list[int] = []
    start = State()
    stack: list[tuple[int, State, list[tuple[int, State]]]] = [(0, start, _following(history, 0, start))]
    while stack:
        done, _, ways = stack[-1]
        if done & needed == needed or done == whole:
            return [history[place] for place in path]
        if not ways:
            stack.pop()
            if path:
                path.pop()
            continue
        place, state = ways.pop()
        mark = (done | 1 << place, state)
        if mark in seen:
            continue
        seen.add(mark)
        path.append(place)
        stack.append((mark[0], state, _following(history, mark[0], state)))
    return None


def _following(history: list[Call], done: int, state: State) -> list[tuple[int, State]]:
    """The calls that may come next, with the states that they lead to; the likeliest last."""
    left = [(place, call) for place, call in enumerate(history) if not done >> place & 1]
    first = min((call.answered for _, call in left if call.result is not None), default=inf)
    ways: list[tuple[int, State]] = []
    for place, call in left:
        if call.called > first:
            break
        after = step(state, call)
        if after is not None and call.result in (None, after[1]):
            ways.append((place, after[0]))
    ways.reverse()
    return ways


def explain(calls: Iterable[Call]) -> str:
    """A history as lines, for the one who has to find out why there is no such order."""
    history = sorted(calls, key=lambda call: call.called)
    begin = history[0].called if history else 0.0
    return "\n".join(_line(call, begin) for call in history)


def _line(call: Call, begin: float) -> str:
    shown: dict[str, Any] = {
        "lease": call.lease[:8], "token": call.token, "decision": call.decision[:8],
        "body": call.digest[:8], "supersedes": call.supersedes[:8],
    }  # fmt: skip
    words = " ".join(f"{key}={value}" for key, value in shown.items() if value)
    return f"{call.called - begin:8.3f} {call.answered - begin:8.3f} {call.who} {call.what} {words} -> {call.result}"
