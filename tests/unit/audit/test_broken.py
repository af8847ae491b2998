"""A good pack, ten that were tampered with and worse files, as the command shows them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reviewer.audit import history
from reviewer.audit.broken import HOSTILE, NO_PACKS, TAMPERED, bomb
from reviewer.cli.audit import audit_app
from reviewer.errors import OperatorError


def test_each_file_is_told_as_what_it_is(tmp_path: Path) -> None:
    out = tmp_path / "packs"
    made = CliRunner().invoke(audit_app, ["broken", "--out", str(out)])
    assert made.exit_code == 0, made.output
    lines = made.output.splitlines()
    assert len(TAMPERED) == 10
    assert lines[-1] == f"{len(lines) - 1} of {len(lines) - 1} files told as what they are"
    assert len(lines) == 3 + len(TAMPERED) + len(HOSTILE) + len(NO_PACKS)
    assert lines[0].startswith("good.pack: a good pack: exit code 0: verified: ")
    for line in lines[1:-1]:
        name, what, code, words = line.split(": ", 3)
        assert code == f"exit code {2 if what in NO_PACKS else 1}"
        run = CliRunner().invoke(audit_app, ["verify", str(out / name), "--demo", "--data", str(tmp_path / "data")])
        assert run.exit_code == (2 if what in NO_PACKS else 1)
        assert run.output.splitlines()[-1] == words
        report = CliRunner().invoke(
            audit_app, ["report", "--pack", str(out / name), "--kind", "team", "--out", str(tmp_path / "r")]
        )
        if what in NO_PACKS or what in ("a trigger put in", "a view that never ends", "values of the wrong types"):
            assert isinstance(report.exception, OperatorError)
    good = CliRunner().invoke(audit_app, ["verify", str(out / "good.pack"), "--demo", "--data", str(tmp_path / "data")])
    assert (good.exit_code, good.output.splitlines()[-1]) == (0, lines[0].split(": ", 3)[3])


def test_a_bomb_is_small_and_says_that_it_is_large() -> None:
    made = bomb()
    assert len(made) < 200_000
    assert made[16:24] == (30_000).to_bytes(4) * 2


def test_a_pack_that_does_not_fit_into_memory_is_not_read_into_it(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = sqlite3.connect(copy)
    (pictures,) = connection.execute("SELECT sum(length(bytes)) FROM pictures").fetchone()
    connection.close()
    monkeypatch.setattr(history, "MOST", copy.stat().st_size - pictures - 1)
    with pytest.raises(OperatorError, match="too large to be looked at: .* ask for a part of it"):
        history.read_history(copy)
    monkeypatch.setattr(history, "MOST", copy.stat().st_size - pictures)
    assert history.read_history(copy).decisions
