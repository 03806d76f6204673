"""The first leads of a run: from its journal, from ``--k``, from a measurement, or from a pilot that is asked now.

What is chosen is journalled before the first step is asked: a resumed run goes on with it and asks no pilot again.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.lead_controller import LeadController, fresh_start, record_of
from surefoot.runtime.coordinator.vote_rebalancer import VoteRebalancer, shared_out
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, Sample, judge_pilot, pilot_steps, sample_numbers
from surefoot.runtime.forecast.lead_choice import choose_leads, explain_leads, has_few_rows, leads_of_few_rows
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.long_pilot import judge_pilot_with_long_replies, long_pilot
from surefoot.runtime.forecast.measurement_file import read_measurement
from surefoot.runtime.forecast.pilot_verdicts import failing_kinds, pilot_examples, pilot_table, pilot_verdicts
from surefoot.runtime.forecast.rebalanced_votes import Levels
from surefoot.runtime.forecast.remedies import remedies
from surefoot.runtime.forecast.segment_size import choose_segment_size
from surefoot.runtime.journal.journalled_plan import SEGMENTS
from surefoot.runtime.journal.learned_leads import LEADS
from surefoot.runtime.journal.port import JournalStore
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.journal.writer import JournalWriter
from surefoot.runtime.leads import Leads
from surefoot.runtime.logs import events_of
from surefoot.runtime.models.factory import prices_of
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Batch, Counts

SEEN = "levels"
"""What the journal keeps under this name of a pilot of decompositions and single steps."""


async def open_lead_controller(
    config: RunConfig,
    task: Task,
    journal: JournalStore,
    writer: JournalWriter,
    ask_pilot: Callable[[Sequence[int]], Awaitable[list[Sample]]],
    on_note: Callable[[str], None],
    workers: int,
) -> LeadController:
    """Open the lead controller of a run: leads come from the journal, ``--k``, a measurement or a pilot.

    The size of the segments is chosen with the first leads, and kept whatever leads are chosen later.

    Args:
        config: The run's configuration.
        task: The task.
        journal: Of the run; keeps what is chosen here.
        writer: Into that journal.
        ask_pilot: Has sampled steps asked ``PILOT_DRAWS`` times each, and journalled.
        on_note: Told in one line what was chosen and why.
        workers: Number of workers.

    Raises:
        ConfigurationError: No lead helps, or the measurement is of something else.
    """
    chosen = journal.meta("leads")
    if chosen is not None:
        return _as_journalled(config, task, journal, msgspec.convert(chosen, Leads), writer.totals.votes)
    if isinstance(task, RowTask) and has_few_rows(config, task.total_rows):
        return _without_pilot(config, task, journal, on_note)
    # Leads may be chosen anew in a run that goes on after an accepted change; the plan's shape may not.
    kept = journal.meta("leaf_steps")
    shaped = config if kept is None else msgspec.structs.replace(config, leaf_steps=kept)
    root = task.root()
    size = task.usual_steps(root.goal, root.inputs)
    before = _spent(writer) if writer.totals.steps else (0, 0, 0)  # a pilot may have been cut off
    start = None
    if config.k == "auto":
        start = _priced(await _estimate(config, task, writer, ask_pilot, on_note), config)
    leads = choose_leads(shaped, task, start)
    expected = forecast_run(shaped, task, leads, start) if start is not None else None
    why = explain_leads(leads, start, expected, size, "row" if isinstance(task, RowTask) else "step")
    seen = None
    if config.rebalance_votes:
        shared, seen = await shared_out(shaped, task, leads, writer.totals, ask_pilot)
        leads, why = shared.leads, shared.why
    await _noted_as_fresh(writer, leads)
    pilot_calls, *pilot_tokens = (now - then for now, then in zip(_spent(writer), before, strict=True))
    noted: dict[str, Any] = {
        "leads": leads, "pilot": start, "pilot_calls": pilot_calls, "pilot_tokens": pilot_tokens,
        "forecast": expected, "why": why,
    }  # fmt: skip
    noted |= {SEEN: seen} if seen is not None else {}
    noted |= {SEGMENTS: choose_segment_size(size, start, expected, workers)} if kept is None else {}
    journal.set_meta(**noted)
    events_of(journal.run).info("leads chosen", **msgspec.to_builtins(leads), pilot=msgspec.to_builtins(start), why=why)
    on_note(why)
    if seen is not None:
        return VoteRebalancer(config, task, leads, seen, pilot_calls)
    return LeadController(config, task, start, leads)


async def _noted_as_fresh(writer: JournalWriter, leads: Leads) -> None:
    """Note in a run that had begun that it goes on with new leads; what was written before is durable then."""
    if writer.totals.steps:
        await writer.write(Write(LEADS, Batch(pack([record_of(fresh_start(leads, writer.totals))]), Counts())))
    await writer.flush()


def _spent(writer: JournalWriter) -> tuple[int, int, int]:
    """Calls, tokens in and tokens out of a run so far."""
    totals = writer.totals
    return totals.calls, totals.tokens_in, totals.tokens_out


def _as_journalled(
    config: RunConfig, task: Task, journal: JournalStore, leads: Leads, votes: dict[str, int]
) -> LeadController:
    """Go on with the leads that the journal holds, and with what was learned since they were chosen."""
    seen = journal.meta("pilot")
    records = [record for payload in journal.payloads(LEADS) for record in unpack(payload)]
    earlier = [record.learned for record in records if record.learned is not None]
    if config.rebalance_votes:
        pilot = journal.meta(SEEN)  # versions that decided once kept none
        known = msgspec.convert(pilot, Levels) if pilot else Levels()
        return VoteRebalancer(config, task, leads, known, journal.meta("pilot_calls") or 0, earlier)
    return LeadController(config, task, msgspec.convert(seen, Estimate) if seen else None, leads, earlier, votes)


def _without_pilot(
    config: RunConfig, task: RowTask, journal: JournalStore, on_note: Callable[[str], None]
) -> LeadController:
    """Choose and journal the leads of a table that is too short for a pilot."""
    leads = leads_of_few_rows(config)
    why = f"lead {leads.unguarded}: {task.total_rows} rows are too few for a pilot, --k asks for another lead"
    journal.set_meta(leads=leads, why=why)
    on_note(why)
    return LeadController(config, task, None, leads)


def _priced(found: Estimate, config: RunConfig) -> Estimate:
    """What is known of the model, with its prices where money is to be small."""
    return msgspec.structs.replace(found, prices=prices_of(config)) if config.minimize == "money" else found


async def _estimate(
    config: RunConfig,
    task: Task,
    writer: JournalWriter,
    ask_pilot: Callable[[Sequence[int]], Awaitable[list[Sample]]],
    on_note: Callable[[str], None],
) -> Estimate:
    """What is known of the model: from the measurement that was named, or from a pilot made now, which has its say."""
    if config.measurement is not None:
        return _measured(config)
    if several := long_pilot(config, task):
        return await _with_long_replies(config, several, writer, ask_pilot, on_note)
    root = task.root()
    steps = pilot_steps(task.usual_steps(root.goal, root.inputs))
    samples = await ask_pilot(sample_numbers(config.seed, steps))
    found = judge_pilot(samples, writer.totals)
    warnings = pilot_verdicts(found)
    for line in (*pilot_table(found), *pilot_examples(samples), *warnings) if warnings else ():
        on_note(line)
    if tries := remedies(config, failing_kinds(found)):
        on_note(f"what to try next: {'; '.join([*tries, 'another model'])}")
    return found


def _measured(config: RunConfig) -> Estimate:
    """What a measurement says.

    Raises:
        ConfigurationError: It cannot be read, is of something else, or does not say what is to be chosen from it.
    """
    found = read_measurement(config)
    if config.steps_per_call == "auto" and not found.places:
        raise ConfigurationError(
            f"--measurement {config.measurement} says nothing of several steps a call",
            hint="surefoot measure --steps-per-call 1,4,16,64 --save DIR measures them",
        )
    return found


async def _with_long_replies(
    config: RunConfig,
    several: Sequence[int],
    writer: JournalWriter,
    ask_pilot: Callable[[Sequence[int]], Awaitable[list[Sample]]],
    on_note: Callable[[str], None],
) -> Estimate:
    """What a pilot says that asks a few single steps, and for many steps at once: each of these is seen as well."""
    samples = await ask_pilot([*sample_numbers(config.seed, pilot_steps(0)), *several])
    found = judge_pilot_with_long_replies(samples, writer.totals)
    for line in pilot_verdicts(found):
        on_note(line)
    return found
