"""Texts that are nearly equal: sets of short runs of words, and sketches by which near ones find each other.

Shingles after Broder, On the resemblance and containment of documents (1997); one permutation and a least value per
bucket after Li, Owen and Zhang, One permutation hashing (2012).  CRC-32 takes the place of the random permutation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from zlib import crc32

#: Words in a shingle; letters where a text has no blanks between words.
_WORDS, _LETTERS = 3, 6
#: A shorter text is everybody's.
LEAST_SHINGLES = 16
_BUCKETS, _ROWS = 24, 2
#: Texts are near-equal from this likeness on.
NEAR = 0.7
_TEXT_LIMIT = 20_000
_WORD = re.compile(r"\w+")
_NO_BLANKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def shingles(text: str) -> frozenset[int]:
    """The runs of three words of a text, or of six letters where it is written without blanks, as numbers."""
    folded = unicodedata.normalize("NFKC", text[:_TEXT_LIMIT]).casefold()
    parts: list[str] = _WORD.findall(folded)
    run, joint = _WORDS, " "
    if len(_NO_BLANKS.findall(folded)) * 3 > len(folded):
        parts, run, joint = list("".join(parts)), _LETTERS, ""
    return frozenset(
        crc32(joint.join(parts[place : place + run]).encode("utf-8", "replace"))
        for place in range(len(parts) - run + 1)
    )


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of shingles that both have (Jaccard), 0..1."""
    return len(one & other) / (len(one | other) or 1)


def bands(found: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Places with values by which near-equal texts meet: of two with a likeness of 0.7, 99.9 % share one.

    Empty for texts with fewer than `LEAST_SHINGLES`.
    """
    numbers = set(found)
    if len(numbers) < LEAST_SHINGLES:
        return ()
    least = [-1] * _BUCKETS
    for number in numbers:
        bucket = number % _BUCKETS
        if least[bucket] < 0 or number < least[bucket]:
            least[bucket] = number
    made = []
    for place in range(0, _BUCKETS, _ROWS):
        values = least[place : place + _ROWS]
        if min(values) >= 0:
            made.append((place // _ROWS, crc32(b"".join(value.to_bytes(4) for value in values))))
    return tuple(made)
