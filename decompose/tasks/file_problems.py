"""Questions of a file as it is published (GSM8K, HotpotQA with context, MAKER's items), for every method.

A run sees ``question`` and ``context`` of an entry and nothing else of it.
"""

import functools
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import Turning
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.problem import LONGEST_ANSWER, Problem
from surefoot.decompose.step import Call, Done, Step
from surefoot.decompose.tasks import every_question
from surefoot.decompose.tasks.compared_answers import FORMS, Form, compared
from surefoot.decompose.tasks.every_question import Every, Gather
from surefoot.decompose.tasks.question_formats import records


class FileProblem(Problem, frozen=True, kw_only=True):
    """Answer a question of a file by a method."""

    file: Annotated[
        Annotated[str, msgspec.Meta(extra_json_schema={"file": True})],
        msgspec.Meta(description="JSON or JSON lines of questions: GSM8K, HotpotQA, StrategyQA, or your own"),
    ] = ""
    form: Annotated[Form, msgspec.Meta(description="how answers are written and compared")] = "text"
    number: Annotated[int, msgspec.Meta(ge=1, description="question of the file to answer, from 1")] = 1
    count: Annotated[int, msgspec.Meta(ge=1, description="questions of a bench, from the first on")] = 1_000_000
    every: Annotated[
        bool, msgspec.Meta(description="answer all questions, or count of them; the answer is a table")
    ] = False

    summary: ClassVar[str] = "Questions of a file as published (GSM8K, HotpotQA, ...), by any method"

    def __post_init__(self) -> None:
        Problem.__post_init__(self)
        if not self.file:
            raise ValueError("a file of questions is needed: --file F.jsonl")
        if self.number > len(entries(self.file)):
            raise ValueError(f"question {self.number} does not exist: the file has {len(entries(self.file))}")

    def question(self) -> str:
        """Return the question of the option ``number`` on one line."""
        return entries(self.file)[self.number - 1][0]

    def questions(self) -> Sequence[str]:
        """Return the questions of the file, as many as ``count`` says."""
        return [question for question, _ in entries(self.file)[: self.count]]

    def root(self) -> Node:
        """Return the question of the option ``number``, or all questions of the file."""
        return every_question.ROOT if self.every else self.posed(self.number - 1, self.question())

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        """Return a node for each question where all are asked."""
        if not isinstance(goal, Every):
            return None
        return every_question.all_of(self.posed(number, text) for number, text in enumerate(self.questions()))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Turning:
        """Return the state before a node's first question; what gathers the answers asks none."""
        return Turning(inputs) if isinstance(goal, Gather) else Problem.begin(self, goal, inputs)

    def next_step(self, goal: Any, state: Turning) -> Step | Call | Expansion | Done:
        """Return what the method asks for next, or the table of all answers."""
        if not isinstance(goal, Gather):
            return Problem.next_step(self, goal, state)
        names = identities(self.file)[: self.count]
        return Done(every_question.table_of(list(zip(names, self.questions(), strict=True)), state.board))

    def context(self, number: int) -> str:
        """Return the passages of an entry, where it has any."""
        return entries(self.file)[number][1]

    def answer_form(self) -> str:
        """Return how answers are written."""
        return FORMS[self.form]

    def read_answer(self, text: str) -> str | None:
        """Return an answer as it is compared."""
        return compared(text, self.form)

    def read_part(self, text: str) -> str | None:
        """Return the answer to a sub-question: any short text, whatever the form of the whole answer."""
        return " ".join(text.split()) if 0 < len(text.strip()) <= LONGEST_ANSWER else None


@functools.lru_cache(maxsize=4)
def entries(text: str) -> tuple[tuple[str, str], ...]:
    """Return question and context of each entry of a file.

    Raises:
        ValueError: It is no such file. One line.
    """
    found = []
    for number, entry in enumerate(records(text), start=1):
        question = " ".join(entry["question"].split())
        if not question:
            raise ValueError(f"file: question {number} is empty")
        found.append((question, passages(entry.get("context"))))
    return tuple(found)


@functools.lru_cache(maxsize=4)
def identities(text: str) -> tuple[str, ...]:
    """Return the file's own name for each entry, empty where it has none."""
    found = ((entry.get("id") or entry.get("_id") or entry.get("qid")) for entry in records(text))
    return tuple(str(one)[:80] if isinstance(one, str | int) else "" for one in found)


def passages(context: Any) -> str:
    """Return an entry's context as text: HotpotQA's lists of title and sentences, its columns, or plain text."""
    if isinstance(context, dict) and isinstance(context.get("title"), list):
        context = list(zip(context["title"], context.get("sentences") or (), strict=False))
    if isinstance(context, list | tuple):
        return "\n".join(filter(None, map(_passage, context)))
    return context.strip() if isinstance(context, str) else ""


def _passage(one: Any) -> str:
    if isinstance(one, list | tuple) and len(one) == 2 and isinstance(one[1], list | tuple):
        return " ".join(f"{one[0]}: {' '.join(str(text).strip() for text in one[1])}".split())
    return " ".join(str(one).split()) if isinstance(one, str) else ""
