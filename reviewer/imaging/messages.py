"""The messages between the window's process and a decode worker, and their framing.

A frame is four bytes of length (little-endian), then that many bytes of one msgpack message, then as
many raw bytes as the message's `length` field announces (the picture on the way in, the pixels on the
way out).  Both sides check types, ranges and unknown fields; a frame that breaks a rule is a
`ProtocolError` and ends the conversation.
"""

import struct
from typing import Annotated, Final, Literal, Protocol, TypeVar

import msgspec

from reviewer.imaging.pictures import MAX_BYTES, MAX_FRAMES, MAX_PAGES, MAX_PIXELS, MAX_SIDE, Format, RefusalCode

MAX_MESSAGE: Final = 4096
_LENGTH: Final = struct.Struct("<I")

Identity = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Side = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE)]
BoxSide = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
SourceSide = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]


class ProtocolError(Exception):
    """The other side sent something that is not a message, or went away in the middle of one."""


class Request(msgspec.Struct, tag="decode", frozen=True, forbid_unknown_fields=True):
    """Decode the `length` bytes that follow so that the picture fits the box; never enlarge it."""

    identity: Identity
    length: Annotated[int, msgspec.Meta(ge=0, le=MAX_BYTES)]
    max_width: BoxSide
    max_height: BoxSide
    pixels: bool
    fingerprint: bool
    page: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGES)] = 0


class Hello(msgspec.Struct, tag="hello", frozen=True, forbid_unknown_fields=True):
    """The worker's first message, after its lock-down.

    `checks` holds what happened when the worker itself tried the forbidden things: "refused" or "possible".
    """

    protection: Literal["full", "reduced"]
    reason: Annotated[str, msgspec.Meta(max_length=500)]
    checks: dict[str, Literal["refused", "possible"]]


class Picture(msgspec.Struct, tag="picture", frozen=True, forbid_unknown_fields=True):
    """A decoded picture; `length` bytes of pixels follow."""

    identity: Identity
    length: Annotated[int, msgspec.Meta(ge=0, le=4 * MAX_PIXELS)]
    width: Side
    height: Side
    stride: Annotated[int, msgspec.Meta(ge=0, le=4 * MAX_SIDE)]
    source_width: SourceSide
    source_height: SourceSide
    format: Format
    frames: Annotated[int, msgspec.Meta(ge=1, le=MAX_FRAMES)]
    fingerprint: Annotated[bytes, msgspec.Meta(min_length=8, max_length=8)] | None


class Refusal(msgspec.Struct, tag="refusal", frozen=True, forbid_unknown_fields=True):
    """A picture that can't be shown, and why; nothing follows."""

    identity: Identity
    code: RefusalCode
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


Answer = Picture | Refusal
Message = Request | Hello | Picture | Refusal
Kind = TypeVar("Kind")

HELLO: Final = msgspec.msgpack.Decoder(Hello)
REQUEST: Final = msgspec.msgpack.Decoder(Request)
ANSWER: Final[msgspec.msgpack.Decoder[Picture | Refusal]] = msgspec.msgpack.Decoder(Picture | Refusal)
_ENCODER: Final = msgspec.msgpack.Encoder()


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


def read_message(source: Source, decoder: msgspec.msgpack.Decoder[Kind]) -> Kind | None:
    """Return the next message, or None at an orderly end; raises ProtocolError for anything else."""
    head = source.read(_LENGTH.size)
    if not head:
        return None
    if len(head) != _LENGTH.size:
        raise ProtocolError("a length was cut off")
    (size,) = _LENGTH.unpack(head)
    if not 0 < size <= MAX_MESSAGE:
        raise ProtocolError(f"a message of {size} bytes")
    try:
        return decoder.decode(read_exactly(source, size))
    except msgspec.MsgspecError as error:
        raise ProtocolError(f"not a message: {error}") from error


def write_message(sink: Sink, message: Message, payload: bytes | memoryview = b"") -> None:
    """Write one frame and its raw bytes; raises OSError when the other side is gone."""
    body = _ENCODER.encode(message)
    for part in (_LENGTH.pack(len(body)) + body, payload):
        rest = memoryview(part)
        while rest:
            rest = rest[sink.write(rest) or 0 :]
