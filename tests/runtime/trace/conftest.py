"""Solved runs of a simulated model that errs, with all replies kept, shared by the tests of a session."""

import pathlib
from collections.abc import Iterator

import pytest

from surefoot.runtime.trace.traced_run import TracedRun
from tests.runtime import simulated_runs

MODEL = "p_error=0.2,p_format=0.05"


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A tower of six disks with discarded and outvoted replies and chains that were run again."""
    directory = tmp_path_factory.mktemp("solved") / "six"
    status, counts = simulated_runs.run(directory, MODEL, 6, keep_replies="all", k=2)
    assert status == "solved"
    assert counts.disagreements
    return directory


@pytest.fixture(scope="session")
def retried(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The same with a lead of 1: what is wrong shows at the seams."""
    directory = tmp_path_factory.mktemp("retried") / "five"
    status, counts = simulated_runs.run(
        directory, "p_error=0.12,p_format=0.05", 5, keep_replies="all", k=1, leaf_steps=7
    )
    assert status == "solved"
    assert counts.seam_retries > 1
    return directory


@pytest.fixture
def run_with_retries(retried: pathlib.Path) -> Iterator[TracedRun]:
    """The run with retries, open."""
    with TracedRun(retried) as opened:
        yield opened


@pytest.fixture
def run(run_with_retries: TracedRun) -> TracedRun:
    """The run with retries under a short name."""
    return run_with_retries
