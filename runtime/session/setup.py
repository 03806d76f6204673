"""Turns what a caller asks for into a task, a configuration and a run directory."""

import pathlib
from collections.abc import Mapping
from typing import Any

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.built_in import task_name
from surefoot.decompose.tasks.rows import MapRows, RowTask
from surefoot.runtime.checked_task import checked_class
from surefoot.runtime.config import RunConfig, check_options, explain, open_task, task_class
from surefoot.runtime.errors import ConfigurationError, ResumeMismatch
from surefoot.runtime.model_names import members_of
from surefoot.runtime.models.factory import TRIAL, with_own_dialect
from surefoot.runtime.models.own_model import check_model_object, watched
from surefoot.runtime.models.port import Model
from surefoot.runtime.user_code import fault
from surefoot.runtime.wordings_file import text_of

NOT_OPTIONS = ("state_by", "sampled_rows", "total_rows", "answer_type")
"""Fields of tasks that are no options of theirs."""

AskedTask = Task | type[Task] | str
"""A task as a value, as a class, or by name: a built-in one, or ``module:Class``."""


class Setup(msgspec.Struct, frozen=True):
    """Everything that a run is started with.

    Attributes:
        config: Its configuration.
        task: The task, its methods checked.
        models: Model objects to ask, if the caller gave some; else the configuration names the model.
    """

    config: RunConfig
    task: Task
    models: tuple[Model, ...] = ()


def set_up(task: AskedTask, model: Model | str | None, options: Mapping[str, Any]) -> Setup:
    """Return the setup that a caller's arguments describe.

    Args:
        task: A task, a task class, or a name.
        model: A model's name, a model object, or ``None`` for the default.
        options: Options of the run, and of the task where it is not a value already.

    Raises:
        ConfigurationError: An unknown option, or a value out of range.
    """
    cls = task if isinstance(task, type) else task_class(task) if isinstance(task, str) else type(task)
    own = {name for name in cls.__struct_fields__ if name != "state_by"}
    given = {name: value for name, value in options.items() if value is not None}
    mine = {name: value for name, value in given.items() if name in own}
    if isinstance(task, Task):
        if mine:
            raise ConfigurationError(f"{', '.join(mine)}: options of the task, which is given as a value already")
        mine = {name: value for name, value in msgspec.to_builtins(task).items() if name in own and value is not None}
    run = {name: value for name, value in given.items() if name not in own}
    run = _with_wordings(_model_options(model, run))
    name = task if isinstance(task, str) else task_name(cls)
    try:
        config = with_own_dialect(msgspec.convert({"task": name, "task_options": mine, **run}, RunConfig))
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, RunConfig)) from error
    if isinstance(task, Task):
        check_options(config)
        opened = msgspec.convert(
            {**{field: getattr(task, field) for field in task.__struct_fields__}, "state_by": config.state_by},
            checked_class(cls),
        )
    elif isinstance(task, type):
        opened = _from_class(config, cls)
    else:
        opened = open_task(config)
    return Setup(config, opened, models_given(model))


ONE_EACH = (
    "surefoot.map asks one question of each row; rows that take several steps each are parts of one task, which "
    "surefoot.run works on: see 'Rows that take several steps' in docs/own-tasks.md"
)


def row_task(question: Any, output: Any, field_wise: bool = False) -> RowTask:
    """Return the task that asks a question of each row: one with ``{columns}``, or somebody's own.

    Args:
        question: The template, or a ``RowTask``.
        output: Type of an answer, a list of fields as text, or ``None`` for a text.
        field_wise: Whether each field of a record is voted on by itself.

    Raises:
        ConfigurationError: One of them cannot be read, there are no fields to vote on, or a row is no single question.
    """
    if isinstance(question, RowTask):
        _check_rows_task(type(question))
        if output is not None or field_wise:
            raise ConfigurationError("a RowTask says itself what an answer is: leave out output and field_wise")
        return question
    if not isinstance(question, str):
        cls = question if isinstance(question, type) else type(question)
        if issubclass(cls, RowTask):
            raise ConfigurationError(f"{cls.__name__} is a class: give one of it, {cls.__name__}()")
        why = ONE_EACH if issubclass(cls, Task) else "what is asked of each row is a text, or a RowTask"
        raise ConfigurationError(f"{cls.__name__}: {why}")
    try:
        if output is None:
            return MapRows(question=question, field_wise=field_wise)
        if isinstance(output, str):
            return MapRows(question=question, fields=output, field_wise=field_wise)
        return MapRows(question=question, fields="", answer_type=output, field_wise=field_wise)
    except ValueError as error:
        raise ConfigurationError(str(error)) from error


def _check_rows_task(cls: type[RowTask]) -> None:
    """Refuse a task of rows that would have each row be a chain or a plan: nothing would ever call these methods."""
    for name in ("next_step", "advance", "decomposition_step", "expand"):
        if getattr(cls, name) is not getattr(RowTask, name):
            raise fault(cls, name, f"is never called: {ONE_EACH}")


def set_up_rows(task: RowTask, model: Model | str | None, options: Mapping[str, Any]) -> Setup:
    """Return the setup of a run over a table; arguments and errors as for ``set_up``."""
    cls = type(task)
    name = "map" if cls is MapRows else f"{cls.__module__}:{cls.__qualname__}"
    own = {field: getattr(task, field) for field in cls.__struct_fields__ if field not in NOT_OPTIONS}
    run = _with_wordings(_model_options(model, {key: value for key, value in options.items() if value is not None}))
    try:
        config = with_own_dialect(msgspec.convert({"task": name, "task_options": own, **run}, RunConfig, strict=False))
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, RunConfig)) from error
    check_options(config)
    if "bundled" in members_of(config.model):
        raise ConfigurationError("the bundled model reads no text of yours: name a --model that does", hint=TRIAL)
    return Setup(config, with_watched(task, config), models_given(model))


def with_watched(task: Task, config: RunConfig) -> Task:
    """Return a task of somebody's own with its methods watched and the run's ``state_by``; see ``checked_class``."""
    values = {name: getattr(task, name) for name in task.__struct_fields__}
    return checked_class(type(task))(**{**values, "state_by": config.state_by})


def refuse_other_options(task: Task, config: RunConfig) -> None:
    """Refuse a task whose options are not those that the run was started with.

    Raises:
        ResumeMismatch: They differ; the line names one.
    """
    fields = type(task).__struct_fields__
    try:
        known = msgspec.convert(
            {name: value for name, value in config.task_options.items() if name in fields}, type(task), strict=False
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise ResumeMismatch(f"the run was not started with a {type(task).__name__}: {error}") from error
    for name in fields:
        if name in NOT_OPTIONS:
            continue
        was, now = (msgspec.to_builtins(getattr(one, name)) for one in (known, task))
        if was != now:
            raise ResumeMismatch(f"the run was started with {name} {was!r}, and the task given now has {now!r}")


def models_given(model: Model | str | None) -> tuple[Model, ...]:
    """Return the model object that a caller gave, watched; empty where it gave a name or nothing."""
    return () if model is None or isinstance(model, str) else (watched(model),)


def _model_options(model: Model | str | None, options: dict[str, Any]) -> dict[str, Any]:
    """Options of a run with its model among them; a model object has a name, and stays in this process."""
    if isinstance(model, str):
        return {**options, "model": model}
    if model is None:
        return options
    check_model_object(model)
    name, address = model.name or type(model).__name__, options.get("address", "none")
    return {**options, "model": f"object:{name}", "dialect": model.dialect, "address": address}


def _with_wordings(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a run with the text of a wordings file in place of its name."""
    place = options.get("wordings")
    if isinstance(place, pathlib.Path):
        place = str(place)
    return {**options, "wordings": text_of(place)} if isinstance(place, str) else options


def _from_class(config: RunConfig, cls: type[Task]) -> Task:
    """A task from its class, which need not be importable by name: it may be a notebook's."""
    check_options(config)
    try:
        return msgspec.convert({**config.task_options, "state_by": config.state_by}, checked_class(cls), strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        reason = explain(error, cls) if isinstance(error, msgspec.ValidationError) else str(error)
        raise ConfigurationError(f"task {cls.__name__}: {reason}") from error


def as_path(place: pathlib.Path | str | None) -> pathlib.Path | None:
    """Return a path, or ``None``."""
    return None if place is None else pathlib.Path(place)
