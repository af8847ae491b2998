"""A seeded share of `make contention`: many reviewers at once, on both databases, judged whole."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.contention import chaos, claims
from tests.contention.arena import arena
from tests.unit.hub.databases import new_database

SEED = 20260301


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request):
    return new_database() if request.param == "postgresql" else None


@pytest.fixture
def folder():
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own in it
    with tempfile.TemporaryDirectory(prefix="hub-", dir=memory if memory.is_dir() else None) as made:
        yield Path(made)


def test_no_case_is_decided_twice_however_leases_are_outlived(database_url, folder):
    hubs = 2 if database_url else 1
    with arena(folder, database_url, cases=250, reviewers=16, hubs=hubs, lease_s=1) as place:
        run = claims.run_claims(place, target=250, lease_s=1, seed=SEED)
        assert run.faults == []
        assert claims.doubled(place, run) == 0
    assert run.broken() == []
    assert run.counts["claims"] >= 250
    assert run.counts["outlived"] >= 40
    assert run.counts["decide lease_lost"] > 0
    assert run.counts["decide duplicate"] > 0


def test_no_decision_counts_twice_however_it_is_delivered(database_url, folder):
    hubs = 2 if database_url else 1
    with arena(folder, database_url, cases=300, reviewers=4, hubs=hubs) as place:
        storm = chaos.run_chaos(place, target=2500, seed=SEED)
        assert storm.faults == []
        assert chaos.doubled(place, storm) == 0
    assert storm.broken() == []
    assert storm.counts["sent"] >= 2500
    for status in ("accepted", "duplicate", "conflict", "stale", "lease_lost"):
        assert storm.counts[status] > 0, status


def test_the_judge_sees_a_decision_that_was_taken_twice(folder):
    with arena(folder, None, cases=20, reviewers=2) as place:
        storm = chaos.run_chaos(place, target=100, seed=SEED)
        store = place.store()
        try:
            store.database.write(
                lambda connection: connection.exec_driver_sql(
                    "INSERT INTO decisions (id, case_id, reviewer_id, kind, received_at, body, body_sha256, status,"
                    " detail, effects, current, supersedes) SELECT 'forged', case_id, reviewer_id, kind, received_at,"
                    " body, body_sha256, status, detail, effects, 0, '' FROM decisions"
                    " WHERE status = 'accepted' LIMIT 1"
                )
            )
        finally:
            store.close()
        assert chaos.doubled(place, storm) > 0
