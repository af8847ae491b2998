"""The messages between a parent and the evidence process.  Standard library and msgspec only.

In frames (`frames`); the raw bytes after a message are pixels or codes.  Pictures come as pixels from the decode
worker, never as a seller's encoded bytes.
"""

from typing import Annotated, Final, Literal, TypeVar

import msgspec

from reviewer.imaging.frames import Sink, Source, read_frame, write_frame
from reviewer.imaging.matches import Match

BACKGROUND: Final = "--background"
"""The argument with which the process lets others go first."""
MAX_MESSAGE: Final = 16 * 1024 * 1024
MAX_PICTURE_SIDE: Final = 4096
CODE_BYTES: Final = 32

Number = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
Length = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
Side = Annotated[int, msgspec.Meta(ge=1, le=MAX_PICTURE_SIDE)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Identity = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    number: Number
    length: Length = 0


class Learn(_Message, frozen=True, kw_only=True, tag="learn"):
    """Make a reference known; its pixels follow (`height` rows of `width` times B, G, R, unused)."""

    name: Name
    width: Side
    height: Side


class Forget(_Message, frozen=True, kw_only=True, tag="forget"):
    """Forget references."""

    names: list[Name]


class MatchPicture(_Message, frozen=True, kw_only=True, tag="match"):
    """Match a picture, whose pixels follow, against these references; None: all that are known."""

    width: Side
    height: Side
    names: list[Name] | None


class FingerprintPicture(_Message, frozen=True, kw_only=True, tag="fingerprint"):
    """The codes of a picture, whose pixels follow."""

    width: Side
    height: Side


class OpenIndex(_Message, frozen=True, kw_only=True, tag="open index"):
    """Open the index under a path."""

    path: str


class AddCodes(_Message, frozen=True, kw_only=True, tag="add codes"):
    """Add the codes that follow (32 bytes each) under these ids; `rebuilding`: the store is being read again."""

    identities: list[Identity]
    rebuilding: bool


class RemoveCodes(_Message, frozen=True, kw_only=True, tag="remove codes"):
    """Remove the codes of these ids."""

    identities: list[Identity]


class SearchCodes(_Message, frozen=True, kw_only=True, tag="search codes"):
    """Search for all the codes that follow together: those of one picture."""

    radius: Annotated[int, msgspec.Meta(ge=0, le=256)]


class ClearIndex(_Message, frozen=True, kw_only=True, tag="clear index"):
    """Empty the index before it is built again."""


class SaveIndex(_Message, frozen=True, kw_only=True, tag="save index"):
    """Write the index to its path."""


class Hello(_Message, frozen=True, kw_only=True, tag="hello"):
    """The first message of the process."""

    opencv: str
    search: str


class Done(_Message, frozen=True, kw_only=True, tag="done"):
    """It is done; to how many things."""

    count: int


class IndexState(_Message, frozen=True, kw_only=True, tag="index state"):
    """What was found under the path."""

    state: Literal["loaded", "missing", "damaged"]
    count: int


class PictureCodes(_Message, frozen=True, kw_only=True, tag="codes"):
    """PDQ of a picture, of the whole and, where that is less, inside its plain borders; empty when near-blank.

    `stored`: what a reference is found by (32 bytes each).  `searched`: what a picture is searched with (the eight
    orientations of each).  `quality` is that of the whole, 0 to 100.
    """

    algorithm: str
    version: int
    quality: int
    stored: list[bytes]
    searched: list[bytes]


class Matches(_Message, frozen=True, kw_only=True, tag="matches"):
    """What was found, strongest first."""

    matches: list[Match]


class Unknown(_Message, frozen=True, kw_only=True, tag="unknown"):
    """These references are not known."""

    names: list[str]


class Neighbours(_Message, frozen=True, kw_only=True, tag="neighbours"):
    """Ids and distances in bits, nearest first."""

    rows: list[tuple[int, int]]


class Failed(_Message, frozen=True, kw_only=True, tag="failed"):
    """The question was wrong, such as codes of another length or an index that is not open."""

    reason: str


Question = (
    Learn
    | Forget
    | MatchPicture
    | FingerprintPicture
    | OpenIndex
    | AddCodes
    | RemoveCodes
    | SearchCodes
    | ClearIndex
    | SaveIndex
)
Answer = Hello | Done | IndexState | PictureCodes | Matches | Unknown | Neighbours | Failed

QUESTION: Final[msgspec.msgpack.Decoder[Question]] = msgspec.msgpack.Decoder(Question)
ANSWER: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
Kind = TypeVar("Kind")


def read(source: Source, decoder: msgspec.msgpack.Decoder[Kind]) -> Kind | None:
    """The next message, None at an orderly end; raises ProtocolError for anything else."""
    return read_frame(source, decoder, MAX_MESSAGE)


def write(sink: Sink, message: Question | Answer, payload: bytes | memoryview = b"") -> None:
    """Write one message and its raw bytes; raises OSError when the other side is gone."""
    write_frame(sink, message, payload)
