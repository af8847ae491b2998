"""Second opinions travel in a signed file and count in the team's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer.audit.findings import Finding, read_findings, write_findings
from reviewer.audit.history import read_history
from reviewer.audit.reporting import make_report
from reviewer.errors import OperatorError
from reviewer.ledger.keys import SigningKey
from tests.unit.audit.conftest import Made


def finding(decision_id: str, **changes: str) -> Finding:
    values = {"verdict": "agree", "kind": "clear", "ground": "", "note": ""} | changes
    return Finding(decision_id, "Jun Han", "Kim", "2026-01-05T08:00:00.000Z", **values)  # type: ignore[arg-type]


def test_findings_come_back_as_they_were_signed(tmp_path: Path) -> None:
    key, path = SigningKey.generate(), tmp_path / "f.json"
    items = (finding("a"), finding("b", verdict="return", note="한국 ไทย"))
    write_findings(path, key, "seed", "draw", items)
    found = read_findings(path)
    assert (found.key, found.seed, found.draw, found.items) == (key.public, "seed", "draw", items)
    assert [file.name for file in tmp_path.iterdir()] == ["f.json"]
    for old, new in (("agree", "fix"), ("seed", "sead"), (key.public, SigningKey.generate().public)):
        text = path.read_text("utf-8")
        path.write_text(text.replace(f'"{old}"', f'"{new}"', 1), "utf-8")
        with pytest.raises(OperatorError, match="not what its auditor signed"):
            read_findings(path)
        path.write_text(text, "utf-8")


@pytest.mark.parametrize("content", ["", "[]", "{}", "[" * 100_000, '{"signature": 7}', '{"signature": "zz"}'])
def test_other_files_are_no_findings(tmp_path: Path, content: str) -> None:
    path = tmp_path / "f.json"
    path.write_text(content)
    with pytest.raises(OperatorError, match="no findings file"):
        read_findings(path)
    with pytest.raises(OperatorError, match="can't be read"):
        read_findings(tmp_path / "none.json")


def test_a_returned_case_needs_a_note(tmp_path: Path) -> None:
    for item in (finding("a", verdict="return", note=" "), finding("a", verdict="maybe")):
        with pytest.raises(OperatorError, match="needs a note"):
            write_findings(tmp_path / "f.json", SigningKey.generate(), "", "", [item])
    assert not list(tmp_path.iterdir())


def test_findings_count_in_the_numbers(demo: Made, tmp_path: Path) -> None:
    history = read_history(demo.path)
    path = tmp_path / "f.json"
    rows = history.decisions[:20]
    items = [finding(row.id, kind=row.kind, ground=row.ground) for row in rows]
    write_findings(path, SigningKey.generate(), "s", "d", [*items, finding("of another pack")])
    before = make_report(demo.path, "team").tables[0].rows[0]
    after = make_report(demo.path, "team", findings=[path]).tables[0].rows[0]
    assert isinstance(before[4], int)
    assert after[4] == before[4] + 20
