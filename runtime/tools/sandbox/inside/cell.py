"""Runs cells of Python code one after the other in one process, and asks outside for what they ask for.

Nothing here protects anything: by the time that this runs, the process has nothing left to protect.
"""

import ast
import io
import os
import random
import sys
import traceback
from collections.abc import Sequence
from typing import Any, Final

from surefoot.runtime.tools.sandbox.inside import frames

SHOWN_LENGTH: Final = 2000
"""Characters of the written form of a last expression that are sent."""


class CallFailed(Exception):
    """A call to the outside failed; the text says how."""


class _Counted(io.TextIOBase):
    """Standard output that knows how many bytes went through it."""

    def __init__(self) -> None:
        self.written = 0

    def write(self, text: str) -> int:
        left = memoryview(text.encode(errors="backslashreplace"))
        self.written += len(left)
        while left:
            left = left[os.write(1, left) :]
        return len(text)

    def writable(self) -> bool:
        return True


def ask_all(requests: Sequence[Any]) -> list[Any]:
    """Ask the process outside for several things at once; a ``CallFailed`` stands where one failed."""
    frames.send({"asks": list(requests)})
    answers = frames.receive()["answers"]
    return [CallFailed(answer["failed"]) if answer["failed"] is not None else answer["value"] for answer in answers]


def ask(request: Any) -> Any:
    """Ask the process outside the sandbox for one thing.

    Raises:
        CallFailed: It failed.
    """
    (answer,) = ask_all([request])
    if isinstance(answer, CallFailed):
        raise answer
    return answer


def serve() -> None:
    """Read a program of cells, run it, report how it ended, and end the process."""
    program = frames.receive()
    os.environ.clear()
    sys.stdout = output = _Counted()
    sys.path[:] = [path for path in sys.path if path.startswith(sys.base_prefix)]
    sys.argv = ["cell"]
    random.seed(program["seed"])
    names = {"__name__": "__main__", "ask": ask, "ask_all": ask_all, "CallFailed": CallFailed, **program["variables"]}
    try:
        ended = _run(program["cells"], names, output)
        frames.send(ended)
    except MemoryError:
        del names, program
        frames.send({"memory": True})
    except BaseException as error:  # noqa: BLE001 - SystemExit and what signal handlers raise: each ends the cell
        frames.send({"error": _described(error)})
    os._exit(0)


def _run(cells: list[str], names: dict[str, Any], output: _Counted) -> dict[str, Any]:
    value, before = None, 0
    for number, code in enumerate(cells, 1):
        before = output.written
        value = _value_of(code, f"cell {number}", names)
    if value is None:
        return {"ended": {"value": None, "is_value": True, "shown": "", "printed_from": before}}
    shown = repr(value)[:SHOWN_LENGTH]
    ended = {"value": value, "is_value": True, "shown": shown, "printed_from": before}
    try:
        frames.packed(value)
    except (TypeError, ValueError, RecursionError):
        ended.update(value=None, is_value=False)
    return {"ended": ended}


def _value_of(code: str, name: str, names: dict[str, Any]) -> Any:
    """Run one cell; the value of its last statement if that is an expression, as notebooks do."""
    try:
        tree = ast.parse(code, name)
    except (SyntaxError, ValueError) as error:  # by version the latter, of code with a zero byte in it
        if isinstance(error, SyntaxError) and error.filename == name:
            raise
        raise SyntaxError(str(error), (name, 0, 0, "")) from None
    last = tree.body[-1] if tree.body else None
    if not isinstance(last, ast.Expr):
        exec(compile(tree, name, "exec"), names)
        return None
    exec(compile(ast.Module(tree.body[:-1], tree.type_ignores), name, "exec"), names)
    return eval(compile(ast.Expression(last.value), name, "eval"), names)


def _described(error: BaseException) -> dict[str, Any]:
    """Where in which cell an error arose, and what it says."""
    places = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith("cell ")]
    place, line = (places[-1].filename, places[-1].lineno) if places else ("cell", 0)
    if isinstance(error, SyntaxError) and not places:
        place, line = error.filename or place, error.lineno
    try:
        text = error.msg if isinstance(error, SyntaxError) else str(error)
    except Exception:  # noqa: BLE001 - the text of a foreign error is foreign code
        text = "its text cannot be read"
    return {"place": place, "line": line or 0, "type": type(error).__name__, "text": text[:500]}
