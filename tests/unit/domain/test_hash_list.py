"""Hash lists: what is written is read again, and what is wrong is said with its line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer.domain.hash_list import HashLine, read_hash_list, write_csv, write_json

PDQ, PHASH = "0f" * 32, "8f" * 8
words = st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=40).map(str.strip)
lines = st.builds(
    HashLine,
    st.just("pdq"),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.integers(0, 100),
    words,
    words,
    st.integers(0, 9),
)


@given(st.lists(lines, max_size=8))
def test_json_and_csv_come_back(found):
    assert read_hash_list(write_json(found)) == found
    plain = [line for line in found if not line.label.startswith("'") and not line.source.startswith("'")]
    assert read_hash_list(write_csv(plain)) == plain


def test_a_spreadsheet_takes_nothing_for_a_formula():
    text = write_csv([HashLine("phash64", PHASH, label="=SUM(A1)", source="@x")])
    assert "'=SUM(A1)" in text
    assert "'@x" in text
    assert read_hash_list(text)[0].label == "=SUM(A1)"


def test_a_list_of_others_needs_two_columns_only():
    text = f"\ufeffalgorithm,hash\nPDQ,{PDQ.upper()}\nphash64,{PHASH}\n".removeprefix("\ufeff")
    assert read_hash_list(text) == [HashLine("pdq", PDQ), HashLine("phash64", PHASH)]
    assert read_hash_list(json.dumps({"items": [{"algorithm": "pdq", "hash": PDQ, "quality": 7}]}))[0].quality == 7


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "lacks the column algorithm"),
        ("algorithm\npdq\n", "lacks the column hash"),
        (f"algorithm,hash\nmd5,{PDQ}\n", "line 2: there is no algorithm 'md5'"),
        ("algorithm,hash\npdq,xyz\n", "line 2: the hash is not 64 hexadecimal digits"),
        (f"algorithm,hash\npdq,{PDQ}\npdq,\n", "line 3: the hash is not 64"),
        (f"algorithm,hash,quality\npdq,{PDQ},much\n", "line 2: quality is no whole number from 0 to 100"),
        (f"algorithm,hash,quality\npdq,{PDQ},101\n", "line 2: quality"),
        (f"algorithm,hash,label\npdq,{PDQ},{'x' * 600}\n", "line 2: label is longer"),
        ("[1]", "no JSON array of objects"),
        ('{"a": 1}', "no JSON array of objects"),
        ("[", "no valid JSON"),
        ("[" * 100_000, "no valid JSON"),
        (json.dumps([{"algorithm": "pdq", "hash": 5}]), "item 1: hash is no text"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, words):
    with pytest.raises(ValueError, match="^") as told:
        read_hash_list(text)
    assert words in str(told.value)
