"""Exact Hamming search over 256-bit codes: FAISS where it can be imported, numpy otherwise.  Nothing is missed."""

import hashlib
import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from reviewer.errors import BugError
from reviewer.imaging.pdq import CODE_BYTES

faiss: Any
try:
    import faiss
except ImportError:  # an exotic platform: slower, the same answers
    faiss = None

_MAGIC: Final = b"RVWHAM1\n"
_HEAD: Final = struct.Struct("<8sQ")
_DIGEST_BYTES: Final = 32
_BITS: Final = 8 * CODE_BYTES
_COLUMNS: Final = CODE_BYTES // 8
_BLOCK: Final = 1 << 16

Codes = NDArray[np.uint8]


class IndexDamaged(Exception):
    """The saved index is not what was saved; build it again from the store."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A code within the radius: its id and its distance in bits (0 to 256)."""

    identity: int
    distance: int


class HammingIndex:
    """Codes with 64-bit ids (several codes may share one).  Used by one thread at a time.

    `library` chooses "faiss" or "numpy"; by default the first that is there.
    """

    def __init__(self, library: str | None = None) -> None:
        if library not in (None, "faiss", "numpy") or (library == "faiss" and faiss is None):
            raise BugError(f"no Hamming search by {library}")
        self._identities: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        use_faiss = faiss is not None and library != "numpy"
        self._flat: Any = faiss.IndexBinaryFlat(_BITS) if use_faiss else None
        self._codes: Codes = np.empty((0, CODE_BYTES), dtype=np.uint8)

    def __len__(self) -> int:
        return len(self._identities)

    @property
    def library(self) -> str:
        """What searches: "faiss" or "numpy"."""
        return "numpy" if self._flat is None else "faiss"

    def add(self, identities: Sequence[int] | NDArray[np.int64], codes: Codes) -> None:
        """Add codes (n x 32 bytes) under their ids; add many at once, since each call copies what is there."""
        names = np.asarray(identities, dtype=np.int64)
        if codes.dtype != np.uint8 or codes.shape != (len(names), CODE_BYTES):
            raise BugError(f"codes of shape {codes.shape} and type {codes.dtype} for {len(names)} ids")
        self._identities = np.concatenate([self._identities, names])
        if self._flat is None:
            self._codes = np.concatenate([self._codes, codes])
        else:
            self._flat.add(np.ascontiguousarray(codes))

    def remove(self, identities: Iterable[int]) -> int:
        """Remove every code of these ids; answers how many codes went."""
        gone = np.isin(self._identities, np.fromiter(identities, dtype=np.int64))
        count = int(gone.sum())
        if count:
            kept = self.codes()[~gone]
            self._identities = self._identities[~gone]
            if self._flat is None:
                self._codes = kept
            else:
                self._flat.reset()
                self._flat.add(kept)
        return count

    def codes(self) -> Codes:
        """A copy of the codes (n x 32), in the order in which they were added."""
        if self._flat is None:
            return self._codes.copy()
        return np.asarray(faiss.vector_to_array(self._flat.xb), dtype=np.uint8).reshape(-1, CODE_BYTES)

    def search(self, codes: Codes, radius: int) -> list[Neighbour]:
        """Every id with a code within `radius` bits of any of `codes` (n x 32), at its least distance, nearest first.

        The several codes are those of one picture: orientations, trimmed borders.
        """
        if not len(self) or not len(codes):
            return []
        if self._flat is None:
            places, distances = self._scan(codes, radius)
        else:
            # FAISS answers what is closer than its radius.
            _, distances, places = self._flat.range_search(np.ascontiguousarray(codes), radius + 1)
        order = np.argsort(distances, kind="stable")
        names = self._identities[places[order]]
        unique, first = np.unique(names, return_index=True)
        least = distances[order][first].astype(int)
        found = [Neighbour(int(name), int(bits)) for name, bits in zip(unique, least, strict=True)]
        return sorted(found, key=lambda neighbour: (neighbour.distance, neighbour.identity))

    def _scan(self, codes: Codes, radius: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        columns = self._codes.view(np.uint64)
        places, distances = [], []
        for code in np.ascontiguousarray(codes).view(np.uint64):
            for start in range(0, len(columns), _BLOCK):
                block = columns[start : start + _BLOCK]
                bits = np.bitwise_count(block[:, 0] ^ code[0]).astype(np.int64)
                for column in range(1, _COLUMNS):
                    bits += np.bitwise_count(block[:, column] ^ code[column])
                near = np.flatnonzero(bits <= radius)
                places.append(near + start)
                distances.append(bits[near])
        return np.concatenate(places), np.concatenate(distances)

    def save(self, path: Path) -> None:
        """Write the index to a file, whole or not at all: a head, the ids, the codes, a SHA-256 over them."""
        digest = hashlib.sha256()
        beside = path.with_name(path.name + ".new")
        with beside.open("wb") as file:
            for part in (_HEAD.pack(_MAGIC, len(self)), self._identities.tobytes(), self.codes().tobytes()):
                digest.update(part)
                file.write(part)
            file.write(digest.digest())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)

    @classmethod
    def load(cls, path: Path, library: str | None = None) -> "HammingIndex":
        """Read a saved index; raises IndexDamaged where a byte is not as it was saved, OSError where none is there."""
        data = memoryview(path.read_bytes())
        if len(data) < _HEAD.size + _DIGEST_BYTES:
            raise IndexDamaged(f"{path.name} is cut off")
        magic, count = _HEAD.unpack(data[: _HEAD.size])
        body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
        if magic != _MAGIC or len(body) != _HEAD.size + count * (8 + CODE_BYTES):
            raise IndexDamaged(f"{path.name} is not an index of this version, or is cut off")
        if hashlib.sha256(body).digest() != bytes(digest):
            raise IndexDamaged(f"{path.name} has other bytes than were saved")
        index = cls(library)
        if count:
            codes_at = _HEAD.size + 8 * count
            identities = np.frombuffer(body[_HEAD.size : codes_at], dtype=np.int64)
            index.add(identities, np.frombuffer(body[codes_at:], dtype=np.uint8).reshape(count, CODE_BYTES))
        return index
