"""Records as the bytes that are kept: msgspec JSON of the domain's dataclasses, checked when read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from reviewer.domain.decision import Decision, DecisionKind, Measure, MeasureKind
from reviewer.domain.evidence import Fingerprint
from reviewer.domain.values import parse_time
from reviewer.errors import BugError

RecordT = TypeVar("RecordT")

_encoder = msgspec.json.Encoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


def encode(record: object) -> bytes:
    """A dataclass as JSON."""
    return _encoder.encode(record)


def decode(data: bytes, kind: type[RecordT]) -> RecordT:
    """A dataclass from what `encode` made; raises `BugError` where the bytes do not fit."""
    decoder = _decoders.get(kind)
    if decoder is None:
        decoder = _decoders[kind] = msgspec.json.Decoder(kind)
    try:
        record: RecordT = decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise BugError(f"a kept {kind.__name__} can't be read: {error}") from error
    return record


def decision_from_mapping(value: dict[str, Any]) -> Decision:
    """The decision that `decision_to_mapping` wrote."""
    lease = value["lease"] or {"id": "", "token": 0}
    measure = value["measure"]
    return Decision(
        id=value["id"],
        case_id=value["case_id"],
        listing_id=value["listing_id"],
        revision=value["revision"],
        kind=DecisionKind(value["kind"]),
        decided_at=parse_time(value["decided_at"]),
        lease_id=lease["id"],
        lease_token=lease["token"],
        ground=value["ground"],
        clause=value["clause"],
        facts=tuple(value.get("facts", ())),
        note=value.get("note", ""),
        evidence=tuple(value["evidence"]),
        measure=Measure(MeasureKind(measure["kind"]), measure["scope"], measure["days"]) if measure else None,
        measure_off_reason=value.get("measure_off_reason", ""),
        policy_version=value["policy_version"],
        seconds=value["seconds"],
        supersedes=value["supersedes"],
        fingerprints=tuple(
            Fingerprint(one["algorithm"], one["version"], one["quality"], tuple(one["codes"]), one["picture"])
            for one in value.get("fingerprints", ())
        ),
        refund_months=value.get("refund_months", 0),
    )


def time_of(text: str) -> datetime:
    """A kept time; the empty text is the start of time."""
    return parse_time(text) if text else datetime.min.replace(tzinfo=UTC)
