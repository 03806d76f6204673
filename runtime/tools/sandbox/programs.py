"""Runs one program of this machine within limits and without isolation: the user chose the program."""

from collections.abc import Mapping

import msgspec

from surefoot.runtime.tools.contract import FailureKind, ToolError
from surefoot.runtime.tools.sandbox.limits import Isolation, Limits, Sandbox
from surefoot.runtime.tools.sandbox.process import ChannelBroken, SandboxProcess, sandbox_process


class Command(msgspec.Struct, frozen=True):
    """A program to run within limits: its arguments, input, environment and folder.

    Attributes:
        command: The program and its arguments; no shell reads them.
        stdin: Text given to it.
        environment: All of its environment.
        folder: Its working folder.
    """

    command: tuple[str, ...]
    stdin: str
    environment: Mapping[str, str]
    folder: str | None


class ProgramEnded(msgspec.Struct, frozen=True):
    """A program ended by itself.

    Attributes:
        exit_code: Its exit code; -N where signal N ended it.
        output: What it wrote to standard output.
        errors: What it wrote to standard error.
    """

    exit_code: int
    output: str
    errors: str


class _Report(msgspec.Struct):
    """How the launcher says that the program ended; the program itself has no access to its channel."""

    code: int = 0
    over_memory: bool = False
    over_cpu: bool = False
    not_started: str | None = None
    missing: bool = False


async def run_command(command: Command, limits: Limits) -> ProgramEnded:
    """Run a program to its end; what it started ends with it.

    Raises:
        ToolError: It could not be started, or was killed for a limit.
    """
    async with sandbox_process(Sandbox(Isolation.NONE, limits), "program_launcher") as process:
        if (why_not := await process.isolate()) is not None:
            raise ToolError(why_not, FailureKind.CRASHED)
        process.start_clock()
        try:
            await process.send({field: getattr(command, field) for field in command.__struct_fields__})
            report = msgspec.json.decode(await process.receive(), type=_Report)
        except ChannelBroken:
            code = await process.wait()
            if process.stopped is not None:
                raise ToolError(process.stopped.detail, process.stopped.kind) from None
            raise ToolError(f"its launcher ended with code {code}", FailureKind.CRASHED) from None
        await process.wait()
        return _ended(process, report, limits)


def _ended(process: SandboxProcess, report: _Report, limits: Limits) -> ProgramEnded:
    if report.not_started is not None:
        raise ToolError(report.not_started, FailureKind.NOT_INSTALLED if report.missing else FailureKind.BAD_ARGUMENTS)
    if process.stopped is not None:
        raise ToolError(process.stopped.detail, process.stopped.kind)
    if report.over_memory:
        raise ToolError(f"used more than {limits.memory_bytes:,} bytes of memory", FailureKind.MEMORY)
    if report.over_cpu:
        raise ToolError(f"used more than {limits.cpu_s} s of processor time", FailureKind.TIMEOUT)
    texts = [part.decode(errors="replace") for part in (process.output, process.errors)]
    return ProgramEnded(report.code, *texts)
