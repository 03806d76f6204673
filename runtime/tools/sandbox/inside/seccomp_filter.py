"""The seccomp filter of a cell, as a program for the kernel's packet filter. Pure: builds bytes, installs nothing.

Own code instead of a library: ``pyseccomp`` had its last release in 2021 and needs ``libseccomp.so`` on every worker,
and the program is a list of comparisons.
The filter is a list of what is allowed. A call that is not on it fails with EPERM; calls newer than Linux 5.2 fail with
ENOSYS, so that the C library falls back to an older one.
"""

import errno
import struct
from typing import Final, NamedTuple

from surefoot.runtime.tools.sandbox.inside.syscalls import COMPUTING, FILES, MACHINES, WITH_ARGUMENTS, Table

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_IF_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_IF_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_FAIL: Final = 0x00050000  # together with an errno

_NUMBER, _MACHINE = 0, 4  # offsets in struct seccomp_data
_ARGUMENTS: Final = (16, 24)  # low halves of the first two arguments, little-endian; these calls read 32 bits of them

_CLONE_THREAD: Final = 0x00010000
_CLONE_NAMESPACES: Final = 0x7E020080
_FIRST_UNIFIED: Final = 424
"""From this number on calls have the same number on every machine; the first of them came with Linux 5.1."""
_FCNTL_ALLOWED: Final = (0, 1, 2, 3, 4, 1030)
"""Copies and flags of a descriptor. Not F_SETOWN and F_SETSIG, by which the kernel sends signals to other processes."""

Instruction = tuple[int, int, int, int]


class Rules(NamedTuple):
    """System calls that a cell may make.

    Attributes:
        files: Whether files may be opened by name.
        processes: Whether it may start processes; threads it may start anyhow.
        pid: Its own process number, the only one that it may send a signal to.
    """

    files: bool
    processes: bool
    pid: int


def filter_program(machine: str, rules: Rules) -> bytes:
    """The packet-filter program for a machine, as an array of ``struct sock_filter``.

    Raises:
        KeyError: The machine's system calls are not known here.
    """
    column, convention = MACHINES[machine]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _MACHINE),
        (_IF_EQUAL, 1, 0, convention),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in sorted(_numbers(COMPUTING, column) + (_numbers(FILES, column) if rules.files else [])):
        program += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    for name, numbers in WITH_ARGUMENTS.items():
        if numbers[column] is not None:
            body = _decision(name, rules)
            program += [(_IF_EQUAL, 0, len(body), numbers[column] or 0), *body]
    program += [
        (_IF_AT_LEAST, 0, 1, _FIRST_UNIFIED),
        (_RETURN, 0, 0, _FAIL | errno.ENOSYS),
        (_RETURN, 0, 0, _FAIL | errno.EPERM),
    ]
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _numbers(table: Table, column: int) -> list[int]:
    return [numbers[column] or 0 for numbers in table.values() if numbers[column] is not None]


def _decision(name: str, rules: Rules) -> list[Instruction]:
    """What happens to one of the calls whose arguments decide."""
    allow, refuse = (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _FAIL | errno.EPERM)
    if name in ("kill", "tgkill"):
        return _only_if_equal(0, (rules.pid,))
    if name == "prlimit64":
        return _only_if_equal(0, (0, rules.pid))
    if name == "fcntl":
        return _only_if_equal(1, _FCNTL_ALLOWED)
    if name == "ioctl":
        return [(_RETURN, 0, 0, _FAIL | errno.ENOTTY)]  # what every file says that is no terminal
    if name == "clone3":
        return [(_RETURN, 0, 0, _FAIL | errno.ENOSYS)]  # its flags lie in memory, where a filter cannot see them
    if name == "clone":
        in_own_namespaces = [(_LOAD, 0, 0, _ARGUMENTS[0]), (_IF_ANY_BIT, 0, 1, _CLONE_NAMESPACES), refuse]
        if rules.processes:
            return [*in_own_namespaces, allow]
        return [*in_own_namespaces, (_IF_ANY_BIT, 0, 1, _CLONE_THREAD), allow, refuse]
    return [allow if rules.processes else refuse]  # fork, vfork, wait4, waitid


def _only_if_equal(argument: int, values: tuple[int, ...]) -> list[Instruction]:
    tests = [
        instruction
        for value in values
        for instruction in ((_IF_EQUAL, 0, 1, value & 0xFFFFFFFF), (_RETURN, 0, 0, _ALLOW))
    ]
    return [(_LOAD, 0, 0, _ARGUMENTS[argument]), *tests, (_RETURN, 0, 0, _FAIL | errno.EPERM)]
