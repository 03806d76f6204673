"""Runs cells of Python code in a sandboxed process, and answers what they ask outside.

A run is a function of the cells, the variables, the seed and the answers. So a program that asks for what is not known
yet can be ended, the answers found and journalled, and the program run again from the start with the answers given:
nothing of an interpreter has to be kept, and a killed run goes on as any other. (The clock is the machine's: code that
reads it is not repeatable.)
"""

import hashlib
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.limits import Sandbox
from surefoot.runtime.tools.sandbox.process import ChannelBroken, SandboxProcess, sandbox_process
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.runtime.untrusted import tame


class Answer(msgspec.Struct, frozen=True):
    """The answer to one request of a cell.

    Attributes:
        value: A JSON value.
        failed: If not ``None``: there is no answer, and this says why; the cell sees a ``CallFailed``.
    """

    value: Any = None
    failed: str | None = None


class CellProgram(msgspec.Struct, frozen=True):
    """Cells of Python to run in one sandbox, with the answers to their requests; equal requests have equal answers.

    Attributes:
        cells: Python source, run one after the other with the same variables.
        variables: JSON values by name, given to the first cell.
        answers: Answers that are known, by ``request_key``.
        seed: Where ``random`` starts.
    """

    cells: tuple[str, ...]
    variables: Mapping[str, Any] = {}
    answers: Mapping[str, Answer] = {}
    seed: int = 0


class CellsEnded(msgspec.Struct, frozen=True, tag="ended"):
    """The last cell of a program came to its end.

    Attributes:
        value: The value of its last expression; ``None`` where there is none, or it is not a JSON value.
        is_value: ``False`` where there was a value, and it is not a JSON value.
        shown: How Python writes that value, shortened.
        printed: What the last cell wrote to standard output.
    """

    value: Any
    is_value: bool
    shown: str
    printed: str


class CellsAsk(msgspec.Struct, frozen=True, tag="asks"):
    """A cell asked for something whose answer is not known yet.

    Attributes:
        requests: The requests without an answer, in the order asked, each once.
    """

    requests: tuple[Any, ...]


class CellsFailed(msgspec.Struct, frozen=True, tag="cells-failed"):
    """A program of cells did not come to its end.

    Attributes:
        kind: Why.
        detail: One printable line; of an error in a cell its place: ``cell 2:7: KeyError: 'a'``.
        printed: What was written to standard output until then, by all cells.
    """

    kind: FailureKind
    detail: str
    printed: str


Answering = Callable[[Sequence[Any]], Awaitable[Sequence[Answer]]]


class _Ended(msgspec.Struct):
    value: Any
    is_value: bool
    shown: str
    printed_from: int


class _Error(msgspec.Struct):
    place: str
    line: int
    type: str
    text: str


class _Message(msgspec.Struct):
    """What a cell's process may say; one field is set by our code, anything by hostile code."""

    ended: _Ended | None = None
    asks: list[Any] | None = None
    error: _Error | None = None
    memory: bool = False


class IsolationRefused(Exception):
    """The machine refused to isolate the process; nothing was run."""


def request_key(request: Any) -> str:
    """The name of a request among the answers: alike for equal JSON values, whatever the order of their keys."""
    return hashlib.sha256(msgspec.json.encode(request, order="sorted")).hexdigest()


async def run_cells(
    program: CellProgram, sandbox: Sandbox, answering: Answering | None = None
) -> CellsEnded | CellsAsk | CellsFailed:
    """Run a program to its end, its failure, or its first request that has no answer.

    Args:
        program: The cells and what they are given.
        sandbox: Where they run.
        answering: Answers requests while the process waits; that time does not count. Without it the program is ended
            at the first request that ``program.answers`` does not answer.

    Raises:
        IsolationRefused: The machine refuses this isolation.
        TypeError, ValueError, RecursionError: The variables are not JSON values.
    """
    async with sandbox_process(sandbox) as process:
        if (why_not := await process.isolate()) is not None:
            raise IsolationRefused(why_not)
        process.start_clock()
        try:
            await process.send({"cells": program.cells, "variables": program.variables, "seed": program.seed})
            return await _converse(process, program, answering)
        except ChannelBroken:
            code = await process.wait()
            kind, detail = process.stopped or _meaning(code, sandbox)
            return CellsFailed(kind, detail, _text(process.output))


async def _converse(
    process: SandboxProcess, program: CellProgram, answering: Answering | None
) -> CellsEnded | CellsAsk | CellsFailed:
    answers = dict(program.answers)
    while True:
        message = _read(await process.receive())
        if message is None:
            process.stop(FailureKind.CRASHED, "the cell wrote to the channel of its sandbox")
            raise ChannelBroken
        if message.asks is None:
            await process.wait()
            return _outcome(process, message)
        open_requests = {request_key(r): r for r in message.asks if request_key(r) not in answers}
        if open_requests and answering is None:
            return CellsAsk(tuple(open_requests.values()))
        if open_requests and answering is not None:
            process.stop_clock()
            answers.update(zip(open_requests, await answering(tuple(open_requests.values())), strict=True))
            process.start_clock()
        given = [answers[request_key(request)] for request in message.asks]
        await process.send({"answers": [{"value": answer.value, "failed": answer.failed} for answer in given]})


def _read(body: bytes) -> _Message | None:
    """One message of the process, or ``None`` where it is none; hostile."""
    try:
        message = msgspec.json.decode(body, type=_Message)
        for request in message.asks or ():
            request_key(request)
    except UNREADABLE:
        return None
    parts = (message.ended is not None, message.asks is not None, message.error is not None, message.memory)
    return message if sum(parts) == 1 else None


def _outcome(process: SandboxProcess, message: _Message) -> CellsEnded | CellsFailed:
    printed = _text(process.output)
    if process.stopped is not None:  # it said that it had ended, and wrote more than it may
        return CellsFailed(*process.stopped, printed)
    if message.ended is not None:
        ended = message.ended
        last = _text(process.output[max(0, ended.printed_from) :])
        return CellsEnded(ended.value, ended.is_value, ended.shown, last)
    if message.error is not None:
        error = message.error
        line = f"{error.place}:{error.line}: {error.type}: {error.text}"
        return CellsFailed(FailureKind.CRASHED, tame(line, 500), printed)
    return CellsFailed(FailureKind.MEMORY, "it needed more memory than it may have", printed)


def _meaning(code: int, sandbox: Sandbox) -> tuple[FailureKind, str]:
    """What the end of a process means that said nothing."""
    if code == 128 + signal.SIGXCPU:
        return FailureKind.TIMEOUT, f"used more than {sandbox.limits.cpu_s} s of processor time"
    if code > 128:
        names = {number.value: number.name for number in signal.Signals}
        return FailureKind.CRASHED, f"ended by {names.get(code - 128, code - 128)}"
    return FailureKind.CRASHED, f"ended itself with exit code {code} before its end"


def _text(output: bytes | bytearray) -> str:
    return output.decode(errors="replace")
