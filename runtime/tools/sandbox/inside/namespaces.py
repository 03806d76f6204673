"""A cell's own namespaces: users, files, processes, network, host name; and its private view of files."""

import contextlib
import os
import pathlib
import sysconfig
from typing import Final

from surefoot.runtime.tools.sandbox.inside import kernel

NOBODY: Final = 65534
"""The user and the group that a cell runs as, where it was started by root."""
ROOM: Final = "/work"
"""The cell's working folder, empty at the start; it lies in memory."""


def enter() -> None:
    """Move this process into namespaces of its own, in which it may mount.

    Raises:
        OSError: The kernel refuses.
    """
    uid, gid, pid = os.geteuid(), os.getegid(), os.getpid()
    ready, begin = os.pipe()
    helper = os.fork()  # stays outside: only from there may root give the new namespace two users
    if helper == 0:
        os.close(begin)
        os._exit(_map_users(pid, uid, gid) if os.read(ready, 1) else 1)
    os.close(ready)
    try:
        kernel.unshare(
            kernel.CLONE_NEWUSER
            | kernel.CLONE_NEWNS
            | kernel.CLONE_NEWPID
            | kernel.CLONE_NEWNET
            | kernel.CLONE_NEWIPC
            | kernel.CLONE_NEWUTS
        )
        os.write(begin, b"1")
    finally:
        os.close(begin)
        _, status = os.waitpid(helper, 0)
    if status != 0:
        code = os.waitstatus_to_exitcode(status)
        raise OSError(code, f"uid_map: {os.strerror(code)}")


def _map_users(pid: int, uid: int, gid: int) -> int:
    """Give the namespace of a process its own user, and nobody if that is root; the errno of what failed, or 0."""
    proc = pathlib.Path(f"/proc/{pid}")
    beside = f"\n{NOBODY} {NOBODY} 1" if uid == 0 else ""
    try:
        if uid != 0:
            (proc / "setgroups").write_text("deny")
        (proc / "uid_map").write_text(f"{uid} {uid} 1{beside}\n")
        (proc / "gid_map").write_text(f"{gid} {gid} 1{beside}\n")
    except OSError as error:
        return error.errno or 1
    return 0


def needed_folders() -> set[str]:
    """The folders without which Python cannot import its standard library."""
    libraries = set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = line.rstrip("\n").partition("/")[1:]
            if path[0] and ".so" in path[1]:
                libraries.add(os.path.dirname("".join(path)))
    needed = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), *libraries}
    return {path for path in needed if os.path.isdir(path)}


def hide_all_but(readable: set[str], root: str, room_bytes: int) -> None:
    """Replace the view of files by a small one: what is listed, read-only, and an empty working folder.

    Args:
        readable: Files and folders that keep their place.
        root: An empty folder of this machine; nothing is written to it.
        room_bytes: Size of the working folder.

    Raises:
        OSError: The kernel refuses.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=0755,size=1m,nr_inodes=4096")
    for path in sorted(readable):
        _show(path, root)
    for package_folder in ("site-packages", "dist-packages"):  # of all Python programs on this machine
        place = root + os.path.join(sysconfig.get_path("stdlib"), package_folder)
        if os.path.isdir(place):
            kernel.mount("tmpfs", place, "tmpfs", kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV, "size=4k")
    for link in ("/lib", "/lib64"):
        if os.path.islink(link):
            with contextlib.suppress(FileExistsError):
                os.symlink(os.readlink(link), root + link)
    os.mkdir(root + ROOM)
    options = f"mode=0777,size={room_bytes},nr_inodes=1024"
    kernel.mount("tmpfs", root + ROOM, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV
    kernel.mount("none", root, None, flags)
    kernel.change_root(root)
    os.chdir(ROOM)


def _show(path: str, root: str) -> None:
    """Bind one file or folder, read-only, to the same place below the new root."""
    target = root + os.path.abspath(path)
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o444))
    kernel.mount(os.path.abspath(path), target, None, kernel.MS_BIND | kernel.MS_REC)
    kernel.make_read_only(target)
