"""One session of tuning: opens the model, lets the searches spend their budget, and writes the winner down."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.wordings.wording import Wording
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.budget_lease import whole_lease
from surefoot.runtime.models.factory import given_prices, open_model
from surefoot.runtime.models.own_model import with_prices
from surefoot.runtime.models.port import Model
from surefoot.runtime.tuning.asker import Asker
from surefoot.runtime.tuning.record_file import RecordFile, lessons_of
from surefoot.runtime.tuning.setup import (
    TuneOptions,
    depends_on,
    kind_of,
    ready,
    refuse_models_of_one_wording,
)
from surefoot.runtime.tuning.tuning import FINALISTS, Arm, Decision, Tuner, without_unused_facts
from surefoot.runtime.wordings_file import Found, Share, Tuned, Wordings, read_wordings, write_wordings
from surefoot.voting.error_rate import clopper_pearson

LESSON_WEIGHT = 0.3
"""What a record about another kind of question counts beside one about this."""


class TuneEvent(msgspec.Struct, frozen=True):
    """How far a search for a wording is.

    Attributes:
        search: Its name; ``held out`` or ``confirmed`` for the questions that decide.
        right: Right replies to the query that was just asked.
        calls: Replies to it.
        queries: Queries by now, of all searches.
        most_calls: Real calls that may be made in all.
    """

    search: str
    right: int
    calls: int
    queries: int
    most_calls: int


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What ``surefoot tune`` found; JSON keys are added, never renamed.

    Attributes:
        kind: Of question.
        searched: Different questions that the searches asked.
        held_out: Different questions that they never saw, which decided.
        improved: Whether a wording was found that was answered better than the task's own, and written.
        wording: The best wording; the task's own if none is better.
        version: A short hash of it.
        search: Which search found it; empty if none did.
        error_before: Share of replies that were not right, discarded ones included, in the task's own wording.
        error_before_interval: Its 95 % interval, over replies.
        error_after: The same of the best wording.
        error_after_interval: The same of that.
        before: Counts behind ``error_before``.
        after: Counts behind ``error_after``.
        chance: Of a lead as large as that where both wordings are answered alike, in a test paired by question, times
            the wordings compared; 0.05 or less for one that is written.
        compared: Wordings beside the task's own that were asked the held-out questions.
        own: Right replies to the task's own wording when the finalists were asked.
        arms: What each search found, and how it was answered then.
        calls: Real calls in all, those of sessions before this one included.
        trajectory: Queries of the winner's search that were answered better than all before them.
        written: The file that holds it; empty if nothing was written.
    """

    task: str
    model: str
    dialect: str
    kind: str
    seed: int
    searched: int
    held_out: int
    improved: bool
    wording: Wording
    version: str
    search: str
    error_before: float
    error_before_interval: tuple[float, float]
    error_after: float
    error_after_interval: tuple[float, float]
    before: Share
    after: Share
    chance: float
    compared: int
    own: Share
    arms: tuple[Arm, ...]
    calls: int
    trajectory: tuple[tuple[Wording, Share], ...]
    written: str = ""


async def tuned(
    config: RunConfig,
    task: Task,
    models: Sequence[Model],
    options: TuneOptions,
    write: pathlib.Path | None,
    on_event: Callable[[TuneEvent], Any],
) -> Tuning:
    """Search for a wording and write it down if it is better than the task's own.

    Raises:
        ConfigurationError: Something cannot be done as asked; nothing was asked.
        ModelUnavailable, ModelRejected: From the model; what was asked is in the records.
    """
    if not models:
        refuse_models_of_one_wording(config)
    kind, budget = kind_of(task, options.kind), options.budget()
    questions, choices = ready(config, task, options, kind)
    lessons = [
        lesson
        for place in (options.lessons or "").split(",")
        if place.strip()
        for lesson in lessons_of(pathlib.Path(place.strip()), LESSON_WEIGHT)
    ]
    file = _fitting(config, write)
    records = RecordFile(
        None if options.records is None else pathlib.Path(options.records),
        depends_on(config, options, kind, choices, questions),
    )
    model = with_prices(models[0], given_prices(config)) if models else open_model(config)
    try:
        model.use_lease(whole_lease("usd", config.max_cost_usd))
        await model.probe()
        tuner = Tuner(Asker(config, task, kind, model), choices, questions, budget, records, config.seed)
        tuner.lessons = tuple(lessons)
        tuner.finalists_before = tuple(one.wording for one in file.kinds if one.kind == kind)
        most = budget.most_calls(1 + len(tuner.finalists_before) + FINALISTS * len(budget.searches))
        decision = await tuner.decide(
            lambda line, count: on_event(TuneEvent(line.search, line.right, line.calls, count, most))
        )
    finally:
        await model.close()
    sizes = len(questions.searched), len(questions.held_out)
    found = _told(config, kind, decision, sizes)
    if write is None or not decision.improved:
        return found
    return _written(found, file, write)


def _fitting(config: RunConfig, write: pathlib.Path | None) -> Wordings:
    """The wordings file that is added to; an empty one if there is none yet.

    Raises:
        ConfigurationError: It is of another task, dialect or model.
    """
    mine = Wordings(task=config.task, dialect=dialect_of(config), model=config.model)
    there = read_wordings(write) if write is not None else None
    if there is None:
        return mine
    for name in ("task", "dialect", "model"):
        was, now = getattr(there, name), getattr(mine, name)
        if was != now:
            raise ConfigurationError(f"{write} holds wordings for {name} {was}, not {now}; name another --write")
    return there


def _told(config: RunConfig, kind: str, decision: Decision, sizes: tuple[int, int]) -> Tuning:
    wording = without_unused_facts(decision.winner)
    before, after = decision.before, decision.after
    return Tuning(
        task=config.task, model=config.model, dialect=dialect_of(config), kind=kind, seed=config.seed,
        searched=sizes[0], held_out=sizes[1], improved=decision.improved, wording=wording,
        version=Tuned(kind=kind, wording=wording).version, search=decision.search,
        error_before=1 - before.right / before.calls, error_before_interval=_interval(before),
        error_after=1 - after.right / after.calls, error_after_interval=_interval(after),
        before=before, after=after, chance=decision.chance,
        compared=decision.compared, own=decision.own, arms=decision.arms, calls=decision.calls,
        trajectory=tuple(
            (without_unused_facts(one.candidate), Share(one.outcome.right, one.outcome.calls))
            for one in decision.trajectory
        ),
    )  # fmt: skip


def _interval(share: Share) -> tuple[float, float]:
    """95 % interval of an error rate."""
    found = clopper_pearson(share.calls - share.right, share.calls, 0.95)
    return found.low, found.high


def _written(found: Tuning, file: Wordings, write: pathlib.Path) -> Tuning:
    how = Found(
        search=found.search or "the file before", seed=found.seed, calls=found.calls, before=found.before,
        after=found.after,
    )  # fmt: skip
    write_wordings(write, file.with_kind(Tuned(kind=found.kind, wording=found.wording, found=how)))
    return msgspec.structs.replace(found, written=str(write))
