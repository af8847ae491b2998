"""What keys put their names to: heads of logs, their witnessing, and the enrolment of a key.

Each is canonical JSON (RFC 8785) whose `type` keeps a signature on one kind from being taken for another.
The entries of a log's tree are the digests of its chain rows, 32 bytes each.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.keys import SigningKey, is_signed


@dataclass(frozen=True, slots=True)
class Head:
    """A tree head over the first `size` rows of a log: `root` is hexadecimal, `at` an RFC 3339 text."""

    log: str
    size: int
    root: str
    at: str


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with the public key (hexadecimal) that signed it, as checkpoint or as witness."""

    head: Head
    key: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Enrolment:
    """That an admin's key vouches for the key of a log."""

    log: str
    key: str
    name: str
    at: str
    by: str
    signature: bytes


def checkpoint_bytes(head: Head) -> bytes:
    """What a workstation signs."""
    return _head_bytes("reviewer.checkpoint.v1", head)


def witness_bytes(head: Head) -> bytes:
    """What the hub countersigns."""
    return _head_bytes("reviewer.witness.v1", head)


def _head_bytes(kind: str, head: Head) -> bytes:
    return canonical_json({"type": kind, "log": head.log, "size": head.size, "root": head.root, "at": head.at})


def enrolment_bytes(log: str, key: str, name: str, at: str) -> bytes:
    """What an admin's key signs to vouch for the key of a log."""
    return canonical_json({"type": "reviewer.enrolment.v1", "log": log, "key": key, "name": name, "at": at})


def possession_bytes(log: str, key: str, account: str) -> bytes:
    """What a workstation's key signs to show that it is there, for the account that enrols it."""
    return canonical_json({"type": "reviewer.possession.v1", "log": log, "key": key, "account": account})


def sign_checkpoint(key: SigningKey, head: Head) -> SignedHead:
    """A checkpoint of a log by its own key."""
    return SignedHead(head, key.public, key.sign(checkpoint_bytes(head)))


def witness(key: SigningKey, head: Head) -> SignedHead:
    """A countersignature of a head."""
    return SignedHead(head, key.public, key.sign(witness_bytes(head)))


def enrol(key: SigningKey, log: str, public: str, name: str, at: str) -> Enrolment:
    """Vouch for the key of a log."""
    return Enrolment(log, public, name, at, key.public, key.sign(enrolment_bytes(log, public, name, at)))


def is_enrolment(enrolment: Enrolment) -> bool:
    """Whether the key that it names vouches for the key of the log."""
    message = enrolment_bytes(enrolment.log, enrolment.key, enrolment.name, enrolment.at)
    return is_signed(bytes.fromhex(enrolment.by), enrolment.signature, message)


def is_checkpoint(signed: SignedHead) -> bool:
    """Whether the head is signed as a checkpoint by the key that it names."""
    return is_signed(bytes.fromhex(signed.key), signed.signature, checkpoint_bytes(signed.head))


def is_witness(signed: SignedHead) -> bool:
    """Whether the head is countersigned by the key that it names."""
    return is_signed(bytes.fromhex(signed.key), signed.signature, witness_bytes(signed.head))
