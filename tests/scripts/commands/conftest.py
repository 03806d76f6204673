"""A model server for the tests of commands that ask one."""

from collections.abc import Iterator

import pytest

from tests.runtime.models.openai_server import Client, running


@pytest.fixture(scope="module")
def process() -> Iterator[Client]:
    """The server's process, one for each file of tests that asks it."""
    with running() as client:
        yield client


@pytest.fixture
def server(process: Client) -> Client:
    """A server that has seen nothing yet."""
    process.script()
    return process
