"""Drives a planning problem without a model: each question is answered by a function."""

from collections.abc import Callable, Generator
from typing import Any

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


def run(asking: Generator[Step, str, Any], answer: Callable[[Step], str]) -> tuple[Any, list[Step]]:
    """What an algorithm that asks one question after the other returns, and what it asked."""
    asked: list[Step] = []
    try:
        step = next(asking)
        while True:
            asked.append(step)
            step = asking.send(answer(step))
    except StopIteration as end:
        return end.value, asked
