"""What an account's desk does where answers come late, changes are odd, rules are broken, or somebody else appears."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from reviewer.connectors.api import Change, Holder, LeaseKey, ReferenceProduct, Refused, Renewal, Unavailable
from reviewer.services.model import AccountStatus, CaseRef
from reviewer.storage import cases
from reviewer.storage.database import Database
from tests.fakes_connector import SERVERS, FakeConnector, FakeServer, made_case, picture_named, row_of
from tests.unit.services.conftest import Open
from tests.unit.services.sitting import Sitting


def state_of(sitting: Sitting, ref: CaseRef) -> str:
    def read(database: Database) -> str:
        return cases.stored(database, ref.account, ref.case_id).state

    found: str = sitting.workstation._store.run(read)
    return found


def back_online(sitting: Sitting, server: FakeServer) -> None:
    """The line breaks and is there again, so that the server says anew who works here."""
    server.errors["changes"] = Unavailable("the line broke")
    sitting.look()
    sitting.until(lambda: sitting.account().state == "offline")
    server.errors.clear()
    sitting.workstation.intake.wake(retry=True)
    sitting.until(lambda: sitting.account().state == "online")


def test_a_case_that_is_skipped_while_its_lease_is_renewed_is_not_held_again(
    open_sitting: Open, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.lease_s = 3.0
    sitting = open_sitting()
    ref = sitting.ready().ref
    renew = FakeConnector.renew
    skipped: list[CaseRef] = []

    def late(self: FakeConnector, leases: Sequence[LeaseKey]) -> tuple[Renewal, ...]:
        answer = renew(self, leases)
        if not skipped:
            skipped.append(ref)
            sitting.desk_call(lambda: sitting.workstation.review.skip(ref))
        return answer

    monkeypatch.setattr(FakeConnector, "renew", late)
    sitting.until(lambda: server.released)
    assert sitting.workstation.review._leases.get(ref) is None
    assert [lease.reason for lease in server.released] == ["skipped"]


def test_a_lease_that_is_lost_when_the_case_is_decided_already_says_nothing(
    open_sitting: Open, server: FakeServer
) -> None:
    server.lease_s = 3.0
    sitting = open_sitting(delay_s=600.0)
    sitting.ready()
    ref = sitting.decide()
    server.give_to_another(ref.case_id)
    sitting.until(lambda: state_of(sitting, ref) == "lost")
    assert sitting.banner("lost") is None
    sitting.desk_call(sitting.workstation.delivery.send_now)
    item = sitting.until(sitting.inbox)[0]
    assert (item.status, item.ref) == ("lease_lost", ref)


def test_a_change_that_says_nothing_new_leaves_the_case_as_it_is(sitting: Sitting, server: FakeServer) -> None:
    ref = sitting.ready().ref
    with server.lock:
        server.changes.append(Change("case_opened", ref.case_id, datetime.now(UTC), row_of(server.cases[ref.case_id])))
        server.add(made_case(31))
    sitting.look()
    sitting.until(lambda: sitting.page().total == 31)
    entry = sitting.first()
    assert (entry.ref, entry.problem) == (ref, "")


def test_rules_that_can_not_be_used_are_said_and_those_known_before_stay(
    sitting: Sitting, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sitting.ready().policy.version
    monkeypatch.setattr(FakeConnector, "policies", lambda _: {"version": "broken", "grounds": 3})
    server.changes.append(Change("policy_changed", "", datetime.now(UTC)))
    sitting.look()
    banner = sitting.until(lambda: sitting.banner("policy"))
    assert "the ones known before stay in force" in banner.text
    assert sitting.first().policy.version == before
    sitting.decide()
    sitting.drained()
    assert server.bodies()[0]["policy_version"] == before


def test_where_somebody_else_appears_under_the_same_token_the_first_ones_work_waits(
    open_sitting: Open, server: FakeServer
) -> None:
    """A token may be given to another person at the server; another account at the same desk goes on as it was."""
    sitting = open_sitting(delay_s=600.0)
    first = sitting.ready().ref
    other = FakeServer([made_case(number) for number in range(41, 46)])
    other.name, other.tokens = "another server", {"token": ("eva", "Eva")}
    SERVERS[other.name] = other
    beside = sitting.connect({"server": other.name}, connector="made_up")
    sitting.until(lambda: sitting.desk().on_desk >= 17)
    sitting.decide(ref=first)
    held = [lease.id for lease in server_leases(sitting, first.account)]
    server.tokens = {"token": ("ben", "Ben Ito")}
    back_online(sitting, server)
    sitting.until(lambda: status_of(sitting, first.account).reviewer_name == "Ben Ito")
    banner = sitting.until(lambda: sitting.banner("others"))
    assert banner.text.startswith("1 unsent decisions of somebody else wait here")
    assert sitting.unsent() == ()
    assert sitting.desk().undo_label == ""
    assert not set(held) & {lease.id for lease in server_leases(sitting, first.account)}
    assert len(server_leases(sitting, beside)) == 5

    server.tokens = {"token": ("ana", "Ana Reyes")}
    back_online(sitting, server)
    sitting.until(lambda: len(sitting.unsent()) == 1)
    sitting.close()
    del SERVERS[other.name]


def server_leases(sitting: Sitting, account: str) -> list[Any]:
    return sitting.workstation.review._leases.of_account(account)


def status_of(sitting: Sitting, account: str) -> AccountStatus:
    return next(status for status in sitting.status().accounts if status.account == account)


def test_a_match_that_is_found_beside_the_desk_pops_in(open_sitting: Open, server: FakeServer) -> None:
    original, copy = io.BytesIO(), io.BytesIO()
    noise = Image.frombytes("L", (16, 12), random.Random(3).randbytes(16 * 12))
    picture = Image.linear_gradient("L").resize((320, 240))
    picture.paste(noise.resize((160, 120)), (60, 39))
    picture.convert("RGB").save(original, "JPEG", quality=90)
    picture.resize((280, 210)).convert("RGB").save(copy, "JPEG", quality=40)
    shown, genuine = picture_named(copy.getvalue()), picture_named(original.getvalue())
    server.pictures |= {shown.sha256: copy.getvalue(), genuine.sha256: original.getvalue()}
    reference = ReferenceProduct("ref-9", "Orle", "Saddle", pictures=(genuine,))
    server.cases["case-1"] = made_case(1, pictures=(shown,), references=(reference,))
    sitting = open_sitting()
    entry = sitting.until(lambda: (first := sitting.desk().current) and first.matches and first)
    assert [(match.method, match.source_id) for match in entry.matches] == [("phash64", "ref-9")]


def test_no_more_cases_is_never_said_while_a_desk_of_ones_own_holds_some(
    open_sitting: Open, server: FakeServer
) -> None:
    for number in range(1, 31):
        server.lease_for(f"case-{number}", "ana")  # at a desk that was lost
    said: list[str] = []
    sitting = open_sitting(connected=False)
    sitting.workstation.notifier.subscribe(lambda _: said.append(sitting.workstation.intake.empty_reason()[0]))
    sitting.connect({"server": server.name}, connector="made_up")
    sitting.until(lambda: sitting.desk().empty_reason == "held_elsewhere")
    assert sitting.desk().holders == (Holder("ana", 30),)
    assert "none_open" not in said
    server.leases.clear()
    server.states["case-7"] = "open"
    assert sitting.first().ref.case_id == "case-7"


def test_where_the_queue_can_not_be_read_an_empty_desk_says_so_all_the_same(
    open_sitting: Open, server: FakeServer
) -> None:
    server.states = dict.fromkeys(server.states, "withdrawn")
    server.errors["changes"] = Refused("not for you")
    sitting = open_sitting()
    sitting.until(lambda: sitting.desk().empty_reason == "none_open")
