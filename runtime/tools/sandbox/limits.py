"""How a sandboxed process is isolated, and the limits on what it may use."""

import enum
from typing import Final

import msgspec

from surefoot.runtime.errors import ConfigurationError


class Isolation(enum.StrEnum):
    """The means by which foreign code is kept from the rest of the machine."""

    NAMESPACES = "namespaces"
    """Namespaces of its own (users, files, processes, network), a seccomp filter, no rights.
    It reads the standard library and writes to a folder in memory."""
    SECCOMP = "seccomp"
    """A seccomp filter and no rights: for machines that refuse namespaces, as plain containers do. No file can be
    opened at all, so that only modules imported beforehand are there, and no process can be started."""
    NONE = "none"
    """Only a process of its own with limits: it reads and writes all that the user may, and what it moves to another
    session outlives it. Never chosen by itself."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of one sandboxed process; a field that is ``None`` sets no limit.

    Raises:
        ConfigurationError: A limit is not above 0, or not a whole number.

    Attributes:
        wall_s: Seconds from the start of the code to its end, waiting for answers from outside not counted.
        cpu_s: Seconds of processor time, whole ones, for each process.
        memory_bytes: Address space beyond what Python itself needs, for each process.
        output_bytes: Bytes written to standard output and error together, then to the channel in one message.
        file_bytes: Size of the working folder, and of the largest file.
        open_files: Open descriptors of one process.
        processes: Processes and threads at once. 1: neither a process nor a thread can be started. Counted with
            namespaces only; with seccomp alone threads can be started and processes cannot, and with no isolation
            nothing is counted.
    """

    wall_s: float | None = 10.0
    cpu_s: int | None = 10
    memory_bytes: int | None = 256 << 20
    output_bytes: int | None = 1 << 20
    file_bytes: int | None = 16 << 20
    open_files: int | None = 64
    processes: int | None = 1

    def __post_init__(self) -> None:
        for field in self.__struct_fields__:
            most = getattr(self, field)
            kinds = (int, float) if field == "wall_s" else (int,)
            if most is not None and not (isinstance(most, kinds) and 0 < most < 1 << 62):
                whole = "a number" if field == "wall_s" else "a whole number"
                raise ConfigurationError(f"{field} is {most!r}, and has to be {whole} above 0, or None for no limit")


DEFAULT_LIMITS: Final = Limits()


class Sandbox(msgspec.Struct, frozen=True):
    """How foreign code is run: with which isolation and within which limits.

    Attributes:
        isolation: By which means.
        limits: Within which limits.
        readable: Files and folders that it may read, at their own place; with namespaces only. Where root starts it,
            it runs as nobody, and reads of these what everyone may read.
    """

    isolation: Isolation
    limits: Limits = DEFAULT_LIMITS
    readable: tuple[str, ...] = ()
