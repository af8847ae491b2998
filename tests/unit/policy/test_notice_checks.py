"""The checklist of a notice and the claimant's record, by properties, and on the texts of real shops."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.notice import Outcome
from reviewer.domain.reference import Right
from reviewer.policy.claimant_record import month_before, record_of
from reviewer.policy.model import NoticeRules
from reviewer.policy.notice_checks import Checklist, Complaint, EarlierNotice, Offer, classes_of
from reviewer.policy.policy import policy_faults, policy_from_mapping, policy_to_mapping, shipped_policy
from reviewer.policy.territories import countries_of, territories_of

POLICY = shipped_policy()
GOODS = POLICY.goods
DAY = datetime(2026, 3, 1, tzinfo=UTC)
SHARED = next(
    (found for up in Path(__file__).resolve().parents if (found := up / "shared" / "data").is_dir()), Path("shared")
)
NICE = SHARED / "trademarks" / "nice_goods.csv"
LISTINGS = SHARED / "listings" / "listings.csv"

rights = st.builds(
    Right,
    st.sampled_from(["trademark", "copyright", "design", "patent", "plant variety"]),
    st.sampled_from(["", "018123456", "№ 17/ก", "x" * 200]),
    st.text(max_size=20),
    st.sampled_from(["EUIPO", "KR", "WIPO", "", "nobody"]),
    st.sampled_from(["Norrvik AB", "", "노르비크"]),
    st.lists(st.integers(1, 45), max_size=4).map(tuple),
    st.sampled_from([(), ("EU",), ("KR", "TH"), ("BX",)]),
    st.none() | st.datetimes(timezones=st.just(UTC)),
)
complaints = st.builds(
    Complaint,
    st.sampled_from(["rights_holder", "trusted_flagger", "authority", "consumer", "brand_bot"]),
    st.sampled_from(["Norrvik AB", "norrvik, AB.", "Agency"]),
    st.text(max_size=60),
    st.booleans(),
    st.none() | rights,
    st.sampled_from(["", "owner", "agent"]),
    st.sampled_from([(), ("Norrvik AB",)]),
    st.sampled_from([(), ("a" * 64,)]),
)
offers = st.builds(
    Offer,
    st.sampled_from(["backpack", "Gear > Bags", "", "ของใช้", "wristwatch"]),
    st.sampled_from(["IE", "KR", "MX", ""]),
    st.sampled_from(["", "4006381333931", "4006381333932", "12"]),
    st.sampled_from(["", "4006381333931", "4006381333932", "４００６"]),
)


@given(complaints, offers, st.booleans())
def test_each_item_comes_once_with_a_verdict_and_a_reason(complaint, offer, known):
    earlier = EarlierNotice("n", DAY, "Somebody") if known else None
    found = Checklist(complaint, DAY, GOODS).of(offer, earlier)
    names = [check.id for check in found.checks]
    assert len(names) == len(set(names))
    assert {"good_faith", "statement", "duplicate"} <= set(names)
    assert all(check.verdict in ("ok", "fails", "unknown") and check.reason for check in found.checks)
    assert found.complete is (not found.asked)
    fails = [check.id for check in found.checks if check.verdict != "ok"]
    assert found.complete or fails, "nothing is asked where all is well"
    assert Checklist(complaint, DAY, GOODS).of(offer, earlier) == found, "computed again it is the same"


@given(rights, st.integers(-400, 400))
def test_a_right_is_in_force_until_its_day(right, days):
    if right.kind not in ("trademark", "design", "patent") or not right.number:
        return
    until = DAY + timedelta(days=days)
    shown = Right(right.kind, right.number, expires_at=until)
    checks = Checklist(Complaint("rights_holder", "N", right=shown), DAY, GOODS).of(Offer()).checks
    verdict = next(check.verdict for check in checks if check.id == "in_force")
    assert verdict == ("ok" if until > DAY else "fails")


@pytest.mark.parametrize(
    ("category", "classes"),
    [
        ("backpack", (18,)), ("Gear > Bags", (18,)), ("mens-watches", (14,)), ("grocery/juice", (30, 32)),
        ("WRISTWATCH", (14,)), ("Bagpipes", ()), ("", ()), ("แว่นตา", ()),
    ],
)  # fmt: skip
def test_categories_are_of_the_classes_that_the_rules_say(category, classes):
    assert classes_of(category, GOODS) == classes


def test_offices_and_unions():
    assert territories_of("euipo") == ("EU",)
    assert territories_of("KR") == ("KR",)
    assert territories_of("WIPO") == territories_of("WO") == ()
    assert {"IE", "MT"} <= countries_of(["EU"])
    assert countries_of(["BX", "kr"]) == {"BE", "NL", "LU", "KR"}
    assert len(countries_of(["EM"])) == 27


counts = st.dictionaries(st.sampled_from([outcome.value for outcome in Outcome]), st.integers(0, 500))


@given(counts, st.sampled_from(["rights_holder", "consumer", "trusted_flagger", "authority"]))
def test_fast_handling_follows_from_the_shares_alone(found, source):
    rules = NoticeRules()
    told = record_of(found, rules, source)
    assert told.decided == sum(found.get(name, 0) for name in ("upheld", "rejected", "reversed"))
    if told.decided < rules.least_notices or source in ("trusted_flagger", "authority"):
        assert told.fast
        return
    good = 100 * told.upheld >= rules.upheld_percent * told.decided
    assert told.fast is (good and 100 * told.reversed <= rules.countered_percent * told.decided)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.integers(1, 60))
def test_months_before(moment, months):
    before = month_before(moment, months)
    assert (before.year * 12 + before.month) == moment.year * 12 + moment.month - months
    assert before.day == min(moment.day, before.day)


def test_goods_are_read_and_their_faults_named():
    again = policy_from_mapping(policy_to_mapping(POLICY), "wire")
    assert again.goods == GOODS
    tables = policy_to_mapping(POLICY)
    del tables["goods"]
    assert policy_from_mapping(tables, "an older server").goods == GOODS
    text = 'base = "shipped"\nversion = "1"\n[[goods]]\nid = "a"\nnice_class = 46\nwords = []\n[[goods]]\nid = "a"\n'
    _, faults = policy_faults(text + 'nice_class = 3\nwords = ["soap"]\nclass = 3\n')
    assert any(fault.startswith("[[goods]] a, nice_class: must be at most 45") for fault in faults)
    assert any(fault.startswith("[[goods]] a, words:") for fault in faults)
    assert any(fault.startswith("[[goods]] a, class: there is no such key") for fault in faults)
    assert "[[goods]] a, id: stands twice" in faults


@pytest.mark.skipif(not NICE.is_file(), reason="../shared/data/trademarks/nice_goods.csv is not there")
def test_the_words_of_the_rules_are_of_those_classes_in_the_nice_classification():
    """Where the alphabetical list has a word for itself, our class is among those that it names."""
    listed: dict[str, set[int]] = {}
    with NICE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            listed.setdefault(row["description"].casefold(), set()).add(int(row["number"][:2]))
    told = 0
    for goods in GOODS:
        for word in goods.words:
            classes = {number for form in (word, f"{word}s", f"{word}es") for number in listed.get(form, ())}
            told += bool(classes)
            assert not classes or goods.nice_class in classes, (word, goods.nice_class, classes)
    print(f"{told} words are in the list, each in its class")  # noqa: T201 - the figure is asked for
    assert told >= 20


@pytest.mark.skipif(not LISTINGS.is_file(), reason="../shared/data/listings is not there")
def test_valid_notices_on_the_listings_of_real_shops():
    """A right that holds for the goods of its shop fails on none; where the category tells nothing, it is unknown."""
    verdicts: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    with LISTINGS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            classes = _BY_HAND.get(row["category"])
            if classes is None:
                continue
            right = Right("trademark", "1", owner="N", nice_classes=classes, territories=("US",),
                          expires_at=DAY + timedelta(days=9))  # fmt: skip
            said = Complaint("rights_holder", "N", "The goods are not ours.", True, right)
            found = Checklist(said, DAY, GOODS).of(Offer(row["category"], "US"))
            for check in found.checks:
                verdicts[check.verdict] += 1
                if check.verdict != "ok":
                    unknown[f"{check.id}: {row['category']}"] += 1
            assert not [check for check in found.checks if check.verdict == "fails"], row["category"]
    listings = verdicts.total() // 7
    words = f"{listings} listings: {verdicts['fails']} false alarms, {verdicts['unknown']} unknown {dict(unknown)}"
    print(words)  # noqa: T201 - the figure is asked for
    assert listings > 3000
    assert verdicts["unknown"] <= 0.02 * listings


#: The largest categories of those shops, with the class of their goods as a person would say it.
_BY_HAND = {
    "watches": (14,), "shoes": (25,), "electronics": (9,), "cameras": (9,), "software": (9,), "computers": (9,),
    "electronics - general": (9,), "stationery & office machinery": (16,), "computers accessories": (9,),
    "printers": (9,), "kitchen-accessories": (21,), "mp3 accessories": (9,), "mice": (9,),
    "projection screens": (9,), "mobile-accessories": (9,), "networking": (9,), "furniture": (20,), "monitors": (9,),
    "Gear > Fitness Equipment": (28,), "grocery/juice": (32,), "Gear > Bags": (18,), "tops": (25,),
    "grocery/milk": (29,), "beauty": (3,), "fragrances": (3,), "womens-dresses": (25,), "womens-watches": (14,),
    "mens-shoes": (25,), "womens-bags": (18,), "sunglasses": (9,), "cleaning repair": (3,), "cases sleeves": (9,),
}  # fmt: skip
