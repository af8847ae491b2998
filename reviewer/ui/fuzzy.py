"""Fuzzy matching for the palette: the letters in order, better where they begin words or stand together."""

from __future__ import annotations


def score(wanted: str, text: str) -> float | None:
    """How well a text fits what was typed, larger is better; None where it does not fit at all."""
    sought, whole = wanted.casefold().strip(), text.casefold()
    if not sought:
        return 0.0
    found = whole.find(sought)
    if found >= 0:
        begins = found == 0 or not whole[found - 1].isalnum()
        return 100.0 + (50.0 if begins else 0.0) - len(whole) / 100
    total, place = 0.0, -1
    for character in sought:
        if character.isspace():
            continue
        following = whole.find(character, place + 1)
        if following < 0:
            return None
        if following == place + 1:
            total += 3.0
        elif following == 0 or not whole[following - 1].isalnum():
            total += 2.0
        place = following
    return total - len(whole) / 100
