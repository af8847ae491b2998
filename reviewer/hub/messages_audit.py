"""What workstations and leads send for the audit: keys, heads with their rows, findings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from reviewer.hub.messages import STORABLE, WHOLE, Message, Sha256, Time

#: Rows of a log that go with one head.
ROWS_LIMIT = 1000

LOG_PATTERN = r"^[a-zA-Z0-9_.-]{1,128}$"
Log = Annotated[str, Field(pattern=LOG_PATTERN)]
Key = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Signature = Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
Size = Annotated[int, Field(ge=0, le=2**53 - 1), WHOLE]
Text = Annotated[str, Field(max_length=20_000), STORABLE]


class KeyRequest(Message):
    """The key of a workstation's log; the signature, by that key, shows that it is there."""

    log: Log
    key: Key
    name: Annotated[str, Field(max_length=120), STORABLE] = ""
    signature: Signature


class RevokeRequest(Message):
    """A key that counts for nothing from now on."""

    key: Key


class LogRowMessage(Message):
    """A row of a log: its digest, and of a decision that is this server's also its content and its text's salt."""

    digest: Sha256
    content: Annotated[str, Field(max_length=200_000)] | None = None
    salt: Annotated[str, Field(pattern=r"^[0-9a-f]{0,64}$")] | None = None


class HeadRequest(Message):
    """A signed head, the proof that it goes on from one of `first` rows, and the rows after those."""

    log: Log
    size: Annotated[int, Field(ge=1, le=2**53 - 1), WHOLE]
    root: Sha256
    at: Time
    key: Key
    signature: Signature
    first: Size = 0
    proof: Annotated[list[Sha256], Field(max_length=128)] = []
    rows: Annotated[list[LogRowMessage], Field(max_length=ROWS_LIMIT)] = []


class FindingMessage(Message):
    """One second opinion."""

    decision_id: Annotated[str, Field(max_length=128)]
    reviewer: Annotated[str, Field(max_length=512)]
    auditor: Annotated[str, Field(min_length=1, max_length=512)]
    at: Time
    verdict: Literal["agree", "fix", "return"]
    kind: Annotated[str, Field(max_length=64)] = ""
    ground: Annotated[str, Field(max_length=128)] = ""
    note: Annotated[str, Field(max_length=20_000)] = ""
    blind: bool = False
    golden: bool = False
    seconds: Annotated[float, Field(ge=0, le=1e9)] = 0.0


class FindingsRequest(Message):
    """A findings file as it was signed."""

    type: Literal["reviewer.findings.v1"]
    key: Key
    seed: Annotated[str, Field(max_length=512)]
    draw: Annotated[str, Field(max_length=512)]
    items: Annotated[list[FindingMessage], Field(min_length=1, max_length=20_000)]
    signature: Signature


class SettledMessage(Message):
    """What a reviewer did with a case that was returned: `corrected` (by which decision) or `upheld`."""

    id: Sha256
    resolution: Literal["corrected", "upheld"]
    decision_id: Annotated[str, Field(max_length=128)] = ""


class SettleRequest(Message):
    """Returned cases that are settled."""

    items: Annotated[list[SettledMessage], Field(min_length=1, max_length=500)]
