"""A demo hub as a process of its own, for as long as a `with` lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reviewer.services.demo_hub import DemoHub, RunningHub


@contextmanager
def demo_hub(folder: Path) -> Iterator[RunningHub]:
    """Start a demo hub on a folder; raises `OperatorError` where it does not start."""
    hub = DemoHub(folder)
    try:
        yield hub.start()
    finally:
        hub.stop()
