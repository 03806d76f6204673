"""Tools as text: a model names one with its input, as in ``calc[3 * 4]``, and is shown what came of it."""

import json
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from surefoot.decompose.plan import Failure, failure_of
from surefoot.decompose.step import Call

ARGUMENTS: Final = {"calc": "expression", "search": "query", "sql": "sql", "python": "code"}
"""What the one argument of a ready-made tool is called; that of other tools is ``text``."""
NAMED_FILES = 3
"""Files that were left out of a search, and are named in a prompt."""
LONGEST_RESULT = 6000
"""Characters of a tool's result that a prompt shows, at most."""


class Use(msgspec.Struct, frozen=True):
    """A tool and its input, as a model wrote them."""

    tool: str
    text: str

    def __str__(self) -> str:
        return f"{self.tool}[{self.text}]"


def read_use(text: str, tools: Iterable[str]) -> Use | None:
    """Return the tool and the input of ``tool[input]``, or ``None`` where it is none of the tools, or nothing."""
    name, bracket, rest = text.strip().partition("[")
    if not bracket or not rest.endswith("]") or name.strip() not in tools:
        return None
    return Use(name.strip(), " ".join(rest[:-1].split()))


def call_of(use: Use) -> Call:
    """Return the call of a tool; its failure is a value like any other."""
    return Call(use.tool, {ARGUMENTS.get(use.tool, "text"): use.text}, may_fail=True)


def text_of(result: Any) -> str | Failure:
    """Return what a tool's result is as one text for a prompt, or the failure that it is."""
    failed = failure_of(result)
    if failed is not None:
        return failed
    if isinstance(result, dict) and isinstance(result.get("passages"), list):
        texts = [f"{one.get('path')}:{one.get('line')}: {one.get('text')}" for one in result["passages"]]
        return cut(" | ".join(texts) or "nothing found") + _left_out(result.get("left_out"))
    if isinstance(result, dict) and "value" in result:
        return cut(str(result["value"]))
    if isinstance(result, dict) and "rows" in result:
        return cut(json.dumps(result["rows"], ensure_ascii=False))
    return cut(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str))


def told_failure(failed: Failure) -> str:
    """Return a failure as a prompt tells it: of what kind, and why, so that the next use may be a better one."""
    return cut(f"[failed: {failed.error}: {failed.message}]")


def cut(text: str) -> str:
    """Return a text on one line, and no more of it than a prompt shows."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_RESULT else f"{line[:LONGEST_RESULT]} [...]"


def _left_out(paths: Any) -> str:
    """What a search did not look at, which nobody would miss otherwise; the first names of many."""
    if not isinstance(paths, list) or not paths:
        return ""
    names = ", ".join(cut(str(path)) for path in paths[:NAMED_FILES])
    more = f" and {len(paths) - NAMED_FILES} more" if len(paths) > NAMED_FILES else ""
    return f" | not searched, too large or no text: {names}{more}"


def listed(tools: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the line of a prompt that lists the tools; none where there are none."""
    names = [f"{name}[{ARGUMENTS.get(name, 'text')}]" for name in tools]
    return (("Tools", ", ".join(names)),) if names else ()
