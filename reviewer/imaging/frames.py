"""Frames between a parent and its processes: a length, one msgpack message, and raw bytes as its `length` says.

The length is four bytes, little-endian.  Both sides check types, ranges and unknown fields; a frame that breaks a rule
is a `ProtocolError` and ends the conversation.
"""

import struct
from typing import Final, Protocol, TypeVar

import msgspec

_LENGTH: Final = struct.Struct("<I")
_ENCODER: Final = msgspec.msgpack.Encoder()
Kind = TypeVar("Kind")


class ProtocolError(Exception):
    """The other side sent something that is not a message, or went away in the middle of one."""


class Source(Protocol):
    """A blocking byte stream whose read returns fewer bytes at its end only."""

    def read(self, size: int, /) -> bytes | None: ...


class Sink(Protocol):
    """A blocking unbuffered byte stream; a write may take part of what it is given."""

    def write(self, data: memoryview, /) -> int | None: ...


def read_exactly(source: Source, size: int) -> bytes:
    """Return `size` bytes; raises ProtocolError at an early end."""
    data = source.read(size) if size else b""
    if data is None or len(data) != size:
        raise ProtocolError("the other side went away")
    return data


def read_frame(source: Source, decoder: msgspec.msgpack.Decoder[Kind], most: int) -> Kind | None:
    """The next message of at most `most` bytes, None at an orderly end; raises ProtocolError for anything else."""
    head = source.read(_LENGTH.size)
    if not head:
        return None
    if len(head) != _LENGTH.size:
        raise ProtocolError("a length was cut off")
    (size,) = _LENGTH.unpack(head)
    if not 0 < size <= most:
        raise ProtocolError(f"a message of {size} bytes")
    try:
        return decoder.decode(read_exactly(source, size))
    except msgspec.MsgspecError as error:
        raise ProtocolError(f"not a message: {error}") from error


def write_frame(sink: Sink, message: msgspec.Struct, payload: bytes | memoryview = b"") -> None:
    """Write one message and its raw bytes; raises OSError when the other side is gone."""
    body = _ENCODER.encode(message)
    for part in (_LENGTH.pack(len(body)) + body, payload):
        rest = memoryview(part)
        while rest:
            rest = rest[sink.write(rest) or 0 :]
