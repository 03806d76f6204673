"""Tells whether a folder lies on a network file system, where SQLite's write-ahead log is not safe.

The log needs memory that all processes share, which processes on two machines do not:
https://www.sqlite.org/wal.html#overview ("WAL does not work over a network filesystem").
"""

import pathlib
import re

NETWORK = frozenset(
    {"9p", "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3",
     "smbfs", "vboxsf", "virtiofs"} | {f"fuse.{name}" for name in ("glusterfs", "juicefs", "s3fs", "sshfs")}
)  # fmt: skip
"""Kinds of file systems, in the kernel's names, that several machines may write to at once."""


def network_kind(folder: pathlib.Path, mounts: str | None = None) -> str | None:
    """Kind of the network file system that a folder lies on; ``None`` if it lies on a local one, or nobody can tell.

    Args:
        folder: An existing folder.
        mounts: Text of ``/proc/self/mountinfo``; read if it is not given.
    """
    if mounts is None:
        try:
            mounts = pathlib.Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        except OSError:
            return None  # no Linux
    place = folder.resolve()
    found: tuple[int, str] = (-1, "")
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after.split():
            continue
        # A blank in a name is written \040.
        point = pathlib.Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        if place.is_relative_to(point) and len(point.parts) >= found[0]:
            found = (len(point.parts), after.split()[0])
    return found[1] if found[1] in NETWORK else None
