"""Asks a sample of a table's rows, for the forecast of a run over all of them.

Each row is asked as often as a pilot asks it, and the first rows are those of the run's pilot. Rows whose replies
differ, or of which none can be read, are asked ``MORE`` times again: what hard rows are like decides what a run takes,
and a few of them say it more cheaply than many rows asked once more.
"""

from collections.abc import Sequence
from functools import partial

import msgspec

from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.sampling import sampled_step
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Sample, sample_numbers
from surefoot.runtime.forecast.table_plan import TableSample
from surefoot.runtime.measurement.take_sample import ALONE, ask_alone, sampling_pool, speed_of
from surefoot.runtime.models.port import Model
from surefoot.runtime.records import Counts
from surefoot.voting.representatives import FieldRepresentatives, Representatives, gathered

MORE = 12
"""Further answers to a row that the first do not agree on."""


MOST_AGAIN = 40
"""Most rows that are asked again."""

FIRST = 20
"""Rows after which no more are asked where no reply to them can be read."""


async def sample_rows(config: RunConfig, task: RowTask, rows: int, models: Sequence[Model] = ()) -> TableSample:
    """Ask some rows of a table, within the limits that the run has.

    Args:
        config: The run's configuration; a sample is not waited for for hours, so that ``batch`` is left out.
        task: With rows to sample from.
        rows: How many to ask, 1 or more.
        models: Model objects to ask instead of those that the configuration names.

    Raises:
        ModelUnavailable: From the model, or as a limit of the run does not cover the sample.
        ModelRejected: From the model.
    """
    pool = await sampling_pool(msgspec.structs.replace(config, batch=False, workers=1), task, models)
    try:
        numbers = sample_numbers(config.seed, rows)
        alone_s, alone = await ask_alone(pool, numbers[:ALONE])
        pilot, counts = await pool.sample(numbers[:FIRST], PILOT_DRAWS)
        if len(pilot) < rows and any(ballot.candidate is not None for one in pilot for ballot in one.ballots):
            others, took = await pool.sample(numbers[FIRST:], PILOT_DRAWS)
            pilot += others
            counts.add(took)
        speed = speed_of(pilot[-len(numbers[FIRST:]) :], counts.calls, alone_s)
        unclear = [one.number for one in pilot if len({ballot.candidate for ballot in one.ballots} - {None}) != 1]
        again = unclear[:MOST_AGAIN]
        more, took = await pool.sample(again, MORE, 1) if len(unclear) < len(pilot) else ([], Counts())
        return TableSample(pilot, _joined(config, task, pilot, more), counts, took, alone, speed, pool.prices())
    finally:
        await pool.close()


def _joined(config: RunConfig, task: RowTask, first: Sequence[Sample], more: Sequence[Sample]) -> list[Sample]:
    """Samples with the ballots of those that were asked again added to the first, equal answers as one candidate."""
    again = {one.number: one.ballots for one in more}
    found = []
    for one in first:
        ballots = one.ballots + again.get(one.number, ())
        if one.number in again:  # each request's answers were compared with each other only
            step = sampled_step(config, task, one.number)
            fields = task.voted_fields(step)
            into: Representatives | FieldRepresentatives = Representatives(partial(task.same, step))
            into = FieldRepresentatives(partial(task.same_field, step), fields) if fields else into
            ballots = gathered(ballots, into)
        found.append(msgspec.structs.replace(one, ballots=ballots))
    return found
