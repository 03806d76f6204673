"""Which isolation is chosen, and that it holds for an ordinary user as well as for root."""

import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import msgspec
import pytest

from surefoot.runtime.tools.sandbox import isolation as module
from surefoot.runtime.tools.sandbox.isolation import Found, find_isolation
from surefoot.runtime.tools.sandbox.limits import Isolation

ROOT = pathlib.Path(module.__file__).absolute().parents[4]


@pytest.mark.parametrize(
    ("refused", "expected"),
    [
        ([], Isolation.NAMESPACES),
        ([Isolation.NAMESPACES], Isolation.SECCOMP),
        ([Isolation.NAMESPACES, Isolation.SECCOMP], Isolation.NONE),
    ],
)
async def test_the_strongest_that_works_is_chosen(
    refused: list[Isolation], expected: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def tried(isolation: Isolation) -> str | None:
        return f"no {isolation.value}" if isolation in refused else None

    monkeypatch.setattr(module, "try_isolation", tried)
    found = await find_isolation()
    assert found == Found(expected, {isolation: f"no {isolation.value}" for isolation in refused})
    assert found.reason == "; ".join(f"{isolation.value}: no {isolation.value}" for isolation in refused)


PROGRAM = """
import asyncio, json, os, sys
from surefoot.runtime.tools.sandbox.cells import CellProgram, CellsEnded, run_cells
from surefoot.runtime.tools.sandbox.isolation import try_isolation
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox

CELLS = json.loads(sys.argv[1])

async def value(code, isolation):
    end = await run_cells(CellProgram((code,), {"pid": os.getpid()}), Sandbox(isolation, Limits(cpu_s=1)))
    return end.value if isinstance(end, CellsEnded) else "failed"

async def main():
    seen = {"uid": os.getuid()}
    for isolation in Isolation:
        seen[isolation.value] = await try_isolation(isolation) or [await value(code, isolation) for code in CELLS]
    print(json.dumps(seen))

asyncio.run(main())
"""

CELLS = {
    "6 * 7": 42,
    "import os; os.getuid() != 0 and os.getppid() >= 0": True,
    "open('/etc/passwd').readline()": "failed",
    "import os; os.kill(pid, 0)": "failed",
    "import os; os.fork()": "failed",
    "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)": -1,
    "bytearray(10**9)": "failed",
}


@pytest.fixture
def other_python() -> list[str]:
    """How an ordinary user runs a Python of this version, where root runs the tests."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("needs root and setpriv; without root all other tests run as an ordinary user already")
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    packages = os.pathsep.join([str(ROOT), str(pathlib.Path(msgspec.__file__).parents[1])])
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        command = [*as_nobody, "env", f"PYTHONPATH={packages}", python]
        if (
            subprocess.run([*command, "-c", "import surefoot, msgspec"], capture_output=True, check=False).returncode
            == 0
        ):
            return command
    pytest.skip("nobody may not run a Python of this version here")


def test_an_ordinary_user_is_isolated_as_well(other_python: list[str]) -> None:
    command = [*other_python, "-c", PROGRAM, json.dumps(list(CELLS))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen.pop("uid") == 65534
    free = seen.pop("none")
    assert free[:3] == [42, True, pathlib.Path("/etc/passwd").read_text().splitlines(keepends=True)[0]]
    assert free[5] >= 0
    tested = {name: results for name, results in seen.items() if isinstance(results, list)}
    assert "seccomp" in tested, seen
    for name, results in tested.items():
        assert results == list(CELLS.values()), name
    if len(tested) < 2:
        pytest.skip(f"seccomp tested; namespaces not, the kernel refuses: {seen['namespaces']}")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs the program unshare")
def test_a_machine_that_refuses_namespaces_is_noticed_and_seccomp_is_used() -> None:
    """Inside a namespace that may have no further ones the kernel refuses as in a plain container."""
    program = (
        "import asyncio, json\nfrom surefoot.runtime.tools.sandbox.isolation import find_isolation\n"
        "found = asyncio.run(find_isolation())\nprint(json.dumps([found.isolation.value, found.reason]))"
    )
    shell = (
        f"echo 0 > /proc/sys/user/max_user_namespaces && exec {shlex.quote(sys.executable)} -c {shlex.quote(program)}"
    )
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", shell], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    if done.returncode != 0:
        pytest.skip(f"this machine refuses namespaces to begin with: {done.stderr.strip()}")
    isolation, reason = json.loads(done.stdout)
    assert isolation == "seccomp"
    assert reason.startswith("namespaces: [Errno 28] unshare: ")
