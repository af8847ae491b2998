"""Near-equal texts meet in a band; others don't count as near."""

from __future__ import annotations

import random

from reviewer.domain.shingles import NEAR, bands, likeness, shingles

WORDS = [f"word{number}" for number in range(400)]


def test_near_equal_texts_share_a_band() -> None:
    rng = random.Random(7)
    missed = near = 0
    for _ in range(300):
        text = rng.choices(WORDS, k=rng.randint(40, 200))
        other = list(text)
        for _ in range(rng.randint(0, 6)):
            other[rng.randrange(len(other))] = rng.choice(WORDS)
        one, two = shingles(" ".join(text)), shingles(" ".join(other))
        if likeness(one, two) >= NEAR:
            near += 1
            missed += not set(bands(one)) & set(bands(two))
    assert near > 100
    assert missed <= near // 100


def test_case_width_and_punctuation_make_no_other_text() -> None:
    text = " ".join(WORDS[:40])
    assert shingles(text) == shingles(text.upper().replace(" ", ", "))
    assert likeness(shingles(text), shingles(" ".join(WORDS[40:80]))) == 0


def test_texts_without_blanks_are_compared_by_letters() -> None:
    text = "手工真皮腰带配黄铜扣全新正品包邮支持退换" * 3
    assert likeness(shingles(text), shingles(text.replace("黄铜", "白铜", 1))) >= NEAR
    assert bands(shingles("กระเป๋าหนังแท้ทำมือส่งฟรีทั่วประเทศรับประกันหนึ่งปีเต็ม"))


def test_short_texts_are_everybodys() -> None:
    assert bands(shingles("New, free shipping")) == ()
    assert bands(shingles("")) == ()
