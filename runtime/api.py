"""The public functions: start, resume, open and measure runs. The command line calls the same ones.

``run`` and ``resume`` work whether or not an event loop runs already, as in a notebook: they bring their own. Their
``_async`` forms are for programs that have one.
"""

import asyncio
import pathlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import explain
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import PILOT_DRAWS
from surefoot.runtime.journal.run_directory import new_run_directory
from surefoot.runtime.models.port import Model
from surefoot.runtime.session.at_work import unless_interrupted, work_on, work_on_new
from surefoot.runtime.session.going_on import Changes, checked, reopen
from surefoot.runtime.session.interruption import Interruption
from surefoot.runtime.session.kept_map import KeptMap, keep_table_of
from surefoot.runtime.session.mapping import (
    ROW_TARGET,
    MapRun,
    check_rows,
    look_at,
    open_run,
    rows_from,
)
from surefoot.runtime.session.own_loop import in_own_loop, paused_when_cancelled
from surefoot.runtime.session.refused import leaving_nothing
from surefoot.runtime.session.run import Run
from surefoot.runtime.session.setup import (
    AskedTask,
    Setup,
    as_path,
    row_task,
    set_up,
    set_up_rows,
)
from surefoot.runtime.session.table import USUAL, TextForm
from surefoot.runtime.session.watcher import EventWatcher, ProgressEvent, Watcher

if TYPE_CHECKING:
    from surefoot.runtime.forecast.measurement_file import Measurement
    from surefoot.runtime.report.glance import Glance
    from surefoot.runtime.session.asking import AskRun
    from surefoot.runtime.session.tune import TuneEvent, Tuning

Place = pathlib.Path | str


def run(
    task: AskedTask,
    model: Model | str | None = None,
    *,
    run_dir: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    watcher: Watcher | None = None,
    **options: Any,
) -> Run:
    """Start a run and work on it until it is solved, failed or paused.

    Args:
        task: A task, a task class with its options among ``options``, or the name of a task: a built-in one such as
            ``"hanoi"``, or ``"module:Class"``.
        model: Name of the model (``"bundled"``, ``"simulated:p_error=0.02"``, any LiteLLM name), or a model object.
        run_dir: Where the run is kept; by default a new folder below ``runs``.
        on_event: Called with each ``ProgressEvent``, in the thread in which the run works.
        watcher: The same for programs that show progress; instead of ``on_event``.
        **options: Everything that ``surefoot run TASK --help`` lists, with underscores: ``max_cost_usd=2``, ``k=3``.

    Returns:
        The run; its ``status`` says how it ended and its ``output`` is the answer.

    Raises:
        ConfigurationError: Something cannot be done as asked; nothing was written.
        ModelRejected: The model's side says that no such call can succeed.
        UserCodeError: The code of the task or of the model failed; the message names the line.
        JournalError: The disk does not take the journal.
        KeyboardInterrupt: Ctrl-C. The run paused politely before; the message says how to go on with it.
    """
    setup = set_up(task, model, options)
    directory = new_run_directory(as_path(run_dir), setup.config.task)
    asked = Interruption()
    return unless_interrupted(start(checked(setup), directory, _watcher(on_event, watcher), asked), asked)


def start(setup: Setup, directory: pathlib.Path, watcher: Watcher, interruption: Interruption | None = None) -> Run:
    """Start a run that is set up, in a directory that is chosen, and work until it ends or is interrupted.

    Args:
        setup: Configuration, task and model objects, checked.
        directory: Where the run is kept; it must be empty, or not there yet.
        watcher: Is told how it goes.
        interruption: Stops the run politely when it is asked to; Ctrl-C does so in any case.

    Raises:
        As ``run``.
    """
    asked = interruption or Interruption()
    return in_own_loop(lambda: work_on_new(setup, directory, watcher, asked), asked)


async def run_async(
    task: AskedTask,
    model: Model | str | None = None,
    *,
    run_dir: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    **options: Any,
) -> Run:
    """Start a run from a program that has an event loop; arguments, result and errors as for ``run``.

    Being cancelled pauses the run politely: what is in flight is journalled, and the run can be resumed.
    """
    setup = await asyncio.to_thread(lambda: checked(set_up(task, model, options)))
    directory, asked = new_run_directory(as_path(run_dir), setup.config.task), Interruption()
    return await paused_when_cancelled(work_on_new(setup, directory, _watcher(on_event, None), asked), asked)


def resume(
    run_dir: Place,
    *,
    accept_change: bool = False,
    task: Task | None = None,
    model: Model | None = None,
    task_path: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    **options: Any,
) -> Run:
    """Go on with a paused, killed or failed run; nothing that was decided is asked again.

    Args:
        run_dir: Its run directory.
        accept_change: Go on although the model, the prompts or a setting that answers depend on changed.
        task: The task, where it cannot be imported by its name, such as one of a notebook.
        model: The model object, where the run was started with one.
        task_path: Folder of the task's module, where the run was not started by you on this machine.
        on_event: As for ``run``.
        **options: Limits and places that change: ``max_cost_usd``, ``workers``, ``address`` and so on.

    Raises:
        ResumeMismatch: Something that answers depend on changed, and ``accept_change`` was not given.
        RunDirectoryError: Not a run directory, or in use by another process.
        SurefootError: For every other reason as for ``run``.
    """
    changes = Changes(accept_change, task, model, options, as_path(task_path))
    asked = Interruption()
    return unless_interrupted(go_on(pathlib.Path(run_dir), changes, _watcher(on_event, None), asked), asked)


def go_on(directory: pathlib.Path, changes: Changes, watcher: Watcher, interruption: Interruption | None = None) -> Run:
    """Go on with a run until it ends or is interrupted; a solved one is returned as it is.

    Args:
        directory: Its run directory.
        changes: What the session brings that the directory does not hold.
        watcher: Is told how it goes.
        interruption: As for ``start``.

    Raises:
        As ``resume``.
    """
    found = reopen(directory, changes, watcher.note)
    if found is None:
        return open_run(directory, changes.task)
    asked = interruption or Interruption()
    return in_own_loop(lambda: work_on(*found, directory, watcher, asked), asked)


async def resume_async(
    run_dir: Place,
    *,
    accept_change: bool = False,
    task: Task | None = None,
    model: Model | None = None,
    task_path: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    **options: Any,
) -> Run:
    """Go on with a run from a program that has an event loop; arguments, result and errors as for ``resume``."""
    directory, asked = pathlib.Path(run_dir), Interruption()
    changes, watcher = Changes(accept_change, task, model, options, as_path(task_path)), _watcher(on_event, None)
    found = await asyncio.to_thread(reopen, directory, changes, watcher.note)
    if found is None:
        return open_run(directory, task)
    return await paused_when_cancelled(work_on(*found, directory, watcher, asked), asked)


def open(run_dir: Place, task: Task | None = None) -> Run:
    """Open a run to look at it, also while it works; nothing is changed and no task's code is executed.

    Args:
        run_dir: Its run directory.
        task: The task, if ``output`` is to be of its ``output_type``.

    Raises:
        RunDirectoryError: Not a run directory.
    """
    return open_run(run_dir, task)


def runs(directory: Place = "runs") -> "list[Glance]":
    """List the runs in a folder and those below it, with status, task, model, answer, cost and age."""
    from surefoot.runtime.report.glance import glance, runs_below

    return [glance(found) for found in runs_below(pathlib.Path(directory))]


def measure(
    task: AskedTask, model: Model | str | None = None, *, samples: int = 200, draws: int = PILOT_DRAWS, **options: Any
) -> "Measurement":
    """Measure how often a model errs per step, before money is spent on a run.

    Args:
        task: As for ``run``; it needs an answer key, a function ``answers(prompt)`` beside its class.
        model: As for ``run``.
        samples: Sampled steps to ask.
        draws: Answers to each of them.
        **options: As for ``run``.

    Returns:
        Error rates by kind of question with intervals, and what a run would need.

    Raises:
        ConfigurationError: Something cannot be done as asked, or the task has no answer key.
        ModelUnavailable, ModelRejected: From the model.
    """
    setup = checked(set_up(task, model, {"address": "none", **options}))
    return in_own_loop(lambda: _measured(setup, samples, draws))


async def _measured(setup: Setup, samples: int, draws: int) -> "Measurement":
    # Most runs measure nothing: what this needs is imported here.
    from surefoot.runtime.measurement.measure import measure as measure_steps
    from surefoot.runtime.measurement.take_sample import take_sample
    from surefoot.runtime.models.factory import answer_key

    config, task = setup.config, setup.task
    sampled = await take_sample(config, task, samples, draws, setup.models)
    return measure_steps(config, task, answer_key(config.task, config.task_options), sampled)


def tune(
    task: AskedTask,
    model: Model | str | None = None,
    *,
    write: Place | None = None,
    on_event: "Callable[[TuneEvent], Any] | None" = None,
    **options: Any,
) -> "Tuning":
    """Search for the wording in which a model answers one kind of question best, under a budget of real calls.

    Args:
        task: As for ``run``; its questions' right answers come from its answer key or from ``examples``.
        model: As for ``run``; one that reads more than the wordings that tasks come with.
        write: A wordings file that gets the winner, if it is better than the task's own wording; runs take it with
            ``wordings=``.
        on_event: Called with a ``TuneEvent`` after every query.
        **options: What ``surefoot tune TASK --help`` lists, with underscores: ``kind="sum"``, ``queries=50``.

    Returns:
        The winner, its error rate and that of the task's own wording on questions that no search has seen.

    Raises:
        ConfigurationError: Something cannot be done as asked; nothing was asked.
        ModelUnavailable, ModelRejected: From the model; with ``records`` a second call goes on where it stopped.
    """
    from surefoot.runtime.session.tune import tuned
    from surefoot.runtime.tuning.setup import TuneOptions

    mine = {name: value for name, value in options.items() if name in TuneOptions.__struct_fields__}
    others = {name: value for name, value in options.items() if name not in mine}
    try:
        asked = msgspec.convert({name: one for name, one in mine.items() if one is not None}, TuneOptions)
    except msgspec.ValidationError as error:
        raise ConfigurationError(explain(error, TuneOptions)) from error
    setup = checked(set_up(task, model, {"address": "none", **others}))
    return in_own_loop(
        lambda: tuned(setup.config, setup.task, setup.models, asked, as_path(write), on_event or (lambda event: None))
    )


def map(
    rows: Place | Iterable[Any],
    question: str | RowTask,
    model: Model | str | None = None,
    *,
    output: Any = None,
    run_dir: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    **options: Any,
) -> MapRun:
    """Ask one question for each row of a table; a row that fails does not affect the others.

    Called again with the ``run_dir`` of a run and the same rows, it goes on with that run.

    Args:
        rows: A file .csv, .jsonl or .parquet, or any iterable of mappings, structs, or texts (``{text}``).
        question: A text with the columns in braces, such as ``"Who sent this? {body}"``, or a ``RowTask``.
        model: As for ``run``.
        output: Type of an answer: ``str``, ``int``, a ``Literal``, a dataclass, a struct or a Pydantic model; or a list
            of fields as text, such as ``"vendor: text, total: money"``. By default the answer is a text.
        run_dir: As for ``run``.
        on_event: As for ``run``.
        **options: As for ``run``; ``field_wise=True`` votes on each field of a record by itself (what wins may be a
            record that no reply stated whole). ``target`` is the wanted probability that one row is right, 0.999 by
            default; how many votes a row gets follows from it. ``delimiter=";"`` and ``encoding="latin-1"`` say how a
            file of text is written.

    Returns:
        The run; ``results()`` yields answer, votes and cost of each row, ``write(path)`` puts them into a file.

    Raises:
        ConfigurationError: The table, the question or an option cannot be read; or as for ``run``.
        ResumeMismatch: The run in ``run_dir`` was started over other rows.
        SurefootError: For every other reason as for ``run``.
    """
    task = row_task(question, output, bool(options.pop("field_wise", False)))
    form = TextForm(options.pop("delimiter", None), options.pop("encoding", USUAL.encoding))
    directory = as_path(run_dir)
    watcher, asked = _watcher(on_event, None), Interruption()
    if directory is not None and (directory / "run.toml").exists():
        check_rows(directory, rows_from(rows, form))
        named = {"model": model} if isinstance(model, str) else {}
        own = None if isinstance(model, str) else model
        changes = Changes(task=task, model=own, options={**options, **named})
        return MapRun(unless_interrupted(go_on(directory, changes, watcher, asked), asked).run_dir, task)
    where = new_run_directory(directory, "map")
    look_at(rows, task, form)
    setup = checked(set_up_rows(task, model, {"target": ROW_TARGET, **options}))
    return unless_interrupted(start_map(keep_table_of(setup, rows_from(rows, form), where), watcher, asked), asked)


def start_map(kept: KeptMap, watcher: Watcher, interruption: Interruption) -> MapRun:
    """Work on a run over a table whose rows are kept; arguments as for ``start``.

    Raises:
        As ``map``.
    """
    setup, journal, directory, begun = kept
    with leaving_nothing(directory, begun):
        in_own_loop(lambda: work_on(setup, journal, directory, watcher, interruption), interruption)
    task = setup.task
    return MapRun(directory, task if isinstance(task, RowTask) else None)


def ask(
    question: str,
    model: Model | str | None = None,
    *,
    method: str | None = None,
    tools: str | Iterable[str] = (),
    context: Place | Iterable[Place] = (),
    run_dir: Place | None = None,
    on_event: Callable[[ProgressEvent], Any] | None = None,
    **options: Any,
) -> "AskRun":
    """Answer one question by a method, with tools and context, voted on step by step.

    Args:
        question: The question, in words.
        model: As for ``run``.
        method: How it is decomposed, such as ``"self-ask"``; by default that where there are tools, else ``"direct"``.
        tools: ``"calc,search:FOLDER,sql:FILE"``, or a list of such texts.
        context: Files that prompts show, and folders that are searched in.
        run_dir: As for ``run``.
        on_event: As for ``run``.
        **options: As for ``run``; ``form``, how the answer is to be written; and ``relevance``, how passages of folders
            are chosen: ``"words"``, or ``"likelihood"``, which the model has to give.

    Returns:
        The run: ``output`` is the answer, and ``evidence()`` what it rests on.

    Raises:
        ConfigurationError: A tool, a file, the method or an option is not there; or as for ``run``.
        SurefootError: For every other reason as for ``run``.
    """
    from surefoot.runtime.session.asking import AskRun, asked_question, options_of

    places: Any = [context] if isinstance(context, (str, pathlib.Path)) else context
    task = asked_question(question, method, tools, places, str(options.pop("relevance", "words")))
    setup = checked(set_up("ask", model, {**options_of(task), **options}))
    directory = new_run_directory(as_path(run_dir), "ask")
    asked = Interruption()
    run = unless_interrupted(start(setup, directory, _watcher(on_event, None), asked), asked)
    return AskRun(run.run_dir)


def _watcher(on_event: Callable[[ProgressEvent], Any] | None, watcher: Watcher | None) -> Watcher:
    return watcher or (EventWatcher(on_event) if on_event is not None else Watcher())
