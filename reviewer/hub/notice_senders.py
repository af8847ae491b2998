"""Who hands notices in, for whom, and who may not at the moment."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.hub.auth import Account
from reviewer.hub.claimants import Claimant, add_claimant, claimant_of, find_claimants, flood_wait, may_name_itself
from reviewer.hub.notice_messages import NoticeMessage
from reviewer.hub.problems import Problem
from reviewer.policy.model import NoticeRules

_MOST_FAULTS = 100


def own_claimant(connection: Connection, account: Account) -> Claimant:
    """The claimant whose account it is; raises `Problem` where none was registered."""
    found = claimant_of(connection, account)
    if found is None:
        raise Problem("forbidden", "Your account belongs to no registered claimant; ask the hub's administrator.")
    return found


def claimants_of(
    connection: Connection, account: Account, messages: Sequence[NoticeMessage], now: datetime
) -> list[Claimant]:
    """The claimant of each notice: the caller, or whom a portal names, who is made where he is new.

    Raises `Problem` with a pointer for each notice that does not say who complains, or says what it may not.
    """
    if account.role == "claimant":
        found = own_claimant(connection, account)
        faults = [
            _fault(f"/notices/{place}/claimant", "You can't hand in notices of somebody else; leave it out.")
            for place, message in enumerate(messages)
            if message.claimant is not None and message.claimant.id != found.id
        ]
        _refuse(faults)
        return [found] * len(messages)
    known = find_claimants(connection, [message.claimant.id for message in messages if message.claimant])
    new: dict[str, NoticeMessage] = {}
    faults = []
    for place, message in enumerate(messages):
        words = _unfit(message, known, new)
        if words:
            faults.append(_fault(f"/notices/{place}/claimant", words))
    _refuse(faults)
    for claimant_id, message in new.items():
        said = message.claimant
        if said is not None and said.source is not None:
            known[claimant_id] = add_claimant(connection, claimant_id, said.name, said.source, now)
    return [known[message.claimant.id] for message in messages if message.claimant is not None]


def _unfit(message: NoticeMessage, known: Mapping[str, Claimant], new: dict[str, NoticeMessage]) -> str:
    """Why the claimant of a notice can't be taken, or ''; a new one that can is kept in `new`."""
    said = message.claimant
    if said is None:
        return "Say who complains: id, name and source."
    first = new[said.id].claimant if said.id in new else None
    source = known[said.id].source if said.id in known else first.source if first is not None else None
    if source is not None:
        return "" if said.source in (None, source) else f"{said.id} is known as {source}, not as {said.source}."
    if not said.name.strip() or said.source is None:
        return f"{said.id} is not known here: give its name and source."
    if not may_name_itself(said.source):
        return f"A {said.source} must be registered by the hub's administrator first."
    new[said.id] = message
    return ""


def _fault(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}


def _refuse(faults: Sequence[dict[str, str]]) -> None:
    if faults:
        words = f"{len(faults)} notices do not say who complains as they must."
        raise Problem("invalid-request", words, errors=faults[:_MOST_FAULTS])


def not_taken(
    connection: Connection,
    account: Account,
    fresh: Sequence[tuple[NoticeMessage, Claimant]],
    rules: NoticeRules,
    now: datetime,
) -> dict[str, dict[str, Any]]:
    """Of which claimants nothing is taken now: by id what their receipts say (`status`, `detail`, `retry_after_s`).

    Raises `Problem` where the caller is such a claimant itself: 403 `suspended`, 429 with `Retry-After`, or 422 where
    the batch alone is above what may ever come within an hour.
    """
    counts, named = Counter[str](), defaultdict[str, int](int)
    who: dict[str, Claimant] = {}
    for message, claimant in fresh:
        who[claimant.id] = claimant
        counts[claimant.id] += 1
        named[claimant.id] += len(message.listings)
    refused: dict[str, dict[str, Any]] = {}
    for claimant in who.values():
        if claimant.suspended_at(format_time(now)):
            words = f"Notices are refused until {claimant.suspended_until}, since too many were without ground."
            if account.role == "claimant":
                raise Problem("suspended", words)
            refused[claimant.id] = {"status": "refused", "detail": words, "retry_after_s": None}
            continue
        try:
            wait = flood_wait(connection, claimant.id, counts[claimant.id], named[claimant.id], rules, now)
        except OperatorError as error:
            raise Problem("invalid-request", str(error)) from None
        if wait:
            words = (
                f"At most {rules.per_hour:,} notices with {rules.listings_per_hour:,} listings an hour are taken "
                f"from one claimant; send these again in {wait:,} s."
            )
            if account.role == "claimant":
                raise Problem("rate-limited", words, headers={"Retry-After": str(wait)})
            refused[claimant.id] = {"status": "deferred", "detail": words, "retry_after_s": wait}
    return refused
