"""What readers of a run need to know of its task, kept in the journal so that they need not run the task's code."""

import sys
from typing import Annotated, Any, ClassVar

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.step import Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.journal.port import JournalReader

Steps = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class TaskShape(msgspec.Struct, frozen=True):
    """How large a task is, and what its plan rests on.

    Attributes:
        total_steps: Most steps of the whole plan.
        usual_steps: Steps of a usual run.
        splits: Whether the root can be split.
        promised: Whether the root's output is stated in advance.
        one_way: Whether checks and promise leave one way only; see ``Task.one_way``.
        has_referee: Whether ``surefoot verify`` has something to check a finished plan with.
        open_ended: Whether nobody says how many steps the plan has: ``total_steps`` only ends it then.
    """

    total_steps: Steps
    usual_steps: Steps
    splits: bool
    promised: bool
    one_way: bool
    has_referee: bool = True
    open_ended: bool = False

    @property
    def expected_steps(self) -> int:
        """Return the most steps of the whole plan; 0 where nobody knows."""
        return 0 if self.open_ended else self.total_steps


class RecordedTask(Task, frozen=True):
    """Stands in a report for a task whose code is not run: its shape, and nothing to ask."""

    shape: TaskShape

    @property
    def open_ended(self) -> bool:
        """Whether nobody says how many steps the plan has, as the journal has it."""
        return self.shape.open_ended

    def root(self) -> Node:
        """A node that has a promise if the task's root has one."""
        return Node((), None, (), True if self.shape.promised else None)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the most steps of the whole plan, as the journal has them."""
        return self.shape.total_steps

    def usual_steps(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        """Return the steps of a usual run, as the journal has them."""
        return self.shape.usual_steps

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | None:
        """A step without a question if the root can be split."""
        return Step("", Role.ACTOR, None) if self.shape.splits else None


class OneWayTask(RecordedTask, frozen=True):
    """The same for a task whose checks and promise leave one way only."""

    one_way: ClassVar[bool] = True


QUESTIONS = "surefoot.decompose.tasks.ask"
"""Where questions of a user's own are, whose right answers nobody knows. By its name: it would import every method."""


def shape_of(task: Task) -> TaskShape:
    """Ask a task for its size and what its plan rests on."""
    root = task.root()
    return TaskShape(
        total_steps=task.size(root.goal, root.inputs),
        usual_steps=task.usual_steps(root.goal, root.inputs),
        splits=task.decomposition_step(root.goal, root.inputs) is not None,
        promised=root.promise is not None,
        one_way=task.one_way,
        has_referee=_has_referee(task),
        open_ended=task.open_ended,
    )


def _has_referee(task: Task) -> bool:
    """Whether a task has a referee: a built-in one not about questions of a user's own, or a module with ``verify``."""
    if isinstance(task, RecordedTask):
        return task.shape.has_referee
    module = type(task).__module__
    if module.partition(".")[0] == "surefoot":
        return module != QUESTIONS and not isinstance(task, RowTask)
    return module != "__main__" and callable(getattr(sys.modules.get(module), "verify", None))


def known_shape(journal: JournalReader, config: RunConfig) -> TaskShape:
    """The shape that a run's journal has of its task.

    Journals that were begun before shapes were kept have none: a built-in task is asked then, and a user's task counts
    as one of as many steps as were decided.

    Raises:
        JournalError: It cannot be read.
        ConfigurationError: A built-in task does not take the options in ``run.toml``.
    """
    kept = read_meta(journal, "shape", TaskShape)
    if kept is not None:
        return kept
    if config.task in BUILT_IN_TASKS:
        return shape_of(open_task(without_users_code(config)))
    steps = max(0, journal.totals.steps)
    return TaskShape(steps, steps, splits=False, promised=False, one_way=False)


def without_users_code(config: RunConfig) -> RunConfig:
    """A configuration whose rule and method are none of the user's: a built-in task depends on neither."""
    if ":" in config.rule:
        config = msgspec.structs.replace(config, rule="first-to-ahead-by")
    return msgspec.structs.replace(config, strategy="tree") if ":" in config.strategy else config


def task_without_code(journal: JournalReader, config: RunConfig) -> Task:
    """The task of a run for readers: a built-in one as it is, which takes nothing from outside; else its shape.

    Raises:
        JournalError: The journal cannot be read.
        ConfigurationError: A built-in task does not take the options in ``run.toml``.
    """
    if config.task in BUILT_IN_TASKS:
        return open_task(without_users_code(config))
    shape = known_shape(journal, config)
    return (OneWayTask if shape.one_way else RecordedTask)(shape=shape)


def unsplit(journal: JournalReader, config: RunConfig) -> Task:
    """Stands in a report for a task whose plan was split by a method that is not known: nothing is split or promised.

    Raises:
        JournalError: The journal cannot be read.
    """
    shape = known_shape(journal, config)
    return RecordedTask(shape=msgspec.structs.replace(shape, splits=False, promised=False, one_way=False))
