"""What a run over a table would take: a sample's means, multiplied by what rehearsals of the run took.

The decisions are the run's own (``session/rehearsal.py``); here is the arithmetic around them, as pure functions.
"""

import math
import statistics
from collections.abc import Sequence
from typing import Final

import msgspec

from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Sample
from surefoot.runtime.forecast.forecast import Forecast, price_of
from surefoot.runtime.forecast.wall_time import WIDTHS, Speed, Wall
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts

LAST: Final = 4
"""The last one of so many parts of a rehearsal stands for the rows of a longer table: by then leads hardly change."""
SHARED: Final = 2.0
"""A prompt asked three times costs its tokens once, or three times where a server takes one answer a request: by this
factor between them the two are told apart."""


class TableSample(msgspec.Struct, frozen=True):
    """What asking some rows of a table said and took.

    Attributes:
        pilot: The rows with their first ``PILOT_DRAWS`` ballots each, those that the run's pilot asks first.
        rows: The same rows with all their ballots.
        counts: What the first ballots took, one request a row.
        more: What the others took.
        alone: What calls made one at a time took.
        speed: How fast the model answers.
        prices: Of a prompt token and a generated one, in USD; ``None`` where they are unknown.
    """

    pilot: list[Sample]
    rows: list[Sample]
    counts: Counts
    more: Counts
    alone: Counts
    speed: Speed
    prices: tuple[float, float] | None = None

    @property
    def took(self) -> Counts:
        """Everything that the sample took."""
        whole = Counts()
        for part in (self.counts, self.more, self.alone):
            whole.add(part)
        return whole


class TableSize(msgspec.Struct, frozen=True):
    """How large a table is, for the questions that are asked of it.

    Attributes:
        rows: All rows.
        without_question: Those that cannot be read, or from which no question can be made: they cost nothing.
        longer: Mean length of a prompt, divided by the mean length of those of the sample.
        why: Of the first row without a question, in one line. May quote the table: untrusted text.
    """

    rows: int
    without_question: int = 0
    longer: float = 1.0
    why: str = ""

    @property
    def asked(self) -> int:
        """Rows that are asked about."""
        return self.rows - self.without_question


class Rehearsed(msgspec.Struct, frozen=True):
    """What a rehearsal took, by row.

    Attributes:
        draws: Answers drawn for each row.
        requests: Prompts put to the model for each row.
        right: Rows that came out right.
        failed: Rows without an answer.
    """

    draws: Sequence[int]
    requests: Sequence[int]
    right: int
    failed: int


class RowsAhead(msgspec.Struct, frozen=True):
    """What all rows of a table that are asked about are expected to take, without a pilot.

    Attributes:
        calls: Answers drawn.
        requests: Prompts put to the model.
        right: Rows that come out right.
        failed: Rows that come out without an answer.
        longest: Requests for one row that wait for each other, at most.
    """

    calls: float
    requests: float
    right: float
    failed: float
    longest: int


class TablePlan(msgspec.Struct, frozen=True):
    """What ``surefoot plan map`` prints; keys are added, never renamed.

    Attributes:
        rows: Of the table.
        rows_without_question: Those that cannot be read, or from which no question can be made.
        calls: Answers drawn, those of the pilot and discarded ones included.
        calls_per_row: Without the pilot, for each row that is asked about.
        calls_low: Fewest calls of any rehearsal, also at the lower end of a 95 % interval for the rates of the sample,
            and with other pilots.
        calls_high: Most of any, also at its upper end.
        tokens_in: Prompt tokens.
        tokens_out: Reply tokens.
        cost_usd: ``None`` if the price is unknown.
        cost_low: By the fewest calls; ``None`` likewise.
        cost_high: By the most.
        rows_right: Rows that are expected to come out right, if no row is answered wrongly more often than rightly.
        rows_failed: Rows that are expected to come out without an answer.
        target: Wanted probability that one row is right.
        leads: Those that the run begins with.
        why: How they were chosen.
        pilot_calls: Calls of the pilot; 0 where the run makes none.
        speed: Of the model.
        walls: Wall time by width, in rows at once.
        sample_rows: Rows that were asked for this plan.
        sample_calls: Calls that this took.
        sample_cost_usd: What they cost; ``None`` if the price is unknown.
        rounds: Rounds that the run takes where its questions go out as batches.
        batch_calls: Answers drawn then: nothing is learned while a round is out.
        batch_cost_usd: What it costs then; ``None`` if the price is unknown, or the model has no batches.
        batch_hours: Hours that it takes then, at most, if every round is back in time; ``None`` likewise.
    """

    rows: int
    rows_without_question: int
    calls: float
    calls_per_row: float
    calls_low: float
    calls_high: float
    tokens_in: float
    tokens_out: float
    cost_usd: float | None
    cost_low: float | None
    cost_high: float | None
    rows_right: float
    rows_failed: float
    target: float
    leads: Leads
    why: str
    pilot_calls: int
    speed: Speed
    walls: list[Wall]
    sample_rows: int
    sample_calls: int
    sample_cost_usd: float | None
    rounds: int = 0
    batch_calls: float | None = None
    batch_cost_usd: float | None = None
    batch_hours: float | None = None


def mean_of(each: Sequence[RowsAhead]) -> RowsAhead:
    """Return the mean of what several rehearsals say, 1 or more."""
    mean = {
        name: statistics.fmean(getattr(one, name) for one in each) for name in ("calls", "requests", "right", "failed")
    }
    return RowsAhead(**mean, longest=round(statistics.median(one.longest for one in each)))


def rows_ahead(one: Rehearsed, rows: int) -> RowsAhead:
    """Compute what a table takes from a rehearsal over as many rows, or over fewer.

    Args:
        one: A rehearsal, over 1 row or more.
        rows: Rows that are asked about.
    """
    count = len(one.draws)
    further, last = rows - count, max(1, count // LAST)
    calls, requests = (sum(all_) + further * sum(all_[-last:]) / last for all_ in (one.draws, one.requests))
    share = rows / count
    return RowsAhead(calls, requests, one.right * share, one.failed * share, max(one.requests))


def taken(sample: TableSample, size: TableSize, ahead: RowsAhead) -> Forecast:
    """Compute calls and tokens of so many rows, from what one request and one answer of the sample took.

    Args:
        sample: Of the table's rows.
        size: Of the table.
        ahead: What its rows take; see ``pilot_of`` for a pilot.
    """
    counts, alone = sample.counts, sample.alone
    request = counts.tokens_in / max(1, len(sample.pilot)) * size.longer
    by_itself = alone.tokens_in / max(1, alone.calls) * size.longer
    apart = request > SHARED * by_itself > 0  # each answer pays its prompt
    tokens_in = ahead.calls * request / PILOT_DRAWS if apart else ahead.requests * request
    each = (counts.tokens_out + sample.more.tokens_out) / max(1, counts.calls + sample.more.calls)
    return Forecast(ahead.calls, 1.0, ahead.requests, tokens_in, ahead.calls * each)


def pilot_of(rows: int) -> RowsAhead:
    """Return what a pilot takes that asks so many rows."""
    return RowsAhead(float(rows * PILOT_DRAWS), float(rows), 0.0, 0.0, 1 if rows else 0)


def with_pilot(ahead: RowsAhead, pilot: RowsAhead) -> RowsAhead:
    """Return what the rows of a table and a pilot before them take together."""
    calls, requests = ahead.calls + pilot.calls, ahead.requests + pilot.requests
    return RowsAhead(calls, requests, ahead.right, ahead.failed, ahead.longest + pilot.longest)


def cost_of(sample: TableSample, size: TableSize, ahead: RowsAhead) -> float | None:
    """Compute what so many rows cost in USD; ``None`` where the price is unknown; arguments as for ``taken``."""
    return price_of(taken(sample, size, ahead), sample.counts, sample.prices)


def walls_of_rows(ahead: RowsAhead, speed: Speed, most: int) -> list[Wall]:
    """Compute the wall time at growing widths: rows do not wait for each other, the requests of one row do.

    The slowest row may be among the last to begin: what is left of it then is waited for alone (Graham's bound for jobs
    that are begun in any order, Bell Syst. Tech. J. 45, 1966; a row's first request is among those shared out).

    Args:
        ahead: What the rows take.
        speed: Of the model.
        most: Rows that are asked at the same time, at most.
    """
    together, walls = ahead.calls / max(1.0, ahead.requests), list[Wall]()
    for width in (*(one for one in WIDTHS if one < most), most):
        waits = ahead.requests / width + (ahead.longest - 1) * (1 - 1 / width)
        fastest = ahead.calls / (speed.calls_per_s or math.inf)
        walls.append(Wall(width, round(width * together), max(waits * speed.latency_s, fastest)))
    return walls


def share_of_batches(
    whole: Forecast, usual: tuple[float, float] | None, batch: tuple[float, float] | None
) -> float | None:
    """Compute which share of the usual price the same calls cost as batches; ``None`` where a price is unknown.

    Args:
        whole: The calls.
        usual: What a prompt token and a generated one cost, in USD.
        batch: The same in a batch.
    """
    if usual is None or batch is None:
        return None
    listed, less = (whole.tokens_in * one[0] + whole.tokens_out * one[1] for one in (usual, batch))
    return less / listed if listed else 0.0
