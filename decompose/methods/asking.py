"""Methods that say what a node asks next, written as generators that ask and are answered.

A method is one class with a generator ``turn``: it yields a ``Step``, a ``Call`` or an ``Expansion``, is sent the
answer, and returns ``Done``, or the board on which its next turn begins. The engine keeps the board and the answers
since, and runs the turn again from there: so a method is resumed, voted on and journalled without a line of its own.
"""

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.decompose.plan import Child, Expansion, Input, Node
from surefoot.decompose.step import Call, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task

if TYPE_CHECKING:
    from surefoot.decompose.problem import Problem

Asks = Step | Call | Expansion
Turn = Generator[Asks, Any, Any]
"""Asks for things one after the other; its value is ``Done``, or the board of the next turn."""
Shown = tuple[tuple[str, str], ...]
"""What a prompt shows beside its question: label and text, in order."""

LONGEST_LINE = 4000
"""Characters of a line that is read from a reply, at most."""
MOST_REPEATS = 8
"""Times that the same thing is asked for the same purpose: a model that asks once more would do so for ever."""


class Goal(msgspec.Struct, frozen=True, tag=True):
    """A node of a method: a question, and which part of the method's work is done there.

    Attributes:
        text: The question.
        number: Number of the problem's question that it belongs to, which says what context it has; from 0.
        part: What the method does there; empty for the whole question.
        depth: Levels of sub-questions above it.
        given: What else it was told; builtin values.
    """

    text: str
    number: int = 0
    part: str = ""
    depth: int = 0
    given: Any = ()


class Asked(msgspec.Struct, frozen=True, tag=True):
    """The facts that a step reads, all of which its prompt shows.

    Attributes:
        question: The question.
        shown: What stands before it.
        number: Number of the problem's question it belongs to; it is not shown.
    """

    question: str
    shown: Shown = ()
    number: int = 0


Reader = Callable[["Problem", Step, str], "str | Flag"]
"""Reads a reply: the candidate in canonical form, or the red flag."""


class Wording(msgspec.Struct, frozen=True):
    """How one kind of question of a method is put, and how its replies are read.

    Attributes:
        instruction: First line of the prompt, by which an answer key knows the kind.
        form: Last line, on the form of the reply; ``{form}`` stands for how the problem writes an answer.
        role: In whose name it is asked: roles may have models, votes and temperatures of their own.
        read: Reads a reply.
        most_tokens: Longest reply, outside the ``chat`` dialect.
    """

    instruction: str
    form: str
    role: Role
    read: Reader
    most_tokens: int = 64


def labelled(text: str, label: str, longest: int = LONGEST_LINE) -> str | None:
    """Return what the last line that begins with a label and a colon says; ``None`` if there is none, or too long.

    Args:
        text: A reply.
        label: What the line begins with.
        longest: Characters that the line may have.
    """
    for line in reversed(text.splitlines()):
        words = line[:longest].strip(" \t>*_#`")
        if words[: len(label) + 1].lower() == f"{label.lower()}:":
            # Cut off it would say something else.
            return None if len(line) > longest else " ".join(words[len(label) + 1 :].strip(" \t*_`").split())
    return None


def read_answer(problem: "Problem", step: Step, text: str) -> str | Flag:
    """Read the last line ``Answer: ...`` of a reply in the form in which the problem's answers are written."""
    said = labelled(text, "Answer")
    if said is None:
        return Flag("misformatted", "no line 'Answer: ...'")
    found = problem.read_part(said) if step.kind in ("part", "sub") else problem.read_answer(said)
    return Flag("misformatted", f"not {problem.answer_form()}: {said[:100]}") if found is None else found


def read_yes_or_no(problem: "Problem", step: Step, text: str) -> str | Flag:
    """Read a last line ``Answer: yes`` or ``Answer: no``."""
    said = (labelled(text, "Answer") or "").lower().rstrip(".")
    return said if said in ("yes", "no") else Flag("misformatted", "neither yes nor no")


FORM = "End with one line: Answer: <{form}>"
YES_OR_NO = "End with one line: Answer: <yes or no>"
ANSWER = Wording("Answer the question.", FORM, Role.ACTOR, read_answer)
"""The whole question, asked at once."""
PART = Wording("Answer this part of a longer question.", FORM, Role.ACTOR, read_answer)
"""A sub-question that stands for itself: its prompt shows nothing else."""


class Asking(msgspec.Struct, frozen=True):
    """Base of the methods that say what a node asks next; see the module.

    Attributes:
        leaf_steps: Not used: what such a method splits follows from its questions.
    """

    leaf_steps: int = 0
    in_order: ClassVar[bool] = True
    retries_chains: ClassVar[bool] = False
    asks: ClassVar[bool] = True
    """Whether it is chosen with ``--method``, by problems, and not with ``--strategy``."""
    wordings: ClassVar[Mapping[str, Wording]] = {}
    """How each of its kinds of question is put."""

    def turn(self, problem: "Problem", goal: Goal, board: Any) -> Turn:
        """Ask for one thing after the other; the value is ``Done`` or the next board. The first board is the inputs.

        It must be a function of its arguments and of the answers that it is sent.
        """
        raise NotImplementedError(f"{type(self).__name__} has no turn()")

    def splits(self, task: Task, node: Node) -> bool:
        """Return ``False``: its nodes are chains, which ask for sub-plans themselves."""
        return False

    def outline(self, task: Task) -> Outline:
        """Return the outline of a question of the usual length, for forecasts."""
        root = task.root()
        return task.outline(task.usual_steps(root.goal, root.inputs))

    def sample(self, task: Task, number: int) -> Step:
        """Return the first question that the method asks of one of the problem's questions."""
        return task.sample_step(number)

    def ask(self, kind: str, goal: Goal, question: str, shown: Shown = (), lead: int | None = None) -> Step:
        """Return a question of one of the method's kinds."""
        wording = self.wordings[kind]
        return Step(kind, wording.role, Asked(question, shown, goal.number), wording.most_tokens, lead)

    def prompt(self, problem: "Problem", step: Step) -> Prompt:
        """Put a question into words: instruction, what is shown, the question, and the form of the reply."""
        wording, asked = self.wordings[step.kind], step.reads
        lines = [f"{label}: {text}" for label, text in asked.shown]
        question = [f"Question: {asked.question}"] if asked.question else []
        form = wording.form.replace("{form}", problem.answer_form())
        return Prompt("\n".join([wording.instruction, "", *lines, *question, "", form]), problem.rules())

    def parse(self, problem: "Problem", step: Step, text: str) -> str | Flag:
        """Read a reply as the wording of its kind says."""
        return self.wordings[step.kind].read(problem, step, text)

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer; by default those that are equal."""
        return one == other


def child(goal: Goal, inputs: tuple[Input, ...] = ()) -> Child:
    """Return a part of a sub-plan whose failure is its output: one bad part is one bad part."""
    return Child(goal, inputs, may_fail=True)


def asked_too_often(text: str, before: Iterable[str]) -> Done | None:
    """Return the end of a question for which the same thing was asked ``MOST_REPEATS`` times already, else ``None``."""
    if sum(one == text for one in before) < MOST_REPEATS:
        return None
    return Done(None, f"the same was asked {MOST_REPEATS} times, and once more: {text[:200]}")


class Turning(msgspec.Struct, frozen=True):
    """The state of a method's node: the board of its turn, and what it was answered since."""

    board: Any
    answers: tuple[Any, ...] = ()


class _Returned(msgspec.Struct, frozen=True):
    value: Any


def _replayed(turn: Turn, answers: tuple[Any, ...]) -> Asks | _Returned:
    """What a turn asks next after it was sent the answers, or what it returned."""
    try:
        asked = next(turn)
        for answer in answers:
            asked = turn.send(answer)
    except StopIteration as end:
        return _Returned(end.value)
    return asked


def settled(method: Asking, problem: "Problem", goal: Goal, state: Turning) -> Turning:
    """Return a state whose turn asks for something or is done: turns that came to their end are followed by the next.

    Raises:
        ValueError: A turn returned a board without having asked anything; it would do so for ever.
    """
    found = _replayed(method.turn(problem, goal, state.board), state.answers)
    if not isinstance(found, _Returned) or isinstance(found.value, Done):
        return state
    if not state.answers:
        raise ValueError(f"{type(method).__name__} began its next turn without having asked anything")
    return settled(method, problem, goal, Turning(found.value))


def asked_next(method: Asking, problem: "Problem", goal: Goal, state: Turning) -> Asks | Done:
    """Return what a method's node asks for in a state, or its output."""
    found = _replayed(method.turn(problem, goal, state.board), state.answers)
    if not isinstance(found, _Returned):
        return found
    assert isinstance(found.value, Done)
    return found.value
