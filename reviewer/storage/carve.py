"""Reads rows from the raw pages of a SQLite file and its write-ahead log, whatever else in them is damaged.

Follows the file format that https://www.sqlite.org/fileformat2.html describes.  Nothing is trusted: rows
that do not parse are left out, and whoever asks must check what a row says of itself.  Read-only.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

Value = int | float | str | bytes | None

_LEAF = 0x0D
_FILE_HEADER = 100
_LOG_HEADER = 32
_FRAME_HEADER = 24
_LOG_MAGICS = (0x377F0682, 0x377F0683)
#: What the program's files are made with.
_PAGE_SIZE = 4096
_PAGE_SIZES = frozenset(2**power for power in range(9, 17))
_MOST_COLUMNS = 64
_MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """A row of some table: its rowid and its values; a column that is the rowid itself is None."""

    rowid: int
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Page:
    number: int
    data: bytes


class _Unreadable(Exception):
    """This cell or page is damaged."""


def carve(path: Path) -> Iterator[Row]:
    """Rows of all tables with a rowid, in all their versions, the oldest first; those in the log come last.

    Raises OSError where the files can't be read at all.
    """
    data = path.read_bytes()
    log_path = path.with_name(path.name + "-wal")
    log = log_path.read_bytes() if log_path.exists() else b""
    size = _page_size(data, log)
    pages = [*_file_pages(data, size), *_log_pages(log, size)]
    newest = {page.number: page.data for page in pages}
    oldest = {page.number: page.data for page in reversed(pages)}
    for page in pages:
        yield from _rows(page, newest, oldest)


def _page_size(data: bytes, log: bytes) -> int:
    if len(log) >= _LOG_HEADER and int.from_bytes(log[:4], "big") in _LOG_MAGICS:
        size = int.from_bytes(log[8:12], "big")
        if size in _PAGE_SIZES:
            return size
    if data.startswith(b"SQLite format 3\0"):
        size = int.from_bytes(data[16:18], "big")
        if size == 1 or size in _PAGE_SIZES:
            return 65536 if size == 1 else size
    return _PAGE_SIZE


def _file_pages(data: bytes, size: int) -> Iterator[_Page]:
    for place in range(0, len(data), size):
        yield _Page(place // size + 1, data[place : place + size].ljust(size, b"\0"))


def _log_pages(log: bytes, size: int) -> Iterator[_Page]:
    """The pages of every transaction that was committed to the log since it was last begun anew.

    A damaged frame in the middle hides itself only: its checksum is not asked.
    """
    if len(log) < _LOG_HEADER:
        return
    salts = _salts(log)
    waiting: list[_Page] = []
    for place in range(_LOG_HEADER, len(log) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        number, pages_after = struct.unpack_from(">II", log, place)
        if log[place + 8 : place + 16] != salts:
            continue
        start = place + _FRAME_HEADER
        waiting.append(_Page(number, log[start : start + size]))
        if pages_after:  # the last frame of a transaction
            yield from waiting
            waiting = []


def _salts(log: bytes) -> bytes:
    """What marks the frames of this log; those of the first frame where the log's header is damaged."""
    if _checksum(log[:24], log, (0, 0)) == struct.unpack_from(">II", log, 24):
        return log[16:24]
    return log[_LOG_HEADER + 8 : _LOG_HEADER + 16]


def log_is_broken(path: Path) -> bool:
    """Whether transactions that were committed to the log lie behind a damaged place.

    SQLite ends its reading there, without a word, and they would be lost.  The last transaction alone may be
    torn after a power cut: it was then never told as committed.
    """
    log_path = path.with_name(path.name + "-wal")
    log = log_path.read_bytes() if log_path.exists() else b""
    if len(log) < _LOG_HEADER + _FRAME_HEADER:
        return False
    size = _page_size(b"", log)
    salts, sums = _salts(log), struct.unpack_from(">II", log, 24)
    good = _checksum(log[:24], log, (0, 0)) == sums
    commits = 0
    for place in range(_LOG_HEADER, len(log) - _FRAME_HEADER - size + 1, _FRAME_HEADER + size):
        same = log[place + 8 : place + 16] == salts
        if good:
            page = log[place + _FRAME_HEADER : place + _FRAME_HEADER + size]
            sums = _checksum(page, log, _checksum(log[place : place + 8], log, sums))
            good = same and sums == struct.unpack_from(">II", log, place + 16)
        if not good and same and struct.unpack_from(">I", log, place + 4)[0]:
            commits += 1
    return commits > 1


def _checksum(data: bytes, log: bytes, before: tuple[int, ...]) -> tuple[int, ...]:
    """The running sum of the log's format, in the byte order that its first word names."""
    order = ">" if log[3] & 1 else "<"
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data[: len(data) // 4 * 4])
    for place in range(0, len(words) - 1, 2):
        first = (first + words[place] + second) & 0xFFFFFFFF
        second = (second + words[place + 1] + first) & 0xFFFFFFFF
    return first, second


def _rows(page: _Page, newest: dict[int, bytes], oldest: dict[int, bytes]) -> Iterator[Row]:
    head = _FILE_HEADER if page.number == 1 else 0
    data = page.data
    if data[head] != _LEAF:
        return
    count = int.from_bytes(data[head + 3 : head + 5], "big")
    for index in range(min(count, len(data) // 4)):
        pointer = head + 8 + 2 * index
        start = int.from_bytes(data[pointer : pointer + 2], "big")
        for chain in (newest, oldest):
            try:
                yield _cell(data, start, chain)
            except (_Unreadable, IndexError, struct.error, UnicodeDecodeError):
                continue
            if not _spills(data, start):
                break


def _spills(data: bytes, start: int) -> bool:
    size, _ = _varint(data, start)
    return size > len(data) - 35


def _cell(data: bytes, start: int, chain: dict[int, bytes]) -> Row:
    size, place = _varint(data, start)
    rowid, place = _varint(data, place)
    if rowid >= 2**63:
        rowid -= 2**64
    if not 0 < size <= _MOST_BYTES:
        raise _Unreadable
    return Row(rowid, _record(_payload(data, place, size, chain)))


def _payload(data: bytes, place: int, size: int, chain: dict[int, bytes]) -> bytes:
    usable = len(data)
    most = usable - 35
    if size <= most:
        return data[place : place + size]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (size - least) % (usable - 4)
    if local > most:
        local = least
    parts = [data[place : place + local]]
    left = size - local
    number = int.from_bytes(data[place + local : place + local + 4], "big")
    seen: set[int] = set()
    while left > 0:
        if number in seen or number not in chain:
            raise _Unreadable
        seen.add(number)
        page = chain[number]
        parts.append(page[4 : 4 + min(left, usable - 4)])
        left -= usable - 4
        number = int.from_bytes(page[:4], "big")
    return b"".join(parts)


def _record(payload: bytes) -> tuple[Value, ...]:
    header, place = _varint(payload, 0)
    kinds: list[int] = []
    while place < header:
        kind, place = _varint(payload, place)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise _Unreadable
    values: list[Value] = []
    for kind in kinds:
        length = _length(kind)
        part = payload[place : place + length]
        if len(part) != length:
            raise _Unreadable
        values.append(_value(kind, part))
        place += length
    return tuple(values)


def _length(kind: int) -> int:
    if kind >= 12:
        return (kind - 12) // 2
    if kind in (10, 11):
        raise _Unreadable
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind]


def _value(kind: int, part: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        number: float = struct.unpack(">d", part)[0]
        return number
    if kind < 7:
        return int.from_bytes(part, "big", signed=True)
    return part if kind % 2 == 0 else part.decode("utf-8")


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = 0
    for step in range(9):
        byte = data[place + step]
        if step == 8:
            return value << 8 | byte, place + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + step + 1
    raise _Unreadable
