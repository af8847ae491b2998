"""The suite as tests, a test each promise.

In a test module of a connector: `pytest_plugins = ["reviewer.connectors.conformance.pytest_plugin"]`, a fixture
`connector_folder` that answers the folder, and a test that takes `conformance`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewer.connectors.conformance.bench import Bench
from reviewer.connectors.conformance.suite import EXEMPT, FAILED, STEPS, Step, bench_for, manifest_of, run_step


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each promise."""
    if "conformance_step" in metafunc.fixturenames:
        metafunc.parametrize("conformance_step", STEPS, ids=lambda step: step.name.replace(" ", "_"))


@pytest.fixture(scope="session")
def conformance_bench(connector_folder: Path) -> Iterator[Bench]:
    """The connector with its stand, for all tests."""
    yield from bench_for(manifest_of(connector_folder))


@pytest.fixture
def conformance(conformance_bench: Bench, conformance_step: Step) -> Callable[[], None]:
    """Call it: it fails with the broken promise, or skips with the reason why it does not apply."""

    def run() -> None:
        outcome = run_step(conformance_step, conformance_bench)
        if outcome.outcome == EXEMPT:
            pytest.skip(outcome.reason)
        if outcome.outcome == FAILED:
            pytest.fail(outcome.reason, pytrace=False)

    return run
