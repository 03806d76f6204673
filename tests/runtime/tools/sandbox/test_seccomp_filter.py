"""The filter's program, run by a small interpreter: what is allowed on each machine, and what every other call gets."""

import errno
import struct

import pytest

from surefoot.runtime.tools.sandbox.inside.seccomp_filter import Rules, filter_program
from surefoot.runtime.tools.sandbox.inside.syscalls import COMPUTING, FILES, MACHINES, WITH_ARGUMENTS

ALLOW, KILL = 0x7FFF0000, 0x80000000
PID = 4711
STRICT = Rules(files=False, processes=False, pid=PID)
LOOSE = Rules(files=True, processes=True, pid=PID)


def verdict(machine: str, rules: Rules, number: int, *arguments: int, convention: int | None = None) -> int | str:
    """What the program returns for a call: "allow", "kill", or the errno."""
    convention = MACHINES[machine][1] if convention is None else convention
    data = struct.pack("=IIQ6Q", number, convention, 0, *(*arguments, *[0] * (6 - len(arguments))))
    program = [struct.unpack("=HBBI", part) for part in _chunks(filter_program(machine, rules), 8)]
    at, accumulator = 0, 0
    while True:
        code, if_true, if_false, constant = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif code == 0x06:
            return {ALLOW: "allow", KILL: "kill"}.get(constant, constant & 0xFFFF)
        else:
            holds = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x45: accumulator & constant != 0,
            }[code]
            at += if_true if holds else if_false


def _chunks(whole: bytes, size: int) -> list[bytes]:
    return [whole[at : at + size] for at in range(0, len(whole), size)]


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("rules", [STRICT, LOOSE])
def test_nothing_is_allowed_but_what_is_listed(machine: str, rules: Rules) -> None:
    column = MACHINES[machine][0]
    listed = {numbers[column] for numbers in COMPUTING.values()}
    if rules.files:
        listed |= {numbers[column] for numbers in FILES.values()}
    decided = {numbers[column] for numbers in WITH_ARGUMENTS.values()}
    for number in set(range(600)) - decided:
        expected = "allow" if number in listed else errno.ENOSYS if number >= 424 else errno.EPERM
        assert verdict(machine, rules, number) == expected, number
    assert verdict(machine, rules, 0x40000000) == errno.ENOSYS  # calls of the x32 convention


@pytest.mark.parametrize("machine", MACHINES)
def test_other_calling_conventions_kill(machine: str) -> None:
    """The numbers of another convention mean other calls: 32-bit code would pass a filter for 64 bits."""
    assert verdict(machine, LOOSE, 1, convention=0x40000003) == "kill"


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: str) -> None:
    column = MACHINES[machine][0]

    def call(name: str, rules: Rules, *arguments: int) -> int | str:
        return verdict(machine, rules, WITH_ARGUMENTS[name][column] or 0, *arguments)

    for rules in (STRICT, LOOSE):
        assert call("kill", rules, PID, 9) == call("tgkill", rules, PID, PID, 6) == "allow"
        assert call("kill", rules, PID + 1, 9) == call("kill", rules, 2**64 - 1, 9) == errno.EPERM
        assert [call("fcntl", rules, 1, command) for command in (0, 3, 8, 10)] == ["allow", "allow", 1, 1]
        assert call("prlimit64", rules, 0) == "allow"
        assert call("prlimit64", rules, 1) == errno.EPERM
        assert call("clone3", rules) == errno.ENOSYS
        assert call("ioctl", rules, 0, 0x5412) == errno.ENOTTY
        assert call("clone", rules, 0x10000000 | 17) == errno.EPERM  # a new user namespace
        assert call("clone", rules, 0x10000000 | 0x10000) == errno.EPERM
        assert call("clone", rules, 0x3D0F00) == "allow"  # a thread, as the C library starts one
    assert call("clone", STRICT, 17) == call("wait4", STRICT) == errno.EPERM
    assert call("clone", LOOSE, 17) == call("wait4", LOOSE) == "allow"


def test_a_machine_that_is_not_known_is_said() -> None:
    with pytest.raises(KeyError, match="riscv64"):
        filter_program("riscv64", STRICT)
