"""Pictures that a server is to be told of: once each, the latest first, again when asked, none lost on the way."""

from __future__ import annotations

from reviewer.domain.evidence import Fingerprint
from reviewer.services.sightings import Sightings


def seen(name: str) -> Fingerprint:
    return Fingerprint("pdq", 1, 80, ("00" * 32,), name)


def names(sightings: Sightings, most: int = 50, account: str = "a") -> list[str]:
    return [one.picture for one, _ in sightings.take(account, most)]


def test_each_is_told_once_the_latest_first() -> None:
    sightings = Sightings()
    for name in ("one", "two", "three", "one"):
        sightings.add("a", seen(name), ("code",))
    assert names(sightings, 2) == ["one", "three"]
    assert names(sightings) == ["two"]
    sightings.add("a", seen("one"), ("code",))
    assert names(sightings) == []
    assert names(sightings, account="b") == []


def test_what_could_not_be_told_waits_and_what_was_told_is_asked_again() -> None:
    sightings = Sightings()
    sightings.add("a", seen("one"), ("code",))
    taken = sightings.take("a", 5)
    sightings.give_back("a", taken)
    assert sightings.take("a", 5) == taken
    sightings.again("a", ["one", "never seen"])
    sightings.again("a", ["one"])
    assert names(sightings) == ["one"]
