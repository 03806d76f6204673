"""What every command says at its end: exit codes, one JSON object as the last line of stdout, one line for an error."""

import json
import shlex
import sys
from typing import Any

OK, FAILED, USAGE, PAUSED = 0, 1, 2, 3
"""It did what it was asked; the run failed or a check did not hold; a usage or configuration error; the run paused."""

STATUS_OF_CODE = {OK: "ok", FAILED: "failed", USAGE: "error", PAUSED: "paused"}
"""``status`` of the JSON object of a command that ended in an error."""


def printable(text: str) -> str:
    """Text without anything that a terminal would obey."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def one_line(text: str) -> str:
    """Printable text with all white space between words as single blanks."""
    return " ".join(printable(text).split())


def print_json(value: Any) -> None:
    """Print one JSON object as the last line of stdout."""
    print(json.dumps(value, ensure_ascii=True), flush=True)


def quoted(path: object) -> str:
    """A path as it is typed in a shell, without what a terminal would obey."""
    return shlex.quote(printable(str(path)))


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
