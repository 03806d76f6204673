"""Whose Ray answers at an address of this machine: one that this user began with ``ray start``, or anybody's.

A process that starts a Ray for itself, such as a test, can leave the same note behind as ``ray start`` does. What tells
them apart is who runs the head: its process belongs to this user, and no program's process is its parent.
"""

import contextlib
import itertools
import os
import pathlib
from collections.abc import Iterator

PROC = pathlib.Path("/proc")
"""Where Linux tells of its processes; other systems have no such folder, and the note alone has to do."""

ADDRESS = "--gcs-address="
"""How a node's Ray process says which cluster it belongs to."""
DEEPEST = 64
"""Ancestors that are looked at: a job is a few processes below its node's."""

LISTENS = "0A"
"""State of a socket that takes connections, in ``/proc/net/tcp``."""


def noted_by_user(note: pathlib.Path) -> bool:
    """Whether a file is this user's own, and no link to something else."""
    try:
        found = note.lstat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not note.is_symlink()


def begun_by_user(port: int, proc: pathlib.Path = PROC) -> bool:
    """Whether what listens at a port of this machine is this user's, and no part of another program that runs.

    Args:
        port: Of a Ray's head.
        proc: The folder of processes; where there is none, nothing is known and the answer is yes.
    """
    if not (proc / "net" / "tcp").exists():
        return True
    sockets = {f"socket:[{inode}]" for inode in _listening(proc, port)}
    heads = [one for one in _processes(proc) if sockets & set(_open_files(one))]
    return bool(heads) and not any(_is_programs(proc, one) for one in heads)


def cluster_above(process: str, proc: pathlib.Path = PROC) -> str:
    """Address, as HOST:PORT, of the Ray cluster on whose node a process was started; empty where none is its ancestor.

    Args:
        process: Id of the process to begin with, or ``self``.
        proc: The folder of processes.
    """
    for _ in range(DEEPEST):
        if not process:
            return ""
        try:
            words = (proc / process / "cmdline").read_text().split("\0")
        except (OSError, UnicodeDecodeError):
            return ""
        found = next((word for word in words if word.startswith(ADDRESS)), "")
        if found:
            return found.removeprefix(ADDRESS)
        process = _parent(proc / process)
    return ""


def _parent(process: pathlib.Path) -> str:
    """Id of a process's parent; empty, which is no process's id, where it cannot be read."""
    try:
        status = (process / "status").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return next((line.split()[1] for line in status if line.startswith("PPid:")), "")


def _listening(proc: pathlib.Path, port: int) -> Iterator[str]:
    """The inodes of the sockets that listen at a port."""
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / name).read_text().splitlines()[1:]:
                parts = line.split()
                if parts[3] == LISTENS and int(parts[1].rpartition(":")[2], 16) == port:
                    yield parts[9]


def _processes(proc: pathlib.Path) -> Iterator[pathlib.Path]:
    """Folders of this user's processes."""
    for one in proc.iterdir():
        with contextlib.suppress(OSError):
            if one.name.isdigit() and one.stat().st_uid == os.getuid():
                yield one


def _open_files(process: pathlib.Path) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for one in (process / "fd").iterdir():
            with contextlib.suppress(OSError):
                yield os.readlink(one)


def _is_programs(proc: pathlib.Path, head: pathlib.Path) -> bool:
    """Whether a head was started by a program that still runs, other than ``ray start --block``.

    ``ray start`` itself ends, and its processes become children of the system's first process or of a service manager.
    """
    try:
        words = (proc / _parent(head) / "cmdline").read_text().split("\0")
    except (OSError, UnicodeDecodeError):
        return False
    names = [pathlib.PurePath(word).name for word in words if word]
    if not names or not names[0].startswith(("python", "ray", "pytest", "ipython", "jupyter")):
        return False
    return not any(one == "ray" and after == "start" for one, after in itertools.pairwise(names))
