"""Says what a run over a table would take: looks at all rows, asks some of them, and rehearses the run."""

import pathlib
import tempfile
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec

from surefoot.decompose.tasks.rows import BAD_ROW, RowTask
from surefoot.runtime.batch_options import for_batches
from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.forecast.calls_interval import factors_of
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Estimate, judge_pilot, pilot_steps, sample_numbers
from surefoot.runtime.forecast.lead_choice import choose_leads, explain_leads, has_few_rows, leads_of_few_rows
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.forecast.pilot_verdicts import pilot_examples, pilot_table, pilot_verdicts
from surefoot.runtime.forecast.rounds import rounds_ahead
from surefoot.runtime.forecast.row_answers import RowAnswers, row_answers
from surefoot.runtime.forecast.table_plan import (
    RowsAhead,
    TablePlan,
    TableSample,
    TableSize,
    cost_of,
    mean_of,
    pilot_of,
    rows_ahead,
    share_of_batches,
    taken,
    walls_of_rows,
    with_pilot,
)
from surefoot.runtime.leads import Leads
from surefoot.runtime.measurement.sample_rows import sample_rows
from surefoot.runtime.own_code import is_own_model
from surefoot.runtime.session.batches import batch_prices
from surefoot.runtime.session.mapping import check_columns, with_samples
from surefoot.runtime.session.rehearsal import Setting, rehearse
from surefoot.runtime.session.setup import Setup
from surefoot.runtime.session.table import INPUT, SAMPLED, Table, keep_table
from surefoot.runtime.voting_rules import takes_looks
from surefoot.runtime.worker.worker_pool import default_workers

MOST_REHEARSED: Final = 10_000
"""Rows that are rehearsed together; further rows of a long table are taken to be like the last of them."""
REHEARSALS: Final = 4
"""Times that a short table is rehearsed, at most: which leads it learns is partly luck."""


FEWEST_SAMPLES: Final = 50
"""Rows that a forecast asks of a short table, if there are so many."""

Prices = tuple[float, float] | None
"""USD for a prompt token and a generated one, if they are known."""


class _Start(msgspec.Struct, frozen=True):
    """What the run begins with: leads, what they were chosen from, and the rows that its pilot asks."""

    leads: Leads
    estimate: Estimate | None
    pilot_rows: int = 0
    few: bool = False


async def plan_table(setup: Setup, rows: Iterable[Any], samples: int | None, say: Callable[[str], None]) -> TablePlan:
    """Compute what a run over a table would take.

    Args:
        setup: Configuration, task and model objects, checked.
        rows: The rows, in order.
        samples: Rows to ask, at most ``SAMPLED``; by default ``usual_samples``.
        say: Told in one line what is asked, and what is wrong with the replies.

    Raises:
        ConfigurationError: The rows cannot be read, none has a question, no reply can be read, or no lead helps.
        ModelUnavailable, ModelRejected: From the model; also where a limit of the run does not cover the sample.
    """
    config = setup.config
    if takes_looks(config.rule):
        raise ConfigurationError(f"--rule {config.rule}: what looks at the rows of a table take is not forecast")
    assert isinstance(setup.task, RowTask)
    with tempfile.TemporaryDirectory(prefix="surefoot-plan-") as folder:
        table = keep_table(rows, pathlib.Path(folder) / INPUT)
        if not table.count:
            raise ConfigurationError("the table has no rows: there is nothing to ask")
        check_columns(setup.task, table)
        task = with_samples(setup.task, table)
        asked = min(samples or usual_samples(table.count), len(table.sampled))
        size = size_of(config, task, table, asked)
        if not size.asked:
            raise ConfigurationError(f"no row of the table has a question: {size.why}")
        say(f"asking {asked:,} of {table.count:,} rows, several times each")
        sample = await sample_rows(config, task, asked, setup.models)
    _check_readable(sample)
    return await _planned(setup, task, size, sample, say)


def usual_samples(rows: int) -> int:
    """Return how many rows a forecast asks: a tenth of a table, as the calls of a few hard rows decide a long run's."""
    return max(FEWEST_SAMPLES, min(SAMPLED, rows // 10))


def size_of(config: RunConfig, task: RowTask, table: Table, asked: int) -> TableSize:
    """Look at every row of a table once: how many have a question, and how long the questions are.

    Args:
        config: Of the run.
        task: With rows to sample from.
        table: The rows.
        asked: Rows of the sample, which the lengths are compared with.
    """
    dialect, total, without, why = dialect_of(config), 0, 0, ""

    def length(step: Any) -> int:
        prompt = task.prompt(step, dialect)
        return len(prompt.system) + len(prompt.user)

    for row in table.rows():
        try:
            if isinstance(row, str):
                raise ValueError(row)
            total += length(task.row_step(row))
        except BAD_ROW as error:
            without, why = without + 1, why or str(error)
    if without == table.count:
        return TableSize(table.count, without, why=why)
    sampled = sum(length(sampled_step(config, task, number)) for number in sample_numbers(config.seed, asked))
    return TableSize(table.count, without, total / (table.count - without) * asked / max(1, sampled), why)


def _check_readable(sample: TableSample) -> None:
    replies = [ballot for one in sample.rows for ballot in one.ballots]
    if all(ballot.candidate is None for ballot in replies):
        raise ConfigurationError(
            f"0 of {len(replies):,} answers of the sample were readable: this model cannot be asked this so",
            hint="; ".join(pilot_examples(sample.pilot)),
        )


def _start(config: RunConfig, task: RowTask, sample: TableSample, say: Callable[[str], None]) -> _Start:
    """What the run would begin with: as ``coordinator/first_leads.py`` decides, from the first rows of the sample."""
    if has_few_rows(config, task.total_rows):
        return _Start(leads_of_few_rows(config), None, few=True)
    if config.k != "auto":
        return _Start(choose_leads(config, task, None), None)
    if config.measurement is not None:
        found, asked = read_measurement(config), 0
    else:
        asked = pilot_steps(task.usual_steps(task.root().goal, task.root().inputs))
        found = judge_pilot(sample.pilot[:asked], sample.counts)
        warnings = pilot_verdicts(found)
        for line in (*pilot_table(found), *pilot_examples(sample.pilot), *warnings) if warnings else ():
            say(line)
    if config.minimize == "money":
        found = msgspec.structs.replace(found, prices=sample.prices)
    return _Start(choose_leads(config, task, found), found, asked)


async def _planned(
    setup: Setup, task: RowTask, size: TableSize, sample: TableSample, say: Callable[[str], None]
) -> TablePlan:
    config, start = setup.config, _start(setup.config, task, sample, say)
    fields = task.voted_fields(sampled_step(config, task, sample.pilot[0].number))
    answers = row_answers(sample.rows, fields)
    workers = 1 if setup.models else config.workers or default_workers()
    width = _width(setup, size.asked, workers)
    setting = Setting(config, start.leads, start.estimate, fields, sample.speed.latency_s, width, workers)
    pilot = pilot_of(start.pilot_rows)
    say(f"rehearsing the run, with made-up replies to {min(size.asked, MOST_REHEARSED):,} rows")
    usual = await _rehearsed(setting, answers, size.asked)
    lucky = msgspec.structs.replace(setting, own_pilot=start.pilot_rows > 0)
    ends = [one for by in (1.0, *_ends(sample, size)) for one in await _others(lucky, answers.scaled(by), size.asked)]
    middle = with_pilot(mean_of(usual), pilot)
    least, most = (with_pilot(end([*usual, *ends], key=_calls), pilot) for end in (min, max))
    whole, took = taken(sample, size, middle), sample.took
    found = TablePlan(
        rows=size.rows,
        rows_without_question=size.without_question,
        calls=whole.calls,
        calls_per_row=(whole.calls - pilot.calls) / size.asked,
        calls_low=least.calls,
        calls_high=most.calls,
        tokens_in=whole.tokens_in,
        tokens_out=whole.tokens_out,
        cost_usd=cost_of(sample, size, middle),
        cost_low=cost_of(sample, size, least),
        cost_high=cost_of(sample, size, most),
        rows_right=middle.right,
        rows_failed=middle.failed + size.without_question,
        target=config.target,
        leads=start.leads,
        why=_why(start),
        pilot_calls=round(pilot.calls),
        speed=sample.speed,
        walls=walls_of_rows(middle, sample.speed, width),
        sample_rows=len(sample.rows),
        sample_calls=took.calls,
        sample_cost_usd=took.known_cost_usd,
    )
    prices = batch_prices(config)
    if prices is None:
        return found
    return await _in_batches(found, setting, answers, (task, size, sample), prices)


async def _in_batches(
    found: TablePlan,
    setting: Setting,
    answers: RowAnswers,
    table: tuple[RowTask, TableSize, TableSample],
    prices: tuple[Prices, Prices],
) -> TablePlan:
    """A plan with what batches would cost and how long they would take: rehearsed as well, as less is learned there."""
    task, size, sample = table
    config = for_batches(msgspec.structs.replace(setting.config, batch=True, address="none"))
    gathered = msgspec.structs.replace(setting, config=config, workers=1)
    pilot = pilot_of(found.pilot_calls // PILOT_DRAWS)
    ahead = with_pilot(mean_of(await _rehearsed(gathered, answers, size.asked)), pilot)
    cost, share = cost_of(sample, size, ahead), share_of_batches(taken(sample, size, ahead), *prices)
    rounds = rounds_ahead(config, task, setting.start, setting.leads).expected + pilot.longest
    return msgspec.structs.replace(
        found, rounds=rounds, batch_calls=ahead.calls, batch_hours=rounds * config.batch_hours,
        batch_cost_usd=None if cost is None or share is None else cost * share,
    )  # fmt: skip


def _width(setup: Setup, rows: int, workers: int) -> int:
    """Rows that are asked at the same time, at most: those that workers begin, or calls that a server is sent."""
    config, name = setup.config, setup.config.model
    most = min(rows, config.chains_in_flight * workers)
    here = setup.models or name.partition(":")[0] == "simulated" or is_own_model(name)
    return most if here else min(most, config.calls_in_flight)


def _calls(ahead: RowsAhead) -> float:
    return ahead.calls


def _ends(sample: TableSample, size: TableSize) -> tuple[float, float]:
    """By how much wrong and discarded replies may be rarer and more frequent than in the sample."""
    estimate = judge_pilot(sample.pilot, sample.counts)
    answers = estimate.ballots + estimate.spoiled
    return factors_of(estimate.dissenting + estimate.spoiled, answers, size.asked * PILOT_DRAWS)


def _why(start: _Start) -> str:
    """How the first leads were chosen, in one line; what is said of them in the run has its own forecast beside it."""
    said, seen = explain_leads(start.leads, None, None, 1, "row"), start.estimate
    if seen is None:
        return said if not start.few else f"lead {start.leads.unguarded}: too few rows for a pilot"
    what = "measured answers were wrong" if seen.measured else "pilot answers were outvoted"
    return (
        f"lead {start.leads.unguarded} for the first rows: {seen.dissenting} of {seen.ballots:,} {what}, so "
        f"{seen.p_error:.2%} err (at most {seen.p_error_high:.2%}); the run learns on"
    )


async def _others(setting: Setting, answers: RowAnswers, rows: int) -> list[RowsAhead]:
    """What all rows take if the pilot sees other replies; nothing where the run would end there, for want of a lead."""
    try:
        return await _rehearsed(setting, answers, rows)
    except ConfigurationError:
        return []


async def _rehearsed(setting: Setting, answers: RowAnswers, rows: int) -> list[RowsAhead]:
    """What all rows take, by each of a few rehearsals of a short table or one of the beginning of a long one."""
    count = min(rows, MOST_REHEARSED)
    times = max(1, min(REHEARSALS, MOST_REHEARSED // count))
    return [rows_ahead(await rehearse(setting, answers, count, seed), rows) for seed in range(times)]
