"""A program of this machine as a tool, with limits on memory, time and output that the program cannot change."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import JSON_BYTES_PER_BYTE, FailureKind, Tool, ToolError
from surefoot.runtime.tools.sandbox.limits import Limits
from surefoot.runtime.tools.sandbox.programs import Command, run_command

PROGRAM_LIMITS: Final = Limits(
    wall_s=60.0, cpu_s=60, memory_bytes=1 << 30, output_bytes=1 << 20, file_bytes=None, open_files=None, processes=None
)
_BEYOND_WALL_S: Final = 60.0
_WITHOUT_WALL_S: Final = 86_400.0


def run_program(
    command: Sequence[str],
    *,
    name: str = "run_program",
    limits: Limits = PROGRAM_LIMITS,
    environment: Mapping[str, str] | None = None,
    folder: str | pathlib.Path | None = None,
    takes_arguments: bool = False,
    repeatable: bool = True,
) -> Tool:
    """A tool that runs a program: arguments ``stdin`` and, where allowed, ``arguments``.

    It returns ``{"exit_code", "output", "errors"}``; an exit code other than 0 is a result. No shell is involved. When
    the program ends or reaches a limit, everything that it started is killed.

    Args:
        command: The program and its first arguments.
        name: The tool's name.
        limits: ``memory_bytes`` holds for each process (its writable memory) and for what all of them keep resident;
            ``processes`` is not held.
        environment: All of its environment; by default ``PATH`` alone.
        folder: Where it runs; by default an empty folder that is deleted afterwards.
        takes_arguments: Whether a call may add arguments after those of ``command``.
        repeatable: As for ``Tool``.

    Raises:
        ConfigurationError: The command is empty or one text.
    """
    if isinstance(command, str) or not command:
        raise ConfigurationError("run_program takes a list: the program, then its arguments")
    variables = {"PATH": os.environ.get("PATH", os.defpath)} if environment is None else dict(environment)
    place = None if folder is None else str(folder)

    async def run(stdin: str = "", arguments: list[str] | None = None) -> dict[str, Any]:
        if arguments and not takes_arguments:
            raise ToolError("this program takes no further arguments", FailureKind.REFUSED)
        wanted = Command((*command, *(arguments or ())), stdin, variables, place)
        ended = await run_command(wanted, limits)
        return {"exit_code": ended.exit_code, "output": ended.output, "errors": ended.errors}

    timeout_s = (_WITHOUT_WALL_S if limits.wall_s is None else limits.wall_s) + _BEYOND_WALL_S
    return Tool(name=name, function=run, timeout_s=timeout_s, repeatable=repeatable, max_result_bytes=_room(limits))


def _room(limits: Limits) -> int:
    return 1 << 62 if limits.output_bytes is None else JSON_BYTES_PER_BYTE * limits.output_bytes + 4096
