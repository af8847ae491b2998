"""Pictures and documents by their SHA-256: bytes named by digest, never decoded here."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, insert, select

from reviewer.domain.values import is_sha256, sha256_hex
from reviewer.errors import OperatorError
from reviewer.hub.schema import media

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
)


class MediaAway(OperatorError):
    """The bytes can't be read or written at the moment; whoever asked asks again."""


class MediaStore(Protocol):
    """Where the bytes are; safe to use from any thread."""

    def put(self, data: bytes) -> str:
        """Writes bytes under their digest, whole or not at all, and returns the digest."""

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a digest, or None where there are none."""

    def size(self, sha256: str) -> int | None:
        """How many bytes there are, or None where there are none."""

    def close(self) -> None:
        """Lets go of what is held open."""


class MediaFolder:
    """A folder of immutable files; safe to use from any thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Where the bytes of a digest are; raises ValueError for what is none."""
        if not is_sha256(sha256):
            raise ValueError("not a SHA-256")
        return self.folder / sha256[:2] / sha256

    def put(self, data: bytes) -> str:
        """Writes bytes under their digest, whole or not at all, and returns the digest."""
        sha256 = sha256_hex(data)
        path = self.path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
        return sha256

    def get(self, sha256: str) -> bytes | None:
        """The bytes of a digest, or None where there are none."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            return None

    def size(self, sha256: str) -> int | None:
        """How many bytes there are, or None where there are none."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Nothing is held open."""


def media_type(data: bytes) -> str:
    """The type of some bytes by their first ones; what is not known is served as plain bytes."""
    for signature, name in _SIGNATURES:
        if data.startswith(signature):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    return "application/octet-stream"


def record_media(connection: Connection, sha256: str, kind: str, size: int) -> bool:
    """Writes that a file is there; False where it was known."""
    if connection.execute(select(media.c.sha256).where(media.c.sha256 == sha256)).first():
        return False
    connection.execute(insert(media), {"sha256": sha256, "media_type": kind, "bytes": size})
    return True
