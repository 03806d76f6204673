"""A task that comes in problems: one is run, all are a suite of ``surefoot bench``."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task


class Posed(Protocol):
    """What a suite knows of a problem; a frozen struct, as it is a node's goal."""

    @property
    def name(self) -> str:
        """Return the problem's name for people, tables and the journal."""
        ...

    @property
    def start(self) -> str:
        """Return the state before the first action."""
        ...

    @property
    def cap(self) -> int:
        """Return the most actions that a plan for the problem may have."""
        ...


class SuiteTask(Task, frozen=True, kw_only=True):
    """Base of tasks whose output is a plan for one of several problems."""

    necessary: ClassVar[tuple[str, ...]] = ("problem_of_run", "next_step", "prompt", "parse")

    def problem_of_run(self) -> Any:
        """Return the problem that ``surefoot run`` solves."""
        raise NotImplementedError(f"{type(self).__name__} has no problem_of_run()")

    def suite(self) -> Sequence[Any]:
        """Return the problems that ``surefoot bench`` asks; by default the one of the run."""
        return [self.problem_of_run()]

    def cap_of(self, problem: Posed) -> int:
        """Return the most actions of a plan for a problem; by default the problem's own."""
        return problem.cap

    def plan_cost(self, problem: Posed, plan: Sequence[str]) -> float | None:
        """Return what a plan costs where a problem's actions have costs; by default ``None``: they have none."""
        return None

    def root(self) -> Node:
        """Return the run's problem as a node; nothing is promised of its plan."""
        return self.node((), self.problem_of_run())

    def node(self, path: tuple[int, ...], problem: Posed) -> Node:
        """Return a problem as a node of a plan or a suite."""
        return Node(path, problem, (problem.start,))
