"""The Hamming index on disk: a checked base file, and a log of what came and went since it was written.

A change is in the log before it is answered, so that a killed process loses nothing.  A log belongs to one base
(it begins with that file's digest); one of another base, left by a crash between two steps of `save`, is ignored
because its changes are in the base already.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

import numpy as np

from reviewer.imaging.hamming import Codes, HammingIndex, IndexDamaged, Neighbour
from reviewer.imaging.pdq import CODE_BYTES

State = Literal["loaded", "missing", "damaged"]

_DIGEST_BYTES: Final = 32
_RECORD: Final = struct.Struct(f"<Bq{CODE_BYTES}sI")
_ADDED, _REMOVED = 1, 2


class StoredIndex:
    """An index under a path.  After opening, `state` says whether it was there and whole; if not, it is empty."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + ".log")
        self.index = HammingIndex()
        self.state: State = "loaded"
        try:
            self.index = HammingIndex.load(path)
            self._replay()
        except FileNotFoundError:
            self.state = "missing"
        except IndexDamaged:
            self.state = "damaged"
        if self.state != "loaded":
            self.index = HammingIndex()
            self._log.unlink(missing_ok=True)

    def add(self, identities: Sequence[int], codes: Codes) -> None:
        """Add codes (n x 32 bytes) under their ids, durably."""
        self._begin()
        self.index.add(identities, codes)
        self._append(_record(_ADDED, name, code.tobytes()) for name, code in zip(identities, codes, strict=True))

    def remove(self, identities: Sequence[int]) -> int:
        """Remove every code of these ids, durably; answers how many went."""
        self._begin()
        count = self.index.remove(identities)
        if count:
            self._append(_record(_REMOVED, name, bytes(CODE_BYTES)) for name in identities)
        return count

    def search(self, codes: Codes, radius: int) -> list[Neighbour]:
        """See `HammingIndex.search`."""
        return self.index.search(codes, radius)

    def fill(self, identities: Sequence[int], codes: Codes) -> None:
        """Add without the log, for a rebuild: `save` comes after the last."""
        self.index.add(identities, codes)

    def clear(self) -> int:
        """Empty it for a rebuild, here and on the disk; answers how many codes went."""
        count = len(self.index)
        self.index = HammingIndex()
        self._path.unlink(missing_ok=True)
        self._log.unlink(missing_ok=True)
        self.state = "missing"
        return count

    def save(self) -> None:
        """Write the base anew and begin an empty log."""
        self.index.save(self._path)
        self._log.unlink(missing_ok=True)
        self.state = "loaded"

    def _begin(self) -> None:
        """A log needs a base."""
        if not self._path.exists():
            self.save()

    def _append(self, records: Iterable[bytes]) -> None:
        new = not self._log.exists()
        with self._log.open("ab") as file:
            if new:
                file.write(self._base())
            for record in records:
                file.write(record)
            file.flush()
            os.fsync(file.fileno())

    def _base(self) -> bytes:
        with self._path.open("rb") as file:
            file.seek(-_DIGEST_BYTES, os.SEEK_END)
            return file.read()

    def _replay(self) -> None:
        try:
            data = self._log.read_bytes()
        except FileNotFoundError:
            return
        if data[:_DIGEST_BYTES] != self._base():
            self._log.unlink()
            return
        whole = len(data) - (len(data) - _DIGEST_BYTES) % _RECORD.size
        added: list[tuple[int, bytes]] = []
        for at in range(_DIGEST_BYTES, whole, _RECORD.size):
            kind, name, code, check = _RECORD.unpack_from(data, at)
            if check != zlib.crc32(data[at : at + _RECORD.size - 4]) or kind not in (_ADDED, _REMOVED):
                raise IndexDamaged(f"{self._log.name} has other bytes than were written")
            if kind == _ADDED:
                added.append((name, code))
            else:
                self._take(added)
                self.index.remove([name])
        self._take(added)
        if whole != len(data):  # the process was ended while it wrote the last record, which nobody was told of
            os.truncate(self._log, whole)

    def _take(self, added: list[tuple[int, bytes]]) -> None:
        if added:
            codes = np.frombuffer(b"".join(code for _, code in added), dtype=np.uint8).reshape(-1, CODE_BYTES)
            self.index.add([name for name, _ in added], codes)
            added.clear()


def _record(kind: int, name: int, code: bytes) -> bytes:
    body = _RECORD.pack(kind, name, code, 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "little")
