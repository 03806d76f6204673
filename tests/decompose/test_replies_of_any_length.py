"""Every reader of replies takes time in proportion to the reply: sixteen times the text is not 256 times the work.

Each reader of each task gets texts made of one piece over and over, behind each name that replies have; each text is
then made ``TIMES`` as long. A reader in quadratic time shows as a ratio of ``TIMES`` squared. No times are compared,
only ratios of two of the same reader, and only where there is enough work to have one.
"""

import pathlib
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from surefoot.decompose.modular_planner.wording import said
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.models.structured import as_lines

QUESTIONS = (pathlib.Path(__file__).parents[1] / "data" / "questions.json").read_text()
TASKS: dict[str, dict[str, Any]] = {
    "hanoi": {},
    "multiply": {"digits": 3},
    "digit-hanoi": {},
    "graph": {},
    "questions": {"file": QUESTIONS},
}
"""Tasks and their options. The reader of PDDL has tests of its own."""
NAMES = (
    "valid", "rule", "subgoal", "action", "steps", "next_state", "reached", "question", "correct", "answer", "move",
    "carry", "digit", "high", "low",
)  # fmt: skip
"""Names that replies give to what they say."""
PIECES = (
    " ", "\t", "\n", "\r\n", ">", "* ", "-", "[", "]", "[[", "(", "( ", "(not ", "{", '{"a":', "=", " = ", "1", "1 ",
    "1,", " / ", " + ", '"', "`", "no ", "#1 ", "the ", "room 1 ", "1ab ", ".", "\u00e9", "\u0661", "a", "A = [",
    "Move 1 from ",
)  # fmt: skip
SHORT, TIMES = 1000, 16
ENOUGH_S = 0.005
"""Seconds of work that are enough to take a ratio of."""


def seconds(read: Callable[[str], object], text: str) -> float:
    """CPU time of one reading, the least of three."""
    found = []
    for _ in range(3):
        started = time.process_time()
        read(text)
        found.append(time.process_time() - started)
        if found[-1] < ENOUGH_S:
            break
    return min(found)


def slow_at(
    read: Callable[[str], object], names: tuple[str, ...], pieces: tuple[str, ...] = PIECES
) -> list[tuple[str, str]]:
    """The texts, by their name and piece, for which a reader takes more than twice as long as in proportion."""
    found = []
    for begin in ("", *(name + more for name in names for more in ("", " = ", " = x"))):
        for piece in pieces:
            count = SHORT // len(piece)
            long = seconds(read, begin + piece * count * TIMES + "!")
            if long >= ENOUGH_S and long > 2.5 * TIMES * max(seconds(read, begin + piece * count + "!"), 1e-4):
                found.append((begin, piece))
    return found


def kinds() -> Iterator[tuple[Task, Step]]:
    for name, options in TASKS.items():
        task = open_task(RunConfig(task=name, task_options=options))
        steps = [task.sample_step(number) for number in range(64)]
        yield from ((task, step) for step in {step.kind: step for step in steps}.values())


READERS = [(task, step, dialect) for task, step in kinds() for dialect in ("chat", "compact")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "step", "dialect"), READERS, ids=[f"{type(t).__name__}-{s.kind}-{d}" for t, s, d in READERS]
)
def test_a_reader_takes_time_in_proportion(task: Task, step: Step, dialect: Any) -> None:
    def read(text: str) -> None:
        candidate = task.parse(step, text, dialect)
        if isinstance(candidate, str):
            task.check(step, candidate)

    assert slow_at(read, NAMES if dialect == "chat" else ()) == []


def test_json_is_read_in_proportion() -> None:
    assert slow_at(as_lines, ()) == []


def test_placebo_a_reader_in_quadratic_time_is_found() -> None:
    """The expression that ``said`` once was."""

    def quadratic(text: str) -> list[str]:
        return re.findall(r"^[ \t>*-]*valid[ \t]*=[ \t]*(.+?)[ \t]*$", text, flags=re.MULTILINE | re.IGNORECASE)

    assert ("valid = x", " ") in slow_at(quadratic, ("valid",), (" ",))
    assert slow_at(lambda text: said(text, "valid"), ("valid",)) == []


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("valid = yes", ["yes"]),
        (" > * Valid\t=  **yes**  \nother = no", ["yes"]),
        ("valid = yes\r\nvalid = no\r\n", ["yes", "no"]),
        ("valid == yes", ["= yes"]),
        ("valid: x = yes", []),
        ("invalid = yes", []),
        ("valid =", []),
        ("valid = " + "9" * 5000, ["9" * 4000]),
    ],
)
def test_lines_that_name_a_value(text: str, values: list[str]) -> None:
    assert said(text, "valid") == values
