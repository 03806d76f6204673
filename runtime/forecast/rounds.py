"""How many rounds of batches a run takes: questions that wait for each other cannot go out together.

Assumption: a race is decided by its first ballots, which are drawn together, or goes on for another round, as likely
each time; rounds that a chain takes beyond its steps are then negative binomial, and the plan waits for the chain that
takes most of them. Decompositions, retries and the critical path are those of ``forecast.longest_of``.
"""

import math
from typing import Final

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.ballot_limit import most_ballots
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import Basis, basis_of
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import longest_of
from surefoot.runtime.forecast.rate_table import Rates, RateTable, rate_table
from surefoot.runtime.leads import Leads

FAULTLESS: Final = Rates(1 - 1e-9, 1.0, 0.0, 0.0, 0.0)
"""Rates where nothing was measured: what comes of them is the least that there can be."""
MOST_MORE: Final = 10_000


def more_rounds(chains: float, steps: float, again: float) -> int:
    """Compute the rounds beyond one a step that the slowest of many chains takes.

    It is the least number that fewer than half a chain is expected to exceed.

    Args:
        chains: How many there are.
        steps: Steps of each.
        again: Probability that a race takes another round, each time, 0 to 1.
    """
    if again <= 0 or chains <= 0 or steps <= 0:
        return 0
    again = min(again, 0.99)
    chance, tail = (1 - again) ** steps, 1.0
    for more in range(MOST_MORE):
        tail -= chance
        if chains * max(0.0, tail) < 0.5:
            return more
        chance *= again * (steps + more) / (more + 1)
    return MOST_MORE


def rounds_of(basis: Basis, leads: Leads, copies: int = 1) -> int:
    """Compute the rounds that a run with these leads is expected to take, without its pilot.

    Args:
        basis: Shape of the plan, or of the question about one row.
        leads: Of the run.
        copies: How many such plans go on beside each other, such as rows.
    """
    longest, shape = longest_of(basis, leads), basis.shapes[leads.leaf_steps]
    k = leads.guarded if basis.seams else leads.unguarded
    slowest = 0.0
    for chains in shape.chains:
        again = 1 - (chains.rates.p * chains.rates.valid) ** k
        calls = max(1.0, chains.length / max(1, leads.steps_per_call))
        usual = calls * again / max(0.01, 1 - again)
        slowest = max(slowest, more_rounds(chains.count * copies, calls, again) - usual)
    return max(1, math.ceil(longest.requests + max(0.0, slowest) - 1e-6))


class Rounds(msgspec.Struct, frozen=True):
    """Rounds of batches that a run takes.

    Attributes:
        expected: Without the pilot; the least there can be where ``known`` is false.
        known: Whether error rates were measured.
        each_race: Most rounds of one race in one wording: each draws at least one ballot.
    """

    expected: int
    known: bool
    each_race: int


def rounds_ahead(config: RunConfig, task: Task, start: Estimate | None, leads: Leads) -> Rounds:
    """Compute the rounds of a run from what is known before it; ``start`` is ``None`` where nothing was measured."""
    rates = RateTable({}, FAULTLESS, 0.0) if start is None else rate_table(start)
    basis = basis_of(config, task, rates, leads.leaf_steps)
    each = max(1, most_ballots(config.max_ballots, leads.unguarded) - min(leads.guarded, leads.unguarded) + 1)
    root = task.root()
    rows = task.size(root.goal, root.inputs) if isinstance(task, RowTask) else 1
    return Rounds(rounds_of(basis, leads, rows), start is not None, each)


def rounds_line(config: RunConfig, rounds: Rounds) -> str:
    """Return what people are told of rounds before a run's questions go out, in one line."""
    about = f"about {rounds.expected:,}" if rounds.known else f"{rounds.expected:,} or more"
    return (
        f"batches: {about} round{'s' if rounds.expected > 1 else ''} of at most {config.batch_hours:g} h each; a race "
        f"that stays disputed takes at most {rounds.each_race:,} in each way to ask"
    )
