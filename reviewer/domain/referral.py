"""A referral of a seller to law enforcement or the brand, as a server vouches for it: two persons, one pack."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReferralWitness:
    """Who made a pack and who confirmed it, by their sign-ins, in the server's word.

    `digest` is the SHA-256 of the pack's manifest; `key` and `signature` (Ed25519) are hexadecimal.
    `confirmed_by` is empty until a second person confirmed it: till then the pack is a draft.
    """

    id: str
    digest: str
    seller_id: str
    made_by: str
    made_name: str
    made_at: datetime
    confirmed_by: str = ""
    confirmed_name: str = ""
    confirmed_at: datetime | None = None
    key: str = ""
    signature: str = ""
