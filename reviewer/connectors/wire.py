"""What goes between the program and a connector's process: framed, typed, checked; never pickled.

A frame is four bytes of length and MessagePack.  Arguments and answers have the types of `CALLS`; what does
not fit them is a fault of the connector, and of a list only the item that does not fit is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from reviewer.connectors import api

#: No answer is larger: media has 20 MiB, a page some hundred kilobytes.
FRAME_BYTES = 64 * 1024 * 1024
_HEAD = 4
_ID = 128
_TEXT = 2_000_000
_REASON = 300


class WireError(Exception):
    """Bytes that are no message, or a message that does not fit its call."""


class Start(msgspec.Struct, frozen=True, tag="start"):
    """The first frame to the process: what it is to run, and with what."""

    folder: str
    settings: dict[str, Any]
    secrets: dict[str, str]
    limits: tuple[float, float, float]
    keep: str
    memory_bytes: int
    skew_s: float = 0.0


class Ask(msgspec.Struct, frozen=True, tag="ask"):
    """A call.  `lane` names an instance of the connector; `open`, `cut` and `close` are calls of the lane itself."""

    number: int
    lane: int
    call: str
    arguments: msgspec.Raw


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The first frame of the process: how it is locked in."""

    protection: str


class Answer(msgspec.Struct, frozen=True, tag="answer"):
    """What a call answered, in the call's type."""

    number: int
    value: msgspec.Raw
    quarantined: tuple[api.Quarantined, ...] = ()


class Problem(msgspec.Struct, frozen=True, tag="problem"):
    """What a call raised: an error of the API by its name, or `fault` with a trace."""

    number: int
    kind: str
    words: str
    after_s: float = 0.0
    case_id: str = ""
    trace: str = ""


Message = Ready | Answer | Problem
_ENCODER = msgspec.msgpack.Encoder()
_MESSAGES: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_ASKS: msgspec.msgpack.Decoder[Start | Ask] = msgspec.msgpack.Decoder(Start | Ask)


@dataclass(frozen=True, slots=True)
class Call:
    """The types of a call.  `members` are the lists of its answer that may lose an item, with the item's type."""

    arguments: Any
    answer: Any
    member: str = ""
    item: Any = None


CALLS: Mapping[str, Call] = MappingProxyType(
    {
        "service": Call(tuple[()], api.Service),
        "claim": Call(
            tuple[int, tuple[str, ...], tuple[str, ...], tuple[str, ...], float], api.Claim, "items", api.LeasedCase
        ),
        "renew": Call(tuple[tuple[api.LeaseKey, ...]], tuple[api.Renewal, ...]),
        "release": Call(tuple[tuple[api.LeaseKey, ...]], None),
        "media": Call(tuple[str], bytes),
        "submit": Call(tuple[tuple[api.OutgoingDecision, ...]], tuple[api.Receipt, ...]),
        "cases": Call(tuple[str | None, int], api.Page[api.CaseRow], "items", api.CaseRow),
        "changes": Call(tuple[str | None, int], api.Page[api.Change], "items", api.Change),
        "seller": Call(tuple[str], api.Seller),
        "references": Call(tuple[str | None, int], api.Page[api.ReferenceProduct], "items", api.ReferenceProduct),
        "policies": Call(tuple[()], dict[str, Any]),
        "history": Call(tuple[str | None, int], api.Page[api.PastDecision], "items", api.PastDecision),
        "dossier": Call(tuple[str], api.Dossier),
        "refer": Call(tuple[str, str, str, str], api.ReferralWitness),
        "prices": Call(tuple[()], tuple[api.CategoryPrice, ...]),
        "notices": Call(tuple[str | None, int], api.Page[api.Notice], "items", api.Notice),
        "bank": Call(tuple[str, str | None, int], api.Page[api.BankEntry], "items", api.BankEntry),
        "add_non_matches": Call(tuple[tuple[api.BankEntry, ...]], None),
        "enrol_key": Call(tuple[api.LogKey], api.VouchedKey),
        "countersign": Call(tuple[api.LogHead], api.Countersignature),
        "returned": Call(tuple[str | None, int], api.Page[api.ReturnedCase], "items", api.ReturnedCase),
        "settle": Call(tuple[tuple[api.SettledCase, ...]], None),
        "send_findings": Call(tuple[bytes], api.FindingsTaken),
        "unseen_pictures": Call(tuple[str, int], tuple[str, ...]),
        "link_pictures": Call(
            tuple[tuple[api.Fingerprint, ...], tuple[tuple[str, ...], ...]], tuple[api.NearCase, ...]
        ),
        "preview": Call(tuple[()], api.Preview),
        "open": Call(tuple[()], None),
        "cut": Call(tuple[()], None),
        "close": Call(tuple[()], None),
    }
)
_ANSWERS = {name: msgspec.msgpack.Decoder(call.answer) for name, call in CALLS.items()}
_ARGUMENTS = {name: msgspec.msgpack.Decoder(call.arguments) for name, call in CALLS.items()}
_ITEMS = {name: msgspec.msgpack.Decoder(call.item) for name, call in CALLS.items() if call.item is not None}
_PARTS: msgspec.msgpack.Decoder[dict[str, msgspec.Raw]] = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_ROWS: msgspec.msgpack.Decoder[list[msgspec.Raw]] = msgspec.msgpack.Decoder(list[msgspec.Raw])


def frame(message: msgspec.Struct) -> bytes:
    """A message with its length before it."""
    body = _ENCODER.encode(message)
    return len(body).to_bytes(_HEAD) + body


def read_frame(read: Callable[[int], bytes]) -> bytes | None:
    """The next frame, or None at the end.  Raises `WireError` where it is cut or too large."""
    head = _exactly(read, _HEAD)
    if head is None:
        return None
    size = int.from_bytes(head)
    if size > FRAME_BYTES:
        raise WireError(f"an answer of {size / 2**20:,.0f} MiB")
    body = _exactly(read, size)
    if body is None and size:
        raise WireError("an answer that breaks off")
    return body or b""


def _exactly(read: Callable[[int], bytes], count: int) -> bytes | None:
    parts: list[bytes] = []
    left = count
    while left:
        part = read(left)
        if not part:
            if parts:
                raise WireError("an answer that breaks off")
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def message_from(body: bytes) -> Message:
    """A message of a connector's process; raises `WireError`."""
    try:
        return _MESSAGES.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise WireError("bytes that are no message") from error


def ask_from(body: bytes) -> Start | Ask:
    """A message of the program; raises `WireError`."""
    try:
        return _ASKS.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise WireError("bytes that are no message") from error


def pack(value: Any) -> msgspec.Raw:
    """Any value of the API as bytes; raises TypeError, ValueError or RecursionError where it is none."""
    return msgspec.Raw(_ENCODER.encode(value))


def arguments_from(call: str, raw: msgspec.Raw) -> tuple[Any, ...]:
    """The arguments of a call; raises `WireError`."""
    try:
        found: tuple[Any, ...] = _ARGUMENTS[call].decode(raw)
    except (KeyError, msgspec.MsgspecError, ValueError) as error:
        raise WireError(f"arguments that {call} does not take: {error}") from error
    return found


def pack_answer(call: str, value: Any) -> tuple[msgspec.Raw, tuple[api.Quarantined, ...]]:
    """An answer as bytes, and the items of it that can't be told.  Raises TypeError or ValueError where nothing can."""
    try:
        return pack(value), ()
    except (TypeError, ValueError, RecursionError, OverflowError):
        member = CALLS[call].member
        if not member or not hasattr(value, member):
            raise
        good, bad = [], []
        for place, item in enumerate(getattr(value, member)):
            try:
                pack(item)
            except (TypeError, ValueError, RecursionError, OverflowError) as error:
                bad.append(api.Quarantined(f"{call}[{place}]", _words(error), _excerpt(item)))
            else:
                good.append(item)
        return pack(replace(value, **{member: tuple(good)})), tuple(bad)


def answer_from(call: str, answer: Answer) -> Any:
    """The value of an answer in the call's type, its bad items among the quarantined.  Raises `WireError`."""
    kind = CALLS[call]
    try:
        value = _ANSWERS[call].decode(answer.value)
        bad: list[api.Quarantined] = []
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if not kind.member:
            raise WireError(f"{call}() answered what it must not: {_words(error)}") from error
        value, bad = _item_by_item(call, answer.value)
    if kind.member:
        kept = []
        for place, item in enumerate(getattr(value, kind.member)):
            if words := fault_in(item):
                bad.append(api.Quarantined(f"{call}[{place}]", words, _excerpt(item)))
            else:
                kept.append(item)
        if bad or answer.quarantined:
            quarantined = (*value.quarantined, *answer.quarantined, *bad)
            value = replace(value, **{kind.member: tuple(kept), "quarantined": quarantined})
    elif words := fault_in(value):
        raise WireError(f"{call}() answered what it must not: {words}")
    return value


def _item_by_item(call: str, raw: msgspec.Raw) -> tuple[Any, list[api.Quarantined]]:
    kind = CALLS[call]
    bad: list[api.Quarantined] = []
    good: list[Any] = []
    try:
        parts = _PARTS.decode(raw)
        for place, row in enumerate(_ROWS.decode(parts[kind.member])):
            try:
                good.append(_ITEMS[call].decode(row))
            except (msgspec.MsgspecError, ValueError, RecursionError) as error:
                bad.append(api.Quarantined(f"{call}[{place}]", _words(error), _excerpt(msgspec.msgpack.decode(row))))
        rest = msgspec.msgpack.encode({**parts, kind.member: []})
        value = _ANSWERS[call].decode(rest)
    except (msgspec.MsgspecError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError(f"{call}() answered what it must not: {_words(error)}") from error
    return replace(value, **{kind.member: tuple(good)}), bad


def fault_in(item: Any) -> str:
    """What makes a record unfit to be kept and compared, that its type does not tell: a time without its offset, an id
    without end, a number beyond use.  Empty where it is fit."""
    match item:
        case api.LeasedCase(case=case, lease=lease):
            return _ids(lease.id) or _seconds(lease.ttl_s) or _case(case)
        case api.CaseRow():
            return _ids(item.id, item.seller_id) or _times(item.due_at) or _texts(item.title, item.seller_name)
        case api.Change():
            return _ids(item.case_id) or _times(item.at) or (fault_in(item.row) if item.row else "")
        case api.Service():
            return _ids(item.reviewer_id) or _times(item.server_time) or _seconds(item.lease_s)
        case api.Seller():
            return _seller(item)
        case api.ReferralWitness():
            return _times(item.made_at, item.confirmed_at) or _ids(item.id, item.made_by, item.confirmed_by)
        case api.Dossier():
            return _dossier(item)
        case api.PastDecision():
            return _times(item.decision.decided_at, item.received_at) or _ids(item.decision.id)
        case api.ReturnedCase():
            return _ids(item.id, item.decision_id, item.case_id) or _times(item.at) or _texts(item.note, item.auditor)
        case api.Notice():
            return _notice(item)
        case tuple():
            return next((words for one in item if (words := fault_in(one))), "")
        case api.Renewal():
            return _seconds(item.ttl_s) if item.ttl_s is not None else ""
        case api.Receipt():
            return _texts(item.detail)
        case _:
            return ""


def _case(case: api.Case) -> str:
    offer = case.listing
    return (
        _ids(case.id, offer.id, offer.revision, case.seller.id)
        or _times(case.due_at, case.opened_at, offer.listed_at, *[flag.at for flag in case.flags])
        or _texts(offer.title, offer.description)
        or ("" if offer.revision else "its listing has no revision")
        or _redress(case)
        or _seller(case.seller)
        or next((words for notice in case.notices if (words := _notice(notice))), "")
    )


def _notice(notice: api.Notice) -> str:
    right, record = notice.right, notice.record
    return (
        _ids(notice.id)
        or _times(notice.received_at, notice.withdrawn_at, right.expires_at if right else None)
        or (_times(record.warned_at, record.suspended_until) if record else "")
        or _texts(notice.statement)
    )


def _redress(case: api.Case) -> str:
    words = ""
    for proof in (*case.proofs, *((case.proof,) if case.proof is not None else ())):
        moments = (proof.requested_at, proof.due_at, proof.submitted_at, proof.valid_until, proof.removed_at)
        words = words or _ids(proof.id) or _times(*moments) or _texts(proof.words, proof.reason)
    if case.appeal is not None:
        first = case.appeal.first
        words = words or _ids(case.appeal.id, first.id) or _times(case.appeal.filed_at, first.at)
        words = words or _texts(case.appeal.text, first.letter, first.note)
    return words


def _seller(seller: api.Seller) -> str:
    if words := _ids(seller.id) or _times(seller.joined_at, seller.standing_until):
        return words
    for row in seller.offences:
        if words := _times(row.at, row.expires_at):
            return words
    return ""


def _dossier(dossier: api.Dossier) -> str:
    moments = [event.at for event in dossier.timeline] + [line.at for line in dossier.ladder.sum]
    ids = [event.reference for event in dossier.timeline] + [row.id for row in dossier.listings.items]
    return (
        _seller(dossier.seller)
        or _times(dossier.made_at, *moments, *(account.joined_at for account in dossier.accounts))
        or _ids(*ids, *(link.seller_id for link in dossier.links), *(row.seller_id for row in dossier.accounts))
        or _texts(*(event.words for event in dossier.timeline))
        or next(("an identifier that is no hash" for one in dossier.identifiers if not _is_hash(one.digest)), "")
    )


def _is_hash(text: str) -> bool:
    return len(text) >= 32 and not set(text) - set("0123456789abcdef")


def _ids(*ids: str) -> str:
    for one in ids:
        if len(one) > _ID:
            return f"an id longer than {_ID} characters"
    return ""


def _times(*moments: datetime | None) -> str:
    for one in moments:
        if one is not None and one.tzinfo is None:
            return "a time without its offset"
    return ""


def _seconds(value: float) -> str:
    return "" if math.isfinite(value) else "a time span that is no number"


def _texts(*texts: str) -> str:
    for one in texts:
        if len(one) > _TEXT:
            return f"a text longer than {_TEXT:,} characters"
    return ""


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:_REASON]


def _excerpt(item: Any) -> str:
    try:
        return repr(item)[:_REASON].encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a connector's own type may fail in its __repr__
        return type(item).__name__
