"""A pytest plugin for runs that must not need Qt: `pytest -p tests.without_qt -p no:pytest-qt tests/unit`.

Every import of PySide6 raises, as on a machine where it is not installed.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

QT = frozenset({"PySide6", "shiboken6"})


class QtIsAbsent(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] in QT:
            raise ModuleNotFoundError(f"No module named {fullname!r} (held back)", name=fullname)
        return None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Know the setting of pytest-qt, which is not loaded in such a run."""
    parser.addini("qt_api", "Not used without Qt")


def pytest_configure(config: pytest.Config) -> None:
    early = sorted(QT & sys.modules.keys())
    if early:
        raise pytest.UsageError(f"{', '.join(early)} was imported before the tests began")
    sys.meta_path.insert(0, QtIsAbsent())
