"""A call that blocks for ever does not keep a process whose loop has ended."""

import asyncio
import subprocess
import sys
import threading

import pytest

from surefoot.runtime.worker.daemon_thread import in_daemon_thread

BLOCKED = """
import asyncio, threading
from surefoot.runtime.worker.daemon_thread import in_daemon_thread

async def main():
    with __import__("contextlib").suppress(TimeoutError):
        await asyncio.wait_for({call}(threading.Event().wait), 0.05)

asyncio.run(main())
print("ended")
"""


async def test_a_result_and_an_error_come_back() -> None:
    assert await in_daemon_thread(lambda: threading.current_thread().daemon)
    with pytest.raises(ZeroDivisionError):
        await in_daemon_thread(lambda: 1 // 0)
    assert not asyncio.get_running_loop().is_closed()


def test_a_call_that_never_returns_does_not_keep_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(call="in_daemon_thread")], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


def test_in_a_thread_of_the_loops_it_would() -> None:
    """The placebo's arm."""
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", BLOCKED.format(call="asyncio.to_thread")], capture_output=True, timeout=3)
