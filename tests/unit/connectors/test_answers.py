"""What servers answer besides data: pages, times, and how long to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from reviewer.connectors.api import Unavailable, date_of, json_of, retry_after_s


def answer(body: bytes = b"", **headers: str) -> requests.Response:
    made = requests.Response()
    made._content = body
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0), ("0", 1.0), ("-3", 1.0), ("99999", 3600.0), ("", 5.0), ("soon", 5.0), ("nan", 5.0), ("inf", 5.0),
        ("Mon, 05 Jan 2026 10:00:30 GMT", 30.0), ("Mon, 05 Jan 2026 09:00:00 GMT", 1.0),
    ],
)  # fmt: skip
def test_how_long_to_wait_is_a_number_or_a_date(told: str, seconds: float) -> None:
    assert retry_after_s(answer(Retry_After=told, Date="Mon, 05 Jan 2026 10:00:00 GMT")) == seconds


def test_without_a_word_it_is_five_seconds() -> None:
    assert retry_after_s(answer()) == 5.0
    assert retry_after_s(answer(Retry_After="Mon, 05 Jan 2026 10:00:30 GMT")) == 5.0


def test_the_servers_time() -> None:
    assert date_of(answer(Date="Mon, 05 Jan 2026 10:00:00 GMT")) == datetime(2026, 1, 5, 10, tzinfo=UTC)
    for made in (answer(), answer(Date="yesterday")):
        with pytest.raises(Unavailable, match="does not tell its time"):
            date_of(made)


def test_a_page_is_no_data() -> None:
    assert json_of(answer(b'{"a": [1]}')) == {"a": [1]}
    for body in (b"<html>sign in</html>", b"", b"[" * 100_000):
        with pytest.raises(Unavailable, match="a page, not with data"):
            json_of(answer(body))
