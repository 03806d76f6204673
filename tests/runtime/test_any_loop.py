"""Short coroutines end for callers that wait, within a running loop as well; so runs start in a notebook."""

import asyncio
import pathlib
import threading

import pytest

import surefoot
from surefoot.runtime.any_loop import finished


async def doubled(number: int) -> tuple[int, str]:
    await asyncio.sleep(0)
    if number < 0:
        raise ValueError("below 0")
    return 2 * number, threading.current_thread().name


def test_without_a_loop_it_runs_here() -> None:
    assert finished(doubled(4)) == (8, threading.current_thread().name)
    with pytest.raises(ValueError, match="below 0"):
        finished(doubled(-1))


async def test_within_a_loop_it_runs_beside() -> None:
    value, thread = finished(doubled(4))
    assert value == 8
    assert thread != threading.current_thread().name
    with pytest.raises(ValueError, match="below 0"):
        finished(doubled(-1))
    assert asyncio.get_running_loop().is_running()


async def test_a_run_of_a_named_model_starts_within_a_loop(tmp_path: pathlib.Path) -> None:
    """As in every notebook; a model object has nothing to look into before a run, a name has."""
    quiet = {"k": 1, "address": "none", "workers": 1}
    asked = surefoot.ask("What is 3 + 4?", "simulated", run_dir=tmp_path / "a", **quiet)
    assert asked.output == "7"
    assert surefoot.run("hanoi", "simulated", disks=2, run_dir=tmp_path / "r", **quiet).status == "solved"
