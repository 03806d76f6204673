"""A provider of batches for each test, in a thread of this process."""

from collections.abc import Iterator

import pytest

from tests.runtime.models.batch_server import BatchServer, serving


@pytest.fixture
def provider() -> Iterator[BatchServer]:
    with serving() as server:
        yield server
