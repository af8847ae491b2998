"""The map of a REST service: every fault of it is named, and it says where in an answer what is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reviewer.connectors.api import API_VERSION
from reviewer.connectors.manifest import read_manifest
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder
from tests.fakes_connector import open_connector

EXAMPLE = plugins_folder() / "rest_map" / "example.toml"


@pytest.fixture(scope="module")
def mapping() -> ModuleType:
    spec = importlib.util.spec_from_file_location("rest_map_mapping", EXAMPLE.with_name("mapping.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_example_is_a_map(mapping: Any) -> None:
    told = mapping.read_map(EXAMPLE)
    assert told.name == "Example shop"
    assert set(told.fields) < set(mapping.FIELDS)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('name = "Example shop"', "name = ", "can't be read"),
        ('name = "Example shop"', 'colour = "x"', "colour: there is no such key"),
        ("[auth] ", "[author] ", r"\[auth\]: is missing"),
        ('header = "Authorization"', "", r"\[auth\] header: is missing"),
        ("Bearer {token}", "Bearer {password}", r"{password} is not known here"),
        ("Bearer {token}", "Bearer {token", "braces do not match"),
        ('id = "id"\n', "", r"\[cases.fields\] id: is missing"),
        ('brand = "product.brand"', 'shade = "product.brand"', "shade: there is no such field"),
        ('brand = "product.brand"', 'brand = "product..brand"', "must be names with points between"),
        ('path = "/flags"', 'path = "/flags/{sku}"', "{sku} is not known here"),
        ('withdrawn = ["closed"]', 'asleep = ["closed"]', "asleep: must be withdrawn or decided"),
        ('kinds = ["clear"]', 'kinds = ["burn"]', "there is no such decision: burn"),
        ('kinds = ["clear"]', 'kinds = ["takedown"]', "takedown: stands twice"),
        ('path = "/flags/{case_id}/dismissal"', 'path = "/flags/{nobody}"', "{nobody} is not known here"),
        ('method = "POST"', 'method = "GET"', "method: must be one of POST"),
        ('"422" = "rejected"', '"422" = "sad"', "is no status of HTTP with a receipt"),
        ('"200" = "accepted", ', "", "no status says accepted"),
    ],
)
def test_each_fault_of_a_map_is_named(tmp_path: Path, mapping: Any, before: str, after: str, words: str) -> None:
    text = EXAMPLE.read_text("utf-8")
    assert before in text
    path = tmp_path / "map.toml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(mapping.MapFault, match=words):
        mapping.read_map(path)
    manifest = read_manifest(EXAMPLE.parent, API_VERSION)
    with pytest.raises(OperatorError, match="The map map.toml can't be used"):
        open_connector(manifest, {"address": "https://a.example", "map": str(path)}, {"token": "x"})


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1), ("list[0].c", 2), ("list[*].c", [2, 3]), ("nowhere", None), ("a.b.c", None), ("list[9].c", None),
        ("deep[*].inner[*].x", [7, 8]), ("list[*].none", []),
    ],
)  # fmt: skip
def test_places_in_an_answer(mapping: Any, path: str, found: object) -> None:
    answer = {"a": {"b": 1}, "list": [{"c": 2}, {"c": 3}], "deep": [{"inner": [{"x": 7}]}, {"inner": [{"x": 8}]}]}
    assert mapping.at(answer, path) == found


def test_templates_keep_types_and_quote_paths(mapping: Any) -> None:
    values = {"facts": ["a", "b"], "id": "x/../y z"}
    assert mapping.filled({"facts": "{facts}", "words": "id {id}"}, values) == {
        "facts": ["a", "b"], "words": "id x/../y z",
    }  # fmt: skip
    assert mapping.filled("/p/{id}", values, in_path=True) == "/p/x%2F..%2Fy%20z"
