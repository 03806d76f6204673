"""``surefoot verify``: the only place where a referee sees a run, after its end."""

import importlib
import pathlib
from collections.abc import Generator
from typing import Any

import click
import msgspec

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.origin import open_known_task
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.user_code import blame, wrong_value
from surefoot.scripts.commands.options import json_option, task_path_option, tell
from surefoot.scripts.commands.output import FAILED, OK, print_json, printable


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@task_path_option
@json_option
def verify(run_dir: pathlib.Path, task_path: pathlib.Path | None, as_json: bool) -> int:
    """Replay the finished plan from the start state with an exact simulator that no run ever sees."""
    config = read_config(run_dir)
    found = verification(run_dir, config, task_path)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        words = "valid" if found.valid else "NOT VALID"
        goal = "reaches the goal" if found.reached_goal else "does NOT reach the goal"
        print(
            f"{words}, {goal}: {found.steps:,} steps checked"
            + (f"; {printable(found.first_error)}" if found.first_error else "")
        )
    return OK if found.valid and found.reached_goal else FAILED


def verification(directory: pathlib.Path, config: RunConfig, task_path: pathlib.Path | None = None) -> Verification:
    """Have the task's referee judge a run's plan.

    Args:
        directory: The run directory.
        config: Of the run.
        task_path: Where the module of a user's task lies, if the user names it now.

    Raises:
        ConfigurationError: The run has no finished plan, its task no referee, or nobody stands for the task's code.
    """
    journal = open_journal(directory, write=False)
    try:
        status = journal.meta("status")
        if status != "solved":
            raise ConfigurationError(f"{directory} has no finished plan: it is {status or 'not at its end'}")
        task = open_known_task(journal, config, task_path, tell)
        referee = referee_of(config.task)
        reader = PlanReader(journalled_plan(journal, config, task))
        return judged(referee, task, ReadSteps(reader.steps(), journal.meta("output")))
    finally:
        journal.close()


def judged(referee: Any, task: Any, steps: FinishedPlan) -> Verification:
    """Have a referee judge a finished plan; the referee of somebody's own task may be faulty.

    Raises:
        UserCodeError: It fails, or returns something else.
    """
    try:
        found = referee(task, steps)
    except Exception as error:
        raise blame(error, referee) from error
    if not isinstance(found, Verification):
        raise wrong_value(referee, "", "a Verification (valid, reached_goal, steps)", found)
    return found


class ReadSteps:
    """The steps of a plan while they are read, and the plan's output at their end.

    Args:
        steps: In plan order.
        output: What the journal says that the root returned.
    """

    def __init__(self, steps: Generator[PlanStep, None, Any], output: Any = None) -> None:
        self._steps = steps
        self.output = output

    def __iter__(self) -> Generator[PlanStep, None, None]:
        self.output = yield from self._steps


def referee_of(task: str) -> Any:
    """The function ``verify`` of a task's referee.

    Raises:
        ConfigurationError: There is none.
    """
    module = (
        f"surefoot.decompose.referees.{task.replace('-', '_')}" if task in BUILT_IN_TASKS else task.partition(":")[0]
    )
    try:
        found = getattr(importlib.import_module(module), "verify", None)
    except ModuleNotFoundError as error:
        if task in BUILT_IN_TASKS:
            raise ConfigurationError(
                f"task {task} has no referee: nobody knows the right answers to questions of your own"
            ) from error
        raise ConfigurationError(f"task {task} has no referee: {error}") from error
    if found is None:
        raise ConfigurationError(f"task {task} has no referee: {module} has no function verify(task, steps)")
    return found
