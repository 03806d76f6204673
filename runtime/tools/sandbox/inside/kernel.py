"""Calls to the Linux kernel that Python's ``os`` does not offer, each raising ``OSError`` where it fails."""

import ctypes
import os
import platform
import signal
from typing import Any, Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH: Final = 2

_PIVOT_ROOT: Final = {"x86_64": 155, "aarch64": 41}
_CAPSET: Final = {"x86_64": 126, "aarch64": 91}
_MOUNT_SETATTR: Final = 442
_AT_RECURSIVE: Final = 0x8000
_MOUNT_ATTR_RDONLY_NOSUID_NODEV: Final = 1 | 2 | 4

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_CAPBSET_DROP = 1, 4, 22, 24
_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 36, 38
_SECCOMP_MODE_FILTER: Final = 2
_CAPABILITY_VERSION_3: Final = 0x20080522


def _libc() -> Any:
    return ctypes.CDLL(None, use_errno=True)


def _checked(returned: int, what: str) -> None:
    if returned != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Move this process into new namespaces; of process numbers, those started from now on."""
    _checked(_libc().unshare(ctypes.c_int(flags)), "unshare")


def mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """Mount a file system; without a kind, change a mount or bind a folder to a second place."""
    arguments = (source.encode(), target.encode(), kind.encode() if kind else None)
    _checked(_libc().mount(*arguments, ctypes.c_ulong(flags), options.encode()), f"mount {kind or source} on {target}")


def make_read_only(target: str) -> None:
    """Make a mount and all below it read-only, without devices and set-user programs (Linux 5.12)."""

    class Attributes(ctypes.Structure):
        _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace"))

    wanted = Attributes(_MOUNT_ATTR_RDONLY_NOSUID_NODEV, 0, 0, 0)
    at_here, size = ctypes.c_int(-100), ctypes.c_size_t(ctypes.sizeof(wanted))
    returned = _libc().syscall(
        ctypes.c_long(_MOUNT_SETATTR),
        at_here,
        target.encode(),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(wanted),
        size,
    )
    _checked(returned, f"mount_setattr {target}")


def change_root(folder: str) -> None:
    """Make a mounted folder the root of all files, and let go of the old root."""
    os.chdir(folder)
    _checked(_libc().syscall(ctypes.c_long(_PIVOT_ROOT[platform.machine()]), b".", b"."), "pivot_root")
    _checked(_libc().umount2(b".", ctypes.c_int(MNT_DETACH)), "umount the old root")
    os.chdir("/")


def _prctl(what: str, option: int, value: int, pointer: Any = 0) -> None:
    last = pointer if pointer else ctypes.c_ulong(0)
    zero = ctypes.c_ulong(0)
    _checked(_libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), last, zero, zero), what)


def die_with_parent(number: int = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when the thread that started it ends."""
    _prctl("prctl(PR_SET_PDEATHSIG)", _PR_SET_PDEATHSIG, number)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _prctl("prctl(PR_SET_CHILD_SUBREAPER)", _PR_SET_CHILD_SUBREAPER, 1)


def give_up_new_privileges() -> None:
    """Give up, for good, what set-user programs and file capabilities would grant; no core dumps, no tracing."""
    _prctl("prctl(PR_SET_NO_NEW_PRIVS)", _PR_SET_NO_NEW_PRIVS, 1)
    _prctl("prctl(PR_SET_DUMPABLE)", _PR_SET_DUMPABLE, 0)


def bound_capabilities() -> None:
    """Give up, where there is the right to, the capabilities that a program started later could get."""
    for capability in range(64):
        try:
            _prctl("prctl(PR_CAPBSET_DROP)", _PR_CAPBSET_DROP, capability)
        except OSError:
            break  # past the last that this kernel knows, or there is no right to


def drop_capabilities() -> None:
    """Give up every capability of this process."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _checked(_libc().syscall(ctypes.c_long(_CAPSET[platform.machine()]), header, none), "capset")


def install_filter(program: bytes) -> None:
    """Install a seccomp filter for good; ``give_up_new_privileges`` comes first."""

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))

    wanted = Program(len(program) // 8, program)
    _prctl("prctl(PR_SET_SECCOMP)", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(wanted))
