"""Benchmarks run in the test's own process: a pool that maps one item after the other, and logs as they were."""

import logging
import multiprocessing
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any

import click
import click.testing
import pytest
import structlog

from surefoot.runtime.logs import WARNINGS

Printed = Callable[..., str]


class SerialPool:
    """Stands in for a pool of processes."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> "SerialPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], chunksize: int = 1) -> list[Any]:
        return [function(item) for item in items]


class SerialContext:
    Pool = SerialPool


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    WARNINGS.setLevel(logging.NOTSET)


@pytest.fixture
def serial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: SerialContext)


@pytest.fixture
def printed() -> Printed:
    """What a command prints that ends well."""

    def run(command: click.Command, *arguments: str) -> str:
        done = click.testing.CliRunner().invoke(command, list(arguments), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run
