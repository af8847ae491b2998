"""Datasette opens a pack as it is; skipped where datasette is not installed."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewer.audit.demo import write_demo
from reviewer.audit.layout import TABLES, schema

VIEWS = [words.split()[2] for words in schema() if words.startswith("CREATE VIEW")]


def test_every_table_and_view_of_a_pack_is_shown(tmp_path: Path) -> None:
    try:
        datasette: Any = importlib.import_module("datasette.app")
    except ImportError:
        pytest.skip("datasette is not installed")
    path = tmp_path / "demo.pack"
    write_demo(path, seed=7, decisions=60, start=datetime(2024, 1, 1, tzinfo=UTC))
    before = hashlib.sha256(path.read_bytes()).hexdigest()

    async def look() -> dict[str, int]:
        app = datasette.Datasette([str(path)])
        await app.invoke_startup()
        found = {}
        for name in (*TABLES, *VIEWS):
            answer = await app.client.get(f"/demo/{name}.json?_shape=array")
            assert answer.status_code == 200, (name, answer.text)
            assert (await app.client.get(f"/demo/{name}")).status_code == 200, name
            found[name] = len(answer.json())
        return found

    shown = asyncio.run(look())
    assert all(shown[name] for name in ("a_decision", "a_month", "a_reviewer", "a_statement", "a_log", "about"))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
