"""The conformance suite as tests, a test for each promise: run `pytest` here."""

from pathlib import Path

import pytest

pytest_plugins = ["reviewer.connectors.conformance.pytest_plugin"]


@pytest.fixture(scope="session")
def connector_folder():
    return Path(__file__).parent


def test_promise(conformance):
    conformance()
