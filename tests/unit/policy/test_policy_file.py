"""A file of house rules that a person keeps: every fault of meaning by table and key, presets, the past replayed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.decision import AGAINST_SELLER, DecisionKind, Measure, MeasureKind
from reviewer.domain.seller import Offence
from reviewer.policy.ladder import Counted, ladder_step, settled
from reviewer.policy.policy import (
    policy_faults,
    policy_from_mapping,
    policy_from_toml,
    policy_to_mapping,
    shipped_policy,
)
from reviewer.policy.simulation import PastOffence, simulate
from reviewer.resources import resources_folder

SHIPPED = (resources_folder() / "policies.toml").read_text("utf-8")
PRESETS = sorted((resources_folder() / "presets").glob("*.toml"))
POLICY = shipped_policy()
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def changed(*edits: tuple[str, str, str]) -> str:
    """The shipped file with lines changed: in the table that has the first line, the second becomes the third."""
    text = SHIPPED
    for within, old, new in edits:
        start = max(text.index(within) - 1, 0) if within else 0
        place = text.index(f"\n{old}", start) + 1
        text = text[:place] + new + text[place + len(old) :]
    return text


SUSPENDED = 'measure = "account_suspended"\nscope = "all"'
ONE_FAULT = [
    (("", "window_days = 365", "window_days = 0"), "window_days: must be"),
    (("", "merge_hours = 24", "merge_hours = 9000"), "merge_hours: 9000 hours are longer than the window"),
    (("", "daily_cap = 12", 'daily_cap = "12"'), "daily_cap: must be"),
    (('id = "counterfeit"', "points = 12", "points = -12"), "[[ground]] counterfeit, points: must be"),
    (('id = "counterfeit"', "points = 12", "pionts = 12"), "[[ground]] counterfeit, points: is missing"),
    (('id = "trademark"', 'action = "takedown"', 'action = "delete"'), "[[ground]] trademark, action: no such"),
    (('id = "trademark"', 'action = "takedown"', 'action = "clear"'), "[[ground]] trademark, points: clear does not"),
    (('id = "design"', "sla_hours = 24", "sla_hours = 0"), "[[ground]] design, sla_hours: must be"),
    (('id = "design"', 'evidence = ["picture"]', 'evidence = ["pictures"]'), "[[ground]] design, evidence: no such"),
    (('id = "design"', "illegal = true", 'illegal = "yes"'), "[[ground]] design, illegal: must be true or false"),
    (('id = "misleading"', 'key = "M"', 'key = "C"'), "[[ground]] misleading, key: C is also the key of counterfeit"),
    (('id = "misleading"', "severity = 2", "severity = 9"), "[[ground]] misleading, severity: must be at most 5"),
    (
        ('id = "prohibited"', 'dsa_keyword = "KEYWORD_PROHIBITED_PRODUCTS"', 'dsa_keyword = "KEYWORD_NUDITY"'),
        "[[ground]] prohibited, dsa_keyword: KEYWORD_NUDITY does not belong",
    ),
    (
        ('id = "no_proof"', 'dsa_category = "STATEMENT_CATEGORY_INT', 'dsa_category = "STATEMENT_CATEGORY_IMT'),
        "[[ground]] no_proof, dsa_category: no such category",
    ),
    (('id = "relisting"', 'id = "relisting"', 'id = "trademark"'), "[[ground]] trademark, id: stands twice"),
    (("points = 24", "points = 24", "points = 12"), "[[threshold]] points: 12 stands twice"),
    (("points = 36", f'{SUSPENDED}\ndays = 21', 'measure = "seller_warned"'), "[[threshold]] 36 points, measure: "),
    (("points = 36", "days = 21", "days = 0"), "[[threshold]] number 4, days: must be"),
    (("[[threshold]]\npoints = 48", 'scope = "all"', 'scope = "world"'), "[[threshold]] number 5, scope: must be"),
    (("[[threshold]]\npoints = 48", 'scope = "all"', 'scope = "all"\ndays = 3'), "48 points, days: account_closed"),
    (("[[immediate]]", 'ground = "counterfeit"', 'ground = "fake"'), "[[immediate]] ground: no such ground: 'fake'"),
    (("[[immediate]]", 'measure = "account_suspended"', 'measure = "listing_removed"'), "is not a measure on"),
    (('source = "authority"', "hours = 12", "hours = 12.5"), "hours: must be a whole number"),
    (('source = "authority"', 'source = "authority"', 'source = "police"'), "source: no such source: 'police'"),
    (("[notices]", "upheld_percent = 90", "upheld_percent = 190"), "[notices] upheld_percent: must be a number from 0"),
    (("[proofs]", 'ground = "no_proof"', 'ground = "none"'), "[proofs] ground: no such ground: 'none'"),
    (("[appeals]", "months = 6", "months = 3"), "[appeals] months: must be a whole number of at least 6"),
    (('id = "burst"', "listings = 100", "listings = 0"), "[[sign]] burst, listings: must be"),
    (('id = "burst"', 'rule = "burst"', 'rule = "bursts"'), "[[sign]] burst, rule: no such rule of signs: 'bursts'"),
    (('id = "burst"', "strength = 0.45", "strength = 45"), "[[sign]] burst, strength: must be a number from 0 to 1"),
    (('id = "homoglyphs"', 'id = "homoglyphs"', 'id = "burst"'), "[[sign]] burst, id: stands twice"),
    (('id = "words_th"', 'language = "th"', "language = 3"), "[[sign]] words_th, language: must be a text"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "words"), ONE_FAULT, ids=[words[:60] for _, words in ONE_FAULT])
def test_a_fault_of_meaning_is_named_by_table_and_key(edit: tuple[str, str, str], words: str) -> None:
    policy, faults = policy_faults(changed(edit))
    assert policy is None
    assert any(words in fault for fault in faults), faults
    # A key that is misspelt is one fault as a key that nobody knows and one as a key that is missing.
    assert len(faults) == (2 if "pionts" in edit[2] else 1), faults


def test_ten_faults_are_named_as_ten() -> None:
    edits = [edit for edit, _ in ONE_FAULT]
    chosen = [edits[place] for place in (0, 3, 7, 9, 10, 12, 13, 17, 20, 29)]
    _, faults = policy_faults(changed(*chosen))
    assert len(faults) == 10, faults


def test_the_shipped_file_keeps_its_keys_at_the_beginning_of_lines() -> None:
    for name in ("ground", "threshold", "sign"):
        assert re.search(rf"^\[\[{name}\]\]$", SHIPPED, flags=re.M)
    assert re.search(r'^id = "counterfeit"$', SHIPPED, flags=re.M)
    assert re.search(r"^points = 12$", SHIPPED, flags=re.M)


def test_check_ends_with_1_and_names_all_faults_and_with_0_where_there_is_none(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(changed(*(edit for edit, _ in ONE_FAULT[3:4])), "utf-8")
    run = CliRunner()
    refused = run.invoke(app, ["policy", "check", str(mine)])
    assert refused.exit_code == 1
    assert "1 fault:" in refused.output
    assert "[[ground]] counterfeit, points: must be a whole number of at least 0" in refused.output
    mine.write_text("version = [", "utf-8")
    broken = run.invoke(app, ["policy", "check", str(mine)])
    assert (broken.exit_code, "not valid TOML" in broken.output) == (1, True)
    assert run.invoke(app, ["policy", "check", str(resources_folder() / "policies.toml")]).exit_code == 0


@pytest.mark.parametrize("preset", PRESETS, ids=lambda file: file.stem)
def test_each_preset_is_in_order_and_survives_the_wire(preset: Path) -> None:
    policy = policy_from_toml(preset.read_text("utf-8"), preset.name)
    assert {ground.id for ground in policy.grounds} == {ground.id for ground in POLICY.grounds}
    assert policy.signs == POLICY.signs
    assert policy_from_mapping(policy_to_mapping(policy), "wire") == policy


def preset(name: str) -> list[tuple[int, MeasureKind, int | None]]:
    file = resources_folder() / "presets" / f"{name}.toml"
    policy = policy_from_toml(file.read_text("utf-8"))
    return [(row.points, row.measure.kind, row.measure.days) for row in policy.thresholds]


def test_the_published_ladders_are_shipped() -> None:
    kinds = MeasureKind
    assert preset("points-12-24-36-48")[1:] == [
        (12, kinds.SELLER_RESTRICTED, 7), (24, kinds.SELLER_RESTRICTED, 14), (36, kinds.ACCOUNT_SUSPENDED, 21),
        (48, kinds.ACCOUNT_CLOSED, None),
    ]  # fmt: skip
    assert preset("points-3-6")[1:] == [(3, kinds.ACCOUNT_SUSPENDED, 28), (6, kinds.ACCOUNT_CLOSED, None)]
    assert preset("warning-first")[0] == (1, kinds.SELLER_WARNED, None)


def test_a_server_of_another_version_is_read_with_what_is_known() -> None:
    tables = policy_to_mapping(POLICY)
    tables["ground"][0] |= {"dsa_keyword": "KEYWORD_OF_TOMORROW", "colour": "red"}
    tables["sign"].append({"id": "new", "rule": "of_tomorrow", "strength": 2})
    policy = policy_from_mapping(tables, "server")
    assert policy.grounds[0].dsa_keyword == ""
    assert policy.signs == POLICY.signs
    before_signs = {key: value for key, value in tables.items() if key != "sign"}
    assert policy_from_mapping(before_signs, "server").signs == POLICY.signs


TIMES = st.integers(0, 500 * 24).map(lambda hours: NOW - timedelta(hours=hours))
FULL = st.builds(
    lambda at, ground, overturned, number: Offence(
        f"d{number}", at, "takedown", ground.id, 0, at + timedelta(days=365), overturned, full_points=ground.points
    ),
    TIMES,
    st.sampled_from(POLICY.grounds),
    st.booleans(),
    st.integers(0, 10**9),
)
CAREERS = st.lists(FULL, max_size=8, unique_by=lambda offence: offence.decision_id)


@given(CAREERS, st.randoms())
def test_what_counts_does_not_depend_on_the_order_of_arrival(offences: list[Offence], random: object) -> None:
    shuffled = list(offences)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settled(POLICY, offences) == settled(POLICY, shuffled)


@given(CAREERS, st.data())
def test_a_reversal_leaves_the_seller_as_if_the_decision_had_never_been(
    offences: list[Offence], data: st.DataObject
) -> None:
    if not offences:
        return
    gone = data.draw(st.sampled_from(offences))
    reversed_ = [replace(row, overturned=True) if row is gone else row for row in offences]
    never = [row for row in offences if row is not gone]
    for ground in ("counterfeit", "misleading"):
        one = ladder_step(POLICY, reversed_, DecisionKind.TAKEDOWN, ground, NOW)
        other = ladder_step(POLICY, never, DecisionKind.TAKEDOWN, ground, NOW)
        assert (one.before, one.adds, one.due) == (other.before, other.adds, other.due)


@given(CAREERS)
def test_settling_twice_changes_nothing(offences: list[Offence]) -> None:
    once = settled(POLICY, offences)
    assert settled(POLICY, once) == once


@given(CAREERS, st.sampled_from(POLICY.grounds))
def test_what_a_decision_adds_is_what_it_counts_afterwards(offences: list[Offence], ground: object) -> None:
    found = ladder_step(POLICY, offences, DecisionKind.TAKEDOWN, ground.id, NOW)  # type: ignore[attr-defined]
    full = ground.points  # type: ignore[attr-defined]
    new = Offence("new", NOW, "takedown", ground.id, 0, NOW + timedelta(365), full_points=full)  # type: ignore[attr-defined]
    later = next(row for row in settled(POLICY, [*offences, new]) if row.decision_id == "new")
    at_the_same_time = any(row.at == NOW and row.decision_id > "new" for row in offences)
    assert at_the_same_time or later.points == found.adds


@given(CAREERS, st.integers(0, 900))
def test_with_time_alone_points_only_go(offences: list[Offence], days: int) -> None:
    def before(moment: datetime) -> int:
        return ladder_step(POLICY, offences, DecisionKind.CLEAR, "", moment).before

    assert before(NOW + timedelta(days=days)) <= before(NOW)
    assert before(NOW + timedelta(days=366)) == 0


@given(CAREERS)
def test_ordinary_grounds_never_count_more_than_the_cap_in_a_day(offences: list[Offence]) -> None:
    ordinary = [row for row in offences if (row.full_points or 0) <= POLICY.daily_cap]
    rows = [row for row in settled(POLICY, ordinary) if not row.overturned]
    for last in rows:
        day = [row.points for row in rows if timedelta(0) <= last.at - row.at < timedelta(days=1)]
        assert sum(day) <= POLICY.daily_cap


def test_the_sum_says_of_each_offence_what_became_of_it() -> None:
    def made(number: int, hours: int, ground: str, **changes: object) -> Offence:
        at = NOW - timedelta(hours=hours)
        full = next(row.points for row in POLICY.grounds if row.id == ground)
        return replace(Offence(f"d{number}", at, "takedown", ground, 0, full_points=full), **changes)  # type: ignore[arg-type]

    found = ladder_step(
        POLICY,
        [
            made(1, 9600, "trademark"), made(2, 2000, "counterfeit", overturned=True), made(3, 1990, "trademark"),
            made(4, 1980, "design"), made(5, 1970, "counterfeit"),
        ],
        DecisionKind.TAKEDOWN, "counterfeit", NOW,
    )  # fmt: skip
    assert [(line.offence.decision_id, line.state, line.points) for line in found.lines] == [
        ("d1", Counted.EXPIRED, 0), ("d2", Counted.OVERTURNED, 0), ("d3", Counted.COUNTS, 6),
        ("d4", Counted.MERGED, 0), ("d5", Counted.CAPPED, 6),
    ]  # fmt: skip
    assert (found.before, found.adds, found.reason) == (12, 12, "12 + 12 = 24 points, 24 reached")


def past(days: int, ground: str, done: Measure | None = None, seller: str = "s", **changes: object) -> PastOffence:
    offence = Offence(f"d{days}{seller}", NOW - timedelta(days=days), "takedown", ground, 99)
    return PastOffence(seller, replace(offence, **changes), done)  # type: ignore[arg-type]


def test_the_past_is_replayed_by_the_rules_and_compared_with_what_was_done() -> None:
    warned = Measure(MeasureKind.SELLER_WARNED, "all")
    found = simulate(
        POLICY,
        [
            past(10, "counterfeit"), past(200, "trademark", warned), past(100, "trademark", warned),
            past(50, "counterfeit", overturned=True), past(700, "counterfeit", seller="old"),
            past(5, "unheard", seller="o"),
        ],
    )  # fmt: skip
    assert (found.sellers, len(found.replayed), found.unknown_grounds) == (3, 5, ("unheard",))
    assert [(row.past.seller_id, row.points) for row in found.replayed] == [
        ("old", 12), ("s", 6), ("s", 12), ("s", 24), ("o", 0),
    ]  # fmt: skip
    assert found.due()["seller_restricted"] == 3
    assert found.done() == {"seller_warned": 2, "": 3}
    assert [row.past.offence.ground for row in found.differing()] == ["counterfeit", "trademark", "counterfeit"]


@given(
    st.lists(st.tuples(st.integers(0, 800), st.sampled_from(["counterfeit", "misleading"])), max_size=6, unique=True)
)
def test_a_replay_does_not_depend_on_the_order_of_the_rows(rows: list[tuple[int, str]]) -> None:
    history = [past(days, ground, seller=ground) for days, ground in rows]
    assert simulate(POLICY, history) == simulate(POLICY, reversed(history))


def test_every_kind_against_the_seller_is_replayed() -> None:
    history = [past(place, "misleading", kind=kind.value) for place, kind in enumerate(sorted(AGAINST_SELLER), start=1)]
    assert len(simulate(POLICY, history).replayed) == len(AGAINST_SELLER)
