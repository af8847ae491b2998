"""What two accounts have in common, how much that says, and when it speaks of a closed account come back.

The strengths are this program's own, not measured: a document or bank account is seldom shared by strangers, an
address often is.  An identifier that more accounts have than its `crowd` says nothing of any two of them: a parcel
station, a family's telephone shop, a payment service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

from reviewer.domain.seller import SellerLink, Standing


@dataclass(frozen=True, slots=True)
class Weight:
    """How strong a link of one kind is (0..1), and up to how many accounts the thing may be shared to say it."""

    strength: float
    crowd: int


#: The kinds of hashed identifiers.
IDENTIFIERS: Mapping[str, Weight] = MappingProxyType(
    {
        "bank": Weight(0.95, 20),
        "payout": Weight(0.95, 20),
        "document": Weight(0.9, 20),
        "phone": Weight(0.8, 8),
        "device": Weight(0.6, 8),
        "address": Weight(0.5, 6),
    }
)
#: Accounts that share one of these are of one trader: what is known of them is shown together.
SAME_TRADER = frozenset({"bank", "payout", "document"})
#: From this combined strength on, links to a closed account are proposed as a flag.
STRONG = 0.5
#: What can say so alone; an address, a text and a photo can't: many honest sellers share those.
_TELLING = SAME_TRADER | {"phone", "device"}
#: A text or photo that more accounts have is everybody's: a manufacturer's or a wholesaler's.
CROWD = 12
BANNED_SELLER = "banned_seller"


def photo_strength(photos: int) -> float:
    """How strong a link by so many shared photos is: each more leaves 60 % of the doubt; at most 0.6."""
    return round(min(0.6, 1 - 0.6**photos), 2)


def text_strength(texts: int, likeness: float) -> float:
    """How strong a link by so many near-equal texts is, the nearest of that likeness (0..1); at most 0.6."""
    return round(min(0.6, likeness * (1 - 0.6**texts)), 2)


def combined(strengths: Iterable[float]) -> float:
    """Several links to one account taken together: the chance that not all of them mislead, were they independent."""
    return round(1 - prod(1 - min(max(one, 0.0), 1.0) for one in strengths), 4)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A flag that the program proposes and a person raises or leaves: its ground and its reasons in words."""

    ground: str
    reasons: tuple[str, ...]
    strength: float = 0.0


def proposals(links: Iterable[SellerLink]) -> tuple[Proposal, ...]:
    """`banned_seller` where what is shared with a closed account is strong enough, each link as a reason."""
    by_account: dict[str, list[SellerLink]] = {}
    for link in links:
        if link.standing == Standing.BANNED:
            by_account.setdefault(link.seller_id, []).append(link)
    strong = {
        account: combined(link.strength for link in shared)
        for account, shared in by_account.items()
        if any(link.kind in _TELLING for link in shared) and combined(link.strength for link in shared) >= STRONG
    }
    if not strong:
        return ()
    reasons = [
        f"shares its {link.kind} with {link.display_name} ({link.strength:.0%}), whose account is closed"
        for account in sorted(strong, key=lambda account: (-strong[account], account))
        for link in sorted(by_account[account], key=lambda link: (-link.strength, link.kind))
    ]
    return (Proposal(BANNED_SELLER, tuple(reasons), max(strong.values())),)
