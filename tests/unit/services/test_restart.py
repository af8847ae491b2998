"""What a workstation finds again after its end, and what it does while there is no network."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import psutil
import pytest

from reviewer.connectors.api import Receipt, ReceiptStatus, Unauthorized, Unavailable
from reviewer.domain.decision import DecisionKind
from reviewer.errors import OperatorError
from reviewer.services.accounts import AccountForm
from reviewer.services.model import CaseRef, Draft
from reviewer.storage.database import Database
from reviewer.storage.lock import FolderInUse
from tests.fakes_connector import SERVERS, FakeServer, approve, until, write_plugin
from tests.unit.services.conftest import Open
from tests.unit.services.sitting import MemoryKeyring, Sitting


def test_a_restart_finds_desk_case_in_hand_drafts_and_numbers_again(open_sitting: Open, server: FakeServer) -> None:
    first = open_sitting()
    first.ready()
    first.decide(DecisionKind.CLEAR, seconds=4.0)
    first.drained()
    refs = [entry.ref for entry in first.desk().upcoming]
    first.desk_call(lambda: first.workstation.review.save_draft(refs[1], Draft(note="วันพรุ่งนี้")))
    first.desk_call(lambda: first.workstation.review.bring(refs[2]))
    leases = {item.ref: item.lease_deadline is not None for item in first.desk().upcoming}
    first.close()

    server.error = Unavailable("no network at all")
    second = open_sitting(connected=False)
    second.until(lambda: second.desk().on_desk >= 11)
    second.until(lambda: second.first().ref == refs[2])
    shown = {entry.ref: entry for entry in second.desk().upcoming}
    assert shown[refs[1]].draft.note == "วันพรุ่งนี้"
    assert all(leases.values())
    assert all(entry.lease_deadline for entry in shown.values())
    assert second.first().marketplace.name == "สยามมาร์เก็ต"
    assert (second.desk().counts.total, second.desk().counts.seconds_per_case) == (1, 4.0)
    second.decide(ref=refs[2])
    server.error = None
    second.desk_call(second.workstation.delivery.send_now)
    second.drained()
    assert server.kinds() == ["clear", "takedown"]


def test_what_is_unsent_goes_out_exactly_once_after_a_restart(open_sitting: Open, server: FakeServer) -> None:
    first = open_sitting(delay_s=60.0)
    first.ready()
    for _ in range(5):
        first.decide(DecisionKind.CLEAR)
    first.close()
    assert server.taken == {}
    # Nobody presses a key: the rows go out by themselves, one sending delay after the start.
    second = open_sitting(connected=False, delay_s=0.3)
    second.drained()
    assert len(server.taken) == 5
    assert [state for _, _, state in second.kept_decisions()] == ["settled"] * 5
    assert sum(len(batch) for batch in server.submitted) == 5


def test_two_decisions_of_one_listing_both_go_out_after_a_restart(open_sitting: Open, server: FakeServer) -> None:
    first = open_sitting()
    first.ready()
    server.errors["submit"] = Unavailable("away")
    first.decide()
    first.until(lambda: first.unsent() and first.unsent()[0].attempts)
    first.undo()
    first.close()
    server.errors.clear()
    second = open_sitting(connected=False)
    second.drained()
    assert server.kinds() == ["takedown", "withdraw"]


def test_a_reply_that_was_lost_is_asked_for_again_with_the_same_bytes(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting()
    sitting.ready()
    server.lost_replies = 2
    sitting.decide()
    sitting.until(lambda: len(server.submitted) == 1)
    for _ in range(2):
        sitting.until(lambda: sitting.account().state == "offline")
        sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert server.submitted[0] == server.submitted[1] == server.submitted[2]
    assert server.kinds() == ["takedown"]


def test_work_goes_on_without_network_and_drains_afterwards(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting()
    sitting.ready()
    server.error = Unavailable("the cable is out")
    refs = [sitting.decide() for _ in range(6)]
    sitting.until(lambda: sitting.account().state == "offline")
    banner = sitting.banner("offline")
    assert banner is not None
    assert "the cable is out" in banner.text
    assert "You can go on" in banner.text
    status = sitting.status()
    assert (status.unsent, server.taken) == (6, {})
    server.error = None
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert sorted(body["case_id"] for body in server.bodies()) == sorted(ref.case_id for ref in refs)
    sitting.until(lambda: sitting.banner("offline") is None)


def test_an_unknown_person_is_asked_to_sign_in_and_then_goes_on(
    open_sitting: Open, server: FakeServer, kept_secrets: MemoryKeyring
) -> None:
    sitting = open_sitting()
    ref = sitting.ready().ref
    server.error = Unauthorized("this token is not known")
    sitting.decide()
    sitting.until(lambda: sitting.account().state == "sign_in")
    banner = sitting.banner("sign_in")
    assert banner is not None
    assert banner.action == "sign_in"
    accounts = sitting.workstation.accounts
    with pytest.raises(OperatorError, match="not known"):
        sitting.background(lambda: accounts.sign_in(ref.account, {"token": "token"}))
    server.error = None
    server.tokens["new"] = ("ana", "Ana Reyes")
    sitting.background(lambda: accounts.sign_in(ref.account, {"token": "new"}))
    sitting.drained()
    assert server.kinds() == ["takedown"]
    tokens = [value for (service, _), value in kept_secrets.kept.items() if service == "reviewer-workstation"]
    assert json.loads(tokens[0]) == {"token": "new"}


def test_nobody_sends_what_somebody_else_decided(open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting()
    ref = sitting.ready().ref
    server.error = Unauthorized("signed out")
    sitting.decide()
    sitting.until(lambda: sitting.account().state == "sign_in")
    server.error = None
    server.tokens["other"] = ("ben", "Ben")
    accounts = sitting.workstation.accounts
    sitting.background(lambda: accounts.sign_in(ref.account, {"token": "other"}))
    sitting.until(lambda: sitting.account().state == "online" and sitting.desk().current)
    assert server.taken == {}
    assert sitting.workstation.delivery.outbox_rows() == ()
    assert sitting.status().unsent == 0
    sitting.background(lambda: accounts.sign_in(ref.account, {"token": "token"}))
    sitting.drained()
    assert server.kinds() == ["takedown"]


def test_a_deferred_decision_waits_and_the_others_go_on(sitting: Sitting, server: FakeServer) -> None:
    sitting.ready()
    deferred: list[str] = []

    def answer(item: object) -> Receipt | None:
        decision_id: str = item.decision.id  # type: ignore[attr-defined]
        if decision_id in deferred or not deferred:
            deferred.append(decision_id)
            return Receipt(decision_id, ReceiptStatus.DEFERRED, "busy", retry_after_s=3000.0)
        return None

    server.answer = answer
    sitting.decide()
    sitting.until(lambda: deferred)
    for _ in range(4):
        sitting.decide(DecisionKind.CLEAR)
    sitting.until(lambda: len(server.kinds()) == 4)
    row = sitting.until(sitting.unsent)[0]
    assert (row.state, row.last_error, len(deferred)) == ("waiting", "busy", 1)
    assert row.send_in_s > 2000
    server.answer = lambda _: None
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()


def test_several_accounts_make_one_queue(sitting: Sitting, server: FakeServer) -> None:
    other = FakeServer([case for case in server.cases.values() if case.id in ("case-1", "case-2")])
    other.name = "other"
    SERVERS["other"] = other
    try:
        sitting.ready()
        account = sitting.connect({"server": "other"}, connector="made_up")
        sitting.until(lambda: sitting.desk().on_desk == 14)
        sitting.until(lambda: sitting.page().total == 32)
        assert len(sitting.status().accounts) == 2
        refs = [CaseRef(name, "case-1") for name in (account, sitting.first().ref.account)]
        for ref in refs:
            sitting.decide(DecisionKind.CLEAR, ref)
        sitting.drained()
        assert other.kinds() == ["clear"]
        other.error = Unavailable("away")
        sitting.decide(DecisionKind.WARN, CaseRef(account, "case-2"))
        sitting.decide(DecisionKind.WARN)
        sitting.until(lambda: "warn" in server.kinds())
        with pytest.raises(OperatorError, match="unsent"):
            sitting.background(lambda: sitting.workstation.accounts.remove(account))
        other.error = None
        sitting.desk_call(sitting.workstation.delivery.send_now)
        sitting.drained()
        sitting.background(lambda: sitting.workstation.accounts.remove(account))
        assert len(sitting.status().accounts) == 1
        assert all(row.ref.account != account for row in sitting.page().rows)
        assert len([state for _, _, state in sitting.kept_decisions() if state == "settled"]) == 4
        with pytest.raises(OperatorError, match="removed"):
            sitting.background(lambda: sitting.workstation.accounts.sign_in(account, {"token": "x"}))
    finally:
        sitting.close()
        del SERVERS["other"]
    assert other.open_connectors == 0


def test_what_is_unsent_can_be_exported(sitting: Sitting, server: FakeServer, tmp_path: Path) -> None:
    sitting.ready()
    server.answer = lambda item: Receipt(item.decision.id, ReceiptStatus.STALE, "changed")
    sitting.decide(note="came back")
    sitting.until(sitting.inbox)
    server.error = Unavailable("away")
    sitting.decide(note="ยังไม่ส่ง")
    path = tmp_path / "export.json"
    delivery = sitting.workstation.delivery
    assert sitting.background(lambda: delivery.export_outbox(path)) == 2
    document = json.loads(path.read_text("utf-8"))
    assert [row["decision"]["note"] for row in document["unsent"]] == ["ยังไม่ส่ง"]
    assert [row["status"] for row in document["came_back"]] == ["stale"]
    with pytest.raises(OperatorError, match="Choose another place"):
        sitting.background(lambda: delivery.export_outbox(tmp_path / "missing" / "export.json"))
    assert list(tmp_path.glob("*.part")) == []


def test_a_clock_that_is_off_gets_a_banner_and_nothing_else(open_sitting: Open, server: FakeServer) -> None:
    server.clock_skew = -server.clock_skew.resolution * 86_400_000_000
    sitting = open_sitting()
    sitting.ready()
    banner = sitting.banner("clock")
    assert banner is not None
    assert "differ by 1,440 minutes" in banner.text
    sitting.decide()
    sitting.drained()
    assert server.kinds() == ["takedown"]


def test_a_connector_that_fails_is_shown_and_the_others_go_on(
    folder: Path, open_sitting: Open, server: FakeServer
) -> None:
    write_plugin(folder / "plugins", folder="broken", manifest="id = 3")
    faulty = (folder / "plugins" / "made_up" / "plugin.toml").read_text().replace("made_up", "faulty")
    write_plugin(
        folder / "plugins", folder="faulty", manifest=faulty,
        code="class C:\n def service(self): raise KeyError('x')\n def close(self): pass\ndef connect(c): return C()",
    )  # fmt: skip
    approve(folder, "faulty")
    sitting = open_sitting()
    kinds = {kind.id: kind for kind in sitting.workstation.accounts.kinds()}
    assert set(kinds) >= {"queue_api", "made_up", "faulty", "broken"}
    assert "name: is missing" in kinds["broken"].problem
    with pytest.raises(OperatorError, match="The connector broken can't be used: .*name: is missing"):
        sitting.connect({}, connector="broken")
    with pytest.raises(OperatorError, match="Fill in: Server"):
        sitting.connect({}, connector="made_up")
    account = sitting.connect({"server": "x"}, connector="faulty")
    sitting.until(
        lambda: any(s.account == account and "Its author must mend" in s.error for s in sitting.status().accounts)
    )
    sitting.ready()
    sitting.decide()
    sitting.drained()
    assert "faulty" in sitting.workstation.diagnostics()


def test_a_form_is_tested_before_it_is_saved(folder: Path, open_sitting: Open, server: FakeServer) -> None:
    sitting = open_sitting(connected=False)
    accounts = sitting.workstation.accounts

    form = AccountForm("made_up", "", {"server": server.name}, {"token": "token"})
    assert sitting.background(lambda: accounts.test(form)).reviewer_name == "Ana Reyes"
    server.error = Unauthorized("who are you")
    with pytest.raises(OperatorError, match="who are you"):
        sitting.background(lambda: accounts.test(form))
    server.error = ValueError("oops")
    with pytest.raises(OperatorError, match=r"Made-up server failed: ValueError: oops. Its author must mend it"):
        sitting.background(lambda: accounts.test(form))
    assert accounts.accounts() == ()
    assert sitting.desk().empty_reason == "no_account"


def test_a_server_without_a_queue_to_look_at_is_worked_with_all_the_same(
    open_sitting: Open, server: FakeServer
) -> None:
    server.capabilities = frozenset({"leases"})
    server.errors["cases"] = server.errors["changes"] = AttributeError("no such call")
    sitting = open_sitting()
    sitting.until(lambda: sitting.desk().on_desk >= 12)
    sitting.decide()
    sitting.drained()
    assert sitting.account().state == "online"


@pytest.mark.parametrize(
    ("error", "reason"), [(Unavailable("x"), "offline"), (Unauthorized("x"), "sign_in"), (None, "none_open")]
)
def test_an_empty_desk_says_why(open_sitting: Open, server: FakeServer, error: Exception | None, reason: str) -> None:
    server.cases.clear()
    server.states.clear()
    server.error = error
    sitting = open_sitting()
    sitting.until(lambda: sitting.desk().empty_reason == reason)


def test_one_broken_account_does_not_keep_the_others_from_opening(open_sitting: Open, folder: Path) -> None:
    first = open_sitting()
    first.ready()
    first.close()
    database = Database(folder / "workstation.sqlite3")
    database.execute(
        "INSERT INTO account (rowid, id, connector, name, settings) VALUES (0, 'demo', 'queue_api', 'Demo', '{}')"
    )
    database.close()
    (folder / "demo-hub").write_text("a file in the way")
    second = open_sitting(connected=False)
    second.ready()

    def settled() -> bool:
        states = {status.account: status.state for status in second.status().accounts}
        return states.pop("demo") in ("failed", "offline") and set(states.values()) == {"online"}

    second.until(settled)


def test_a_second_workstation_is_kept_out(open_sitting: Open, folder: Path) -> None:
    first = open_sitting(connected=False)
    with pytest.raises(FolderInUse, match="already open"):
        Sitting(folder)
    first.close()
    open_sitting(connected=False)


def test_nothing_is_left_after_the_end(open_sitting: Open, server: FakeServer) -> None:
    before = set(threading.enumerate())
    children = {child.pid for child in psutil.Process().children(recursive=True)}
    for _ in range(3):
        sitting = open_sitting(connected=False)
        sitting.close()
    sitting = open_sitting()
    sitting.ready()
    sitting.decide()
    sitting.close()
    left = [thread.name for thread in set(threading.enumerate()) - before]
    assert left == []
    until(lambda: {child.pid for child in psutil.Process().children(recursive=True)} <= children)
    assert server.open_connectors == 0


def test_an_account_of_an_earlier_run_is_not_begun_after_the_end(open_sitting: Open, folder: Path) -> None:
    first = open_sitting()
    first.ready()
    first.close()
    before = set(threading.enumerate())
    for _ in range(5):
        open_sitting(connected=False).close()
    assert [thread.name for thread in set(threading.enumerate()) - before] == []


@pytest.mark.skipif(sys.platform == "win32", reason="files that are open can't be replaced there")
def test_a_damaged_store_is_set_aside_and_said(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "workstation.sqlite3").write_bytes(b"noise" * 2000)
    sitting = Sitting(folder)
    assert "was damaged and was set aside" in sitting.status().banners[0].text
    sitting.close()
    aside = next(folder.glob("damaged-*"))
    assert (aside / "workstation.sqlite3").read_bytes() == b"noise" * 2000
