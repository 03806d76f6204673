"""Chooses leads from a target and what a pilot saw. No ground truth: mistakes are estimated from dissent."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from decompose.plan import Node
from decompose.task import Task
from runtime.config import RunConfig
from runtime.errors import ConfigurationError
from runtime.segment_runner import Leads
from runtime.worker import Sample, strategy_of
from voting.error_rate import clopper_pearson
from voting.lead import expected_ballots, expected_calls, k_min, p_full
from voting.sequential import Sequential, learned, needed

PILOT_DRAWS = 3
"""Ballots for each step of the pilot: the fewest of which a majority can say who dissents."""


class Pilot(msgspec.Struct, frozen=True):
    """What a pilot saw.

    Attributes:
        ballots: Unspoiled ones.
        dissenting: Those that did not name their step's most frequent candidate.
        spoiled: Ballots with a red flag.
        p_error: Middle estimate of the rate of wrong unspoiled ballots.
        p_error_high: Upper end of its 95 % interval.
        votes: Steps by (ballots for the most frequent candidate, other unspoiled ballots): how many, as triples.
    """

    ballots: int
    dissenting: int
    spoiled: int
    p_error: float
    p_error_high: float
    votes: tuple[tuple[int, int, int], ...] = ()


def pilot_steps(size: int) -> int:
    """Steps to sample before a run: a thirtieth of it, so that the pilot costs a tenth of one ballot a step."""
    return max(20, min(200, size // 30))


def judge_pilot(samples: Sequence[Sample]) -> Pilot:
    """Estimate the error rate of unspoiled ballots from how they disagree."""
    ballots = dissenting = spoiled = 0
    votes: Counter[tuple[int, int]] = Counter()
    for sample in samples:
        named = Counter(b.candidate for b in sample.ballots if b.candidate is not None)
        total = sum(named.values())
        spoiled += len(sample.ballots) - total
        ballots += total
        first = max(named.values(), default=0)
        dissenting += total - first
        if total:
            votes[first, total - first] += 1
    # Jeffreys' prior: half a dissent among one more ballot.
    middle = (dissenting + 0.5) / (ballots + 1)
    high = clopper_pearson(dissenting, ballots).high if ballots else 1.0
    return Pilot(ballots, dissenting, spoiled, middle, high, tuple((w, d, n) for (w, d), n in sorted(votes.items())))


def choose_leads(config: RunConfig, task: Task, root: Node, pilot: Pilot | None) -> Leads:
    """The leads of a run.

    A mistake in a step without a seam is final: its lead is the paper's k_min (arXiv 2511.09030, eq. 14) at the
    pessimistic end of the pilot's interval. A mistake before a seam costs running the chain again: its lead is the
    one with the fewest expected calls at the pilot's middle estimate.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    if config.rule == "sequential" and config.k != "auto":
        raise ConfigurationError("--rule sequential finds out for itself how many ballots it needs: use --k auto")
    if config.k != "auto":
        return Leads(config.k, config.k, config.k + 2)
    assert pilot is not None
    if pilot.p_error_high >= 0.5:
        raise ConfigurationError(
            f"the pilot saw {pilot.dissenting} of {pilot.ballots} ballots dissent: no lead can be chosen; "
            "try another model, or --k N"
        )
    leads = leads_for(config, task, root, pilot.p_error, pilot.p_error_high)
    return with_rules(config, task, root, leads, pilot, {}) if config.rule == "sequential" else leads


def with_rules(
    config: RunConfig, task: Task, root: Node, leads: Leads, pilot: Pilot, votes: Mapping[str, int]
) -> Leads:
    """Leads whose unguarded and suspect steps are decided by the sequential rule.

    Each step whose mistake is final has the same share of the run's error budget, a suspect a tenth of that.

    Args:
        config: The run's configuration.
        task: The task.
        root: Of the plan.
        leads: Of the other rules; the guarded one stands.
        pilot: What the pilot saw.
        votes: What sequential races saw since; see ``Counts``.
    """
    seen = Counter({(winner, others): count for winner, others, count in pilot.votes})
    for name, count in votes.items():
        winner, _, others = name.partition("-")
        seen[int(winner), int(others)] += count
    weights = learned(seen)
    size = task.size(root.goal, root.inputs)
    final = -(-size // config.leaf_steps) if _has_seams(config, task, root) else size
    share = (1 - config.target) / max(1, final)
    rules = {}
    for budget in (share, share / 10):
        rule = Sequential(budget, weights)
        rules[needed(rule, (), config.max_ballots)] = rule
    unguarded, suspect = min(rules), max(rules)
    guarded = min(leads.guarded, unguarded) if leads.guarded < leads.unguarded else unguarded
    return Leads(guarded, unguarded, suspect, tuple(rules.items()))


def leads_for(config: RunConfig, task: Task, root: Node, p_error: float, p_error_high: float) -> Leads:
    """The leads for a known error rate of unspoiled ballots, and for its pessimistic end."""
    size = task.size(root.goal, root.inputs)
    unguarded = k_min(1 - p_error_high, size, config.target)
    if not _has_seams(config, task, root):
        return Leads(unguarded, unguarded, unguarded + 2)
    length = min(size, config.leaf_steps)
    guarded = min(range(1, unguarded + 1), key=lambda k: _leaf_calls(1 - p_error, k, length))
    return Leads(guarded, unguarded, unguarded + 2)


class Forecast(msgspec.Struct, frozen=True):
    """What a run is expected to need.

    Attributes:
        calls: Answers drawn, spoiled ones included.
        p_success: Probability that no mistake goes through: eq. 13 over the steps whose mistakes are final.
    """

    calls: float
    p_success: float


def forecast(config: RunConfig, task: Task, root: Node, leads: Leads, p_error: float, valid_rate: float) -> Forecast:
    """What a run with these leads is expected to need, if every ballot errs alike and independently."""
    p, size = 1 - p_error, task.size(root.goal, root.inputs)
    if not _has_seams(config, task, root):
        return Forecast(expected_calls(p, leads.unguarded, size, valid_rate), p_full(p, leads.unguarded, size))
    # A leaf is the largest node that is not split: between half of leaf_steps and all of it.
    leaves = -(-size // config.leaf_steps)
    chains = leaves * _leaf_calls(p, leads.guarded, size / leaves) / valid_rate
    return Forecast(chains + expected_calls(p, leads.unguarded, leaves, valid_rate), p_full(p, leads.unguarded, leaves))


def _has_seams(config: RunConfig, task: Task, root: Node) -> bool:
    return config.seams and root.promise is not None and strategy_of(config).splits(task, root)


def _leaf_calls(p: float, k: int, length: float) -> float:
    """Calls until a chain of this length passes its seam; a failed run is repeated from its start."""
    return length * expected_ballots(p, k) / max(p_full(p, k, math.ceil(length)), 1e-300)
