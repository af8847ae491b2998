"""A workstation and a hub as two programs: what was decided is on the hub exactly once."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import psutil

from reviewer.domain.decision import DecisionKind
from reviewer.imaging.pictures import Decoded
from reviewer.services.model import Draft
from tests.end2end.conftest import OpenDesk
from tests.end2end.hubs import HubProcess, copy_of
from tests.fakes_connector import until
from tests.unit.services.sitting import Sitting

KINDS = [kind for kind in DecisionKind if kind not in (DecisionKind.WITHDRAW, DecisionKind.UPHOLD)]


def sent_by(sitting: Sitting) -> list[str]:
    """The ids of the decisions that the workstation knows to be on the hub."""
    return [decision_id for decision_id, _, state in sitting.kept_decisions() if state == "settled"]


def held_of(hub: HubProcess, ids: list[str]) -> list[dict[str, Any]]:
    """What the hub holds under these ids; checks that each is there once and was accepted."""
    rows = [row for row in hub.decisions() if row["decision"]["id"] in ids]
    assert sorted(row["decision"]["id"] for row in rows) == sorted(ids)
    assert {row["receipt"]["status"] for row in rows} <= {"accepted"}
    return rows


def test_every_kind_of_decision_is_taken(shared_hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(shared_hub)
    sitting.ready()
    refs = [sitting.decide(kind, note=f"정품급 ของแท้ {kind}", seconds=2.5) for kind in KINDS]
    sitting.drained()
    assert sitting.inbox() == ()
    rows = held_of(shared_hub, sent_by(sitting))
    assert [row["decision"]["kind"] for row in rows] == [kind.value for kind in KINDS]
    assert [row["decision"]["case_id"] for row in rows] == [ref.case_id for ref in refs]
    assert all(row["current"] and row["reviewer"] == "reviewer" for row in rows)
    assert rows[0]["decision"]["note"] == "정품급 ของแท้ takedown"


def test_undo_before_sending_leaves_no_trace_on_the_hub(shared_hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(shared_hub, delay_s=60.0)
    sitting.ready()
    ref = sitting.decide()
    sitting.undo()
    sitting.decide(DecisionKind.CLEAR, ref)
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    rows = shared_hub.decisions(case=ref.case_id)
    assert [row["decision"]["kind"] for row in rows] == ["clear"]
    assert [state for _, _, state in sitting.kept_decisions()] == ["withdrawn", "withdrawn", "settled"]


def test_undo_after_sending_reverses_and_the_next_decision_replaces(
    shared_hub: HubProcess, open_desk: OpenDesk
) -> None:
    sitting = open_desk(shared_hub)
    sitting.ready()
    ref = sitting.decide()
    sitting.drained()
    sitting.undo()
    sitting.drained()
    assert shared_hub.call("GET", f"/v1/cases/{ref.case_id}")["state"] == "open"
    sitting.decide(DecisionKind.WARN, ref)
    sitting.drained()
    assert sitting.inbox() == ()
    rows = shared_hub.decisions(case=ref.case_id)
    assert [(row["decision"]["kind"], row["current"]) for row in rows] == [
        ("takedown", False), ("withdraw", False), ("warn", True),
    ]  # fmt: skip


def test_a_skip_is_given_back_and_taken_again(shared_hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(shared_hub)
    ref = sitting.ready().ref
    sitting.desk_call(lambda: sitting.workstation.review.skip(ref))
    until(lambda: shared_hub.call("GET", f"/v1/cases/{ref.case_id}")["state"] == "open")
    sitting.undo()
    sitting.until(lambda: sitting.first().ref == ref)
    sitting.decide(ref=ref)
    sitting.drained()
    assert sitting.inbox() == ()


def test_work_goes_on_without_the_hub_and_drains_when_it_is_back(hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(hub)
    sitting.ready()
    before = [sitting.decide(DecisionKind.CLEAR) for _ in range(2)]
    sitting.drained()
    hub.stop()
    after = [sitting.decide(kind) for kind in (*KINDS, DecisionKind.TAKEDOWN)]
    sitting.until(lambda: sitting.account().state == "offline")
    assert len(sitting.unsent()) == len(after)
    hub.start()
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    rows = held_of(hub, sent_by(sitting))
    assert sorted(row["decision"]["case_id"] for row in rows) == sorted(ref.case_id for ref in before + after)


def test_a_hub_that_is_killed_while_decisions_come_in_holds_each_once(hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(hub)
    sitting.ready()
    for round_ in range(2):
        kill = threading.Thread(target=hub.kill)
        kill.start()
        for _ in range(3):
            sitting.decide(KINDS[round_])
        kill.join()
        hub.start()
        sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert sitting.inbox() == ()
    assert len(held_of(hub, sent_by(sitting))) == 6


def test_a_workstation_that_is_killed_loses_and_doubles_nothing(
    hub: HubProcess, open_desk: OpenDesk, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.end2end.desk_process", str(tmp_path / "data"), hub.address, "demo-reviewer"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(17)]
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    said += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait(30)
    process.stdout.close()
    psutil.wait_procs(children, 10)  # the decode workers end with their parent

    sitting = open_desk()
    sitting.until(lambda: sitting.account().state == "sign_in")
    account = sitting.account().account
    sitting.background(lambda: sitting.workstation.accounts.sign_in(account, {"token": "demo-reviewer"}))
    sitting.drained()
    kept = sitting.kept_decisions()
    assert sitting.inbox() == ()
    assert {state for _, _, state in kept} <= {"settled", "withdrawn"}
    # Everything that was said to be made is there: with its undo, two rows.
    assert len(kept) >= len(said) + sum(number % 7 == 3 for number in said)
    held_of(hub, sent_by(sitting))
    withdrawn = {decision_id for decision_id, _, state in kept if state == "withdrawn"}
    assert withdrawn.isdisjoint(row["decision"]["id"] for row in hub.decisions())
    assert sitting.workstation._store.run(lambda db: db.execute("PRAGMA integrity_check").fetchone()[0]) == "ok"


def test_one_decision_that_the_hub_won_t_take_does_not_hold_up_the_others(
    shared_hub: HubProcess, open_desk: OpenDesk
) -> None:
    sitting = open_desk(shared_hub, delay_s=60.0)
    sitting.ready()
    bad = sitting.decide(note="x" * 200_000)
    for _ in range(4):
        sitting.decide(DecisionKind.CLEAR)
    sitting.desk_call(sitting.workstation.delivery.send_now)
    sitting.drained()
    assert [(item.ref, item.status) for item in sitting.inbox()] == [(bad, "rejected")]
    assert len(held_of(shared_hub, sent_by(sitting))) == 4


def test_a_token_that_is_not_known_asks_to_sign_in_and_the_work_goes_on(
    shared_hub: HubProcess, open_desk: OpenDesk
) -> None:
    sitting = open_desk(shared_hub, token="not-a-token")
    sitting.until(lambda: sitting.account().state == "sign_in")
    assert sitting.desk().empty_reason == "sign_in"
    account = sitting.account().account
    service = sitting.background(lambda: sitting.workstation.accounts.sign_in(account, {"token": "demo-reviewer"}))
    assert service.role == "reviewer"
    sitting.ready()
    sitting.decide()
    sitting.drained()
    held_of(shared_hub, sent_by(sitting))


def test_a_lease_that_ran_out_and_went_to_another_comes_back(
    demo_folder: Path, tmp_path: Path, open_desk: OpenDesk
) -> None:
    hub = HubProcess(copy_of(demo_folder, tmp_path / "hub"), "tests.end2end.brief_leases").start()
    try:
        first = open_desk(hub, delay_s=60.0)
        first.ready()
        decided = first.decide(note="decided in time, sent too late")
        lying = first.first().ref
        first.desk_call(lambda: first.workstation.review.save_draft(lying, Draft(note="half a thought")))
        first.close()
        wanted = {"count": 2, "case_ids": [decided.case_id, lying.case_id]}
        taken = until(lambda: hub.call("POST", "/v1/leases", wanted, who="demo-reviewer-2")["items"])
        assert {item["case"]["id"] for item in taken} <= {decided.case_id, lying.case_id}
        while len(taken) < 2:
            taken += hub.call("POST", "/v1/leases", wanted, who="demo-reviewer-2")["items"]

        second = open_desk()
        second.until(lambda: second.account().state == "online")
        second.desk_call(second.workstation.delivery.send_now)
        item = second.until(second.inbox)[0]
        assert (item.ref, item.status) == (decided, "lease_lost")
        second.until(lambda: second.banner(f"lost:{lying}"))
        assert hub.decisions(case=decided.case_id)[0]["receipt"]["status"] == "lease_lost"
        second.resolve(item, "moot")
        assert second.inbox() == ()
    finally:
        hub.stop()


def test_a_listing_that_changes_under_the_hand_must_be_seen_first(shared_hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(shared_hub)
    ref = sitting.ready().ref
    case = shared_hub.call("GET", f"/v1/cases/{ref.case_id}")
    listing = {key: value for key, value in case["listing"].items() if key != "revision"}
    seller = {"id": case["seller"]["id"], "display_name": case["seller"]["display_name"]}
    upsert = {"listing": listing | {"title": "a harmless title"}, "seller": seller, "flags": [], "references": []}
    answer = shared_hub.call("POST", "/v1/listings", {"items": [upsert]}, who="demo-service")
    assert answer["items"][0]["status"] == "updated"
    sitting.look()
    sitting.until(lambda: sitting.first().problem == "changed")
    assert sitting.first().case.listing.title == "a harmless title"
    sitting.decide(ref=ref, confirm_changed=True)
    sitting.drained()
    assert sitting.inbox() == ()


def test_pictures_come_from_the_hub_and_then_from_the_disk(hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(hub)
    entry = sitting.ready()
    names = [picture.sha256 for picture in entry.case.listing.pictures]
    request = sitting.workstation.pictures.request
    assert names
    for name in names:
        assert isinstance(request(entry.ref.account, name, 300, 300, urgent=True).result(30), Decoded)
    hub.stop()
    for name in names:
        assert isinstance(request(entry.ref.account, name, 300, 300, urgent=True).result(30), Decoded)


def test_the_queue_table_shows_every_open_case_and_what_lies_here(shared_hub: HubProcess, open_desk: OpenDesk) -> None:
    sitting = open_desk(shared_hub)
    sitting.ready()
    cases = shared_hub.every("/v1/cases")
    waiting = {case["id"] for case in cases if case["state"] not in ("decided", "withdrawn")}
    sitting.until(lambda: {row.ref.case_id for row in sitting.page().rows} == waiting)
    assert sitting.page().total == len(waiting)
    local = sitting.page(where="local")
    assert local.total == sitting.desk().on_desk
    title = local.rows[0].row.title
    assert local.rows[0].ref in {row.ref for row in sitting.page(text=title).rows}


def test_the_demo_starts_and_ends_with_the_workstation(open_desk: OpenDesk) -> None:
    first = open_desk()
    assert first.background(first.workstation.accounts.start_demo) == "demo"
    first.ready()
    first.decide(DecisionKind.CLEAR, seconds=5.0)
    first.drained()
    hubs = [child for child in psutil.Process().children(recursive=True) if "--demo" in child.cmdline()]
    assert len(hubs) >= 1
    first.close()
    data = str(first.folder)
    left = [child for child in psutil.Process().children(recursive=True) if data in " ".join(child.cmdline())]
    assert left == []

    second = open_desk()
    second.ready(11)
    assert second.desk().counts.total == 1
    second.decide(DecisionKind.CLEAR)
    second.drained()
    assert second.inbox() == ()
