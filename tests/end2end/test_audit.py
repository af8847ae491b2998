"""A workstation's log and its hub: enrolled, countersigned also after an outage, refused where it forks; findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from reviewer.audit.checking import check_pack
from reviewer.audit.findings import Finding, write_findings
from reviewer.audit.history import read_history
from reviewer.audit.pins import read_pins
from reviewer.cli.audit import audit_app
from reviewer.connectors.api import LogKey
from reviewer.doctor import _signing
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.ledger.heads import possession_bytes
from reviewer.ledger.keys import SigningKey
from reviewer.services.audit_export import Scope, export_pack
from reviewer.services.clock import now
from reviewer.services.model import InboxItem
from reviewer.services.signing import key_place, signing_key
from reviewer.storage import heads, returned, witness
from reviewer.storage.database import Database
from tests.end2end.conftest import OpenDesk
from tests.end2end.hubs import HubProcess
from tests.unit.services.sitting import Sitting


def stored(sitting: Sitting, question: Any) -> Any:
    """Asked on the store's own thread."""
    return sitting.workstation._store.run(question)


def witnessed(sitting: Sitting, account: str) -> int:
    return int(stored(sitting, lambda database: witness.witnessed(database, account)))


def account_of(sitting: Sitting) -> str:
    return sitting.account().account


def nudge(sitting: Sitting) -> None:
    sitting.workstation.intake.audit_soon(account_of(sitting))


def test_heads_are_countersigned_and_what_was_missed_follows(hub: HubProcess, open_desk: OpenDesk) -> None:
    desk = open_desk(hub)
    desk.ready()
    desk.decide(note="first")
    account = account_of(desk)
    desk.until(lambda: witnessed(desk, account) == 1)
    desk.drained()
    hub.stop()
    desk.decide(DecisionKind.CLEAR)
    desk.decide(DecisionKind.WARN)
    desk.close()
    hub.start()
    again = open_desk()
    again.until(lambda: witnessed(again, account) == 3)
    rows = hub.call("GET", f"/v1/audit/history/{stored(again, heads.log_name)}")["items"]
    assert len(rows) == 3
    assert {row["delivery"] for row in rows} <= {"accepted", "not received"}
    out = again.folder.parent / "desk.pack"
    again.drained()
    again.close()
    export_pack(again.folder, out, Scope(), now())
    verdict = check_pack(out, again.folder / "audit-pins.json")
    assert verdict.verified, verdict.lines
    log = next(iter(verdict.outcome.logs.values()))
    assert (log["size"], log["witnessed"]) == (3, 3)
    start = hub.call("GET", "/v1/audit/history")
    pins = read_pins(again.folder / "audit-pins.json")
    assert pins[start["hub"]["log"]].key == start["hub"]["key"]
    elsewhere = check_pack(out, again.folder.parent / "none.json", keys=[start["hub"]["key"]])
    assert elsewhere.verified, "the hub's key alone vouches for the workstation's"
    assert "countersigned up to row 3" in "\n".join(elsewhere.lines)


def test_a_key_that_was_revoked_is_told_and_signs_no_more(hub: HubProcess, open_desk: OpenDesk) -> None:
    desk = open_desk(hub)
    desk.ready()
    desk.decide()
    account = account_of(desk)
    desk.until(lambda: witnessed(desk, account) == 1)
    key = stored(desk, lambda database: witness.enrolment(database, account)).key
    hub.call("POST", "/v1/audit/keys/revoke", {"key": key})
    desk.decide()
    desk.drained()
    desk.close()
    again = open_desk()
    again.until(lambda: stored(again, lambda database: witness.trouble(database, account)))
    again.until(lambda: again.banner("audit:"))
    banner = again.banner("audit:")
    assert banner is not None
    assert "revoked" in banner.text
    assert witnessed(again, account) == 1
    assert [row["size"] for row in hub.call("GET", "/v1/audit/tables/refusals")["items"]] == [2]


def enrolled_lead(hub: HubProcess) -> SigningKey:
    """The key of a lead's workstation."""
    key = SigningKey.generate()
    account = hub.call("GET", "/v1")["reviewer"]["id"]
    proof = key.sign(possession_bytes("desk-lead", key.public, account)).hex()
    wanted = LogKey("desk-lead", key.public, "lead", proof)
    hub.call(
        "POST",
        "/v1/audit/keys",
        {"log": wanted.log, "key": wanted.key, "name": wanted.name, "signature": wanted.signature},
    )
    return key


def send_back(hub: HubProcess, key: SigningKey, path: Path, *found: Finding) -> Any:
    write_findings(path, key, "seed", "draw", found)
    return hub.call("POST", "/v1/audit/findings", json.loads(path.read_text("utf-8")))


def finding(decision_id: str, verdict: str = "return", kind: str = "", ground: str = "") -> Finding:
    return Finding(decision_id, "x", "Kim Aalto", "2026-03-01T10:00:00.000Z", verdict, kind, ground, "See the seam.")


def sent_back(desk: Sitting) -> list[InboxItem]:
    return [item for item in desk.inbox() if item.status == "returned"]


def test_returned_cases_come_to_the_inbox_and_are_settled_once(
    hub: HubProcess, open_desk: OpenDesk, tmp_path: Path
) -> None:
    desk = open_desk(hub)
    desk.ready()
    refs = [desk.decide(kind) for kind in (DecisionKind.TAKEDOWN, DecisionKind.CLEAR, DecisionKind.WARN)]
    desk.drained()
    first, second, _ = [name for name, _, _ in desk.kept_decisions()]
    key = enrolled_lead(hub)
    answer = send_back(hub, key, tmp_path / "f.json", finding(first), finding(second, "fix", "takedown", "counterfeit"))
    assert answer["back"] == 2
    nudge(desk)
    desk.until(lambda: len(sent_back(desk)) == 2)
    items = {item.decision.id: item for item in sent_back(desk)}
    assert items[first].detail == "Kim Aalto\nSee the seam."
    assert "takedown counterfeit" in items[second].detail
    assert desk.status().inbox == 2
    desk.desk_call(lambda: desk.workstation.delivery.resolve(items[first].id, "uphold"))
    desk.desk_call(lambda: desk.workstation.delivery.resolve(items[second].id, "again"))
    assert sent_back(desk) == []
    current = desk.first()
    assert (current.ref, current.supersedes, current.draft.ground) == (refs[1], second, "counterfeit")
    desk.decide(DecisionKind.TAKEDOWN, refs[1], ground="counterfeit")
    desk.drained()
    account = account_of(desk)
    nudge(desk)
    desk.until(lambda: stored(desk, lambda database: told(database)) == 2)
    assert stored(desk, lambda database: returned.untold(database, account)) == []
    assert hub.call("GET", "/v1/audit/returned", who="demo-reviewer")["items"] == []
    rows = hub.decisions(case=refs[1].case_id)
    assert rows[-1]["decision"]["kind"] == "takedown"
    assert rows[-1]["current"]
    nudge(desk)
    assert sent_back(desk) == []


def test_a_lead_hands_findings_in_from_the_workstation(hub: HubProcess, open_desk: OpenDesk, tmp_path: Path) -> None:
    rows = [row for row in hub.decisions() if row["reviewer"] != "lead" and row["receipt"]["status"] == "accepted"]
    desk = open_desk(hub, token="demo-lead")
    account = account_of(desk)
    desk.until(lambda: stored(desk, lambda database: witness.enrolment(database, account)))
    desk.until(lambda: desk.workstation.findings.accounts())
    path = tmp_path / "f.json"
    write_findings(path, signing_key(desk.folder), "seed", "draw", [finding(rows[0]["decision"]["id"])])
    taken = desk.background(lambda: desk.workstation.findings.send(account, path))
    assert (taken.new, taken.back) == (1, 1)
    foreign = tmp_path / "foreign.json"
    write_findings(foreign, SigningKey.generate(), "seed", "draw", [finding(rows[0]["decision"]["id"])])
    with pytest.raises(OperatorError, match="not enrolled here"):
        desk.background(lambda: desk.workstation.findings.send(account, foreign))
    path.write_text(path.read_text("utf-8").replace("See the seam.", "Fine."), "utf-8")
    with pytest.raises(OperatorError, match="not what its auditor signed"):
        desk.background(lambda: desk.workstation.findings.send(account, path))


def test_the_whole_team_is_exported_over_http_and_findings_are_sent(hub: HubProcess, tmp_path: Path) -> None:
    folder, out = tmp_path / "lead", tmp_path / "team.pack"
    folder.mkdir()
    command = ["--hub", hub.address, "--token", "demo-lead", "--data", str(folder)]
    runner = CliRunner()
    done = runner.invoke(audit_app, ["export", "--out", str(out), *command])
    assert done.exit_code == 0, done.output
    assert "for which the hub vouches" in done.output
    done = runner.invoke(audit_app, ["verify", str(out), "--data", str(folder)])
    assert done.exit_code == 0, done.output
    assert "countersigned up to row" in done.output
    chosen = next(row for row in read_history(out).decisions if row.reviewer == "Ines Carvalho")
    write_findings(tmp_path / "f.json", signing_key(folder), "seed", "draw", [finding(chosen.id)])
    done = runner.invoke(audit_app, ["findings", "send", str(tmp_path / "f.json"), *command])
    assert "1 opinions: 1 new, 0 known, 0 about decisions of other hubs; 1 go back" in done.output
    refused = runner.invoke(audit_app, ["export", "--out", str(out), "--hub", hub.address, "--token", "demo-reviewer"])
    assert isinstance(refused.exception, OperatorError)
    assert "403" in str(refused.exception)


def test_the_doctor_names_the_key_and_who_vouches(hub: HubProcess, open_desk: OpenDesk) -> None:
    desk = open_desk(hub)
    desk.ready()
    desk.decide()
    account = account_of(desk)
    desk.until(lambda: witnessed(desk, account) == 1)
    desk.close()
    assert key_place(desk.folder) == "keyring"
    found = {row.what: row for row in _signing(desk.folder)}
    assert found["signing key"].words == "in the system's keyring"
    assert "countersigned up to row 1" in found["log at Siam"].words
    assert key_place(desk.folder.parent / "none") == ""


def told(database: Database) -> int:
    row = database.one("SELECT count(*) FROM returned_case WHERE told_at IS NOT NULL")
    return int(row[0]) if row else 0
