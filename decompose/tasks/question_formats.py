"""Question files as they are published, brought to one form: StrategyQA's list, JSON lines, and BIG-bench's examples.

Only the form is read here. Which of an entry's fields may be seen is for the caller to say: a run takes ``question``
alone, a referee ``answer`` alone.
"""

from typing import Any

import msgspec

MOST = 100_000
"""Entries of a file, at most."""


def records(text: str) -> list[dict[str, Any]]:
    """Return the entries of a question file, each with a ``question`` and whatever else it has.

    A byte order mark is skipped. BIG-bench's ``input`` becomes ``question``; its ``target_scores``, or else its
    ``target``, become ``answer``.

    Raises:
        ValueError: It is no such file. One line, with the number of the entry or line.
    """
    found = _decoded(text.lstrip("\ufeff \t\r\n"))
    if not found:
        raise ValueError("file: it holds no question")
    if len(found) > MOST:
        raise ValueError(f"file: {len(found)} questions are more than {MOST}")
    return [_record(number, entry) for number, entry in enumerate(found, start=1)]


def _decoded(text: str) -> list[Any]:
    try:
        whole = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        # Not ``splitlines``, which ends a line at characters that JSON allows inside a text, such as U+2028.
        lines = [line for line in text.split("\n") if line.strip()]
        # One object a line is no JSON as a whole; anything else that is none is damaged.
        if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
            raise ValueError(f"file: not a list of questions as StrategyQA's, nor JSON lines: {error}") from error
        return [_line(number, line) for number, line in enumerate(lines, start=1)]
    if isinstance(whole, dict):
        lists = [whole[key] for key in ("examples", "questions", "data") if isinstance(whole.get(key), list)]
        return lists[0] if lists else [whole]
    if not isinstance(whole, list):
        raise ValueError("file: not a list of questions as StrategyQA's")
    return whole


def _line(number: int, line: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"file: line {number} is not JSON: {error}") from error


def _record(number: int, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise ValueError(f"file: question {number} is not an object")
    if "question" in entry:
        found = dict(entry)
    elif "input" in entry:
        found = {**entry, "question": entry["input"], "answer": _target(entry)}
    else:
        raise ValueError(f"file: question {number} has no question")
    if not isinstance(found["question"], str):
        raise ValueError(f"file: question {number} is not text")
    return found


def _target(entry: dict[str, Any]) -> Any:
    """The answer of an example of BIG-bench: the target with the highest score, or the target itself."""
    scores = entry.get("target_scores")
    if isinstance(scores, dict) and scores and all(isinstance(score, int | float) for score in scores.values()):
        return max(scores, key=lambda name: scores[name])
    return entry.get("target")


def yes_or_no(answer: Any) -> str | None:
    """Return ``yes`` or ``no`` for an answer such as ``true``, ``"Yes."`` or ``"No, it is."``, else ``None``."""
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if not isinstance(answer, str):
        return None
    first = answer.strip().split(maxsplit=1)[:1]
    word = first[0].strip(".,;:!\"'*").lower() if first else ""
    return {"yes": "yes", "true": "yes", "no": "no", "false": "no"}.get(word)
