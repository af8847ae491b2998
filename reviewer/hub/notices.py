"""Notices taken in: each once, with its checklist, onto the queue; a receipt for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from reviewer.domain.case import FlagSource
from reviewer.domain.notice import ClaimantRecord, Outcome
from reviewer.domain.reference import Right
from reviewer.domain.values import format_time, sha256_hex
from reviewer.hub.auth import Account
from reviewer.hub.batch import REMOVED_BY_RULE
from reviewer.hub.claimants import Claimant, record
from reviewer.hub.decisions import GONE_STATES
from reviewer.hub.locks import FEED, hold
from reviewer.hub.notice_cases import Complained, QueueOfNotices
from reviewer.hub.notice_messages import LISTING_LIMIT, NoticeMessage
from reviewer.hub.notice_outcomes import ADD_CHANGE
from reviewer.hub.notice_reading import (
    Before,
    checklist_of,
    offer_of,
    read_earlier,
    read_listings,
    read_rights,
    with_missing,
)
from reviewer.hub.notice_senders import claimants_of, not_taken
from reviewer.hub.prepared import Prepared, among, inserting
from reviewer.hub.problems import Problem
from reviewer.hub.rights import right_key
from reviewer.hub.schema import notice_listings, notices
from reviewer.hub.sequenced import write_at_end
from reviewer.ledger.canonical import canonical_json
from reviewer.policy.claimant_record import is_trusted
from reviewer.policy.notice_checks import Assessment
from reviewer.policy.policy import Policy

#: States of a listing of which nothing is left to take down.
_UNAVAILABLE = (*GONE_STATES, "removed", REMOVED_BY_RULE)
_ENDED = (Outcome.UPHELD, Outcome.REJECTED, Outcome.REVERSED)

_KNOWN = Prepared(select(notices).where(among(notices.c.id, "ids")))
_OUTCOMES = Prepared(
    select(notice_listings.c.outcome, notice_listings.c.listing_id).where(among(notice_listings.c.notice_id, "ids"))
)
_ADD = Prepared(inserting(notices))
_ADD_LISTING = Prepared(inserting(notice_listings))


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A notice that has not come before."""

    message: NoticeMessage
    digest: str
    claimant: Claimant
    key: str


@dataclass(slots=True)
class _Taking:
    """A batch while it is taken: what was read for all of it, and what is to be written."""

    connection: Connection
    policy: Policy
    account_id: str
    now: datetime
    moment: str
    listed: dict[str, Any] = field(default_factory=dict)
    rights: dict[str, Right] = field(default_factory=dict)
    earlier: dict[tuple[str, str], Before] = field(default_factory=dict)
    records: dict[str, ClaimantRecord] = field(default_factory=dict)
    notices: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


def take_notices(
    connection: Connection,
    account: Account,
    batch: Sequence[tuple[NoticeMessage, Mapping[str, Any]]],
    policy: Policy,
    now: datetime,
) -> list[dict[str, Any]]:
    """A receipt for each notice, in order; all in the one transaction of the caller.

    Each comes as the checked message and as it was sent, whose canonical bytes tell a repetition from another notice
    under the same id.  Raises `Problem` where the whole batch is refused: a fault in it, a claimant who is suspended
    or sends too much.
    """
    messages = [message for message, _ in batch]
    _check(messages, policy)
    hold(connection, FEED)
    who = claimants_of(connection, account, messages, now)
    known = {row.id: row for row in _KNOWN.rows(connection, ids=sorted({message.id for message in messages}))}
    digests = [sha256_hex(canonical_json(sent)) for _, sent in batch]
    fresh: dict[str, _Fresh] = {}
    for message, digest, claimant in zip(messages, digests, who, strict=True):
        if message.id not in known and message.id not in fresh:
            fresh[message.id] = _Fresh(message, digest, claimant, _key(message))
    pairs = [(one.message, one.claimant) for one in fresh.values()]
    refused = not_taken(connection, account, pairs, policy.notices, now)
    taken = [one for one in fresh.values() if one.claimant.id not in refused]
    made = _take(_Taking(connection, policy, account.id, now, format_time(now)), taken)
    receipts = []
    answered: set[str] = set()
    for message, digest, claimant in zip(messages, digests, who, strict=True):
        first = known.get(message.id)
        one = fresh.get(message.id)
        digest_of, owner = _whose(first, one)
        if digest_of != digest or owner != claimant.id:
            receipts.append(_receipt(message.id, "conflict", format_time(now), "Another notice came under this id."))
        elif one is None:
            receipts.append(_again(connection, first))
        elif one.claimant.id in refused:
            receipts.append(_receipt(message.id, "", format_time(now), "") | refused[one.claimant.id])
        else:
            receipts.append(made[message.id] | ({"status": "duplicate"} if message.id in answered else {}))
        answered.add(message.id)
    return receipts


def _whose(first: Any, one: _Fresh | None) -> tuple[str, str]:
    """The digest and the claimant of the notice that came first under an id."""
    return (first.body_sha256, first.claimant_id) if one is None else (one.digest, one.claimant.id)


def _check(messages: Sequence[NoticeMessage], policy: Policy) -> None:
    known = sorted(ground.id for ground in policy.grounds)
    faults = [
        {
            "pointer": f"/notices/{place}/ground",
            "detail": f"There is no ground {message.ground!r}; there are {', '.join(known)}.",
        }
        for place, message in enumerate(messages)
        if message.ground not in known
    ]
    if faults:
        raise Problem("invalid-request", "Some notices name a ground that is not in the rules.", errors=faults)
    named = sum(len(message.listings) for message in messages)
    if named > LISTING_LIMIT:
        words = (
            f"The notices of this call name {named:,} listings together; at most {LISTING_LIMIT:,} go into one call."
        )
        raise Problem("invalid-request", words, errors=[{"pointer": "/notices", "detail": "Send fewer at a time."}])


def _key(message: NoticeMessage) -> str:
    right = message.right
    return right_key(right.kind, right.office, right.number, message.ground) if right else f"none:{message.ground}"


def _take(taking: _Taking, fresh: Sequence[_Fresh]) -> dict[str, dict[str, Any]]:
    if not fresh:
        return {}
    _read(taking, fresh)
    queue = QueueOfNotices(
        taking.connection,
        [Complained(row.id, row.marketplace, row.seller_id) for row in taking.listed.values()],
        taking.policy,
        taking.now,
    )
    receipts = {one.message.id: _take_one(taking, queue, one) for one in fresh}
    queue.close()
    _ADD.run_all(taking.connection, taking.notices)
    _ADD_LISTING.run_all(taking.connection, taking.rows)
    write_at_end(taking.connection, ADD_CHANGE, [row | {"at": taking.moment} for row in taking.rows])
    return receipts


def _read(taking: _Taking, fresh: Sequence[_Fresh]) -> None:
    ids = {named.id for one in fresh for named in one.message.listings}
    taking.listed = read_listings(taking.connection, ids)
    taking.rights = read_rights(taking.connection, {one.key for one in fresh})
    taking.earlier = {key: rows[-1][1] for key, rows in read_earlier(taking.connection, ids).items()}
    for claimant in {one.claimant.id: one.claimant for one in fresh}.values():
        taking.records[claimant.id] = record(taking.connection, claimant, taking.policy.notices, taking.now)


def _take_one(taking: _Taking, queue: QueueOfNotices, one: _Fresh) -> dict[str, Any]:
    message = one.message
    body = message.model_dump(mode="json", exclude={"listings", "claimant"})
    checklist = checklist_of(body, one.claimant, taking.policy, taking.now, taking.rights.get(one.key))
    counts: Counter[str] = Counter()
    asked: dict[str, None] = {}
    missing: list[str] = []
    for named in message.listings:
        row, before = taking.listed.get(named.id), taking.earlier.get((named.id, one.key))
        told = before.told() if before else None
        found = checklist.of(offer_of(row, named.gtin), told) if row is not None else checklist.common()
        asked |= dict.fromkeys(found.asked)
        outcome = _outcome(row, before, one)
        if row is None:
            missing.append(named.id)
        case_id = _queue(taking, queue, one, row, before, found) if outcome is Outcome.OPEN else ""
        counts[outcome] += 1
        revision = row.revision if row is not None else ""
        taking.rows.append(_row(taking, one, named.id, named.gtin, case_id, revision, outcome, found))
        taking.earlier[named.id, one.key] = Before(
            message.id, one.claimant.id, one.claimant.name, taking.moment, revision, outcome, tuple(message.evidence)
        )
    wanted = with_missing(asked, missing)
    taking.notices.append(_notice(taking, one, body, counts[Outcome.OPEN], wanted))
    return _receipt(message.id, "received", taking.moment, "") | _told(wanted, counts)


def _outcome(row: Any, before: Before | None, one: _Fresh) -> Outcome:
    if row is None:
        return Outcome.NOT_FOUND
    if row.state in _UNAVAILABLE:
        return Outcome.UNAVAILABLE
    repeated = (
        before is not None
        and before.outcome in (*_ENDED, Outcome.REPEATED)
        and before.claimant_id == one.claimant.id
        and before.revision == row.revision
        and set(one.message.evidence) <= set(before.evidence)
    )
    return Outcome.REPEATED if repeated else Outcome.OPEN


def _queue(
    taking: _Taking, queue: QueueOfNotices, one: _Fresh, row: Any, before: Before | None, found: Assessment
) -> str:
    """Puts the listing onto the queue; a claimant who repeats what is open adds no second flag."""
    message, claimant = one.message, one.claimant
    waiting = queue.case_of(row.id)
    if waiting and before is not None and before.outcome == Outcome.OPEN and before.claimant_id == claimant.id:
        return waiting
    known = taking.records[claimant.id]
    fast = known.fast and found.complete
    rules = taking.policy.notices
    priority = 0
    if fast and is_trusted(claimant.source):
        priority = rules.priority_trusted
    elif fast and claimant.source == FlagSource.RIGHTS_HOLDER:
        priority = rules.priority_good_faith
    flag = {
        "id": f"notice-{message.id}",
        "source": claimant.source,
        "reason": message.ground,
        "at": taking.moment,
        "explanation": message.statement,
        "confidence": None,
        "notice_id": message.id,
        "claimant": claimant.name,
        "claimant_upheld": known.upheld_percent / 100 if known.judged and known.upheld_percent is not None else None,
    }
    return queue.complain(Complained(row.id, row.marketplace, row.seller_id), flag, priority=priority, fast=fast)


def _row(
    taking: _Taking, one: _Fresh, listing: str, gtin: str, case: str, revision: str, outcome: Outcome, found: Assessment
) -> dict[str, Any]:
    return {
        "notice_id": one.message.id,
        "listing_id": listing,
        "claimant_id": one.claimant.id,
        "case_id": case,
        "right_key": one.key,
        "revision": revision,
        "gtin": gtin,
        "outcome": outcome.value,
        "checks": msgspec.json.encode(found.checks).decode(),
        "decision_id": "",
        "upheld_by": "",
        "settled_at": None if outcome is Outcome.OPEN else taking.moment,
    }


def _notice(taking: _Taking, one: _Fresh, body: Mapping[str, Any], still_open: int, asked: list[str]) -> dict[str, Any]:
    return {
        "id": one.message.id,
        "claimant_id": one.claimant.id,
        "account_id": taking.account_id,
        "source": one.claimant.source,
        "ground": one.message.ground,
        "right_key": one.key,
        "received_at": taking.moment,
        "body": msgspec.json.encode(body).decode(),
        "body_sha256": one.digest,
        "listing_count": len(one.message.listings),
        "open_count": still_open,
        "complete": not asked,
        "asked": msgspec.json.encode(asked).decode(),
        "withdrawn_at": None,
        "withdrawn_why": "",
    }


def _receipt(notice_id: str, status: str, moment: str, detail: str) -> dict[str, Any]:
    return {
        "id": notice_id,
        "status": status,
        "received_at": moment,
        "detail": detail,
        "complete": None,
        "asked": [],
        "listings": {},
        "retry_after_s": None,
    }


def _told(asked: list[str], counts: Mapping[str, int]) -> dict[str, Any]:
    listed = {str(name): count for name, count in sorted(counts.items()) if count}
    return {"complete": not asked, "asked": asked, "listings": listed}


def _again(connection: Connection, row: Any) -> dict[str, Any]:
    """The receipt of a notice that came before, with its listings as they stand now."""
    counts = Counter(found.outcome for found in _OUTCOMES.rows(connection, ids=[row.id]))
    return _receipt(row.id, "duplicate", row.received_at, "") | _told(
        msgspec.json.decode(row.asked, type=list[str]), counts
    )
