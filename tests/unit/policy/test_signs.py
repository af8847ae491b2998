"""Facts for and against an infringement, from what a case says of itself."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.case import Case, Flag
from reviewer.domain.facts import Fact, Match, Side
from reviewer.domain.listing import Listing, Picture
from reviewer.domain.reference import ReferenceProduct
from reviewer.domain.seller import Offence, Seller, SellerLink
from reviewer.domain.values import Money
from reviewer.policy.policy import shipped_policy
from reviewer.policy.signs import facts_for

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SIGNS = shipped_policy().signs
OURS, THEIRS = Picture("a" * 64), Picture("b" * 64)
REFERENCE = ReferenceProduct(
    "ref", "Brackenholt", "Classic 35", "4006381333931", "belts", Money(Decimal(100), "EUR"), (THEIRS,)
)


def case(
    *,
    listing: dict[str, Any] | None = None,
    seller: dict[str, Any] | None = None,
    references: tuple[ReferenceProduct, ...] = (REFERENCE,),
    flags: tuple[Flag, ...] = (),
) -> Case:
    offer = Listing("l", "m", "Brackenholt belt", "r", "nice", "Brackenholt", pictures=(OURS,))
    trader = Seller("s", "Seller")
    return Case(
        "c", "m", "open", 50, None, NOW, replace(offer, **listing or {}), replace(trader, **seller or {}), flags,
        references,
    )  # fmt: skip


def found(kind: str, subject: Case, *matches: Match) -> list[Fact]:
    return [fact for fact in facts_for(subject, matches, NOW, SIGNS) if fact.kind == kind]


def only(kind: str, subject: Case, *matches: Match) -> Fact:
    facts = found(kind, subject, *matches)
    assert len(facts) == 1, facts
    assert "{" not in facts[0].sentence()
    assert 0 <= facts[0].strength <= 1
    return facts[0]


def price(amount: str, currency: str | None = "EUR") -> Case:
    return case(listing={"price": Money(Decimal(amount), currency)})


def test_the_same_bytes_as_the_brands_picture_speak_for_an_infringement() -> None:
    fact = only("picture", case(), Match(OURS.sha256, THEIRS.sha256, "reference", "ref", "sha256", 0))
    assert fact.side is Side.FOR
    assert fact.sentence() == "Picture 1 is the brand's own file (reference picture 1, the same bytes)"


def test_a_look_alike_picture_tells_its_distance_and_only_the_nearest_counts() -> None:
    far = Match(OURS.sha256, "c" * 64, "reference", "ref", "phash64", 4)
    near = Match(OURS.sha256, THEIRS.sha256, "reference", "ref", "phash64", 2)
    fact = only("picture", case(), far, near)
    assert fact.sentence() == "Picture 1 looks like the brand's picture 1 (distance 2 of 64)"


@pytest.mark.parametrize(
    ("amount", "side", "percent"),
    [
        ("5", Side.FOR, "95"),
        ("40", Side.FOR, "60"),
        ("70", Side.FOR, "30"),
        ("95", Side.AGAINST, "5"),
        ("120", Side.AGAINST, "20"),
    ],
)
def test_the_price_speaks_for_or_against(amount: str, side: Side, percent: str) -> None:
    fact = only("price", price(amount))
    assert fact.side is side
    assert fact.values["percent"] == percent


def test_the_lower_the_price_the_stronger_the_fact() -> None:
    strengths = [only("price", price(amount)).strength for amount in ("70", "39", "20", "1")]
    assert strengths == sorted(strengths)


@pytest.mark.parametrize("amount", ["71", "84"])
def test_a_price_in_between_says_nothing(amount: str) -> None:
    assert not found("price", price(amount))


def test_a_price_without_a_currency_is_not_compared_and_says_so() -> None:
    fact = only("price", price("5", None))
    assert "no currency" in fact.sentence()


def test_a_price_in_another_currency_is_not_compared() -> None:
    assert not found("price", price("5", "MXN"))


@pytest.mark.parametrize("list_price", [None, Money(Decimal(0), "EUR")])
def test_without_a_list_price_nothing_is_said_of_the_price(list_price: Money | None) -> None:
    offer = {"price": Money(Decimal(5), "EUR")}
    assert not found("price", case(listing=offer, references=(replace(REFERENCE, list_price=list_price),)))
    assert not found("price", case(listing=offer, references=()))


@pytest.mark.parametrize(
    "words",
    ["1:1 quality", "best REPLICA", "미러급 정품급", "งานเทียบแท้", "高仿包包", "ＲＥＰＬＩＣＡ", "calidad espejo"],
)
def test_words_by_which_sellers_own_up_are_found_in_every_script(words: str) -> None:
    assert only("evasive_words", case(listing={"description": words})).side is Side.FOR


@pytest.mark.parametrize("words", ["replicate", "11:12 o'clock", "aaaaa", "genuine leather", "clonal"])
def test_words_that_only_contain_them_are_not(words: str) -> None:
    assert not found("evasive_words", case(listing={"description": words}))


def test_mixed_scripts_and_hidden_characters_are_named() -> None:
    assert "Nіke" in only("mixed_scripts", case(listing={"title": "Nіke"})).sentence()
    assert only("hidden_controls", case(listing={"title": "a\u202eb"})).side is Side.FOR
    assert not found("hidden_controls", case(listing={"title": "sale 👨\u200d👩\u200d👧"}))


def test_a_misspelt_brand_speaks_for_and_an_absent_one_against() -> None:
    listing = {"title": "Brakenholt belt", "brand": ""}
    assert only("brand_misspelt", case(listing=listing)).values["near"] == "Brakenholt"
    assert only("brand_absent", case(listing={"title": "A belt", "brand": ""})).side is Side.AGAINST
    assert not found("brand_misspelt", case())


def test_the_article_number_is_compared_with_the_references() -> None:
    same = only("gtin", case(listing={"gtin": "04006381333931"}))
    assert same.side is Side.AGAINST
    assert only("gtin", case(listing={"gtin": "73513537"})).side is Side.FOR
    assert "wrong check digit" in only("gtin", case(listing={"gtin": "4006381333930"})).sentence()
    assert not found("gtin", case())


def test_being_authorised_by_the_brand_speaks_against() -> None:
    listed = case(references=(replace(REFERENCE, authorised_sellers=("s", "t")),))
    others = case(references=(replace(REFERENCE, authorised_sellers=("t", "u")),))
    assert only("authorised", listed).side is Side.AGAINST
    assert only("authorised", others).side is Side.FOR
    assert not found("authorised", case())


def test_offences_that_count_speak_for() -> None:
    def offence(points: int, **changes: Any) -> Offence:
        return replace(Offence("d", NOW - timedelta(30), "takedown", "counterfeit", points), **changes)

    offences = (offence(12), offence(2), offence(6, overturned=True), offence(6, expires_at=NOW))
    fact = only("offences", case(seller={"offences": offences}))
    assert fact.sentence() == "2 offences count, 14 points, the last on 2026-10-21"


def test_links_to_banned_or_suspended_accounts_speak_for() -> None:
    links = tuple(
        SellerLink("x", f"Shop {standing}", "bank", 0.9, standing) for standing in ("banned", "suspended", "active")
    )
    assert len(found("link", case(seller={"links": links}))) == 2


@pytest.mark.parametrize(
    ("days", "kind", "side"), [(5, "new_seller", Side.FOR), (800, "old_seller", Side.AGAINST), (300, "", None)]
)
def test_the_age_of_the_account_speaks(days: int, kind: str, side: Side | None) -> None:
    facts = [
        fact
        for fact in facts_for(case(seller={"joined_at": NOW - timedelta(days)}), (), NOW, SIGNS)
        if "_seller" in fact.kind
    ]
    assert [(fact.kind, fact.side) for fact in facts] == ([(kind, side)] if side else [])


def test_the_record_of_the_claimant_speaks_for_or_against() -> None:
    def flag(upheld: float | None, source: str = "rights_holder") -> Flag:
        return Flag("f", source, "counterfeit", NOW, claimant="Orle SAS", claimant_upheld=upheld)

    assert only("claimant", case(flags=(flag(0.94),))).side is Side.FOR
    assert only("claimant", case(flags=(flag(0.1),))).side is Side.AGAINST
    assert not found("claimant", case(flags=(flag(None),)))
    assert not found("claimant", case(flags=(flag(0.9, "staff"),)))


def test_consumers_are_counted_and_an_authority_weighs_most_of_the_flags() -> None:
    flags = tuple(Flag(f"f{n}", source, "", NOW) for n, source in enumerate(("consumer", "consumer", "authority")))
    assert only("consumers", case(flags=flags)).sentence() == "2 consumers report it"
    assert only("authority", case(flags=flags)).strength > only("consumers", case(flags=flags)).strength


def test_without_references_the_rest_is_still_said() -> None:
    subject = case(listing={"description": "replica"}, references=(), seller={"joined_at": NOW})
    assert {fact.kind for fact in facts_for(subject, (), NOW, SIGNS)} == {"evasive_words", "new_seller"}


def test_facts_come_strongest_first() -> None:
    subject = case(listing={"price": Money(Decimal(5), "EUR"), "description": "replica"}, seller={"joined_at": NOW})
    strengths = [fact.strength for fact in facts_for(subject, (), NOW, SIGNS)]
    assert len(strengths) >= 3
    assert strengths == sorted(strengths, reverse=True)


@given(
    st.text(st.characters(), max_size=300),
    st.text(st.characters(), max_size=30),
    st.text(max_size=20),
    st.none() | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12),
    st.sampled_from(["EUR", "KRW", None]),
)
def test_no_listing_is_too_odd(title: str, brand: str, gtin: str, amount: Decimal | None, currency: str | None) -> None:
    money = Money(amount, currency) if amount is not None and abs(amount.adjusted()) <= 24 else None
    subject = case(
        listing={"title": title, "brand": brand, "gtin": gtin, "price": money},
        references=(replace(REFERENCE, brand=brand),),
    )
    for fact in facts_for(subject, (), NOW, SIGNS):
        fact.sentence()
        assert math.isfinite(fact.strength)
