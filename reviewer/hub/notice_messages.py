"""What claimants and a marketplace's portal send: notices, withdrawals, and who complains."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, Field

from reviewer.hub.messages import STORABLE, Id, Message, Sha256, Short, Time, Uuid

#: Notices in one call, and listings in one notice and in one call.
NOTICE_LIMIT = 100
LISTING_LIMIT = 10_000

Source = Literal["rights_holder", "trusted_flagger", "authority", "consumer"]
SOURCES: tuple[str, ...] = get_args(Source)


def _few_enough(value: object) -> object:
    if isinstance(value, list) and len(value) > LISTING_LIMIT:
        raise ValueError(
            f"names {len(value):,} listings; at most {LISTING_LIMIT:,} go into one notice: send the rest in another"
        )
    return value


def _once(named: list[NamedListing]) -> list[NamedListing]:
    """The listings with those that stand twice left out."""
    found: dict[str, NamedListing] = {}
    for one in named:
        found.setdefault(one.id, one)
    return list(found.values())


class NamedListing(Message):
    """A listing that a notice names, with the article number that the claimant read on it."""

    id: Id
    gtin: Annotated[str, Field(max_length=32), STORABLE] = ""


class RightMessage(Message):
    """The right that a notice relies on; what is not known is left out."""

    kind: Literal["trademark", "copyright", "design", "patent"]
    number: Annotated[str, Field(max_length=128), STORABLE] = ""
    sign: Short = ""
    office: Annotated[str, Field(max_length=64), STORABLE] = ""
    owner: Short = ""
    nice_classes: Annotated[list[Annotated[int, Field(ge=1, le=45)]], Field(max_length=45)] = []
    territories: Annotated[list[Annotated[str, Field(pattern="^[A-Z]{2}$")]], Field(max_length=300)] = []
    expires_at: Time | None = None


class ClaimantMessage(Message):
    """Who complains, where a portal hands the notice over; a known claimant may be named by its id alone."""

    id: Id
    name: Short = ""
    source: Source | None = None


class NoticeMessage(Message):
    """One complaint; `id` is its idempotency key."""

    id: Uuid
    claimant: ClaimantMessage | None = None
    ground: Id
    listings: Annotated[
        list[NamedListing],
        BeforeValidator(_few_enough),
        Field(min_length=1, max_length=LISTING_LIMIT),
        AfterValidator(_once),
    ]
    statement: Annotated[str, Field(max_length=20_000), STORABLE] = ""
    good_faith: bool = False
    right: RightMessage | None = None
    acting_as: Literal["", "owner", "agent"] = ""
    evidence: Annotated[list[Sha256], Field(max_length=50)] = []


class NoticesRequest(Message):
    """A batch of notices; each gets its receipt."""

    notices: Annotated[list[NoticeMessage], Field(min_length=1, max_length=NOTICE_LIMIT)]


class Withdrawal(Message):
    """A notice that its claimant takes back."""

    id: Id
    reason: Annotated[str, Field(max_length=2000), STORABLE] = ""


class WithdrawalsRequest(Message):
    """Notices that are taken back."""

    notices: Annotated[list[Withdrawal], Field(min_length=1, max_length=NOTICE_LIMIT)]


class ClaimantRequest(Message):
    """A claimant as the hub's administrator registers it; `owners` are those whose rights it may rely on."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=512), STORABLE]
    source: Source
    owners: Annotated[list[Short], Field(max_length=1000)] = []
