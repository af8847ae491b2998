"""What a workstation's log, its hub and its auditors tell each other.  Keys, digests and signatures are hexadecimal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LogKey:
    """The public key of a workstation's log; `signature`, by that key, shows whoever enrols it to hold it."""

    log: str
    key: str
    name: str
    signature: str


@dataclass(frozen=True, slots=True)
class VouchedKey:
    """A server's word for the key of a log: its signature, and its own log, key and name.  `at` is an RFC 3339 text."""

    log: str
    key: str
    name: str
    at: str
    signature: str
    server_log: str
    server_key: str
    server_name: str


@dataclass(frozen=True, slots=True)
class LogRow:
    """A row of a log: its digest; for a decision of this server also the row's content and its text's salt."""

    digest: str
    content: str | None = None
    salt: str | None = None


@dataclass(frozen=True, slots=True)
class LogHead:
    """A signed head over the first `size` rows of a log (RFC 6962), made `at` an RFC 3339 time.

    `proof` shows that it goes on from the head of `first` rows, the last that was countersigned; `rows` are those
    after it.
    """

    log: str
    size: int
    root: str
    at: str
    key: str
    signature: str
    first: int = 0
    proof: tuple[str, ...] = ()
    rows: tuple[LogRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Countersignature:
    """A server's signature on a head; `at` is when it saw the head first."""

    log: str
    size: int
    root: str
    at: str
    key: str
    signature: str


@dataclass(frozen=True, slots=True)
class ReturnedCase:
    """A decision that an auditor returned (`verdict` return) or rules otherwise (fix: `kind` and `ground`)."""

    id: str
    decision_id: str
    case_id: str
    auditor: str
    at: datetime
    verdict: str
    kind: str = ""
    ground: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class SettledCase:
    """What the reviewer did with a returned case: `corrected` by the decision `decision_id`, or `upheld`."""

    id: str
    resolution: str
    decision_id: str = ""


@dataclass(frozen=True, slots=True)
class FindingsTaken:
    """What became of a findings file: opinions that were new, known, about other servers' decisions, and sent back."""

    new: int
    known: int = 0
    elsewhere: int = 0
    back: int = 0
