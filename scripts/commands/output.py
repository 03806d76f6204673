"""The end of every command: exit codes, one JSON object as the last line of stdout, one line for an error."""

import json
import math
import shlex
import sys
from collections.abc import Collection, Sequence
from typing import Any

from surefoot.runtime.untrusted import one_line as one_line
from surefoot.runtime.untrusted import tame, tame_lines

WIDTH = 100
"""Columns that a list or mapping may take before it is printed one item a line."""

OK, FAILED, USAGE, PAUSED = 0, 1, 2, 3
"""It did what it was asked; the run failed or a check did not hold; a usage or configuration error; the run paused."""

STATUS_OF_CODE = {OK: "ok", FAILED: "failed", USAGE: "error", PAUSED: "paused"}
"""``status`` of the JSON object of a command that ended in an error."""


def printable(text: str) -> str:
    """Text of several lines without anything that a terminal would obey; line breaks and tabs stay."""
    return tame_lines(text)


def print_json(value: Any) -> None:
    """Print one JSON object as the last line of stdout; numbers that JSON does not have, such as NaN, are null."""
    try:
        text = json.dumps(value, ensure_ascii=True, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), ensure_ascii=True, allow_nan=False)
    print(text, flush=True)


def _finite(value: Any) -> Any:
    """A value of builtin types with ``None`` in place of every float that is not a finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def quoted(path: object) -> str:
    """A path as it is typed in a shell, without what a terminal would obey."""
    return shlex.quote(tame(path, 4096))


def complain(text: str, code: int, hint: str = "") -> int:
    """Print an error as one line on stderr, with a hint below it if there is one.

    Returns:
        The exit code, as it was given.
    """
    print(f"surefoot: {one_line(text)}", file=sys.stderr)
    if hint:
        print(f"    {one_line(hint)}", file=sys.stderr)
    sys.stderr.flush()
    return code


def failure(kind: str, message: str, code: int, **more: Any) -> dict[str, Any]:
    """The JSON object of a command that ended in an error.

    Args:
        kind: Name of the error's class.
        message: One line for people.
        code: Exit code of the command.
        more: What a program may want to know, such as ``run_dir`` or ``hint``.
    """
    error = {"type": kind, "message": one_line(message), **more}
    return {"status": STATUS_OF_CODE[code], "error": error, "exit_code": code}


def money(usd: float | None) -> str:
    """Format an amount of money; an unknown amount is never shown as 0."""
    return "unknown" if usd is None else f"${usd:,.4f}" if usd else "$0"


def answer_in_short(answer: Any, limit: int = 200) -> str:
    """An answer on one line: text as it is, anything else as JSON, cut at so many characters."""
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    line = one_line(text[: 4 * limit])
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def json_for_people(value: Any, indent: int = 0) -> str:
    """Format a value as JSON: a list or mapping on one line where it fits, else one item a line.

    Args:
        value: What JSON can hold.
        indent: Blanks before the line that it begins in.
    """
    whole = json.dumps(value, ensure_ascii=False)
    if indent + len(whole) <= WIDTH or not isinstance(value, list | dict) or not value:
        return whole
    inner = indent + 1
    if isinstance(value, dict):
        items = [
            f"{json.dumps(str(key), ensure_ascii=False)}: {json_for_people(one, inner)}" for key, one in value.items()
        ]
    else:
        items = [json_for_people(one, inner) for one in value]
    ends = "{}" if isinstance(value, dict) else "[]"
    blanks = " " * inner
    return f"{ends[0]}\n{blanks}" + f",\n{blanks}".join(items) + f"\n{' ' * indent}{ends[1]}"


def aligned(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Rows of text as columns, two blanks between them.

    Args:
        rows: The first one may be a head; all have the same number of cells.
        right: Numbers of the columns that are aligned at their right edge, 0-based.
    """
    texts = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in texts) for column in range(len(texts[0]))]
    lines = []
    for row in texts:
        cells = [
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
