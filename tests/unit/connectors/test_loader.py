"""Connectors as folders: found, checked, loaded, whoever wrote them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reviewer.connectors.api import API_VERSION
from reviewer.connectors.loader import find_connectors
from reviewer.connectors.manifest import CAPABILITIES, Manifest, ManifestFault, read_manifest
from reviewer.errors import OperatorError
from reviewer.resources import plugins_folder
from tests.fakes_connector import open_connector, write_plugin

GOOD = """
id = "{id}"
name = "Mine"
version = "1"
api = ["1"]
entry = "connector:connect"
hosts = ["{{address}}", "cdn.example"]
capabilities = ["media"]
licence = "Apache-2.0"
author = "Nobody"
[[setting]]
key = "address"
label = "Address"
kind = "address"
"""
CODE = """
from . import beside


class Mine:
    def __init__(self, context):
        self.context = context

    def service(self):
        return beside.WORDS

    def media(self, sha256):
        return b''

    def close(self):
        pass


def connect(context):
    return Mine(context)
"""


def make(parent: Path, name: str, *, code: str = CODE, manifest: str = GOOD) -> Manifest:
    folder = write_plugin(parent, manifest=manifest.format(id=name), code=code, folder=name)
    (folder / "beside.py").write_text(f"WORDS = 'words of {name}'\n")
    return read_manifest(folder, API_VERSION)


def test_the_shipped_connector_comes_in_by_the_same_door() -> None:
    found = {row.id: row for row in find_connectors([plugins_folder()])}
    manifest = found["queue_api"].manifest
    assert manifest is not None
    assert set(manifest.capabilities) < set(CAPABILITIES)
    assert {setting.key: setting.kind for setting in manifest.settings} == {"address": "address", "token": "secret"}


def test_a_manifest_is_read_without_running_code(tmp_path: Path) -> None:
    manifest = make(tmp_path, "loud", code="raise SystemExit('ran')")
    assert (manifest.module, manifest.function, manifest.hosts) == (
        "connector",
        "connect",
        ("{address}", "cdn.example"),
    )
    assert find_connectors([tmp_path])[0].manifest == manifest


def test_every_fault_of_a_manifest_is_listed(tmp_path: Path) -> None:
    text = """
    id = "Bad Id"
    version = ""
    api = ["7"]
    entry = "connector"
    hosts = ["{nowhere}"]
    capabilities = ["media", "flying"]
    [[setting]]
    label = "no key"
    kind = "colour"
    [[setting]]
    key = "a"
    label = "A"
    kind = "choice"
    [[setting]]
    key = "a"
    label = "again"
    """
    folder = write_plugin(tmp_path, manifest=text)
    with pytest.raises(ManifestFault) as caught:
        read_manifest(folder, API_VERSION)
    faults = "\n".join(caught.value.faults)
    for part in (
        "id: 2 to 40 small letters",
        "name: is missing",
        "version: must be a text that is not empty",
        "api: made for API 7, this program has API 1",
        "entry: must be like connector:connect",
        "capabilities: no such capability: flying",
        "hosts: {nowhere} names no setting",
        "[[setting]] 1, key: is missing",
        "[[setting]] 1, kind: must be one of",
        "[[setting]] a, choices: is missing",
        "[[setting]] a, key: stands twice",
    ):
        assert part in faults, part


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id = ", "can't be read"),
        ("", "id: is missing; name: is missing"),
        (GOOD.format(id="mine").replace("connector:connect", "other:connect"), "there is no file other.py"),
        (GOOD.format(id="mine").replace('["1"]', '"1"'), "api: must be a list"),
        (GOOD.format(id="mine").replace("[[setting]]", "[setting]"), r"must be tables \[\[setting\]\]"),
        (GOOD.format(id="mine").replace('["media"]', "[]"), "capabilities: must be a list"),
        (GOOD.format(id="mine").replace('"connector:connect"', '"../../evil:connect"'), "entry: must be like"),
    ],
)
def test_a_manifest_with_a_fault_is_listed_with_its_reason(tmp_path: Path, text: str, words: str) -> None:
    folder = write_plugin(tmp_path, manifest=text)
    with pytest.raises(ManifestFault, match=words):
        read_manifest(folder, API_VERSION)
    found = find_connectors([tmp_path])
    assert [(row.id, row.manifest) for row in found] == [("made_up", None)]
    assert found[0].problem


def test_bytes_that_are_no_text_are_a_fault(tmp_path: Path) -> None:
    folder = write_plugin(tmp_path)
    (folder / "plugin.toml").write_bytes(b"id = '\xff\xfe'")
    assert "can't be read" in find_connectors([tmp_path])[0].problem


def test_the_others_are_found_beside_a_broken_one(tmp_path: Path) -> None:
    make(tmp_path / "one", "first")
    (tmp_path / "one" / "empty").mkdir()
    (tmp_path / "one" / ".hidden").mkdir()
    (tmp_path / "one" / "__pycache__").mkdir()
    (tmp_path / "one" / "file.txt").write_text("no folder")
    found = find_connectors([tmp_path / "missing", tmp_path / "one"])
    assert [(row.id, row.problem) for row in found] == [("first", ""), ("empty", "there is no plugin.toml")]


def test_of_two_with_one_id_the_first_counts_and_the_second_says_why(tmp_path: Path) -> None:
    make(tmp_path / "one", "twin")
    make(tmp_path / "two", "twin")
    first, second = find_connectors([tmp_path / "one", tmp_path / "two"])
    assert first.manifest is not None
    assert second.manifest is None
    assert second.problem == f"its id twin is taken by {tmp_path / 'one' / 'twin'}"


def test_a_connector_is_opened_with_its_settings_secrets_and_hosts(tmp_path: Path) -> None:
    manifest = make(tmp_path, "opened")
    connector = open_connector(manifest, {"address": "https://Queue.example.com:8443/v1"}, {"token": "s3cret"})
    context = connector.context  # type: ignore[attr-defined]
    assert context.settings == {"address": "https://Queue.example.com:8443/v1"}
    assert "s3cret" not in repr(context)
    assert context.session._allowed == {"queue.example.com", "cdn.example"}
    context.session.close()


def test_two_connectors_with_modules_of_one_name_do_not_collide(tmp_path: Path) -> None:
    answers = [str(open_connector(make(tmp_path, name), {}, {}).service()) for name in ("left", "right")]
    assert answers == ["words of left", "words of right"]


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("bad_import", "import no_such_module_anywhere", "can't be loaded: ModuleNotFoundError.*author must mend"),
        ("bad_syntax", "def connect(:", "can't be loaded: SyntaxError"),
        ("bad_start", "1 / 0", "can't be loaded: ZeroDivisionError"),
        ("bad_exit", "raise SystemExit(3)", "can't be loaded: SystemExit"),
        ("no_entry", "x = 1", "can't be loaded: AttributeError"),
        ("no_calls", "def connect(context): return object()", r"lacks service, close, media\(\)"),
        ("no_answer", "def connect(context): return None", r"lacks service, close, media\(\)"),
        (
            "bad_connect",
            "def connect(context): raise KeyError('address')",
            "can't be opened: KeyError.*author must mend",
        ),
    ],
)
def test_a_connector_that_can_not_be_loaded_says_so(tmp_path: Path, name: str, code: str, words: str) -> None:
    manifest = make(tmp_path, name, code=code)
    with pytest.raises(OperatorError, match=words):
        open_connector(manifest, {}, {})
    if "bad" in name and name != "bad_connect":
        assert f"reviewer_connector_{name}.connector" not in sys.modules
