"""Every way in which a manifest or a folder can be wrong is named, all at once, before any code runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from reviewer.connectors.settings_schema import Setting, setting_problems, with_defaults
from reviewer.connectors.validation import faults_of
from reviewer.resources import plugins_folder

GOOD = """id = "mine"
name = "Mine"
version = "1.0"
api = ["1"]
entry = "connector:connect"
hosts = ["{address}"]
capabilities = ["leases", "submit", "media"]
licence = "Apache-2.0"
author = "Me"

[[setting]]
key = "address"
label = "Address"
kind = "address"
"""
CODE = (
    "from reviewer.connectors.api import Context\n\n\ndef connect(context: Context) -> object:\n    return object()\n"
)

FAULTS = {
    "no_toml": ("id = ", "plugin.toml can't be read"),
    "unknown_key": ('colour = "red"\n' + GOOD, "colour: there is no such key"),
    "bad_id": (GOOD.replace('"mine"', '"My Market"'), "id: 2 to 40 small letters"),
    "no_name": (GOOD.replace('name = "Mine"\n', ""), "name: is missing"),
    "long_name": (GOOD.replace('"Mine"', f'"{"n" * 81}"'), "name: at most 80"),
    "bad_version": (GOOD.replace('"1.0"', '"new"'), "version: must be numbers with points"),
    "other_api": (GOOD.replace('["1"]', '["2"]'), "api: made for API 2, this program has API 1"),
    "api_no_list": (GOOD.replace('["1"]', '"1"'), "api: must be a list of texts"),
    "bad_entry": (GOOD.replace("connector:connect", "../x:connect"), "entry: must be like connector:connect"),
    "missing_file": (GOOD.replace("connector:connect", "other:connect"), "entry: there is no file other.py"),
    "missing_function": (GOOD.replace("connector:connect", "connector:other"), "has no function other"),
    "wild_host": (GOOD.replace("{address}", "*"), r"hosts: * must be a host's name"),
    "host_with_scheme": (GOOD.replace("{address}", "https://a.example"), "without scheme, port, path"),
    "host_names_nothing": (GOOD.replace("{address}", "{server}"), "hosts: {server} names no setting"),
    "host_names_text": (GOOD.replace('kind = "address"', 'kind = "text"'), "must name a setting of the kind address"),
    "no_such_capability": (GOOD.replace('"media"', '"flying"'), "no such capability: flying"),
    "doubled_capability": (GOOD.replace('"media"', '"submit"'), "submit stands twice"),
    "leases_and_poll": (GOOD.replace('"media"', '"poll"'), "leases and poll exclude each other"),
    "submit_alone": (GOOD.replace('["leases", "submit", "media"]', '["submit"]'), "submit needs leases or poll"),
    "cases_alone": (GOOD.replace('"media"', '"cases"'), "cases and changes go together"),
    "bad_effect": ('effect = "magic"\n' + GOOD, "effect: must be one of change, complaint"),
    "bad_decision": ('decisions = ["burn"]\n' + GOOD, "there is no such decision: burn"),
    "bad_measure": ('measures = ["exile"]\n' + GOOD, "there is no such measure: exile"),
    "measures_no_list": ('measures = "all"\n' + GOOD, "measures: must be a list of texts"),
    "bad_environment": ('environment = "mars"\n' + GOOD, "environment: must be one of shared, own"),
    "no_author": (GOOD.replace('author = "Me"\n', ""), "author: is missing"),
    "setting_no_table": ("setting = 3\n" + GOOD.partition("[[")[0], "setting: must be tables"),
    "setting_kind": (GOOD.replace('kind = "address"', 'kind = "colour"'), "kind: must be one of"),
    "setting_key": (GOOD.replace('key = "address"', 'key = "Ad dress"'), "key: 1 to 40 small letters"),
    "setting_twice": (GOOD + '[[setting]]\nkey = "address"\nlabel = "B"\n', "key: stands twice"),
    "setting_unknown": (GOOD + 'shade = "x"\n', "shade: there is no such key"),
    "choice_without": (GOOD + '[[setting]]\nkey = "b"\nlabel = "B"\nkind = "choice"\n', "choices: is missing"),
    "choices_elsewhere": (GOOD + 'choices = ["a"]\n', "choices: only for the kinds choice and columns"),
    "default_other_kind": (
        GOOD + '[[setting]]\nkey = "b"\nlabel = "B"\nkind = "number"\ndefault = "x"\n', "default: must be a number"
    ),
    "default_too_large": (
        GOOD + '[[setting]]\nkey = "b"\nlabel = "B"\nkind = "number"\nmost = 5\ndefault = 6\n', "must be at most 5"
    ),
    "bounds_crossed": (
        GOOD + '[[setting]]\nkey = "b"\nlabel = "B"\nkind = "number"\nleast = 9\nmost = 5\n',
        "least: is larger than most",
    ),
    "secret_default": (
        GOOD + '[[setting]]\nkey = "b"\nlabel = "B"\nkind = "secret"\ndefault = "x"\n', "a secret has none"
    ),
    "bad_language": (GOOD + '[setting.words."not a tag"]\nlabel = "x"\n', "is no language tag"),
    "bad_words": (GOOD + "[setting.words.ko]\ncolour = 'x'\n", "words.ko: there is no such key: colour"),
    "check_unknown": (GOOD + '[check]\nspeed = 3\n', "[check] speed: there is no such key"),
    "check_no_stand": (GOOD + '[check]\nstand = "gone.py"\n', "there is no file gone.py"),
    "check_setting": (GOOD + "[check]\n[check.settings]\nother = 1\n", "other: there is no such setting"),
}  # fmt: skip


def made(folder: Path, manifest: str = GOOD, code: str = CODE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "plugin.toml").write_text(manifest, encoding="utf-8")
    (folder / "connector.py").write_text(code, encoding="utf-8")
    return folder


def test_a_good_folder_has_no_faults(tmp_path: Path) -> None:
    assert faults_of(made(tmp_path / "mine")) == []


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_named(tmp_path: Path, name: str) -> None:
    manifest, words = FAULTS[name]
    assert words in "\n".join(faults_of(made(tmp_path / "mine", manifest)))


WHOLE = """
class Mine:
    def service(self): ...
    def claim(self, count, **more): ...
    def renew(self, leases): ...
    def release(self, leases): ...
    def submit(self, decisions): ...
    def media(self, sha256): ...
    def close(self): ...


def connect(context):
    return Mine()
"""


def test_calls_that_the_capabilities_need_and_no_class_has(tmp_path: Path) -> None:
    folder = made(tmp_path / "mine", code=WHOLE)
    assert faults_of(folder) == []
    made(tmp_path / "mine", code=WHOLE.replace("renew", "prolong").replace("def close", "def shut"))
    assert faults_of(folder) == [
        "connector.py: no class has close(), which every connector needs",
        "connector.py: no class has renew(), which the capability leases needs",
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("class Mine:", "from somewhere import Base\n\nclass Mine(Base):"),
        ("    def close(self): ...", "    def __getattr__(self, name): ..."),
        ("    def renew(self, leases): ...", "    def __init__(self): self.renew = print"),
        ("    def renew(self, leases): ...", "    renew = print"),
    ],
)
def test_what_can_not_be_known_without_running_it_is_no_fault(tmp_path: Path, before: str, after: str) -> None:
    assert faults_of(made(tmp_path / "mine", code=WHOLE.replace(before, after))) == []


def test_all_faults_are_listed_at_once(tmp_path: Path) -> None:
    manifest = GOOD.replace('"mine"', '"X"').replace('"1.0"', '"new"').replace("{address}", "*")
    faults = faults_of(made(tmp_path / "mine", manifest, "def connect(:\nimport reviewer.services\n"))
    assert len(faults) == 4


@pytest.mark.parametrize(
    "line",
    ["import reviewer.services.clock", "from reviewer.connectors import loader", "from reviewer import settings"],
)
def test_other_rooms_of_ours_are_no_ground_to_build_on(tmp_path: Path, line: str) -> None:
    (fault,) = faults_of(made(tmp_path / "mine", code=f"{line}\n{CODE}"))
    assert "imports reviewer.connectors.api only" in fault


def test_a_folder_that_is_none_and_one_that_is_empty(tmp_path: Path) -> None:
    assert "is no folder" in faults_of(tmp_path / "nowhere")[0]
    assert faults_of(tmp_path) == ["there is no plugin.toml"]


def test_a_manifest_without_end_is_not_read(tmp_path: Path) -> None:
    assert faults_of(made(tmp_path / "mine", "#" * 300_000)) == ["plugin.toml is larger than 256 KiB"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_no_part_of_a_connector(tmp_path: Path) -> None:
    folder = made(tmp_path / "mine")
    (folder / "passwords.txt").symlink_to("/etc/passwd")
    assert faults_of(folder) == ["passwords.txt is a link; a connector's folder holds files only"]
    (folder / "passwords.txt").unlink()
    os.mkfifo(folder / "pipe")
    assert faults_of(folder) == ["pipe is no plain file"]


@pytest.mark.parametrize("folder", sorted(path for path in plugins_folder().iterdir() if path.is_dir()), ids=str)
def test_the_shipped_ones_have_no_faults(folder: Path) -> None:
    if (folder / "plugin.toml").exists():
        assert faults_of(folder) == []


SETTINGS = (
    Setting("a", "A", "text", required=True),
    Setting("n", "N", "number", least=1, most=9),
    Setting("c", "C", "choice", choices=("x", "y")),
    Setting("s", "S", "secret", required=True),
    Setting("w", "W", "switch"),
    Setting("l", "L", "list"),
    Setting("m", "M", "columns", choices=("title", "price")),
    Setting("u", "U", "address"),
)


def test_values_that_fit() -> None:
    values = {"a": "x", "n": 4, "c": "y", "w": True, "l": ["p"], "m": {"title": "Name"}, "u": "https://a.example"}
    assert setting_problems(SETTINGS, values, {"s": "k"}) == {}


def test_values_that_do_not_fit_any_more_are_named() -> None:
    values = {"n": 12, "c": "z", "w": "on", "l": "p", "m": {"colour": "x"}, "u": "a.example"}
    assert setting_problems(SETTINGS, values, {}) == {
        "a": "is needed",
        "n": "must be at most 9",
        "c": "must be one of x, y",
        "s": "is needed",
        "w": "must be on or off",
        "l": "must be a list of texts",
        "m": "there is no such field: colour",
        "u": "an address begins with https:// (or http:// on this computer)",
    }


def test_labels_come_in_the_persons_language() -> None:
    setting = Setting("a", "Address", help="Where", words={"ko": {"label": "주소"}, "pt-br": {"label": "Endereço"}})
    assert (setting.label_in("ko_KR"), setting.help_in("ko_KR")) == ("주소", "Where")
    assert (setting.label_in("pt_BR"), setting.label_in("pt"), setting.label_in("")) == (
        "Endereço", "Address", "Address",
    )  # fmt: skip


def test_settings_that_came_later_take_their_defaults() -> None:
    later = (
        Setting("a", "A", required=True, default="x"),
        Setting("b", "B", "list", default=("p",)),
        Setting("c", "C"),
    )
    assert with_defaults(later, {"c": "kept"}) == {"a": "x", "b": ["p"], "c": "kept"}
    assert with_defaults(later, {"a": "own"})["a"] == "own"
