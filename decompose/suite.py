"""A task that comes in problems: one is run, all are a suite of ``surefoot bench``."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task


class Posed(Protocol):
    """What a suite knows of a problem; a frozen struct, as it is a node's goal."""

    @property
    def name(self) -> str:
        """For people, tables and the journal."""
        ...

    @property
    def start(self) -> str:
        """State before the first action."""
        ...

    @property
    def cap(self) -> int:
        """Most actions."""
        ...


class SuiteTask(Task, frozen=True, kw_only=True):
    """Base of tasks whose output is a plan for one of several problems."""

    necessary: ClassVar[tuple[str, ...]] = ("problem_of_run", "next_step", "prompt", "parse")

    def problem_of_run(self) -> Any:
        """The problem that ``surefoot run`` solves."""
        raise NotImplementedError(f"{type(self).__name__} has no problem_of_run()")

    def suite(self) -> Sequence[Any]:
        """The problems that ``surefoot bench`` asks; by default the one of the run."""
        return [self.problem_of_run()]

    def cap_of(self, problem: Posed) -> int:
        """Most actions of a plan for a problem. By default the problem's own."""
        return problem.cap

    def root(self) -> Node:
        """The problem; nothing is promised of its plan."""
        return self.node((), self.problem_of_run())

    def node(self, path: tuple[int, ...], problem: Posed) -> Node:
        """A problem as a node of a plan or a suite."""
        return Node(path, problem, (problem.start,))
