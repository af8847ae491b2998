"""What comes in: claims, renewals, the mirror of the queue, the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.connectors.api import Change, CursorLost, LeaseKey, Unavailable
from reviewer.errors import OperatorError
from reviewer.storage import accounts, cases
from reviewer.storage.database import Database
from reviewer.storage.threads import StoreThread
from reviewer.sync.pull import Wanted, changes_pass, claim_pass, mirror_pass, policy_pass, renew_pass
from tests.fakes_connector import FakeConnector, FakeServer, made_case, row_of

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[StoreThread]:
    opened = StoreThread(tmp_path / "store.sqlite3")
    opened.start()
    yield opened
    opened.close()


@pytest.fixture
def server() -> FakeServer:
    return FakeServer([made_case(number) for number in range(1, 6)])


@pytest.fixture
def connector(server: FakeServer) -> FakeConnector:
    return FakeConnector(server, "token")


def table(store: StoreThread, name: str) -> list[tuple[Any, ...]]:
    statement = f"SELECT * FROM {name}"  # noqa: S608 - a name of ours
    return store.run(lambda database: [tuple(row) for row in database.execute(statement)])


def mirrored(store: StoreThread) -> set[str]:
    return {row[2] for row in table(store, "queue_row")}


def cursor(store: StoreThread) -> str | None:
    return store.run(lambda database: accounts.cursor(database, "a", "changes"))


def test_a_claim_puts_cases_on_the_desk(store: StoreThread, connector: FakeConnector) -> None:
    claim = claim_pass(store, connector, "a", Wanted(3), NOW)
    held = store.run(cases.held)
    assert [row.case for row in held] == [item.case for item in claim.items]
    assert [row.case.id for row in held] == ["case-1", "case-2", "case-3"]
    assert held[0].lease_until == "2026-11-20T09:10:00.000Z"


def test_claiming_the_same_again_changes_nothing(store: StoreThread, connector: FakeConnector) -> None:
    wanted = Wanted(2, case_ids=("case-1", "case-2"))
    claim_pass(store, connector, "a", wanted, NOW)
    before = [table(store, name) for name in ("desk_case", "listing_revision")]
    claim_pass(store, connector, "a", wanted, NOW)
    assert [table(store, name) for name in ("desk_case", "listing_revision")] == before


def test_another_revision_is_kept_beside_the_first(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    wanted = Wanted(1, case_ids=("case-1",))
    claim_pass(store, connector, "a", wanted, NOW)
    server.edit("case-1", title="another title", revision="rev-1b")
    claim_pass(store, connector, "a", wanted, NOW)
    assert [row[2] for row in table(store, "listing_revision")] == ["rev-1", "rev-1b"]
    assert store.run(cases.held)[0].case.listing.title == "another title"


def test_a_claim_that_can_not_be_kept_is_kept_in_no_part(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    listing = replace(server.cases["case-2"].listing, title="\ud800")
    server.cases["case-2"] = replace(server.cases["case-2"], listing=listing)
    with pytest.raises(ValueError, match="surrogate"):
        claim_pass(store, connector, "a", Wanted(3), NOW)
    assert table(store, "desk_case") == []


def test_renewals_are_written_down_and_losses_are_told(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    claim = claim_pass(store, connector, "a", Wanted(2), NOW)
    server.give_to_another("case-1")
    server.lease_s = 1200.0
    keys = [LeaseKey(item.lease.id, item.lease.token) for item in claim.items]
    renewals = renew_pass(store, connector, "a", keys, NOW)
    assert [renewal.ttl_s for renewal in renewals] == [None, 1200.0]
    until = {row.case.id: row.lease_until for row in store.run(cases.held)}
    assert until == {"case-1": "2026-11-20T09:10:00.000Z", "case-2": "2026-11-20T09:20:00.000Z"}


def test_the_whole_queue_is_mirrored_page_by_page(store: StoreThread) -> None:
    server = FakeServer([made_case(number) for number in range(1, 1201)])
    server.states["case-7"] = "decided"
    server.states["case-8"] = "withdrawn"
    server.states["case-9"] = "awaiting_proof"
    connector = FakeConnector(server, "token")
    assert mirror_pass(store, connector, "a") == 1198
    assert mirrored(store) == set(server.cases) - {"case-7", "case-8"}
    assert server.calls.count("cases") == 3
    server.cases = {"case-3": server.cases["case-3"]}
    assert mirror_pass(store, connector, "a") == 1
    assert mirrored(store) == {"case-3"}


def test_what_changes_while_the_queue_is_read_is_not_missed(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    class Slow(FakeConnector):
        def cases(self, cursor: str | None, limit: int = 500) -> Any:
            page = super().cases(cursor, limit)
            server.withdraw("case-1")
            return page

    mirror_pass(store, Slow(server, "token"), "a")
    assert "case-1" in mirrored(store)
    changes_pass(store, connector, "a")
    assert "case-1" not in mirrored(store)


def test_a_server_that_repeats_its_cursor_does_not_hold_the_mirror(store: StoreThread, server: FakeServer) -> None:
    class Stuck(FakeConnector):
        def cases(self, cursor: str | None, limit: int = 500) -> Any:
            return replace(super().cases(None, limit), next_cursor="same")

    assert mirror_pass(store, Stuck(server, "token"), "a") == 10
    assert len(mirrored(store)) == 5


def test_the_first_reading_of_changes_mirrors_the_queue(store: StoreThread, connector: FakeConnector) -> None:
    assert changes_pass(store, connector, "a") == []
    assert len(mirrored(store)) == 5
    assert cursor(store) == "0"


def test_changes_are_read_in_pages_and_once(store: StoreThread, server: FakeServer, connector: FakeConnector) -> None:
    changes_pass(store, connector, "a")
    for number in range(6, 1206):
        server.add(made_case(number))
    server.withdraw("case-1")
    server.edit("case-2", title="a new title")
    assert len(changes_pass(store, connector, "a")) == 1202
    assert mirrored(store) == set(server.cases) - {"case-1"}
    assert changes_pass(store, connector, "a") == []
    assert cursor(store) == "1202"


def test_the_last_of_several_changes_counts(store: StoreThread, server: FakeServer, connector: FakeConnector) -> None:
    changes_pass(store, connector, "a")
    row = row_of(server.cases["case-1"])
    server.changes += [
        Change("case_closed", "case-1", NOW),
        Change("case_opened", "case-1", NOW, replace(row, title="back again")),
        Change("case_opened", "case-2", NOW, row_of(server.cases["case-2"])),
        Change("case_changed", "case-2", NOW, row_of(server.cases["case-2"], "decided")),
        Change("policy_changed", "", NOW),
    ]
    changes_pass(store, connector, "a")
    assert mirrored(store) == {"case-1", "case-3", "case-4", "case-5"}


def test_rows_and_cursor_are_kept_in_one_transaction(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    changes_pass(store, connector, "a")
    server.add(made_case(6))
    bad = row_of(made_case(7))
    server.changes.append(Change("case_opened", "case-7", NOW, replace(bad, title="\ud800")))
    before = mirrored(store)
    with pytest.raises(UnicodeEncodeError):
        changes_pass(store, connector, "a")
    assert mirrored(store) == before
    assert cursor(store) == "0"


def test_an_error_between_pages_keeps_the_pages_before_it(store: StoreThread, server: FakeServer) -> None:
    class Breaking(FakeConnector):
        def changes(self, cursor: str | None, limit: int = 500) -> Any:
            if cursor == "500":
                raise Unavailable("gone in the middle")
            return super().changes(cursor, limit)

    changes_pass(store, Breaking(server, "token"), "a")
    for number in range(6, 606):
        server.add(made_case(number))
    with pytest.raises(Unavailable):
        changes_pass(store, Breaking(server, "token"), "a")
    assert cursor(store) == "500"
    assert len(changes_pass(store, FakeConnector(server, "token"), "a")) == 100
    assert len(mirrored(store)) == 605


def test_the_rules_are_kept_by_version(store: StoreThread, connector: FakeConnector) -> None:
    policy_pass(store, connector, "a", "")
    tables = store.run(lambda database: accounts.policy(database, "a"))
    assert tables is not None
    assert tables["version"] == "2026-11-1"
    assert store.run(lambda database: accounts.policy(database, "b")) is None


def test_rules_with_faults_are_refused_and_the_old_ones_stay(store: StoreThread, server: FakeServer) -> None:
    class Faulty(FakeConnector):
        def policies(self) -> Any:
            return {"version": "2", "ground": []}

    policy_pass(store, FakeConnector(server, "token"), "a", "")
    with pytest.raises(OperatorError, match="The server's policy has"):
        policy_pass(store, Faulty(server, "token"), "a", "2")
    tables = store.run(lambda database: accounts.policy(database, "a"))
    assert tables is not None
    assert tables["version"] == "2026-11-1"


def test_an_account_that_is_removed_leaves_its_decisions(store: StoreThread, connector: FakeConnector) -> None:
    store.run(lambda database: accounts.save_account(database, accounts.AccountRow("a", "made_up", "A", {}, None)))
    store.run(lambda database: accounts.save_service(database, "a", connector.service()))
    claim_pass(store, connector, "a", Wanted(2), NOW)
    changes_pass(store, connector, "a")
    kept = store.run(accounts.all_accounts)
    assert kept[0].service is not None
    assert kept[0].service.marketplaces[0].name == "สยามมาร์เก็ต"

    def remove(database: Database) -> None:
        accounts.remove_account(database, "a", "2026")

    store.run(remove)
    assert store.run(accounts.all_accounts) == []
    assert mirrored(store) == set()
    assert store.run(cases.held) == []
    assert cursor(store) is None


def test_where_the_server_forgot_the_place_the_whole_queue_is_read_again(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    changes_pass(store, connector, "a")
    server.add(made_case(6))
    server.changes.clear()
    server.errors["changes"] = CursorLost("that was long ago")

    class Forgetful(FakeConnector):
        def changes(self, cursor: str | None, limit: int = 500) -> Any:
            server.errors = {} if cursor is None else server.errors
            return super().changes(cursor, limit)

    assert changes_pass(store, Forgetful(server, "token"), "a") == []
    assert mirrored(store) == set(server.cases)
    assert cursor(store) == "0"


def test_changes_without_a_place_to_come_back_to_are_mirrored_and_read_again(
    store: StoreThread, server: FakeServer, connector: FakeConnector
) -> None:
    class Placeless(FakeConnector):
        def changes(self, cursor: str | None, limit: int = 500) -> Any:
            return replace(super().changes(cursor, limit), next_cursor=None)

    changes_pass(store, connector, "a")
    server.add(made_case(6))
    for _ in range(2):
        assert [change.case_id for change in changes_pass(store, Placeless(server, "token"), "a")] == ["case-6"]
    assert mirrored(store) == set(server.cases)
    assert cursor(store) == "0"
