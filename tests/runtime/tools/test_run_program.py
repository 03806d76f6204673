"""A program of this machine as a tool: its result, its limits, and that nothing of it is left."""

import asyncio
import os
import pathlib
import sys
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.calling import call_tool
from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.run_program import PROGRAM_LIMITS, run_program


def python(code: str, **changes: Any) -> Any:
    """A tool that runs a program in Python, with other limits than the usual ones."""
    options = {name: changes.pop(name) for name in ("environment", "folder", "takes_arguments") if name in changes}
    return run_program(
        [sys.executable, "-I", "-c", code], limits=msgspec.structs.replace(PROGRAM_LIMITS, **changes), **options
    )


async def test_output_errors_and_exit_code_are_the_result(value: Any) -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('no', file=sys.stderr); sys.exit(3)"
    assert await value(python(code), stdin="abc ä") == {"exit_code": 3, "output": "ABC Ä\n", "errors": "no\n"}
    assert (await value(python("import os; os.kill(os.getpid(), 9)")))["exit_code"] == -9


async def test_arguments_only_where_they_are_allowed(value: Any, failure: Any) -> None:
    code = "import sys; print(sys.argv[1:])"
    allowed = python(code, takes_arguments=True)
    assert (await value(allowed, arguments=["$(id)", "; ls", "*"]))["output"] == "['$(id)', '; ls', '*']\n"
    assert (await failure(python(code), arguments=["x"])).kind is FailureKind.REFUSED
    assert (await failure(allowed, arguments=["\0"])).kind is FailureKind.BAD_ARGUMENTS


async def test_environment_and_folder_are_its_own(
    value: Any, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret")
    code = "import os; print(sorted(k for k in os.environ if k != 'LC_CTYPE'), os.listdir())"
    assert (await value(python(code)))["output"] == "['PATH'] []\n"
    (tmp_path / "x").touch()
    mine = python(code, environment={"A": "1"}, folder=tmp_path)
    assert (await value(mine))["output"] == "['A'] ['x']\n"


async def test_a_program_that_is_not_there(failure: Any) -> None:
    for missing in ("/no/such/program", "no-such-program", "/etc/passwd"):
        assert (await failure(run_program([missing]))).kind is FailureKind.NOT_INSTALLED
    with pytest.raises(ConfigurationError, match="a list"):
        run_program("ls -l")


FORKS_AND_FILLS = """
import os, sys, time
for _ in range(3):
    if os.fork() == 0:
        kept = os.urandom(1000) * 60_000
        time.sleep(60)
for _ in range(3): os.wait()
"""

ARMS = {
    "wall_s": ("sum(range(10**7))", 0.01, FailureKind.TIMEOUT),
    "cpu_s": ("import time\nwhile time.process_time() < 1.2: pass", 1, FailureKind.TIMEOUT),
    "memory_bytes": ("bytearray(b'x') * (200 << 20)", 100 << 20, None),
    "output_bytes": ("print('x' * 200_000)", 100_000, FailureKind.OUTPUT_LIMIT),
    "file_bytes": ("open('x', 'wb').write(bytes(200_000))", 100_000, None),
    "open_files": ("import os; [os.pipe() for _ in range(40)]", 64, None),
}


@pytest.mark.parametrize("field", ARMS)
async def test_each_limit_holds_and_without_it_the_same_program_ends_well(field: str, value: Any, failure: Any) -> None:
    code, limit, kind = ARMS[field]
    if kind is not None:
        assert (await failure(python(code, **{field: limit}))).kind is kind
    else:  # the program is told, and says so itself
        told = await value(python(code, **{field: limit}))
        assert told["exit_code"] == 1
        assert "Error" in told["errors"]
    assert (await value(python(code, **{field: None})))["exit_code"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="adds up memory by /proc")
async def test_the_memory_of_all_its_processes_is_added_up(failure: Any) -> None:
    failed = await failure(python(FORKS_AND_FILLS, memory_bytes=100 << 20))
    assert (failed.kind, failed.detail) == (FailureKind.MEMORY, "used more than 104,857,600 bytes of memory")


DAEMON = """
import os, sys
ready, begin = os.pipe()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        open(sys.argv[1], 'w').write(str(os.getpid()))
        os.write(begin, b'1')
        while True: __import__('signal').pause()
    os._exit(0)
os.read(ready, 1)
if sys.argv[2] == 'stay':
    while True: __import__('signal').pause()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="adopts orphans by prctl")
@pytest.mark.parametrize("end", ["leave", "stay", "cancelled"])
async def test_a_daemon_that_it_started_ends_with_it(end: str, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "pid"
    tool = python(DAEMON, takes_arguments=True, wall_s=3.0 if end == "stay" else 60.0)
    arguments = {"arguments": [str(file), "leave" if end == "leave" else "stay"]}
    running = asyncio.ensure_future(call_tool(tool, arguments, key="k"))
    if end == "cancelled":
        await asyncio.to_thread(_wait_until_written, file)
        running.cancel()
    await asyncio.wait({running})
    assert not _is_alive(int(_written(file)))


def _wait_until_written(file: pathlib.Path) -> None:
    while not _written(file):
        os.sched_yield()


def _written(file: pathlib.Path) -> str:
    return file.read_text() if file.exists() else ""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
