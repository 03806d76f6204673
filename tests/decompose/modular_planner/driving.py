"""Drives a planning problem without a model: each question is answered by a function."""

from collections.abc import Callable

from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.step import Done, Step


def drive(task: MapTask, problem: Problem, answer: Callable[[Step], str]) -> tuple[Done, list[Step]]:
    """How it ended, and what was asked."""
    state = task.begin(problem, (problem.start,))
    asked: list[Step] = []
    while not isinstance(step := task.next_step(problem, state), Done):
        asked.append(step)
        state = task.advance(problem, state, answer(step))
    return step, asked
