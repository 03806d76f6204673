"""Starts one program of this machine within limits and waits for it; kills what it leaves behind.

It stays outside the program's limits, adopts every process that the program lets go, and adds up their memory.
"""

import os
import pathlib
import resource
import select
import signal
import subprocess
import sys
import tempfile
from typing import Any, Final

from surefoot.runtime.tools.sandbox.inside import frames, kernel

_LOOK_EVERY_MS: Final = 50
"""How often memory is added up. What one process takes in between is bounded by the limit that the kernel holds."""


def main() -> None:
    """Read a program's limits and command, run it, and report how it ended."""
    limits = frames.receive()
    if sys.platform == "linux":
        signal.signal(signal.SIGTERM, _end)
        kernel.adopt_orphans()
        kernel.die_with_parent(signal.SIGTERM)
    frames.send({"ready": True})
    wanted = frames.receive()
    try:
        process = _start(wanted, limits)
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError | PermissionError)
        frames.send({"not_started": str(error), "missing": missing})
        return
    too_large = _wait(process, limits["memory_bytes"])
    _kill_descendants()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, used_s = process.returncode, usage.ru_utime + usage.ru_stime
    over_cpu = limits["cpu_s"] is not None and (
        code == -signal.SIGXCPU or (code == -signal.SIGKILL and used_s >= limits["cpu_s"])
    )
    frames.send({"code": code, "over_memory": too_large, "over_cpu": over_cpu})


def _start(wanted: dict[str, Any], limits: dict[str, Any]) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as given:
        given.write(wanted["stdin"].encode())
        given.seek(0)
        return subprocess.Popen(
            wanted["command"],
            stdin=given,
            cwd=wanted["folder"],
            env=wanted["environment"],
            preexec_fn=lambda: _limit(limits),  # safe: this process has one thread
        )


def _limit(limits: dict[str, Any]) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for what, most in (
        # Not the address space, of which many runtimes reserve far more than they use.
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
    ):
        if most is not None:
            resource.setrlimit(what, (most, most))
    if limits["cpu_s"] is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu_s"], limits["cpu_s"] + 1))


def _wait(process: subprocess.Popen[bytes], memory_bytes: int | None) -> bool:
    """Wait for the end of a process; whether it was killed because it and its descendants used too much memory."""
    if memory_bytes is None or sys.platform != "linux":
        process.wait()
        return False
    ended = os.pidfd_open(process.pid)
    watch = select.poll()
    watch.register(ended, select.POLLIN)
    too_large = False
    while not watch.poll(_LOOK_EVERY_MS):
        if sum(map(_resident_bytes, _descendants())) > memory_bytes:
            too_large = True
            _kill_descendants()
    os.close(ended)
    process.wait()
    return too_large


def _end(number: int, frame: object) -> None:
    """End, and before that all that the program started, in whatever sessions and groups it may be."""
    del number, frame
    _kill_descendants()
    os._exit(1)


def _kill_descendants() -> None:
    """Kill everything that the program started, until nothing is left."""
    while left := _descendants():
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):  # ended; or a set-user program, which is not ours to kill
                continue


def _descendants() -> list[int]:
    """All living processes below this one."""
    found, open_ones = [], [os.getpid()]
    while open_ones:
        children = _children(open_ones.pop())
        found += children
        open_ones += children
    return [pid for pid in found if _is_alive(pid)]


def _children(pid: int) -> list[int]:
    children: list[int] = []
    try:
        for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
            children += map(int, (task / "children").read_text().split())
    except OSError:  # it has just ended
        return children
    return children


def _is_alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _resident_bytes(pid: int) -> int:
    try:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0
