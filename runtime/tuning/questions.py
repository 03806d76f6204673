"""Questions whose right answers are known before a search begins, and how they are shared out.

The examples that wordings may show, the questions that the search asks, and the held-out questions that decide are
different questions, told apart by their text. The answers are an answer key's or a user's own file; neither is read
by any run.
"""

import random
from collections.abc import Iterator, Mapping

import msgspec

from surefoot.decompose.step import Dialect, Step
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.decompose.wordings.worded import facts_of
from surefoot.decompose.wordings.wording import Example
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.factory import AnswerKey
from surefoot.runtime.untrusted import one_line

TRIED = 4096
"""Sampled steps that are looked through for questions of a kind."""
IN_VAIN = 256
"""Sampled steps in a row without a new question after which there are no more to be expected."""
WANTED = 72
"""Different questions that are enough."""
FEWEST = 4
"""Different questions without which there is nothing to hold out."""
MOST_EXAMPLES = 12
"""Questions that may be shown as examples."""
MOST_ASKED = 24
"""Questions that a search asks."""


class Question(msgspec.Struct, frozen=True):
    """A question whose right answer is known.

    Attributes:
        step: What is asked.
        example: Its text and a right reply.
        right: The right answer as ``parse`` reads it.
    """

    step: Step
    example: Example
    right: str


class Shared(msgspec.Struct, frozen=True):
    """Known questions, shared out so that none stands twice.

    Attributes:
        examples: Those that wordings may show.
        searched: Those that the search asks.
        held_out: Those that decide at the end.
    """

    examples: tuple[Question, ...]
    searched: tuple[Question, ...]
    held_out: tuple[Question, ...]


def sampled(task: Task, kind: str, dialect: Dialect) -> Iterator[Step]:
    """Yield steps of one kind with different texts, at most ``WANTED``.

    Raises:
        ConfigurationError: The task asks no question of that kind.
    """
    seen: set[str] = set()
    kinds: set[str] = set()
    last = 0
    for number in range(TRIED):
        if seen and number - last > IN_VAIN:
            return
        try:
            step = task.sample_step(number)
        except NothingToAsk as error:
            raise ConfigurationError(str(error)) from error
        kinds.add(step.kind)
        if step.kind != kind or (text := task.prompt(step, dialect).user) in seen:
            continue
        seen.add(text)
        last = number
        yield step
        if len(seen) == WANTED:
            return
    if not seen:
        known = ", ".join(sorted(one or "(unnamed)" for one in kinds))
        raise ConfigurationError(one_line(f"--kind {kind}: this task asks {known}"))


def by_key(task: Task, kind: str, dialect: Dialect, key: AnswerKey) -> list[Question]:
    """Return questions of a kind with the answers of the task's answer key; such with several answers are left out."""
    found = []
    for step in sampled(task, kind, dialect):
        answers = key(task.prompt(step, dialect))
        if len(answers.right) == 1:
            found.append(known(task, step, dialect, answers.right[0]))
    return found


def by_file(task: Task, kind: str, dialect: Dialect, answers: Mapping[str, str]) -> list[Question]:
    """Return questions of a kind that a user has answered, by their text.

    Raises:
        ConfigurationError: The task asks no such question, or an answer cannot be read.
    """
    left = dict(answers)
    found = [
        known(task, step, dialect, left.pop(text))
        for step in sampled(task, kind, dialect)
        if (text := task.prompt(step, dialect).user) in left
    ]
    if left:
        text = one_line(next(iter(left)), 120)
        raise ConfigurationError(f"--examples: this task asks no question of kind {kind} with the text {text!r}")
    return found


def known(task: Task, step: Step, dialect: Dialect, answer: str) -> Question:
    """Return a question with its right answer.

    Raises:
        ConfigurationError: The task does not read the reply as an answer.
    """
    asked = task.prompt(step, dialect)
    right = task.parse(step, answer, dialect)
    if not isinstance(right, str):
        said, text = one_line(answer, 60), one_line(asked.user[-120:])
        raise ConfigurationError(f"the answer {said!r} to {text!r} is discarded as {right.name}: it is no example")
    facts = tuple(facts_of(task, step, dialect, asked).items())
    return Question(step, Example(asked.user, answer, facts), right)


def shared_out(questions: list[Question], seed: int) -> Shared:
    """Share questions out at random: a sixth as examples, a third to be asked, the rest held out.

    Raises:
        ConfigurationError: There are too few.
    """
    if len(questions) < FEWEST:
        raise ConfigurationError(
            f"{len(questions)} different questions with one right answer: tune needs {FEWEST}, to hold some out; "
            "other options of the task may have it ask more"
        )
    mixed = list(questions)
    random.Random(f"shared out {seed}").shuffle(mixed)
    shown = min(MOST_EXAMPLES, max(2, len(mixed) // 4))
    asked = min(MOST_ASKED, max(1, (len(mixed) - shown) // 2))
    return Shared(tuple(mixed[:shown]), tuple(mixed[shown : shown + asked]), tuple(mixed[shown + asked :]))
