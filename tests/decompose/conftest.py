"""Ways to run a task without a runtime: each question answered by an answer key, as text, in either dialect."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Ref
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Step
from surefoot.decompose.task import Task

Key = Callable[[Prompt], Answers]
Walk = Callable[..., tuple[list[Step], list[str], Any]]
Grow = Callable[..., Any]
Moves = Callable[[int, str, str], list[tuple[str, str]]]


def answered(task: Task, step: Step, key: Key, dialect: Dialect) -> str:
    """The one right answer, having gone through the prompt's text, the reply's text, the parser and the check."""
    (right,) = key(task.prompt(step, dialect)).right
    candidate = task.parse(step, right, dialect)
    assert not isinstance(candidate, Flag), (step, right, candidate)
    assert task.check(step, candidate) is None
    return candidate


@pytest.fixture(scope="session")
def walk() -> Walk:
    """Runs a node as a chain: the steps asked, the candidates, the output."""

    def run(
        task: Task, key: Key, dialect: Dialect = "compact", goal: Any = None, inputs: Any = None
    ) -> tuple[list[Step], list[str], Any]:
        root = task.root()
        goal, inputs = (root.goal, root.inputs) if goal is None else (goal, inputs)
        state, steps, candidates = task.begin(goal, inputs), [], []
        while not isinstance(step := task.next_step(goal, state), Done):
            steps.append(step)
            candidates.append(answered(task, step, key, dialect))
            assert len(steps) <= task.size(goal, inputs)
            state = task.advance(goal, state, candidates[-1])
        return steps, candidates, step.output

    return run


@pytest.fixture(scope="session")
def grow(walk: Walk) -> Grow:
    """Runs a node as a tree that is split as far as it goes: its output. Promises are held to."""

    def run(task: Task, key: Key, dialect: Dialect, goal: Any, inputs: tuple[Any, ...]) -> Any:
        step = task.decomposition_step(goal, inputs)
        if step is None:
            return walk(task, key, dialect, goal, inputs)[2]
        expansion = task.expand(goal, inputs, answered(task, step, key, dialect))
        outputs: list[Any] = []
        for child in expansion.children:
            read = tuple(outputs[s.child] if isinstance(s, Ref) else s.value for s in child.inputs)
            assert task.size(child.goal, read) < task.size(goal, inputs)
            outputs.append(run(task, key, dialect, child.goal, read))
            assert child.promise in (None, outputs[-1])
        return outputs[expansion.result]

    return run


@pytest.fixture(scope="session")
def recursive() -> Moves:
    """The textbook solution of Tower of Hanoi: (state before, move) for every move."""

    def solve(disks: int, source: str, target: str) -> list[tuple[str, str]]:
        where = [source] * disks
        moves: list[tuple[str, str]] = []

        def tower(height: int, start: str, goal: str) -> None:
            if height:
                (aside,) = set("abc") - {start, goal}
                tower(height - 1, start, aside)
                moves.append(("".join(where), f"{height}{start}{goal}"))
                where[height - 1] = goal
                tower(height - 1, aside, goal)

        tower(disks, source, target)
        return moves

    return solve
