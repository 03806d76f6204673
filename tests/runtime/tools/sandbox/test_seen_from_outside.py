"""What the kernel says of a running cell: its rights, limits, namespaces and environment.

The cell's own code cannot tell most of these apart, since the filter stops it first; each is there for the day when the
filter has a hole.
"""

import asyncio
import os
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot.runtime.tools.sandbox import process as process_module
from surefoot.runtime.tools.sandbox.cells import CellProgram, run_cells
from surefoot.runtime.tools.sandbox.inside.syscalls import MACHINES
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox


def test_seccomp_works_wherever_it_should(refusals: dict[Isolation, str | None]) -> None:
    """Other tests are skipped where the kernel refuses; this one is not, so that a fault of ours is no refusal."""
    if sys.platform == "linux" and os.uname().machine in MACHINES:
        assert refusals[Isolation.SECCOMP] is None
    assert refusals[Isolation.NONE] is None


def test_namespaces_work_wherever_unshare_does(refusals: dict[Isolation, str | None]) -> None:
    command = ["unshare", "--user", "--map-root-user", "--net", "--pid", "--ipc", "--uts", "--mount", "--fork"]
    if shutil.which("unshare") is None:
        pytest.skip("needs the program unshare")
    tried = subprocess.run([*command, "mount", "-t", "tmpfs", "x", "/mnt"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"the kernel refuses unshare: {tried.stderr.strip()}")
    assert refusals[Isolation.NAMESPACES] is None


@pytest.fixture
def cell(isolation: Isolation) -> Iterator[pathlib.Path]:
    """The folder in ``/proc`` of a cell that runs."""
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as monkeypatch:
        pid, running = runner.run(_started(isolation, monkeypatch))
        yield pathlib.Path(f"/proc/{pid}")
        running.cancel()
        runner.run(_ended(running))


async def _started(isolation: Isolation, monkeypatch: pytest.MonkeyPatch) -> tuple[int, "asyncio.Future[Any]"]:
    isolated: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(
        process_module.SandboxProcess, "start_clock", lambda self: isolated.set_result(self._process.pid)
    )
    limits = Limits(cpu_s=30, file_bytes=1 << 20, open_files=50)
    running = asyncio.ensure_future(run_cells(CellProgram(("while True: pass",)), Sandbox(isolation, limits)))
    await asyncio.wait({running, isolated}, return_when=asyncio.FIRST_COMPLETED)
    return _innermost(isolated.result()), running


async def _ended(running: "asyncio.Future[Any]") -> None:
    await asyncio.wait({running})


def _innermost(pid: int) -> int:
    while children := pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


def test_it_has_no_rights(cell: pathlib.Path, isolation: Isolation) -> None:
    status = dict(line.split(":\t", 1) for line in (cell / "status").read_text().splitlines() if ":\t" in line)
    assert {status[name].strip("0") for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {""}
    if os.geteuid() == 0 or isolation is Isolation.NAMESPACES:  # to lower the bound takes a right
        assert status["CapBnd"].strip("0") == ""
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "0" not in status["Uid"].split() or os.geteuid() == 0
    assert status["Groups"].strip() == "" or os.geteuid() != 0


def test_its_limits_are_set_for_good(cell: pathlib.Path) -> None:
    found = re.findall(r"^Max (.+?)  +(\S+) +(\S+)", (cell / "limits").read_text(), re.MULTILINE)
    limits = {name: (soft, hard) for name, soft, hard in found}
    assert limits["core file size"] == ("0", "0")
    assert limits["file size"] == (str(1 << 20),) * 2
    assert limits["open files"] == ("50", "50")
    assert limits["cpu time"] == ("30", "31")
    soft, hard = limits["address space"]
    assert 256 << 20 < int(soft) == int(hard) < 1 << 30


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look")
def test_nothing_is_shared_with_the_process_that_started_it(cell: pathlib.Path, isolation: Isolation) -> None:
    environment = (cell / "environ").read_bytes()
    assert environment == b"PYTHONHASHSEED=0\0MALLOC_ARENA_MAX=1\0"
    for kind in ("user", "mnt", "pid", "net", "ipc", "uts"):
        same = os.readlink(cell / "ns" / kind) == os.readlink(f"/proc/self/ns/{kind}")
        assert same is (isolation is Isolation.SECCOMP), kind
    assert sorted(os.listdir(cell / "fd")) == ["0", "1", "2", "3"]
    if isolation is Isolation.NAMESPACES:
        shown = {line.split()[4] for line in (cell / "mountinfo").read_text().splitlines()}
        assert {"/", "/work"} <= shown
        assert not shown & {"/proc", "/dev", "/sys", "/tmp", "/etc"}
