"""What a pack says of one decision, from the row of its chain, its text and the case as it was."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from reviewer.audit.pack import PackWriter
from reviewer.audit.verifier import decided_values
from reviewer.domain.case import Case
from reviewer.domain.facts import Match
from reviewer.domain.listing import Listing
from reviewer.domain.values import format_time
from reviewer.ledger.heads import Enrolment, SignedHead


@dataclass(frozen=True, slots=True)
class Told:
    """One decision of a log: `content` is the canonical JSON of its chain row, `text` that of its free text."""

    log: str
    sequence: int
    previous: str
    content: bytes
    digest: str
    salt: bytes | None
    text: bytes | None
    reviewer_name: str = ""
    delivery: str = ""
    title: str = ""
    marketplace: str = ""
    due_measure: str = ""


def due_measure(content: dict[str, Any], text: bytes | None) -> str:
    """The measure that was due, as far as a log tells it: the one that was taken, or `off` where the reviewer said why
    the due one was switched off."""
    taken = content["decision"].get("measure")
    if isinstance(taken, dict):
        return str(taken.get("kind", ""))
    return "off" if text and json.loads(text).get("measure_off_reason") else ""


def write_decision(writer: PackWriter, told: Told, case: Case | None, said: dict[str, Any] | None = None) -> None:
    """Chain, decision, text and case of one decision; the rows of the last three have the same number.

    `said` is the content's value, where the caller has read it already.
    """
    content = told.content.decode("utf-8")
    writer.add_chain(told.log, told.sequence, told.previous, content, told.digest)
    said = said or json.loads(content)
    told = told if told.due_measure else replace(told, due_measure=due_measure(said, told.text))
    write_beside(writer, told, decided_values(said), case)


def write_beside(writer: PackWriter, told: Told, decided: tuple[object, ...], case: Case | None) -> None:
    """Decision, text and case, where the chain row was written already."""
    place = (told.log, told.sequence)
    writer.add("decisions", (*place, *decided, told.reviewer_name, told.delivery))
    writer.add("texts", (*place, told.salt, told.text.decode("utf-8") if told.text is not None else None))
    writer.add("cases", (*place, *_case(told, case)))


def _case(told: Told, case: Case | None) -> tuple[object, ...]:
    if case is None:
        return (
            told.marketplace,
            told.title,
            None,
            None,
            "",
            "",
            "",
            "[]",
            "",
            "",
            "",
            "",
            None,
            told.due_measure,
            "[]",
        )
    first = case.flags[0] if case.flags else None
    flags: list[dict[str, Any]] = [
        {"id": flag.id, "source": str(flag.source), "reason": flag.reason, "at": format_time(flag.at),
         "explanation": flag.explanation, "confidence": flag.confidence, "notice": flag.notice_id,
         "claimant": flag.claimant}
        for flag in case.flags
    ]  # fmt: skip
    references = [
        {"id": item.id, "brand": item.brand, "model": item.model, "pictures": [p.sha256 for p in item.pictures]}
        for item in case.references
    ]
    seller = case.seller
    return (
        case.marketplace, case.listing.title, format_time(case.opened_at),
        format_time(case.due_at) if case.due_at else None, str(first.source) if first else "",
        first.reason if first else "", first.claimant if first else "", _json(flags), seller.id, seller.display_name,
        seller.country, str(seller.standing), case.listing.units_sold, told.due_measure, _json(references),
    )  # fmt: skip


def write_revision(writer: PackWriter, listing: Listing, seen_at: str) -> None:
    """A listing in the content state that was seen."""
    price = listing.price
    amount, currency = (str(price.amount), price.currency or "") if price else ("", "")
    pictures = [{"sha256": picture.sha256, "view": picture.view} for picture in listing.pictures]
    writer.add(
        "revisions",
        (
            listing.marketplace, listing.id, listing.revision, seen_at, listing.title, listing.description,
            listing.brand, listing.category, amount, currency, listing.country,
            listing.language, listing.units_sold, _json(pictures),
        ),
    )  # fmt: skip


def write_matches(writer: PackWriter, log: str, sequence: int, matches: Iterable[Match]) -> None:
    """The pictures of a decided listing that resembled others."""
    for match in matches:
        values = (match.picture, match.other, match.source, match.source_id, match.method, match.distance)
        writer.add("matches", (log, sequence, *values))


def write_head(writer: PackWriter, table: str, signed: SignedHead) -> None:
    """A checkpoint or a countersignature (`checkpoints`, `witnesses`)."""
    head = signed.head
    writer.add(table, (head.log, head.size, head.root, head.at, signed.key, signed.signature))


def write_key(writer: PackWriter, role: str, enrolment: Enrolment) -> None:
    """The key of a log and who vouches for it; a key that vouches for itself has no signature to show."""
    vouched = (enrolment.by, enrolment.signature) if enrolment.by != enrolment.key else ("", None)
    writer.add("keys", (enrolment.log, enrolment.name, role, enrolment.key, enrolment.at, *vouched))


#: `json.dumps` would make an encoder anew for each value.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
