"""A workstation's log as a hub sees it: rows, signed heads and proofs, made without a workstation."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

from reviewer.domain.values import sha256_hex
from reviewer.ledger.canonical import canonical_json
from reviewer.ledger.chain import GENESIS, ChainRow, next_row
from reviewer.ledger.heads import Head, possession_bytes, sign_checkpoint
from reviewer.ledger.keys import SigningKey
from reviewer.ledger.tree import consistency_proof, tree_head

AT = "2026-03-01T08:00:00.000Z"
_TEXTS = ("facts", "note", "measure_off_reason")
_ABSENT: dict[str, Any] = {
    "case_id": "", "listing_id": "", "revision": "", "kind": "clear", "ground": "", "clause": "", "policy_version": "",
    "decided_at": AT, "seconds": 4.5, "supersedes": "", "measure": None, "evidence": [], "lease": None,
}  # fmt: skip


@dataclass
class DeskLog:
    """A log with its key; `rows` may be spoilt by a test."""

    name: str = "desk-one"
    key: SigningKey = field(default_factory=SigningKey.generate)
    rows: list[ChainRow] = field(default_factory=list)
    salts: list[str] = field(default_factory=list)

    def decide(self, decision: dict[str, Any] | None = None, *, reviewer: str = "r") -> None:
        """A row about a decision as it is sent; without one, about a decision for another server."""
        whole = decision or {"id": f"elsewhere-{len(self.rows)}"}
        salt = secrets.token_bytes(16)
        empty: dict[str, Any] = {"facts": [], "note": "", "measure_off_reason": ""}
        commitment = sha256_hex(salt + canonical_json({name: whole.get(name, empty[name]) for name in _TEXTS}))
        bare = _ABSENT | {name: value for name, value in whole.items() if name not in _TEXTS}
        content: dict[str, object] = {
            "account": "hub" if decision else "other", "decision": bare, "outbox": sha256_hex(canonical_json(whole)),
            "reviewer": reviewer, "text": commitment,
        }  # fmt: skip
        previous = self.rows[-1].digest if self.rows else GENESIS
        self.rows.append(next_row(len(self.rows) + 1, previous, content))
        self.salts.append(salt.hex() if decision else "")

    def grow(self, count: int) -> DeskLog:
        for _ in range(count):
            self.decide()
        return self

    @property
    def entries(self) -> list[bytes]:
        return [bytes.fromhex(row.digest) for row in self.rows]

    def enrolment(self, account: str) -> dict[str, Any]:
        signature = self.key.sign(possession_bytes(self.name, self.key.public, account)).hex()
        return {"log": self.name, "key": self.key.public, "name": "desk", "signature": signature}

    def head(self, size: int | None = None, *, first: int = 0, key: SigningKey | None = None) -> dict[str, Any]:
        """The signed head over the first `size` rows as it is sent, going on from `first`."""
        size = len(self.rows) if size is None else size
        entries = self.entries[:size]
        signed = sign_checkpoint(key or self.key, Head(self.name, size, tree_head(entries).hex(), AT))
        return {
            "log": self.name, "size": size, "root": signed.head.root, "at": AT, "key": signed.key,
            "signature": signed.signature.hex(), "first": first,
            "proof": [step.hex() for step in consistency_proof(entries, first)] if first else [],
            "rows": [
                {"digest": row.digest, "content": row.content.decode(), "salt": salt}
                if salt
                else {"digest": row.digest}
                for row, salt in list(zip(self.rows, self.salts, strict=True))[first:size]
            ],
        }  # fmt: skip
