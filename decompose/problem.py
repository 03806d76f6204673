"""A problem: a question with an answer that has a form. One small class of a user's own plugs into every method.

How it is decomposed is the method's business (``decompose/methods``); the problem says what is asked, what an answer
looks like, and which tools and which context there are.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.methods.asking import Asking, Goal, Turning, asked_next, settled
from surefoot.decompose.methods.program import StepSpec
from surefoot.decompose.modular_planner.planner import Problem as Posed
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.step import Call, Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.task import NothingToAsk, Task

LONGEST_ANSWER = 2000
"""Characters of an answer in free text, at most."""


class Problem(Task, frozen=True, kw_only=True):
    """Base of problems. ``question`` is enough; the other methods have defaults."""

    method: Annotated[str, msgspec.Meta(description="how it is decomposed; see docs: Methods")] = "direct"

    necessary: ClassVar[tuple[str, ...]] = ("question",)

    def __post_init__(self) -> None:
        asking_named(self.method)
        if self.method == "program" and not self.offers_program():
            raise ValueError(f"method: {type(self).__name__} gives no program: it has no first_state() and next_spec()")
        own_parts = type(self).decomposed_by is not Problem.decomposed_by
        if type(self).evidence is not Task.evidence and not own_parts:
            raise ValueError(
                f"evidence: {type(self).__name__} reports evidence, and the parts that {self.method} makes rest on "
                "nothing that it could revise; a method of your own (decomposed_by) may say what its parts rest on"
            )
        if self.method == "modular" and type(self).world is Problem.world:
            raise ValueError(f"method: {type(self).__name__} offers no world to plan in: it has no world()")

    def question(self) -> str:
        """Return the question that ``surefoot run`` asks: one text that stands for itself."""
        raise NotImplementedError(f"{type(self).__name__} has no question()")

    def questions(self) -> Sequence[str]:
        """Return the questions that ``surefoot bench`` asks; by default the one of the run."""
        return [self.question()]

    def context(self, number: int) -> str:
        """Return the text that a question of a number (from 0) is about, where it has one that is kept apart."""
        return ""

    def rules(self) -> str:
        """Return what every prompt of the problem says before anything else, as its system message."""
        return ""

    def answer_form(self) -> str:
        """Return how an answer is written, in a few words: ``a whole number``."""
        return "a short text"

    def read_answer(self, text: str) -> str | None:
        """Return an answer in canonical form, or ``None`` where the text is none. Equal answers are equal texts."""
        return " ".join(text.split()) if 0 < len(text.strip()) <= LONGEST_ANSWER else None

    def read_part(self, text: str) -> str | None:
        """Return the answer to a sub-question in canonical form, or ``None``; by default as for whole answers."""
        return self.read_answer(text)

    def tools(self) -> Mapping[str, Any]:
        """Return the tools that methods may call: functions, ``Tool`` values, or texts such as ``search:FOLDER``."""
        return {}

    def offers_program(self) -> bool:
        """Return whether there is a program of the problem's questions; by default, whether ``next_spec`` is there."""
        return type(self).next_spec is not Problem.next_spec

    def first_state(self, text: str, number: int) -> dict[str, Any]:
        """Return the state in which the program of a question begins, for ``program``; builtin values by name."""
        raise NotImplementedError(f"{type(self).__name__} has no first_state()")

    def next_spec(self, state: dict[str, Any]) -> StepSpec | str | Done:
        """Return the program's next step, its answer, or why there is none. A function of the state alone."""
        raise NotImplementedError(f"{type(self).__name__} has no next_spec()")

    def absorbed(self, state: dict[str, Any], spec: StepSpec, said: str) -> dict[str, Any]:
        """Return the state after a step was answered; by default with the answer in the field that the step writes."""
        return {**state, spec.writes: said}

    def world(self, number: int) -> Posed | None:
        """Return the planning problem that a question of a number (from 0) is, for ``modular``; ``None`` if it is none.

        Its plan is the answer; see `surefoot.decompose.modular_planner.world_task` for a world from a few sentences.
        """
        return None

    def answer_of_plan(self, plan: tuple[str, ...]) -> str:
        """Return the answer that a plan of the problem's world is; by default its actions, separated by commas."""
        return ", ".join(plan) or "nothing"

    def decomposed_by(self) -> Asking:
        """Return the method that decomposes the problem; by default the one that ``method`` names."""
        return asking_named(self.method)

    def posed(self, number: int, text: str, path: tuple[int, ...] = ()) -> Node:
        """Return one of the problem's questions as a node: a run's root, or a row of a bench."""
        return Node(path, Goal(text, number), ())

    def root(self) -> Node:
        """Return the question of the run as a node; nothing is promised of its answer."""
        return self.posed(0, self.question())

    def begin(self, goal: Goal, inputs: tuple[Any, ...]) -> Turning:
        """Return the state before a node's first question: the method's board is what the node was given."""
        return settled(self.decomposed_by(), self, goal, Turning(inputs))

    def next_step(self, goal: Goal, state: Turning) -> Step | Call | Expansion | Done:
        """Return what the method asks for next."""
        return asked_next(self.decomposed_by(), self, goal, state)

    def advance(self, goal: Goal, state: Turning, candidate: Any) -> Turning:
        """Return the state after an answer came."""
        return settled(self.decomposed_by(), self, goal, Turning(state.board, (*state.answers, candidate)))

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Word a step as the method does; all dialects read the same."""
        return self.decomposed_by().prompt(self, step)

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read a reply as the method does."""
        return self.decomposed_by().parse(self, step, text)

    def usual_steps(self, goal: Goal, inputs: tuple[Any, ...]) -> int:
        """Return ten: leads are chosen for questions that take about so many steps."""
        return 10

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two candidates are the same answer, as the method compares them."""
        return self.decomposed_by().same(step, one, other)

    def sample_step(self, number: int) -> Step:
        """Draw the first thing that is asked of one of the problem's questions, where that is a question."""
        asked = self.questions()
        node = self.posed(number % len(asked), asked[number % len(asked)])
        step = self.next_step(node.goal, self.begin(node.goal, node.inputs))
        if isinstance(step, Step):
            return step
        raise NothingToAsk(f"{type(self).__name__} begins with no question: there is nothing to sample")


@functools.cache
def asking_named(name: str) -> Asking:
    """Return the method of a name that says what a node asks next.

    Raises:
        ValueError: There is none. One line that lists those that there are.
    """
    from surefoot.decompose.methods.table import METHODS  # here: runs of other tasks do without all methods

    found = METHODS[name](0) if name in METHODS else None
    if not isinstance(found, Asking):
        known = ", ".join(one for one in METHODS if isinstance(METHODS[one](0), Asking))
        raise ValueError(f"method: there is no {name!r}; there are {known}")
    return found
