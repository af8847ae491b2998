"""The verdict on statements of reasons, and on files of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from reviewer.cli import app
from reviewer.domain.text import visible
from reviewer.policy.statement_file import judge_lines
from reviewer.policy.statement_lists import countries, keywords, schema
from reviewer.policy.statement_schema import judge, judge_outgoing

EXAMPLES = next(
    (found for up in Path(__file__).resolve().parents if (found := up / "shared/spec/dsa/examples.jsonl").is_file()),
    Path("shared"),
)


def statement(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "puid": "d-1-r1",
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
        "illegal_content_legal_ground": "Regulation (EU) 2017/1001, Art. 9",
        "illegal_content_explanation": "The mark is used without consent.",
        "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
        "category_specification": ["KEYWORD_TRADEMARK_INFRINGEMENT"],
        "content_type": ["CONTENT_TYPE_PRODUCT"],
        "territorial_scope": ["DE", "FR"],
        "content_date": "2026-04-11",
        "application_date": "2026-06-02",
        "decision_facts": "The stitching differs.",
        "source_type": "SOURCE_ARTICLE_16",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
    }
    made |= changes
    return {name: value for name, value in made.items() if value is not ...}


def faults(**changes: Any) -> list[str]:
    return [str(found) for found in judge(statement(**changes)).faults]


def warnings(**changes: Any) -> list[str]:
    verdict = judge(statement(**changes))
    assert verdict.valid
    return [str(found) for found in verdict.warnings]


def test_a_whole_statement_is_valid_without_a_warning() -> None:
    assert (faults(), warnings(), judge_outgoing(statement())) == ([], [], ())


@pytest.mark.skipif(not EXAMPLES.is_file(), reason="../shared/spec/dsa is not here")
def test_every_published_example_gets_its_verdict() -> None:
    examples = [json.loads(line) for line in EXAMPLES.read_text("utf-8").splitlines()]
    for example, line in zip(examples, judge_lines(EXAMPLES.read_bytes().splitlines()), strict=True):
        verdict = judge(example["payload"])
        assert verdict.valid == line.verdict.valid == example["valid"], example["id"]
        assert (verdict.valid and not verdict.warnings) == example["outgoing_profile"], example["id"]
        named = {part for found in verdict.faults for part in found.member.split(", ")}
        for member in example["error_members"]:
            assert any(part == member or part.startswith(f"{member}.") for part in named), (example["id"], member)


@pytest.mark.parametrize("member", [name for name in schema()["required"]])
def test_each_required_member_is_missed_by_name(member: str) -> None:
    assert faults(**{member: ...}) == [f"{member}: is missing"]


def test_a_statement_without_any_restriction_names_all_four() -> None:
    (found,) = faults(decision_visibility=...)
    assert "decision_visibility, decision_monetary, decision_provision, decision_account" in found


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"category": "COUNTERFEIT"}, 'category: no such value: "COUNTERFEIT"'),
        ({"decision_facts": "x" * 5001}, "decision_facts: has 5,001 characters, at most 5,000"),
        ({"application_date": "2026-02-30"}, "application_date: is not of the form"),
        ({"puid": "a b"}, "puid: is not of the form"),
        ({"puid": "a\n"}, "puid: is not of the form"),
        ({"content_type": "CONTENT_TYPE_PRODUCT"}, "content_type: must be of type array"),
        ({"content_type": []}, "content_type: "),
        ({"illegal_content_explanation": " "}, "illegal_content_explanation: must not be blank"),
        ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, "decision_visibility_other: is missing"),
        ({"category_addition": None}, "category_addition: must be of type array"),
        ({"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"}, "incompatible_content_ground: is missing"),
        ({"category_specification": ["KEYWORD_DANGEROUS_TOYS"]}, "KEYWORD_DANGEROUS_TOYS"),
        ({"content_id": {"EAN-13": "123"}}, "content_id"),
    ],
)
def test_what_the_server_refuses_is_named(changes: dict[str, Any], part: str) -> None:
    assert any(part in found for found in faults(**changes)), faults(**changes)


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"territorial_scope": ...}, "territorial_scope: is missing"),
        ({"territorial_scope": ["DE", "DE"]}, "territorial_scope: names something twice"),
        ({"colour": "red"}, "colour: is not a member"),
        ({"incompatible_content_ground": "x"}, "incompatible_content_ground: must be left out or null"),
        ({"content_id": {"EAN-13": "4006381333930"}}, "content_id.EAN-13: 4006381333930 has a wrong check digit"),
        ({"end_date_visibility_restriction": "2026-06-01"}, "end_date_visibility_restriction: ends on 2026-06-01"),
        ({"content_date": "2026-06-03"}, "content_date: 2026-06-03 lies after"),
        ({"decision_facts": " spaced "}, "decision_facts: has blanks at its ends"),
        ({"category_specification": ["KEYWORD_NUDITY"]}, "KEYWORD_NUDITY belongs to none of"),
    ],
)
def test_what_only_a_careful_sender_leaves_out_is_a_warning(changes: dict[str, Any], part: str) -> None:
    assert any(part in found for found in warnings(**changes)), warnings(**changes)


@pytest.mark.parametrize("value", [None, 1, "text", [], [[]], {}, True, 1e400, {"puid": {"a": []}}])
def test_any_json_value_gets_a_verdict(value: Any) -> None:
    verdict = judge(value)
    assert not verdict.valid
    assert all(found.words for found in verdict.faults)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(schema()["properties"])), JSON, max_size=5))
def test_no_statement_is_too_odd(changes: dict[str, Any]) -> None:
    verdict = judge(statement(**changes))
    for found in (*verdict.faults, *verdict.warnings):
        assert visible(str(found)) == str(found)


def lines(*rows: bytes) -> list[tuple[int, bool, str]]:
    return [
        (line.number, line.verdict.valid, "; ".join(map(str, (*line.verdict.faults, *line.verdict.warnings))))
        for line in judge_lines(rows)
    ]


def test_lines_that_are_no_json_are_named_and_the_rest_goes_on() -> None:
    whole = json.dumps({"id": 1, "payload": statement()}).encode()
    found = lines(b"\xef\xbb\xbf" + whole, b"", b"{", b"\xff", b"[NaN]", b"[" * 100_000, b"9" * 5000, whole + b"\r\n")
    assert [(number, valid) for number, valid, _ in found] == [
        (1, True), (3, False), (4, False), (5, False), (6, False), (7, False), (8, True),
    ]  # fmt: skip
    assert "is not UTF-8" in found[2][2]
    assert "puid: stands in line 1 already" in found[-1][2]


def test_a_member_that_stands_twice_is_a_warning() -> None:
    text = json.dumps(statement()).removesuffix("}") + ', "puid": "later"}'
    ((_, valid, words),) = lines(text.encode())
    assert valid
    assert "puid: stands twice" in words


def test_a_payload_that_holds_no_statement_is_refused() -> None:
    assert [valid for _, valid, _ in lines(b'{"payload": null}', b'{"payload": []}')] == [False, False]


def test_the_command_ends_with_1_where_one_is_refused_and_with_0_where_none_is(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
    good.write_text(json.dumps(statement()), "utf-8")
    bad.write_text(json.dumps(statement()) + "\n" + json.dumps(statement(category=...)), "utf-8")
    run = CliRunner()
    assert run.invoke(app, ["reasons", "validate", str(good)]).exit_code == 0
    refused = run.invoke(app, ["reasons", "validate", str(bad)])
    assert refused.exit_code == 1
    assert "line 1: valid" in refused.output
    assert "line 2: invalid" in refused.output
    assert "category: is missing" in refused.output
    told = run.invoke(app, ["reasons", "validate", "--json", str(bad)])
    rows = [json.loads(row) for row in told.output.splitlines()]
    assert [row["valid"] for row in rows] == [True, False]
    assert rows[1]["reasons"] == [{"member": "category", "reason": "is missing"}]


def test_the_groups_of_territories_and_the_keywords_are_at_hand() -> None:
    assert (len(countries()), len(countries("eea30")), len(keywords())) == (27, 30, 69)
