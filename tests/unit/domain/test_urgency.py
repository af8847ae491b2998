"""One comparison: as a number it says the same as the rules say one after the other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.urgency import RAISED, Urgency, reach_of, reasons_for, severity_of, trust_of

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
URGENCIES = st.builds(
    Urgency,
    st.none() | st.integers(-5000, 5000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
    st.integers(1, 5),
    st.integers(0, 9),
    st.integers(0, 5),
    st.integers(0, 1_000),
)


def rules(one: Urgency) -> tuple[object, ...]:
    hour = one.due_at.replace(minute=0, second=0) if one.due_at else datetime.max.replace(tzinfo=UTC)
    first = (-(one.priority // RAISED), hour, -one.severity, -one.reach, -one.trust, -(one.priority % RAISED))
    return (*first, one.due_at.minute if one.due_at else 0)


@given(URGENCIES, URGENCIES)
def test_the_number_says_what_the_rules_say(one: Urgency, other: Urgency) -> None:
    assert (one.rank() < other.rank()) == (rules(one) < rules(other))
    assert 0 <= one.rank() < 2**55


def test_what_can_not_be_is_no_error() -> None:
    odd = Urgency(datetime(1, 1, 1, tzinfo=UTC), 99, 99, -4, -7)
    assert 0 <= odd.rank() < 2**55
    assert Urgency(datetime.max.replace(tzinfo=UTC)).rank() < Urgency(None).rank()
    assert Urgency(NOW, priority=10**9).rank() < Urgency(NOW, priority=99).rank()


def test_what_it_follows_from() -> None:
    assert [reach_of(units) for units in (None, 0, 7, 10, 99, 100, 10**12)] == [0, 0, 1, 2, 2, 3, 9]
    assert trust_of(["consumer", "trusted_flagger", "bot"]) == 4
    assert severity_of(["a", "b"], {"a": 2, "b": 5}.get) == 5
    assert severity_of(["unknown"], lambda _: None) == 3


def test_the_reasons_stand_in_the_order_in_which_they_count() -> None:
    told = [template.format(**values) for template, values in reasons_for(
        Urgency(NOW - timedelta(minutes=75), 4, 3, 5, 212), NOW)]  # fmt: skip
    assert told == [
        "raised by 2: before all that is not", "overdue by 1 h 15 min", "severity 4 of 5", "at least 100 sold",
        "an authority asks", "the marketplace's own score 12",
    ]  # fmt: skip
    calm = [template.format(**values) for template, values in reasons_for(Urgency(None), NOW)]
    assert calm[0] == "no due time: after all that has one"
    assert "no sales known" in calm
