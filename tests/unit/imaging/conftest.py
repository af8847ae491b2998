"""One pool for the tests that only decode."""

from collections.abc import Iterator

import pytest

from reviewer.imaging.decoder import prepare
from reviewer.imaging.pool import DecodePool


@pytest.fixture(scope="package")
def pool() -> Iterator[DecodePool]:
    """Two workers, up and ready."""
    with DecodePool(2) as decode_pool:
        assert decode_pool.wait_ready(30, every=True)
        yield decode_pool


@pytest.fixture(scope="package", autouse=True)
def _prepared() -> None:
    """The decoder in this process is set up as in a worker."""
    prepare()
