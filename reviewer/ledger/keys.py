"""Ed25519 keys (RFC 8032): whoever vouches for a log has one; its public half names it."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class SigningKey:
    """A private key.  It is never shown: `repr` gives the public half."""

    def __init__(self, seed: bytes) -> None:
        """From the 32 bytes of `seed` (RFC 8032, 5.1.5); raises ValueError for another length."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw().hex()

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @property
    def seed(self) -> bytes:
        """The 32 bytes to keep secret."""
        return self._key.private_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        return self._key.sign(message)

    def __repr__(self) -> str:
        return f"SigningKey({self.public})"


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature over the message is that of the public key; False for keys that are none."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
