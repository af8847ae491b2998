"""What a workstation's pack says beside its decisions, as far as the desk has it: statements of reasons, notices."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import msgspec

from reviewer.audit.pack import PackWriter
from reviewer.domain.case import Case
from reviewer.domain.decision import AGAINST_SELLER, Decision, DecisionKind
from reviewer.domain.values import format_time
from reviewer.errors import OperatorError
from reviewer.policy.policy import Policy, policy_from_mapping, shipped_policy
from reviewer.policy.statement import Statement, lifted, payload, statement_day, statement_of
from reviewer.storage import decisions
from reviewer.storage.database import Database
from reviewer.storage.heads import LogRow
from reviewer.storage.records import decision_from_mapping


class Beside:
    """Writes them row by row, in the order of the log."""

    def __init__(self, writer: PackWriter, database: Database, *, named: bool) -> None:
        """With `named` False no texts and no names go in."""
        self._writer = writer
        self._database = database
        self._named = named
        self._policies: dict[tuple[str, str], Policy] = {}
        self._notices: set[tuple[str, str]] = set()

    def add(self, row: LogRow, content: dict[str, Any]) -> None:
        """What follows from one decision; nothing where its case is not on this desk any more, or it never left."""
        if row.case is None or row.delivery in ("withdrawn", "parked"):
            return
        if content["decision"]["kind"] in (*AGAINST_SELLER, DecisionKind.WITHDRAW) and row.text is not None:
            case = replace(row.case, listing=row.listing) if row.listing is not None else row.case
            self._statement(row, case, content)
        self._notice(row.case, content["decision"])

    def _statement(self, row: LogRow, case: Case, content: dict[str, Any]) -> None:
        decision = decision_from_mapping(content["decision"] | msgspec.json.decode(row.text or b"{}"))
        made = self._made(row.account, case, decision)
        if made is None or not made.restricts:
            return
        body = json.dumps(payload(made), ensure_ascii=False, separators=(",", ":")) if self._named else ""
        at = format_time(decision.decided_at)
        self._writer.add("statements", (made.puid if self._named else decision.id, decision.id, at, body))

    def _made(self, account: str, case: Case, decision: Decision) -> Statement | None:
        chain = [decision]
        while chain[0].supersedes and (before := decisions.read(self._database, chain[0].supersedes)) is not None:
            chain.insert(0, before)
        first = chain[0].id
        if decision.kind is not DecisionKind.WITHDRAW:
            policy = self._policy(account, decision.policy_version)
            return statement_of(decision, case, policy, first_id=first, revision=len(chain))
        if len(chain) < 2:
            return None
        policy = self._policy(account, chain[-2].policy_version)
        before_it = statement_of(chain[-2], case, policy, first_id=first, revision=len(chain) - 1)
        return lifted(before_it, statement_day(decision.decided_at)) if before_it else None

    def _policy(self, account: str, version: str) -> Policy:
        if (account, version) not in self._policies:
            query = "SELECT body FROM policy WHERE account = ? AND version = ?"
            row = self._database.one(query, (account, version))
            try:
                found = policy_from_mapping(json.loads(row["body"]), "The kept policy") if row else shipped_policy()
            except OperatorError:
                found = shipped_policy()
            self._policies[account, version] = found
        return self._policies[account, version]

    def _notice(self, case: Case, made: dict[str, Any]) -> None:
        """The notices behind a case, as its flags tell of them; the first decision settles them."""
        if made["kind"] not in (*AGAINST_SELLER, DecisionKind.CLEAR):
            return
        for flag in case.flags:
            name = (flag.notice_id, case.listing.id)
            if not flag.notice_id or name in self._notices:
                continue
            self._notices.add(name)
            outcome = "upheld" if made["kind"] in AGAINST_SELLER else "rejected"
            claimant = flag.claimant if self._named else ""
            values = (
                flag.notice_id, case.marketplace, str(flag.source), claimant, flag.reason, case.listing.id,
                format_time(flag.at), made["decided_at"], outcome, 0,
            )  # fmt: skip
            self._writer.add("notices", values)
