"""The field's values in the reader's words: states, sources, standings, receipts, times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from reviewer.domain.text import visible

translate = QCoreApplication.translate


def plain_id(value: str) -> str:
    """An id in words where there is no better name: `proof_missing` is “Proof missing”."""
    words = visible(value, limit=80, keep_lines=False).replace("_", " ")
    return words[:1].upper() + words[1:]


def named(value: str, names: Mapping[str, str]) -> str:
    """What something is called; an id without a name as it is."""
    return visible(names.get(value) or value, limit=80, keep_lines=False)


def state(value: str) -> str:
    """The state of a case."""
    known = {
        "open": translate("words", "Open"),
        "leased": translate("words", "Claimed"),
        "decided": translate("words", "Decided"),
        "escalated": translate("words", "Escalated"),
        "awaiting_proof": translate("words", "Awaiting proof"),
        "withdrawn": translate("words", "Withdrawn"),
    }
    return known.get(value) or plain_id(value)


def source(value: str) -> str:
    """Who raised a flag."""
    known = {
        "automated": translate("words", "Automated"),
        "rights_holder": translate("words", "Rights holder"),
        "trusted_flagger": translate("words", "Trusted flagger"),
        "authority": translate("words", "Authority"),
        "consumer": translate("words", "Consumer"),
        "staff": translate("words", "Staff"),
    }
    return known.get(value) or plain_id(value)


def standing(value: str) -> str:
    """A seller's standing."""
    known = {
        "active": translate("words", "Active"),
        "warned": translate("words", "Warned"),
        "restricted": translate("words", "Restricted"),
        "suspended": translate("words", "Suspended"),
        "banned": translate("words", "Banned"),
    }
    return known.get(value) or plain_id(value)


def ground(value: str) -> str:
    """A ground by its id."""
    known = {
        "counterfeit": translate("words", "Counterfeit"),
        "trademark": translate("words", "Trademark"),
        "copyright": translate("words", "Copyright"),
        "design": translate("words", "Design"),
        "misleading": translate("words", "Misleading"),
    }
    return known.get(value) or plain_id(value)


def decision(value: str) -> str:
    """A kind of decision."""
    known = {
        "takedown": translate("words", "Takedown"),
        "warn": translate("words", "Warn"),
        "restrict": translate("words", "Restrict"),
        "clear": translate("words", "Clear"),
        "escalate": translate("words", "Escalate"),
        "request_proof": translate("words", "Request proof"),
        "withdraw": translate("words", "Withdraw"),
        "uphold": translate("words", "Uphold"),
    }
    return known.get(value) or plain_id(value)


def step(label: str) -> str:
    """What undo would take back or what is sent next: a kind of decision (or `skip`) and what it was made on."""
    kind, _, rest = label.partition(" ")
    name = translate("words", "Skip") if kind == "skip" else decision(kind)
    return f"{name} {visible(rest, limit=60, keep_lines=False)}".strip()


def receipt(value: str) -> str:
    """What a server's answer means, in a sentence."""
    known = {
        "lease_lost": translate("words", "The lease had run out: somebody else may hold the case now."),
        "stale": translate("words", "The listing changed after you saw it."),
        "gone": translate("words", "The case or its listing is gone."),
        "rejected": translate("words", "The marketplace refused the decision."),
        "conflict": translate("words", "The server knows another decision under the same number."),
        "returned": translate("words", "An auditor looked at it again and does not agree."),
    }
    return known.get(value) or plain_id(value)


def receipt_short(value: str) -> str:
    """The same in a word or two."""
    known = {
        "lease_lost": translate("words", "Lease lost"),
        "stale": translate("words", "Listing changed"),
        "gone": translate("words", "Gone"),
        "rejected": translate("words", "Refused"),
        "conflict": translate("words", "Conflict"),
        "returned": translate("words", "Sent back"),
    }
    return known.get(value) or plain_id(value)


def account_state(value: str) -> str:
    """How it stands with an account."""
    known = {
        "connecting": translate("words", "Connecting"),
        "online": translate("words", "Online"),
        "offline": translate("words", "Offline"),
        "sign_in": translate("words", "Sign in needed"),
        "failed": translate("words", "Failed"),
    }
    return known.get(value) or plain_id(value)


def span(seconds: float) -> str:
    """A length of time in its one fitting unit, such as “43 min”."""
    if seconds < 60:
        return translate("words", "{0} s").format(int(max(0.0, seconds)))
    if seconds < 3600:
        return translate("words", "{0} min").format(int(seconds // 60))
    if seconds < 48 * 3600:
        return translate("words", "{0} h").format(int(seconds // 3600))
    return translate("words", "{0} d").format(int(seconds // 86400))


def due(moment: datetime | None, now: datetime) -> tuple[str, str]:
    """When something is due, in words, and how urgent that is: `overdue`, `soon` (60 minutes) or empty."""
    if moment is None:
        return translate("words", "no due time"), ""
    left = (moment - now).total_seconds()
    if left < 0:
        return translate("words", "{0} late").format(span(-left)), "overdue"
    return translate("words", "in {0}").format(span(left)), "soon" if left <= 3600 else ""


def ago(moment: datetime, now: datetime) -> str:
    """How long ago something was."""
    return translate("words", "{0} ago").format(span((now - moment).total_seconds()))


def countdown(seconds: float) -> str:
    """Minutes and seconds, such as 08:42."""
    whole = int(max(0.0, seconds))
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60:02d}:{whole % 60:02d}"
