"""Opens a run that goes on: its journal, and the setup that it was started with, with what the caller changes."""

import pathlib
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.decompose.problem import Problem
from surefoot.decompose.several_steps import sampled_chain
from surefoot.decompose.step import Prompt
from surefoot.decompose.task import NothingToAsk, Task
from surefoot.decompose.tasks.rows import MapRows, RowTask
from surefoot.runtime.batch_options import for_batches
from surefoot.runtime.config import RunConfig, dialect_of, explain
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.forecast.estimates import sample_numbers
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.journal.configuration_drift import admit, settle, setup_of
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.origin import load_known, open_known_task
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.factory import check_model
from surefoot.runtime.models.port import Model
from surefoot.runtime.own_code import own_models
from surefoot.runtime.session.mapping import kept_rows, with_samples
from surefoot.runtime.session.sandbox_check import check_sandbox
from surefoot.runtime.session.setup import Setup, models_given, refuse_other_options, with_watched
from surefoot.runtime.steps_per_call import check_steps_per_call
from surefoot.runtime.wordings_file import check_wordings, text_of
from surefoot.runtime.worker.ray_address import named_cluster

MODEL_OPTIONS = ("model", "fallback_model", "modules")
"""Options that name models."""


class Changes(msgspec.Struct, frozen=True):
    """Options that a caller changes when a run is resumed.

    Attributes:
        accepted: Whether it goes on although something that answers depend on changed.
        task: The task, where it cannot be imported by its name.
        model: The model object, where the run was started with one.
        options: Options of the run that change.
        task_path: Folder of the task's module, if the user names it now.
    """

    accepted: bool = False
    task: Task | None = None
    model: Model | None = None
    options: dict[str, Any] = {}
    task_path: pathlib.Path | None = None


def reopen(directory: pathlib.Path, changes: Changes, say: Callable[[str], None]) -> tuple[Setup, JournalStore] | None:
    """Open a run to go on with it; return its setup and journal, or ``None`` for a solved run.

    ``say`` is told which file of a user's task is executed.
    """
    read_config(directory)
    journal = open_journal(directory, write=True)
    try:
        journal.check(without_missing=changes.accepted)
        settle(journal, directory)
        config = changed_config(read_config(directory), changes.options)
        if changes.task is not None:
            refuse_other_options(changes.task, config)
            task = with_watched(changes.task, config)
        else:
            task = open_known_task(journal, config, changes.task_path, say)
        if isinstance(task, MapRows) and task.lacks_type:
            raise ConfigurationError(
                f"the answers of {directory} have a type of Python's: surefoot.map with the same output= and "
                "run_dir= goes on with it"
            )
        if isinstance(task, RowTask):
            task = with_samples(task, kept_rows(journal, directory))
        solved = journal.meta("status") == "solved"
        if not solved:
            _load_models(journal, config, changes)
        named = [name for name, value in changes.options.items() if value is not None]
        admit(journal, directory, config, task, changes.accepted, named)
        if not solved and changes.model is None:
            check_model(config)
    except BaseException:
        journal.close()
        raise
    if solved:
        journal.close()
        return None
    return Setup(config, task, models_given(changes.model)), journal


def _load_models(journal: JournalStore, config: RunConfig, changes: Changes) -> None:
    """Import the user's own models of a run that goes on, those that the user names now from the current folder."""
    kept = {name: getattr(config, name) if changes.options.get(name) is None else "" for name in MODEL_OPTIONS}
    load_known(journal, own_models(msgspec.structs.replace(config, **kept)), changes.task_path)


def changed_config(config: RunConfig, options: dict[str, Any]) -> RunConfig:
    """Return a run's configuration with what its resumption was given.

    Raises:
        ConfigurationError: An unknown option, or a value out of range.
    """
    given = {name: value for name, value in options.items() if value is not None}
    try:
        if isinstance(given.get("wordings"), str):
            given["wordings"] = text_of(given["wordings"])
        changed = msgspec.convert({**msgspec.to_builtins(config), **given}, RunConfig, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, RunConfig)) from error
    return for_batches(changed)


def checked(setup: Setup) -> Setup:
    """Return a setup after a look at all that can be known before a run starts, the cheapest first.

    Raises:
        UserCodeError: The task fails at its first questions.
        ConfigurationError: It has no question that a pilot could ask, the measurement is of something else, there is
            no cluster at the address, no such model, or its key is missing; it needs a sandbox, and there is none.
        ModelRejected: The model was not made for such questions.
    """
    setup = msgspec.structs.replace(setup, config=for_batches(setup.config))
    setup_of(setup.config, setup.task)
    check_sandbox(setup.config, setup.task)
    if setup.config.model == "bundled" and isinstance(setup.task, Problem):
        raise ConfigurationError("the bundled model reads no text of yours: name a --model that does")
    check_wordings(setup.config, setup.task)
    if setup.config.steps_per_call != 1:
        _check_several(setup)
    if setup.config.measurement is not None:
        read_measurement(setup.config)
    elif setup.config.k == "auto" and not isinstance(setup.task, RowTask):
        _check_pilot(setup)
    if not setup.models:
        named_cluster(setup.config.address)
        check_model(setup.config, _first_question(setup))
    return setup


def _check_several(setup: Setup) -> None:
    """Refuse so many steps a call where the task has no words for them, or the model does not know such questions."""
    count = setup.config.steps_per_call
    if count == "auto":
        return
    if sampled_chain(setup.task, 0, 2) is None:
        raise ConfigurationError(
            f"--steps-per-call {count}: {setup.config.task} asks for one step a call; prompt_several asks for more"
        )
    check_steps_per_call(setup.config, count)


def _first_question(setup: Setup) -> Prompt | None:
    """A prompt of the run, or nothing where none is known before it starts."""
    try:
        step = sampled_step(setup.config, setup.task, sample_numbers(setup.config.seed, 1)[0])
    except NothingToAsk:
        return None
    return setup.task.prompt(step, dialect_of(setup.config))


def _check_pilot(setup: Setup) -> None:
    """Refuse a run whose pilot would have nothing to ask."""
    try:
        sampled_step(setup.config, setup.task, sample_numbers(setup.config.seed, 1)[0])
    except NothingToAsk as error:
        raise ConfigurationError(str(error), hint="--k 1, or another number, needs no sampled steps") from error
