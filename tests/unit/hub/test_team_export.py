"""The team's pack from a hub: proved by workstations' logs, filtered, pseudonymised, merged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.checking import check_pack
from reviewer.audit.history import read_history
from reviewer.audit.merge import merge_packs
from reviewer.audit.pins import NAME
from reviewer.errors import OperatorError
from reviewer.ledger.findings import signed_findings
from reviewer.services.audit_export import Scope
from reviewer.services.team_export import export_team
from tests.unit.hub.desks import DeskLog
from tests.unit.hub.test_findings import account_id, finding

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@dataclass
class OverHttp:
    """The hub's answers as a lead's calls get them."""

    hub: Any

    def start(self) -> Mapping[str, Any]:
        start: dict[str, Any] = self.hub.get("/v1/audit/history", "lead")
        return start

    def rows(self, log: str, size: int) -> Iterator[Mapping[str, Any]]:
        for after in range(0, size, 2):
            page = self.hub.get(f"/v1/audit/history/{log}?after_row={after}&limit={min(2, size - after)}", "lead")
            yield from page["items"]

    def table(self, name: str) -> Iterator[Mapping[str, Any]]:
        cursor = ""
        while True:
            page = self.hub.get(f"/v1/audit/tables/{name}?limit=2{cursor}", "lead")
            yield from page["items"]
            if page["next_cursor"] is None:
                return
            cursor = f"&cursor={page['next_cursor']}"

    def picture(self, sha256: str) -> bytes | None:
        return None


@pytest.fixture
def worked(hub):
    """Two desks: one that is enrolled and countersigned, one that nobody vouches for; an opinion; a refused head."""
    for number in range(6):
        hub.open_case(f"l{number}", seller=f"s{number % 2}")
    first = [hub.decision(leased, facts=["The logo differs."], note="sure") for leased in hub.claim("reviewer", 3)]
    second = [hub.decision(leased, "clear") for leased in hub.claim("other", 3)]
    hub.decide(*first)
    hub.clock.pass_(hours=1)
    hub.decide(*second, who="other")
    log = DeskLog("desk-one")
    hub.post("/v1/audit/keys", log.enrolment(account_id(hub, "reviewer")))
    for decision in first:
        log.decide(decision, reviewer=account_id(hub, "reviewer"))
    hub.post("/v1/audit/heads", log.head(2))
    hub.post("/v1/audit/heads", log.head(3, first=2))
    hub.call("POST", "/v1/audit/heads", "reviewer", json=DeskLog("desk-one", log.key).grow(4).head())
    lead = DeskLog("desk-lead")
    hub.post("/v1/audit/keys", lead.enrolment(account_id(hub, "lead")), "lead")
    hub.post("/v1/audit/findings", signed_findings(lead.key, "seed", "draw", [finding(first[0])]), "lead")
    hub.lead_key, hub.desk, hub.first, hub.second = lead.key, log, first, second
    return hub


def export(hub, folder: Path, scope: Scope | None = None, name: str = "team.pack") -> Path:
    out = folder / name
    export_team(OverHttp(hub), hub.lead_key, out, folder, scope or Scope(), NOW)
    return out


def test_the_teams_pack_is_verified_and_each_decision_is_in_it_once(worked, tmp_path):
    out = export(worked, tmp_path)
    verdict = check_pack(out, tmp_path / NAME)
    assert verdict.verified, verdict.lines
    logs = verdict.outcome.logs
    assert (logs["desk-one"]["size"], logs["desk-one"]["witnessed"]) == (3, 3)
    history = read_history(out)
    assert sorted(row.id for row in history.decisions) == sorted(one["id"] for one in worked.first + worked.second)
    assert {row.log for row in history.decisions if row.kind == "takedown"} == {"desk-one"}
    assert {row.reviewer for row in history.decisions} == {"Reviewer", "Other"}
    assert [row.verdict for row in history.opinions] == ["return"]
    tables = ("receipts", "offences", "refusals", "keys", "policies", "statements")
    count = {name: verdict.outcome.counts[name] for name in tables}
    assert count == {"receipts": 6, "offences": 3, "refusals": 1, "keys": 3, "policies": 1, "statements": 3}


def test_the_hubs_key_is_pinned_and_another_one_vouches_for_nothing(worked, tmp_path):
    out = export(worked, tmp_path)
    key = worked.get("/v1/audit/keys", "lead")["hub"]["key"]
    assert check_pack(out, tmp_path / "none.json", keys=[key]).verified
    assert not check_pack(out, tmp_path / "none.json", keys=["ab" * 32]).verified


@pytest.mark.parametrize(
    ("scope", "count"),
    [
        (Scope(since="2026-03-01T08:30:00.000Z"), 0),
        (Scope(ground="counterfeit"), 3),
        (Scope(marketplace="bazaar"), 6),
        (Scope(marketplace="elsewhere"), 0),
    ],
)
def test_a_part_keeps_every_chain_whole(worked, tmp_path, scope, count):
    out = export(worked, tmp_path, scope)
    assert check_pack(out, tmp_path / NAME).verified
    history = read_history(out)
    assert len(history.decisions) == count
    assert len(history.others["statements"]) == min(count, 3)


def test_of_one_reviewer(worked, tmp_path):
    out = export(worked, tmp_path, Scope(reviewer=account_id(worked, "other")))
    assert {row.reviewer for row in read_history(out).decisions} == {"Other"}
    assert check_pack(out, tmp_path / NAME).verified


def test_a_pseudonymous_pack_names_nobody(worked, tmp_path):
    out = export(worked, tmp_path, Scope(pseudonymous=True))
    verdict = check_pack(out, tmp_path / NAME)
    assert verdict.verified, verdict.lines
    data = out.read_bytes()
    for word in (b"Seller s", b"The logo differs", b"Kim Aalto", b"Look at the seam", b'"sure"', b"Reviewer"):
        assert word not in data, word
    assert len({row.reviewer for row in read_history(out).decisions}) == 2


def test_the_next_export_goes_on_and_merges_with_the_first(worked, tmp_path):
    first = export(worked, tmp_path, name="first.pack")
    worked.open_case("later")
    worked.decide(worked.decision(worked.claim()[0]))
    second = export(worked, tmp_path, name="second.pack")
    assert check_pack(second, tmp_path / NAME).verified
    merge_packs([first, second], tmp_path / "both.pack")
    assert check_pack(tmp_path / "both.pack", tmp_path / NAME).verified
    assert len({row.id for row in read_history(tmp_path / "both.pack").decisions}) == 7
    assert "older file" in check_pack(first, tmp_path / NAME).lines[-1]


def test_nothing_to_export_is_said(hub, tmp_path):
    hub.lead_key = DeskLog().key
    with pytest.raises(OperatorError, match="no decisions"):
        export(hub, tmp_path)
    assert list(tmp_path.glob("*.pack*")) == []
