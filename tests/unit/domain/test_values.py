"""Money, times, article numbers, ids."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.values import Money, format_time, gtin_is_valid, is_sha256, money, new_id, parse_time, sha256_hex


def test_money_is_read_and_shown_with_its_currency() -> None:
    assert str(money("14500.00", "MXN")) == "14,500.00 MXN"
    assert money("38", "EUR") == Money(Decimal(38), "EUR")


@pytest.mark.parametrize("currency", [None, ""])
def test_money_without_a_currency_says_so(currency: str | None) -> None:
    assert str(money("389.00", currency)) == "389.00 (currency missing)"


@pytest.mark.parametrize("amount", ["", "abc", "NaN", "sNaN", "Infinity", "-Infinity", "1,5", "12 EUR"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        money(amount, "EUR")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+999999", "1E-999999", "9" * 40])
def test_no_money_can_be_made_that_could_not_be_shown_or_compared(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money(Decimal(amount), "EUR")


def test_times_are_utc_with_milliseconds() -> None:
    assert format_time(datetime(2026, 3, 1, 8, 15, tzinfo=UTC)) == "2026-03-01T08:15:00.000Z"
    seoul = timezone(timedelta(hours=9))
    assert format_time(datetime(2026, 3, 1, 8, 15, tzinfo=seoul)) == "2026-02-28T23:15:00.000Z"
    assert parse_time("2026-03-01T08:15:00+09:00") == datetime(2026, 2, 28, 23, 15, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-03-01T08:15:00", "yesterday", "", "2026-13-01T00:00:00Z"])
def test_a_time_without_its_offset_or_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the words are those of the standard library
        parse_time(text)


TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@given(TIMES)
def test_a_time_survives_writing_and_reading_to_the_millisecond(moment: datetime) -> None:
    assert abs(parse_time(format_time(moment)) - moment) < timedelta(milliseconds=1)


@given(TIMES, TIMES)
def test_written_times_sort_as_the_times_do(one: datetime, other: datetime) -> None:
    if one <= other:
        assert format_time(one) <= format_time(other)


@pytest.mark.parametrize("number", ["4006381333931", "73513537", "036000291452", "10012345678902", "00012345600012"])
def test_article_numbers_with_the_right_check_digit_are_valid(number: str) -> None:
    assert gtin_is_valid(number)


@pytest.mark.parametrize(
    "number", ["4006381333930", "", "400638133393", "40063813339311", "४००६३८१३३३९३१", "4006381 33931"]
)
def test_other_article_numbers_are_not(number: str) -> None:
    assert not gtin_is_valid(number)


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(body: str, place: int, shift: int) -> None:
    valid = next(body + digit for digit in "0123456789" if gtin_is_valid(body + digit))
    wrong = f"{valid[:place]}{(int(valid[place]) + shift) % 10}{valid[place + 1 :]}"
    assert not gtin_is_valid(wrong)


def test_new_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids)
    assert {uuid.UUID(text).version for text in ids} == {7}
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}
    milliseconds = [uuid.UUID(text).int >> 80 for text in ids]
    assert milliseconds == sorted(milliseconds)


def test_a_digest_names_a_file_only_in_its_one_spelling() -> None:
    assert is_sha256(sha256_hex(b""))
    for text in ("", "0" * 63, "A" * 64, "g" * 64, "../" + "0" * 61, "０" * 64):
        assert not is_sha256(text)
