"""Python code of a model, run in a sandboxed process: a tool for one cell, and one for programs of many."""

import os
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tools.contract import JSON_BYTES_PER_BYTE, FailureKind, Tool, ToolError
from surefoot.runtime.tools.sandbox.cells import (
    Answer,
    CellProgram,
    CellsAsk,
    CellsEnded,
    CellsFailed,
    IsolationRefused,
    run_cells,
)
from surefoot.runtime.tools.sandbox.isolation import find_isolation
from surefoot.runtime.tools.sandbox.limits import DEFAULT_LIMITS, Isolation, Limits, Sandbox

UNSAFE: Final = "unsafe_local=True, or --unsafe-local, runs it all the same, with all that you may do"
_BEYOND_WALL_S: Final = 60.0
"""Seconds that a call may take beyond the cell's own time: to start and to isolate, on a loaded machine."""
_WITHOUT_WALL_S: Final = 86_400.0


class _Cells:
    """Runs programs in sandboxes of one kind; finds out at the first call what the machine offers."""

    def __init__(self, limits: Limits, readable: tuple[str, ...], unsafe_local: bool) -> None:
        if missing := [path for path in readable if not os.path.exists(path)]:
            raise ConfigurationError(f"cells are to read {missing[0]}, which does not exist")
        self._limits, self._readable, self._unsafe_local = limits, readable, unsafe_local
        self._sandbox: Sandbox | None = None

    async def run(self, program: CellProgram) -> CellsEnded | CellsAsk:
        if self._sandbox is None:
            self._sandbox = Sandbox(await self._isolation(), self._limits, self._readable)
        try:
            ended = await run_cells(program, self._sandbox)
        except IsolationRefused as refusal:
            self._sandbox = None  # it worked before; find out anew
            raise ToolError(f"this machine refused the sandbox: {refusal}", FailureKind.REFUSED) from refusal
        except (TypeError, ValueError, RecursionError) as error:
            raise ToolError(f"the variables are not JSON values: {error}", FailureKind.BAD_ARGUMENTS) from error
        if isinstance(ended, CellsFailed):
            raise ToolError(ended.detail, ended.kind)
        return ended

    async def _isolation(self) -> Isolation:
        found = await find_isolation()
        if found.isolation is Isolation.NONE and not self._unsafe_local:
            line = f"this machine cannot isolate Python code ({found.reason}); {UNSAFE}"
            raise ToolError(line, FailureKind.REFUSED)
        if found.isolation is Isolation.SECCOMP and self._readable:
            line = f"cells can read no files on this machine, and are to read {self._readable[0]} ({found.reason})"
            raise ToolError(line, FailureKind.REFUSED)
        return found.isolation

    async def cell(self, code: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run one cell. Returns ``value``, ``shown`` and ``printed``, as ``CellsEnded`` says."""
        ended = await self.run(CellProgram((code,), variables or {}))
        if isinstance(ended, CellsAsk):
            raise ToolError("`ask` is not available here", FailureKind.REFUSED)
        return {"value": ended.value, "shown": ended.shown, "printed": ended.printed}

    async def program(
        self,
        cells: list[str],
        variables: dict[str, Any] | None = None,
        answers: dict[str, dict[str, Any]] | None = None,
        seed: int = 0,
    ) -> dict[str, Any]:
        """Run cells that may ask. Returns ``{"state": "ended", ...}`` or ``{"state": "asks", "requests": [...]}``."""
        try:
            known: Mapping[str, Answer] = msgspec.convert(answers or {}, dict[str, Answer])
        except msgspec.ValidationError as error:
            raise ToolError(f"answers: {error}", FailureKind.BAD_ARGUMENTS) from error
        ended = await self.run(CellProgram(tuple(cells), variables or {}, known, seed))
        if isinstance(ended, CellsAsk):
            return {"state": "asks", "requests": list(ended.requests)}
        return {"state": "ended", **{field: getattr(ended, field) for field in ended.__struct_fields__}}


def python_cell(*, limits: Limits = DEFAULT_LIMITS, readable: tuple[str, ...] = (), unsafe_local: bool = False) -> Tool:
    """A tool that runs one cell of Python: arguments ``code`` and ``variables``.

    It returns the value of the last expression as ``value`` (a JSON value, else ``None``), how Python writes that value
    as ``shown``, and what was printed as ``printed``. An error in the code is a failure that names the cell's line.

    Args:
        limits: Limits of a cell.
        readable: Files and folders that a cell may read; refused where the machine offers no namespaces.
        unsafe_local: Run cells without isolation where the machine offers none; otherwise they are refused there.

    Raises:
        ConfigurationError: A path in ``readable`` does not exist.
    """
    cells = _Cells(limits, readable, unsafe_local)
    return Tool(name="python_cell", function=cells.cell, timeout_s=_timeout_s(limits), max_result_bytes=_room(limits))


def python_program(
    *, limits: Limits = DEFAULT_LIMITS, readable: tuple[str, ...] = (), unsafe_local: bool = False
) -> Tool:
    """A tool that runs cells in order, which may ``ask`` for answers that the caller finds.

    Arguments: ``cells``; ``variables``; ``answers``, by ``request_key`` of the request, each ``{"value": ...}`` or
    ``{"failed": "why"}``; ``seed``. It returns ``{"state": "asks", "requests": [...]}`` at the first request without an
    answer; the caller finds the answers and calls again. The arguments after those of ``python_cell`` are alike.
    """
    cells = _Cells(limits, readable, unsafe_local)
    timeout_s, room = _timeout_s(limits), _room(limits)
    return Tool(name="python_program", function=cells.program, timeout_s=timeout_s, max_result_bytes=room)


def _room(limits: Limits) -> int:
    """Size of the largest result: what was printed, a value and its written form."""
    return 1 << 62 if limits.output_bytes is None else 2 * JSON_BYTES_PER_BYTE * limits.output_bytes + 65_536


def _timeout_s(limits: Limits) -> float:
    return (_WITHOUT_WALL_S if limits.wall_s is None else limits.wall_s) + _BEYOND_WALL_S
