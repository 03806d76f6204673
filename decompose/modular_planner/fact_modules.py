"""Modules cut into facts: each question of a module becomes questions of one fact, and code makes the reply of them.

For models that read no module's question but know single facts. A *cut* is a generator: it yields steps that ask for
a fact, is sent the candidate that won each of them, and returns the module's candidate; one that yields nothing is a
module that code does. The planner knows nothing of this: it gets the candidate as if the module had said it.

As with the planner's own turns (`surefoot.decompose.modular_planner.planner`), the chain's state is not the generator
but what it was sent, so that facts are steps like any other: voted on, journalled, counted and resumed.

A fact that makes no sense where it is used leads to no candidate: the plan is given up and says so. Nothing puts the
right fact in its place.
"""

import functools
from collections.abc import Callable, Generator, Mapping
from typing import Any, ClassVar

import msgspec

from surefoot.decompose.modular_planner.modular_task import Thread
from surefoot.decompose.modular_planner.planner import Problem, outcome
from surefoot.decompose.step import Done, Flag, Step

Cut = Callable[[Any], Generator[Step, str, str | None]]
"""From what a module reads to its candidate, by facts; ``None`` where the facts make no candidate."""


class FactThread(msgspec.Struct, frozen=True):
    """The state of a planning chain whose modules are cut into facts.

    Attributes:
        thread: The planner's.
        facts: Answers to the facts of the module's question that is being put together.
        broken: Kind of question for which the facts made no candidate; empty as long as they do.
    """

    thread: Thread
    facts: tuple[str, ...] = ()
    broken: str = ""


class CutModules:
    """What a planning task whose modules are cut into facts does otherwise than one whose modules are asked whole.

    A class of a task takes this one before the class of the planning task.
    """

    __slots__ = ()

    cuts: ClassVar[Mapping[str, Cut]] = {}
    """How each module is cut, by kind of question."""

    def right_fact(self, step: Step) -> str:
        """Return the right answer to a fact, from which facts are counted beforehand; nothing in a run asks for it."""
        raise NotImplementedError

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> FactThread:
        """Return the board before the first fact."""
        return self._settled(goal, FactThread(super().begin(goal, inputs)))  # type: ignore[misc]

    def next_step(self, goal: Any, state: FactThread) -> Step | Done:
        """Return the fact that is asked for next, or the output."""
        board = state.thread.board
        if state.broken:
            return outcome(board.plan, f"facts that make no answer ({state.broken})", (*board.trail, board.state))
        asked: Step | Done = super().next_step(goal, state.thread)  # type: ignore[misc]
        return asked if isinstance(asked, Done) else _step(replayed(self._cut(asked), state.facts))

    def advance(self, goal: Any, state: FactThread, candidate: str) -> FactThread:
        """Take a fact, and whatever code makes of it."""
        return self._settled(goal, msgspec.structs.replace(state, facts=(*state.facts, candidate)))

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the facts that a plan takes if every answer is right."""
        return max(1, len(facts_of(self, goal)))

    def same(self, step: Step, one: str, other: str) -> bool:
        """Return whether two facts are the same."""
        return one == other

    def reply_schema(self, step: Step) -> Any:
        """Return ``None``: the reply is a number or a name."""
        return None

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Return ``None``: no fact is held against anything but its form."""
        return None

    def _cut(self, asked: Step) -> Generator[Step, str, str | None]:
        return self.cuts[asked.kind](asked.reads)

    def _settled(self, goal: Problem, state: FactThread) -> FactThread:
        """The thread at the next fact that is to be asked for, or at the end."""
        while not state.broken:
            asked = super().next_step(goal, state.thread)  # type: ignore[misc]
            found = asked if isinstance(asked, Done) else replayed(self._cut(asked), state.facts)
            if isinstance(found, Done | Step):
                return state
            if found is None:
                return msgspec.structs.replace(state, broken=asked.kind)
            state = FactThread(super().advance(goal, state.thread, found))  # type: ignore[misc]
        return state


def _step(found: Any) -> Step:
    assert isinstance(found, Step)
    return found


def facts_of(task: Any, goal: Any) -> tuple[Step, ...]:
    """List the facts of a whole plan if every answer is right.

    Args:
        task: With modules that are cut into facts.
        goal: Its problem.
    """
    return _dry_run(task, goal)[0]


def moves_of(task: Any, goal: Any) -> int:
    """Count the actions of a plan if every answer is right; arguments as for ``facts_of``."""
    return max(1, _dry_run(task, goal)[1])


@functools.lru_cache(maxsize=64)
def _dry_run(task: Any, goal: Any) -> tuple[tuple[Step, ...], int]:
    asked: list[Step] = []
    state = task.begin(goal, (goal.start,))
    while not isinstance(step := task.next_step(goal, state), Done):
        asked.append(step)
        state = task.advance(goal, state, task.right_fact(step))
    return tuple(asked), len(state.thread.board.plan)


def replayed(cut: Generator[Step, str, str | None], facts: tuple[str, ...]) -> Step | str | None:
    """What a cut asks after these facts, or the candidate that it ends with."""
    try:
        asked = next(cut)
        for fact in facts:
            asked = cut.send(fact)
    except StopIteration as end:
        found: str | None = end.value
        return found
    cut.close()
    return asked
