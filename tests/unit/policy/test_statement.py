"""The statement of reasons of a decision: always one that is taken, never with personal data, in every language."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.case import Case, Flag
from reviewer.domain.decision import AGAINST_SELLER, Decision, DecisionKind, Measure, MeasureKind
from reviewer.domain.listing import Listing
from reviewer.domain.seller import Seller, SellerLink
from reviewer.policy.letter import letter, letter_languages
from reviewer.policy.policy import shipped_policy
from reviewer.policy.statement import Statement, automated_removal, lifted, payload, statement_of
from reviewer.policy.statement_schema import judge_outgoing

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
POLICY = shipped_policy()
LINK = SellerLink("s2", "Anna Kowalska", "bank", 0.9, "banned")


def case(**changes: Any) -> Case:
    listing = Listing(
        "l-1", "m", "Brackenholt belt", "r", language="es", gtin="4006381333931", listed_at=NOW - timedelta(9)
    )
    seller = Seller("s1", "Jan Nowak Trading", verification="business", links=(LINK,))
    flags = (Flag("f", "rights_holder", "counterfeit", NOW, claimant="Orle SAS"), Flag("g", "automated", "", NOW))
    return replace(Case("c", "m", "open", 5, None, NOW - timedelta(2), listing, seller, flags), **changes)


def decision(kind: str = "takedown", ground: str = "counterfeit", **changes: Any) -> Decision:
    made = Decision(
        "0198-a", "c", "l-1", "r", DecisionKind(kind), NOW, ground=ground, facts=("The seam differs.",),
        measure=Measure(MeasureKind.ACCOUNT_SUSPENDED, "all", 21),
    )  # fmt: skip
    return replace(made, **changes)


def statement(
    kind: str = "takedown", ground: str = "counterfeit", subject: Case | None = None, **changes: Any
) -> Statement:
    made = statement_of(decision(kind, ground, **changes), subject or case(), POLICY)
    assert made is not None
    return made


def test_a_takedown_with_a_suspension_names_both_with_their_ends() -> None:
    made = payload(statement())
    assert made["puid"] == "0198-a-r1"
    assert made["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert made["decision_account"] == "DECISION_ACCOUNT_SUSPENDED"
    assert made["end_date_account_restriction"] == "2026-12-11"
    assert made["decision_ground"] == "DECISION_GROUND_ILLEGAL_CONTENT"
    assert made["source_type"] == "SOURCE_ARTICLE_16"
    assert (made["automated_detection"], made["automated_decision"]) == ("Yes", "AUTOMATED_DECISION_NOT_AUTOMATED")
    assert made["content_id"] == {"EAN-13": "4006381333931"}
    assert (made["content_date"], made["application_date"]) == ("2026-11-11", "2026-11-20")
    assert len(made["territorial_scope"]) == 27


MEASURES = st.none() | st.builds(
    Measure,
    st.sampled_from(list(MeasureKind)),
    st.sampled_from(["all", "brand", "category"]),
    st.none() | st.integers(1, 36_500),
)


@given(
    st.sampled_from(sorted(AGAINST_SELLER)),
    st.sampled_from([*(ground.id for ground in POLICY.grounds), "unheard of", ""]),
    MEASURES,
    st.lists(st.text(st.characters(), max_size=200), max_size=3),
    st.datetimes(datetime(1980, 1, 1), datetime(2060, 1, 1)).map(lambda value: value.replace(tzinfo=UTC)),
    st.sampled_from(["", "es", "zh-CN", "xx", "EN"]),
    st.sampled_from(["", "4006381333931", "4006381333930", "73513537", "x" * 13]),
    st.text(st.characters(), max_size=40),
    st.booleans(),
)
def test_every_decision_against_a_seller_yields_a_statement_that_is_taken(
    kind: DecisionKind, ground: str, measure: Measure | None, facts: list[str], listed: datetime, language: str,
    gtin: str, clause: str, reversed_: bool,
) -> None:  # fmt: skip
    listing = replace(case().listing, listed_at=listed, language=language, gtin=gtin)
    made = statement(kind, ground, case(listing=listing), measure=measure, facts=tuple(facts), clause=clause)
    if reversed_:
        made = lifted(made, date(2026, 12, 1))
    if made.restricts:
        assert judge_outgoing(payload(made)) == ()
    else:
        with pytest.raises(ValueError, match="restricts nothing"):
            payload(made)
    assert made.puid in letter(made).text


def test_long_facts_are_cut_to_what_the_database_stores() -> None:
    made = payload(statement(facts=("x" * 4000, "y" * 4000)))
    assert len(made["decision_facts"]) == 5000
    assert judge_outgoing(made) == ()


def test_no_personal_data_get_into_the_payload() -> None:
    facts = (
        "Shares its bank with ANNA KOWALSKA, banned.", "Jan Nowak Trading writes from jan@nowak.example",
        "Orle SAS complains; call +48 601 234 567 or see https://nowak.example/shop", 
        "Paid to PL61109010140000071219812874",
    )  # fmt: skip
    words = payload(statement(facts=facts))["decision_facts"]
    for part in ("kowalska", "nowak", "orle", "601", "PL61"):
        assert part.casefold() not in words.casefold(), words
    assert "Jan Nowak Trading" in letter(statement(facts=facts)).text


@pytest.mark.parametrize("kind", [kind.value for kind in DecisionKind if kind not in AGAINST_SELLER])
def test_what_does_not_stand_against_the_seller_yields_none(kind: str) -> None:
    assert statement_of(decision(kind, ""), case(), POLICY) is None


def test_a_mere_warning_restricts_nothing_and_has_a_letter_only() -> None:
    made = statement("warn", "misleading", measure=None)
    assert not made.restricts
    assert "Ha recibido una advertencia" in letter(made).text


def test_a_reversal_is_a_new_statement_with_the_measures_ended() -> None:
    first = statement()
    later = lifted(first, date(2026, 11, 25))
    made = payload(later)
    assert made["puid"] == "0198-a-r2"
    assert made["end_date_visibility_restriction"] == made["end_date_account_restriction"] == "2026-11-25"
    assert "takes the place of 0198-a-r1" in made["decision_facts"]
    assert judge_outgoing(made) == ()
    assert "2026-11-25" in letter(later).text


def test_what_a_rule_did_by_itself_says_so() -> None:
    made = automated_removal(statement("takedown", "no_proof"))
    assert payload(made)["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert "without a person" in letter(made, "en").text
    assert payload(made).get("decision_account") is None


def test_an_unknown_ground_is_stated_as_it_came() -> None:
    made = payload(statement(ground="of_tomorrow", clause=""))
    assert made["incompatible_content_ground"] == "of_tomorrow"
    assert "of_tomorrow" in letter(statement(ground="of_tomorrow", clause="")).text


@pytest.mark.parametrize("language", letter_languages())
def test_every_template_says_everything_in_text_and_in_html(language: str) -> None:
    for ground in POLICY.grounds:
        written = letter(statement(ground=ground.id), language)
        assert written.language == language
        assert not re.search(r"\{\w*\}", written.text)
        for part in (
            "0198-a-r1",
            "The seam differs.",
            "2026-12-11",
            "Brackenholt belt",
            "DE, DK",
            ground.law or ground.clause,
        ):
            assert part in written.text, part
            assert html.escape(part) in written.html, part


def test_the_languages_of_the_shipped_marketplaces_are_there_and_others_get_english() -> None:
    assert set(letter_languages()) >= {"en", "es", "id", "ko", "th", "zh"}
    assert letter(statement(), "zh-TW").language == "zh"
    assert letter(statement(), "fi").language == "en"


def test_nothing_of_a_stranger_is_markup() -> None:
    listing = replace(case().listing, title="<script>alert(1)</script>\u202e")
    written = letter(statement(subject=case(listing=listing), facts=("<b>bold</b>",)))
    assert "<script>" not in written.html
    assert "<b>" not in written.html
    assert "⟦RLO⟧" in written.text
