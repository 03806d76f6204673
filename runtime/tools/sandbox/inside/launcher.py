"""The first code that runs in a sandbox's process: gives up all that it can, then serves cells.

It reads one message that says how far to go, and answers "ready" or "refused" before any foreign code has run.

Processes, from outside in. Supervisor: keeps its rights, only waits. Init (with namespaces): the first process of the
namespace; when it ends, the kernel kills all others in it. Cell: without rights, runs the code.
"""

import contextlib
import importlib
import os
import resource
import signal
import sys
from typing import Any, Final

from surefoot.runtime.tools.sandbox.inside import cell, frames, kernel, namespaces
from surefoot.runtime.tools.sandbox.inside.seccomp_filter import Rules, filter_program

WITHOUT_FILES: Final = """
_strptime array ast base64 bisect calendar collections.abc contextlib copy csv ctypes dataclasses datetime decimal
difflib encodings.ascii encodings.idna encodings.latin_1 encodings.unicode_escape enum fractions functools hashlib
heapq html io itertools json keyword linecache math operator pprint queue random re reprlib signal statistics string
stringprep struct textwrap threading time traceback types typing unicodedata uuid zlib
"""
"""Modules that a cell finds imported where no file may be opened: it cannot import more."""


def main() -> None:
    """Read how to isolate this process, isolate it, report that, and serve cells."""
    setup = frames.receive()
    try:
        isolate(setup)
    except (OSError, KeyError) as error:
        frames.send({"refused": str(error) if isinstance(error, OSError) else f"unknown machine {error}"})
        os._exit(1)
    frames.send({"ready": True})
    cell.serve()


def isolate(setup: dict[str, Any]) -> None:
    """Return in the process that is to run the cell; the processes around it end in here."""
    if sys.platform != "linux" and setup["level"] != "none":
        raise OSError(f"isolation needs Linux, this is {sys.platform}")
    on_linux, room = sys.platform == "linux", setup["memory_bytes"]
    size = _address_space() if on_linux else 0
    readable = namespaces.needed_folders() | set(setup["readable"]) if setup["level"] == "namespaces" else set()
    if on_linux:
        kernel.die_with_parent()
    was_root = os.geteuid() == 0
    if setup["level"] == "namespaces":
        namespaces.enter()
        _continue_in_child(setup["cpu_s"])
        kernel.die_with_parent()
        namespaces.hide_all_but(readable, setup["root"], setup["file_bytes"] or 1 << 40)
    elif setup["level"] == "seccomp":
        for name in WITHOUT_FILES.split():
            importlib.import_module(name)
    _continue_in_child(setup["cpu_s"])
    _limit(setup, None if room is None or not on_linux else size + room, was_root)
    if setup["level"] != "none":
        _give_up_rights(setup, was_root)
    elif on_linux:
        kernel.die_with_parent()


def _continue_in_child(cpu_s: int | None) -> None:
    """Start a child that goes on; this process waits for it, and ends as it does."""
    child = os.fork()
    if child == 0:
        return
    os.close(frames.CHANNEL)
    _, status, usage = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    used_s = usage.ru_utime + usage.ru_stime
    if code == -signal.SIGKILL and cpu_s is not None and used_s >= cpu_s:
        code = -signal.SIGXCPU  # it did not heed the first signal
    os._exit(128 - code if code < 0 else code)


def _give_up_rights(setup: dict[str, Any], was_root: bool) -> None:
    kernel.bound_capabilities()  # first: a change of user takes the right to
    if was_root:
        # Root of a container that is an ordinary user outside has no other user to become; its rights go below.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(namespaces.NOBODY, namespaces.NOBODY, namespaces.NOBODY)
            os.setresuid(namespaces.NOBODY, namespaces.NOBODY, namespaces.NOBODY)
    kernel.die_with_parent()  # a change of user clears it
    kernel.give_up_new_privileges()
    kernel.drop_capabilities()
    within = setup["level"] == "namespaces"
    processes = within and (setup["processes"] is None or setup["processes"] > 1)
    rules = Rules(files=within, processes=processes, pid=os.getpid())
    kernel.install_filter(filter_program(os.uname().machine, rules))


def _limit(setup: dict[str, Any], address_space: int | None, was_root: bool) -> None:
    """Set the limits that the kernel holds for each process, softly and hard, so that no cell can raise them."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _limit_to(resource.RLIMIT_FSIZE, setup["file_bytes"])
    _limit_to(resource.RLIMIT_NOFILE, setup["open_files"])
    _limit_to(resource.RLIMIT_AS, address_space)
    if setup["cpu_s"] is not None:
        resource.setrlimit(resource.RLIMIT_CPU, (setup["cpu_s"], setup["cpu_s"] + 1))
    if setup["level"] == "namespaces" and setup["processes"] is not None:
        # Counted within the namespace; elsewhere the user's other processes would count as well. The two processes
        # around the cell have the same user unless that was root.
        _limit_to(resource.RLIMIT_NPROC, setup["processes"] + (0 if was_root else 2))


def _limit_to(what: int, most: int | None) -> None:
    if most is not None:
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _address_space() -> int:
    """Bytes of address space that this process has now: a cell's limit counts from there."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
