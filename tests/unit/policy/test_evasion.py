"""Evasion in texts, each sign with its number; false alarms on real listing texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.facts import Match, Side
from reviewer.domain.listing import CategoryPrice
from reviewer.domain.values import Money
from reviewer.policy.evasion import disguised, hidden_places, near_miss, skeleton, spaced_words, words_of
from reviewer.policy.false_alarms import measure, read_listings
from reviewer.policy.policy import policy_from_toml, shipped_policy
from reviewer.policy.signs import facts_for
from reviewer.resources import resources_folder
from tests.unit.policy.test_signs import NOW, OURS, REFERENCE, SIGNS, THEIRS, case, found, only

LISTINGS = next(
    (file for up in Path(__file__).resolve().parents if (file := up / "shared/data/listings/listings.csv").is_file()),
    Path("shared"),
)


@pytest.mark.parametrize("words", ["Вrackenholt", "Brаckenholt", "Br4ckenh0lt", "BRACKENH0LT", "Bracken\u200bho1t"])
def test_a_brand_in_look_alikes_is_named_as_it_is_written(words: str) -> None:
    fact = only("brand_misspelt", case(listing={"title": f"{words} belt", "brand": ""}))
    assert "Brackenholt" in fact.values["brand"]


@pytest.mark.parametrize(
    "words", ["Brackenholt", "brackenholt", "BRACKENHOLT", "Ｂｒａｃｋｅｎｈｏｌｔ", "Brackenholts"]
)
def test_a_brand_as_it_is_written_is_no_disguise(words: str) -> None:
    assert disguised("Brackenholt", words_of(words)) == ""
    assert near_miss("Brackenholt", words_of(words), 5, 2) == ""


@pytest.mark.parametrize("words", ["Брекенхольт ремень", "1995 2024", "สายหนัง แท้", "正品皮带", "ブラッケン"])
def test_other_scripts_and_numbers_are_no_disguise(words: str) -> None:
    assert disguised("Brackenholt", words_of(words)) == ""


def test_hidden_characters_between_letters_are_named_and_emoji_and_scripts_that_need_them_are_not() -> None:
    assert hidden_places("re\u200bplica of Brack\u00adenholt") == ["replica", "Brackenholt"]
    assert hidden_places("family 👨\u200d👩\u200d👧 می\u200cخواهم ภาษา\u200bไทย") == []
    fact = only("hidden_controls", case(listing={"title": "Brack\u200benholt"}))
    assert "Brackenholt" in fact.sentence()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("r e p l i c a belt", ["replica"]),
        ("N.o.r.v.i.k", ["Norvik"]),
        ("B-r-a-c-k", ["Brack"]),
        ("U S B cable", []),
        ("size S M L", []),
        ("A-B test, e.g. this", []),
        ("1 2 3 4 5 6", []),
    ],
)
def test_words_with_their_letters_set_apart(text: str, words: list[str]) -> None:
    assert spaced_words(text, 4) == words


def test_matching_pictures_without_the_brand_in_the_text_speak_for() -> None:
    match = Match(OURS.sha256, THEIRS.sha256, "reference", "ref", "phash64", 2)
    assert only("brand_missing", case(listing={"title": "A belt", "brand": ""}), match).side is Side.FOR
    assert not found("brand_missing", case(listing={"title": "A belt", "brand": ""}))
    assert not found("brand_missing", case(), match)


def test_a_category_speaks_only_where_both_are_known_to_the_policy() -> None:
    def offered(category: str, genuine: str) -> bool:
        reference = replace(REFERENCE, category=genuine)
        return bool(found("category", case(listing={"category": category}, references=(reference,))))

    assert offered("perfume", "belt")
    assert not offered("handbag", "belt")
    assert not offered("belt", "belt")
    assert not offered("something else", "belt")


def test_a_burst_of_listings_of_a_new_account_speaks_for() -> None:
    def seller(days: int, live: int) -> bool:
        return bool(found("burst", case(seller={"joined_at": NOW - timedelta(days), "listings_live": live})))

    assert seller(10, 400)
    assert not seller(10, 20)
    assert not seller(100, 400)
    fact = only("burst", case(seller={"joined_at": NOW - timedelta(10), "listings_live": 1400}))
    assert fact.sentence() == "1,400 live listings 10 days after joining"


def test_a_title_that_was_changed_after_the_last_look_says_how_much_is_left() -> None:
    subject = case(listing={"title": "Genuine Brackenholt Classic belt"})
    before = replace(subject.listing, title="Phone case for travellers belt")
    fact = only("title_changed", replace(subject, previous=before))
    assert fact.values["percent"] == "20"
    assert not found("title_changed", replace(subject, previous=replace(subject.listing, price=None)))


def test_a_price_far_below_its_category_speaks_with_the_middle_price_and_its_base() -> None:
    subject = case(listing={"price": Money(Decimal(5), "EUR")}, references=())
    usual = CategoryPrice(Money(Decimal(100), "EUR"), 1234)
    (fact,) = [fact for fact in facts_for(subject, (), NOW, SIGNS, usual) if fact.kind == "category_price"]
    assert "95 % under the middle price" in fact.sentence()
    assert "(1,234 listings)" in fact.sentence()
    few = CategoryPrice(Money(Decimal(100), "EUR"), 5)
    other = CategoryPrice(Money(Decimal(100), "USD"), 1234)
    for base in (few, other, None):
        assert not [fact for fact in facts_for(subject, (), NOW, SIGNS, base) if fact.kind == "category_price"]


def test_a_lead_tunes_a_sign_in_the_file() -> None:
    text = (resources_folder() / "policies.toml").read_text("utf-8").replace('"tiruan"', '"zamjena"')
    signs = policy_from_toml(text).signs
    subject = case(listing={"description": "zamjena"})
    assert [fact.kind for fact in facts_for(subject, (), NOW, signs)].count("evasive_words") == 1
    assert not found("evasive_words", subject)


@given(st.text(max_size=300), st.text(max_size=30))
def test_no_text_is_too_odd_for_the_rules(text: str, brand: str) -> None:
    hidden_places(text), spaced_words(text, 4), skeleton(text)
    disguised(brand, words_of(text)), near_miss(brand, words_of(text), 5, 2)


@pytest.mark.parametrize("text", ["a " * 50_000, "\u200b" * 50_000, "a\u200b" * 25_000, "x" * 100_000, "a.b." * 20_000])
def test_long_texts_are_looked_at_as_far_as_is_sensible(text: str) -> None:
    facts = facts_for(case(listing={"description": text}), (), NOW, SIGNS)
    assert all(len(fact.sentence()) < 500 for fact in facts)


@pytest.mark.skipif(not LISTINGS.is_file(), reason="../shared/data/listings is not here")
def test_false_alarms_on_real_texts_are_rare() -> None:
    alarms = measure(read_listings(LISTINGS), shipped_policy())
    assert alarms["evasive_words"].of > 4000
    for kind in ("evasive_words", "mixed_scripts", "hidden_controls", "spaced_letters", "brand_misspelt"):
        assert alarms[kind].interval[1] < 0.005, (kind, alarms[kind])
    assert alarms["category_price"].rate < 0.05


def test_the_command_prints_the_rate_of_each_sign(tmp_path: Path) -> None:
    file = tmp_path / "fair.csv"
    file.write_text("id,title,brand\n1,A replica belt,Brackenholt\n2,A belt,Brackenholt\n", "utf-8")
    printed = CliRunner().invoke(app, ["policy", "measure", str(file)])
    assert printed.exit_code == 0, printed.output
    assert "evasive_words" in printed.output
    assert "50.00%" in printed.output
