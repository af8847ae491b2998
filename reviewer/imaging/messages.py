"""The messages between the window's process and a decode worker, in frames (`frames`).

The raw bytes after a message are the picture on the way in and the pixels on the way out.
"""

from typing import Annotated, Final, Literal, TypeVar

import msgspec

from reviewer.imaging.frames import ProtocolError, Sink, Source, read_exactly, read_frame, write_frame
from reviewer.imaging.pictures import MAX_BYTES, MAX_FRAMES, MAX_PAGES, MAX_PIXELS, MAX_SIDE, Format, RefusalCode

__all__ = [
    "ANSWER",
    "HELLO",
    "REQUEST",
    "Answer",
    "Hello",
    "Message",
    "Picture",
    "ProtocolError",
    "Refusal",
    "Request",
    "Sink",
    "Source",
    "read_exactly",
    "read_message",
    "write_message",
]

MAX_MESSAGE: Final = 4096

Identity = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Side = Annotated[int, msgspec.Meta(ge=0, le=MAX_SIDE)]
BoxSide = Annotated[int, msgspec.Meta(ge=1, le=MAX_SIDE)]
SourceSide = Annotated[int, msgspec.Meta(ge=1, le=MAX_PIXELS)]


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


def read_message(source: Source, decoder: msgspec.msgpack.Decoder[Kind]) -> Kind | None:
    """Return the next message, or None at an orderly end; raises ProtocolError for anything else."""
    return read_frame(source, decoder, MAX_MESSAGE)


def write_message(sink: Sink, message: Message, payload: bytes | memoryview = b"") -> None:
    """Write one frame and its raw bytes; raises OSError when the other side is gone."""
    write_frame(sink, message, payload)
