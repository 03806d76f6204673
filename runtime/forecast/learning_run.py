"""The forecast of a run that learns: it begins with the leads of its pilot and will change them on the way.

Assumption: the run sees dissent at the rate that is known, neither luckier nor unluckier.
"""

import math
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import Basis, basis_of
from surefoot.runtime.forecast.calls_interval import calls_interval
from surefoot.runtime.forecast.estimates import Estimate, pooled_estimate
from surefoot.runtime.forecast.forecast import Forecast, forecast, mixed
from surefoot.runtime.forecast.lead_choice import choose_again, next_checkpoint
from surefoot.runtime.forecast.look_forecast import forecast_looks
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.leads import Leads
from surefoot.runtime.voting_rules import takes_looks


def forecast_run(
    config: RunConfig, task: Task, leads: Leads, start: Estimate, known: Estimate | None = None
) -> Forecast:
    """Compute what a run is expected to need that starts with these leads and goes on learning.

    Args:
        config: Its configuration.
        task: The task.
        leads: It starts with.
        start: What they were chosen from.
        known: The best that is known of the model; by default the same.
    """
    if takes_looks(config.rule):
        return forecast_looks(config, task, leads, known or start)
    truth = basis_of(config, task, rate_table(known or start), leads.leaf_steps)
    shares: dict[Leads, float] = defaultdict(float)
    for share, then in _ahead(truth, task, leads, start):
        shares[then] += share
    found = mixed((share, forecast(truth, then)) for then, share in shares.items())
    ends = [(share, calls_interval(config, task, then, known or start) or (0.0, 0.0)) for then, share in shares.items()]
    low, high = (math.fsum(share * both[end] for share, both in ends) for end in (0, 1))
    return msgspec.structs.replace(found, calls_low=low, calls_high=high)


def _ahead(truth: Basis, task: Task, leads: Leads, start: Estimate) -> Iterator[tuple[float, Leads]]:
    """Shares of the run's steps, with the leads that they will have if it sees what is expected."""
    config, shape = truth.config, truth.shapes[leads.leaf_steps]
    if config.k != "auto" or not config.learn or truth.rule.learns:
        yield 1.0, leads
        return
    p = max(shape.chains, key=lambda chains: chains.count * chains.length).rates.p
    done, trials, end = 0, 0.0, shape.steps
    while done < end:
        # A run learns from batches: those of a chain hold so many steps.
        after = min(end, -(-next_checkpoint(done) // config.flush_steps) * config.flush_steps)
        yield (after - done) / end, leads
        rule = truth.rule.with_lead(leads.guarded if truth.seams else leads.unguarded)
        trials, done = trials + (after - done) * rule.expected_ballots(p), after
        leads = choose_again(config, task, leads, pooled_estimate(start, [(int(trials), int(trials) * (1 - p))]), {})
