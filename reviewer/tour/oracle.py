"""What the hub holds, asked over HTTP, against what the window showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

from reviewer.storage.outbox import Delivered


@dataclass(slots=True)
class Shown:
    """A step that the window showed as made: its cases and the decision; `undone` where it was taken back."""

    kind: str
    cases: tuple[str, ...]
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The differences between window, desk and hub, in words; all empty when nothing was lost or doubled."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    held: int = 0

    @property
    def good(self) -> bool:
        """Whether the hub holds exactly what the window showed."""
        return not (self.lost or self.doubled or self.other)


@dataclass(slots=True)
class HubView:
    """Reads a hub over HTTP as one reviewer."""

    url: str
    token: str
    session: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, **values: Any) -> Any:
        """The JSON answer to a GET; raises `requests.RequestException`."""
        answer = self.session.get(
            self.url + path, params=values, headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()

    def reviewer(self) -> str:
        """Who this token belongs to."""
        return str(self.get("/v1")["reviewer"]["id"])

    def decisions(self, reviewer: str) -> list[dict[str, Any]]:
        """Every decision of a reviewer, oldest first, over all pages."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            values = {"limit": 500, "reviewer": reviewer} | ({"cursor": cursor} if cursor else {})
            page = self.get("/v1/decisions", **values)
            found += page["items"]
            if not page["next_cursor"] or page["next_cursor"] == cursor:
                return found
            cursor = page["next_cursor"]

    def is_whole_jpeg(self, sha256: str) -> bool:
        """Whether a picture is no JPEG or one that has its end."""
        answer = self.session.get(
            f"{self.url}/v1/media/{sha256}", headers={"Authorization": f"Bearer {self.token}"}, timeout=30
        )
        data = answer.content
        return not data.startswith(b"\xff\xd8") or data.rstrip(b"\0").endswith(b"\xff\xd9")

    def upsert(self, token: str, item: dict[str, Any]) -> None:
        """Change a listing as its marketplace would."""
        self.session.post(
            self.url + "/v1/listings",
            json={"items": [item]},
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        ).raise_for_status()

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()


def judge(
    shown: Sequence[Shown], desk: Iterable[Delivered], hub: Sequence[dict[str, Any]], before: frozenset[str]
) -> Verdict:
    """Compare what the window showed, what the desk kept, and what the hub holds (without what it held `before`).

    Every decision that the window showed as made must be on the hub exactly once, visibly waiting (sent or
    parked at the desk), or visibly withdrawn before sending; and the hub must hold no other.
    """
    lost: list[str] = []
    doubled: list[str] = []
    other: list[str] = []
    rows = list(desk)
    states = {row.decision_id: row.state for row in rows}
    accepted = [row for row in hub if row["receipt"]["status"] == "accepted" and row["decision"]["id"] not in before]
    on_hub = Counter(row["decision"]["id"] for row in accepted)
    made = Counter((row.case_id, row.kind) for row in rows if row.kind != "withdraw")
    said = Counter((case, step.kind) for step in shown for case in step.cases)
    for (case, kind), count in (said - made).items():
        lost.append(f"{kind} on {case}: shown {count} more than the desk kept")
    for (case, kind), count in (made - said).items():
        other.append(f"{kind} on {case}: kept {count} more than the window showed")
    for row in rows:
        count = on_hub.pop(row.decision_id, 0)
        if count > 1:
            doubled.append(f"{row.kind} on {row.case_id}: {count} times on the hub")
        elif row.state == "settled" and count == 0:
            lost.append(f"{row.kind} on {row.case_id}: receipted but not on the hub")
        elif row.state in ("withdrawn", "parked") and count:
            other.append(f"{row.kind} on {row.case_id}: {row.state} here, yet on the hub")
    other += [f"decision {decision_id} is on the hub and unknown here" for decision_id in on_hub]
    standing = {row["decision"]["case_id"]: row["decision"]["kind"] for row in accepted if row["current"]}
    final = _final(shown)
    for case, kind in final.items():
        if any(row.case_id == case and row.state in ("waiting", "sending", "parked") for row in rows):
            continue
        expected = kind or None
        found = standing.get(case)
        if expected is None and found not in (None, "withdraw"):
            other.append(f"{case}: undone in the window, {found} on the hub")
        elif expected is not None and found != expected:
            lost.append(f"{case}: {expected} in the window, {found or 'nothing'} on the hub")
    held = sum(1 for row in accepted if states.get(row["decision"]["id"]) == "settled")
    return Verdict(tuple(lost), tuple(doubled), tuple(other), held)


def _final(shown: Sequence[Shown]) -> dict[str, str]:
    """The decision that stands in the window for each case; empty where it was undone and not made again."""
    final: dict[str, str] = {}
    for step in shown:
        for case in step.cases:
            if not step.undone:
                final[case] = step.kind
            else:
                final.setdefault(case, "")
    return final
