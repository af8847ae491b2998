"""The Merkle tree of RFC 6962: heads over a log, proofs that an entry is in it and that one head extends another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

#: The head of an empty log: the hash of no bytes (RFC 6962, 2.1).
EMPTY = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256 over 0x00 and the entry (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and two nodes of 32 bytes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A log that only grows; holds the roots of its whole subtrees, so memory is logarithmic."""

    def __init__(self, peaks: Sequence[bytes] = (), size: int = 0) -> None:
        """An empty log, or one from the peaks that `peaks` gave at that size."""
        if len(peaks) != size.bit_count():
            raise ValueError(f"{len(peaks)} peaks do not make a log of {size} entries")
        self._peaks = list(peaks)
        self.size = size

    @property
    def peaks(self) -> tuple[bytes, ...]:
        """The roots of the whole subtrees, the greatest first: all that is needed to go on later."""
        return tuple(self._peaks)

    def append(self, entry: bytes) -> None:
        """Add an entry at the end."""
        node, size = leaf_hash(entry), self.size
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1

    def extend(self, entries: Iterable[bytes]) -> None:
        """Add entries in order."""
        for entry in entries:
            self.append(entry)

    def head(self) -> bytes:
        """The Merkle tree head over all entries (RFC 6962, 2.1), 32 bytes."""
        if not self._peaks:
            return EMPTY
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def tree_head(entries: Iterable[bytes]) -> bytes:
    """The Merkle tree head over these entries, 32 bytes."""
    tree = Tree()
    tree.extend(entries)
    return tree.head()


def inclusion_proof(entries: Sequence[bytes], place: int) -> list[bytes]:
    """The audit path of the entry at `place`, counted from 0 (RFC 6962, 2.1.1)."""
    if not 0 <= place < len(entries):
        raise ValueError(f"there is no entry {place} among {len(entries)}")
    if len(entries) == 1:
        return []
    half = _half(len(entries))
    if place < half:
        return [*inclusion_proof(entries[:half], place), tree_head(entries[half:])]
    return [*inclusion_proof(entries[half:], place - half), tree_head(entries[:half])]


def is_included(entry: bytes, place: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether the path leads from the entry to the head (RFC 9162, 2.1.3.2)."""
    if not 0 <= place < size:
        return False
    node, at, last = leaf_hash(entry), place, size - 1
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(step, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, step)
        at, last = at >> 1, last >> 1
    return last == 0 and node == head


def consistency_proof(entries: Sequence[bytes], first: int) -> list[bytes]:
    """The proof that the head over `first` entries is a prefix of that over all (RFC 6962, 2.1.2)."""
    if not 0 < first <= len(entries):
        raise ValueError(f"{first} is no earlier size of a log of {len(entries)} entries")
    return _subproof(entries, first, whole=True)


def _subproof(entries: Sequence[bytes], first: int, *, whole: bool) -> list[bytes]:
    if first == len(entries):
        return [] if whole else [tree_head(entries)]
    half = _half(len(entries))
    if first <= half:
        return [*_subproof(entries[:half], first, whole=whole), tree_head(entries[half:])]
    return [*_subproof(entries[half:], first - half, whole=False), tree_head(entries[:half])]


def extension_proof(peaks: Sequence[bytes], first: int, added: Sequence[bytes]) -> list[bytes]:
    """As `consistency_proof`, from the peaks of the first `first` entries and those that came after them alone.

    Every subtree that the proof names lies either whole among the first entries, where it is a peak, or whole among
    the others.  Raises ValueError where the peaks are not of that size.
    """
    if first < 1 or len(peaks) != first.bit_count():
        raise ValueError(f"{len(peaks)} peaks do not make a log of {first} entries")
    known: dict[tuple[int, int], bytes] = {}
    start = 0
    for peak in peaks:
        size = 1 << (first - start).bit_length() - 1
        known[start, start + size] = peak
        start += size

    def node(begin: int, end: int) -> bytes:
        found = known.get((begin, end))
        return found if found is not None else tree_head(added[begin - first : end - first])

    def proof(begin: int, end: int, *, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [node(begin, end)]
        half = begin + _half(end - begin)
        if first <= half:
            return [*proof(begin, half, whole=whole), node(half, end)]
        return [*proof(half, end, whole=False), node(begin, half)]

    return proof(0, first + len(added), whole=True)


def is_consistent(first: int, first_head: bytes, second: int, second_head: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the log of `second` entries begins with the log of `first` entries (RFC 9162, 2.1.4.2)."""
    if first == second:
        return not proof and first_head == second_head
    if first == 0:
        return not proof and first_head == EMPTY
    if not 0 < first < second or not proof:
        return False
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_head)
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_head and new == second_head


def _half(size: int) -> int:
    """The greatest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
