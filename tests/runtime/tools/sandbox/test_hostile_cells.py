"""Code that wants to break out, to stay for ever, or to take the machine along: each ends as a typed failure."""

import os
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.cells import CellsAsk, CellsFailed
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits

Ended = Callable[..., Coroutine[Any, Any, Any]]

IGNORING = """
import signal
for number in range(1, 65):
    try: signal.signal(number, lambda *a: None)
    except (OSError, ValueError): pass
"""

HOSTILE = {
    "endless loop": ("while True: pass", {FailureKind.TIMEOUT}, "processor time"),
    "endless loop that ignores signals": (f"{IGNORING}while True: pass", {FailureKind.TIMEOUT}, "processor time"),
    "fork bomb": ("import os\nwhile True: os.fork()", {FailureKind.CRASHED}, "PermissionError"),
    "fork bomb by the C library": (
        "import ctypes\nassert ctypes.CDLL(None).vfork() >= 0",
        {FailureKind.CRASHED},
        "AssertionError",
    ),
    "thread bomb": (
        "import threading, signal\nwhile True: threading.Thread(target=signal.pause, daemon=True).start()",
        {FailureKind.CRASHED, FailureKind.MEMORY},
        "",
    ),
    "memory bomb": ("kept = []\nwhile True: kept.append(bytearray(1 << 20))", {FailureKind.MEMORY}, "memory"),
    "one huge object": ("bytearray(1 << 40)", {FailureKind.MEMORY}, "memory"),
    "output bomb": ("while True: print('x' * 10_000)", {FailureKind.OUTPUT_LIMIT}, "wrote more"),
    "error output bomb": ("import os\nwhile True: os.write(2, b'x' * 10_000)", {FailureKind.OUTPUT_LIMIT}, "wrote"),
    "huge value": ("'x' * (2 << 20)", {FailureKind.OUTPUT_LIMIT}, "a message of"),
    "exit": ("import sys\nsys.exit(0)", {FailureKind.CRASHED}, "SystemExit: 0"),
    "hard exit": ("import os\nos._exit(0)", {FailureKind.CRASHED}, "exit code 0"),
    "kills itself": ("import os\nos.kill(os.getpid(), 9)", {FailureKind.CRASHED}, "SIGKILL"),
    "aborts": ("import os\nos.abort()", {FailureKind.CRASHED}, "SIGABRT"),
    "raises from a handler": (
        "import signal\ndef f(*a): raise KeyboardInterrupt('x')\n"
        "signal.signal(signal.SIGALRM, f)\nsignal.setitimer(signal.ITIMER_REAL, .001)\nwhile True: pass",
        {FailureKind.CRASHED},
        "KeyboardInterrupt: x",
    ),
    "writes to the channel": ("import os\nos.write(3, b'\\0\\0\\0\\2{}')", {FailureKind.CRASHED}, "channel"),
    "writes a huge length to the channel": ("import os\nos.write(3, b'junk')", {FailureKind.OUTPUT_LIMIT}, "a message"),
    "writes a number without end": (
        "import os, struct\nb = b'{\"asks\":[' + b'9' * 100_000 + b']}'\nos.write(3, struct.pack('>I', len(b)) + b)",
        {FailureKind.CRASHED},
        "channel",
    ),
    "writes lists without end": (
        "import os, struct\nb = b'{\"asks\":[' + b'[' * 100_000\nos.write(3, struct.pack('>I', len(b)) + b)",
        {FailureKind.CRASHED},
        "channel",
    ),
    "closes all descriptors and stays": (
        "import os\nos.closerange(0, 64)\nwhile True: pass",
        {FailureKind.TIMEOUT},
        "processor time",
    ),
    "recursion": ("def f(): f()\nf()", {FailureKind.CRASHED}, "RecursionError"),
    "recursion without a limit": (
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(): f()\nf()",
        {FailureKind.CRASHED, FailureKind.MEMORY, FailureKind.TIMEOUT},
        "",
    ),
    "an error whose text is an error": (
        "class E(Exception):\n  def __str__(self): raise ValueError\nraise E",
        {FailureKind.CRASHED},
        "text cannot be read",
    ),
    "starts a program": ("import os\nos.execv('/bin/true', ['true'])", {FailureKind.CRASHED}, "Error"),
    "raises its own limits": (
        "import ctypes\nassert ctypes.CDLL(None).setrlimit(9, (ctypes.c_ulong * 2)(2**63, 2**63)) == 0",
        {FailureKind.CRASHED},
        "AssertionError",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_hostile_cell_is_a_typed_failure(name: str, isolation: Isolation, ended: Ended) -> None:
    code, kinds, words = HOSTILE[name]
    failed = await ended(code, isolation)
    assert isinstance(failed, CellsFailed), failed
    assert failed.kind in kinds, failed
    assert words in failed.detail
    assert failed.detail.isprintable()
    assert len(failed.printed) <= 1 << 20


async def test_a_cell_that_waits_for_ever_is_stopped_from_outside(isolation: Isolation, ended: Ended) -> None:
    failed = await ended(f"{IGNORING}while True: signal.pause()", isolation, Limits(wall_s=0.5))
    assert isinstance(failed, CellsFailed)
    assert (failed.kind, failed.detail) == (FailureKind.TIMEOUT, "not done after 0.5 s")


async def test_what_it_changes_in_its_own_process_changes_nothing_outside(isolation: Isolation, ended: Ended) -> None:
    code = (
        "import builtins, json, os, sys\nsys.modules.clear(); builtins.len = lambda x: 0; json.dumps = None\n"
        "os.environ['SUREFOOT_MODEL'] = 'x'; sys.stdout = None; sys.stderr = None\n"
        "os.write(3, b'\\0\\0\\0\\x0f{\"memory\":true}')\nos._exit(0)"
    )
    failed = await ended(code, isolation)
    assert isinstance(failed, CellsFailed)
    assert failed.kind is FailureKind.MEMORY  # it may lie about itself, in the words that there are
    assert "SUREFOOT_MODEL" not in os.environ


async def test_requests_are_counted_outside_and_bounded(isolation: Isolation, ended: Ended) -> None:
    asks = await ended("ask_all(list(range(1000)) * 2)", isolation)
    assert asks == CellsAsk(tuple(range(1000)))
    flood = await ended("ask_all(['x' * 1000] * 10_000)", isolation)
    assert isinstance(flood, CellsFailed)
    assert flood.kind is FailureKind.OUTPUT_LIMIT
