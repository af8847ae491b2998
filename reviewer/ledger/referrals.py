"""What is signed of a referral pack: its custody, entry by entry, and the hub's word for who the persons were.

Each is canonical JSON (RFC 8785) whose `type` keeps a signature on one kind from being taken for another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reviewer.domain.referral import ReferralWitness
from reviewer.domain.values import format_time, sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey, is_signed


@dataclass(frozen=True, slots=True)
class Custody:
    """An entry of the chain of custody.  `act` is `made` or `confirmed`; `pack` is the SHA-256 of the manifest;
    `previous` that of the entry before, empty for the first; `at` an RFC 3339 text; `key` the person's public key."""

    place: int
    act: str
    at: str
    person: str
    name: str
    server: str
    pack: str
    previous: str
    key: str

    def content(self) -> bytes:
        """What the person signs."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return canonical_json({"type": "reviewer.custody.v1"} | values)

    @property
    def digest(self) -> str:
        """What the next entry names as the one before it."""
        return sha256_hex(self.content())


def sign_custody(key: SigningKey, entry: Custody) -> bytes:
    """The person's signature."""
    return key.sign(entry.content())


def is_custody(entry: Custody, signature: bytes) -> bool:
    """Whether the entry is signed by the key that it names."""
    return is_signed(_bytes(entry.key), signature, entry.content())


def referral_bytes(found: ReferralWitness) -> bytes:
    """What the hub signs."""
    return canonical_json(
        {
            "type": "reviewer.referral-witness.v1",
            "id": found.id,
            "digest": found.digest,
            "seller_id": found.seller_id,
            "made_by": found.made_by,
            "made_name": found.made_name,
            "made_at": format_time(found.made_at),
            "confirmed_by": found.confirmed_by,
            "confirmed_name": found.confirmed_name,
            "confirmed_at": format_time(found.confirmed_at) if found.confirmed_at else "",
            "key": found.key,
        }
    )


def is_referral_witness(found: ReferralWitness) -> bool:
    """Whether the hub's word is signed by the key that it names."""
    return is_signed(_bytes(found.key), _bytes(found.signature), referral_bytes(found))


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
