"""A sandboxed process that is given up at any moment is gone, and nothing of it outlives its event loop."""

import asyncio
import gc
import os
import pathlib
from collections.abc import Callable
from typing import Any

import pytest
import uvloop

from surefoot.runtime.tools.sandbox.limits import Isolation, Sandbox
from surefoot.runtime.tools.sandbox.process import sandbox_process


def ours() -> set[str]:
    """Processes of launchers that descend from this one."""
    parent = str(os.getpid())
    found = set()
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            stat, words = (entry / "stat").read_text(), (entry / "cmdline").read_text()
        except OSError:
            continue
        if stat.rpartition(")")[2].split()[1] == parent and "launcher" in words:
            found.add(entry.name)
    return found


async def given_up(turns: int) -> None:
    """Cancel whoever starts a process after so many turns of the event loop."""

    async def use() -> None:
        async with sandbox_process(Sandbox(Isolation.NONE)) as process:
            await process.isolate()
            await process.receive()

    task = asyncio.ensure_future(use())
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("turns", [1, 2, 3, 5, 8, 40])
def test_a_process_that_is_given_up_is_gone(run: Callable[[Any], None], turns: int) -> None:
    run(given_up(turns))
    assert ours() == set()
    gc.collect()  # a stream that was left open would be reported here, and the report is an error
