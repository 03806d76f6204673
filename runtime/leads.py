"""Chooses leads from a target and what a pilot saw. No ground truth: mistakes are estimated from dissent."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from decompose.plan import Node
from decompose.task import Task
from runtime.config import RunConfig
from runtime.errors import ConfigurationError
from runtime.sampling import Sample
from runtime.segment_runner import Leads
from voting.error_rate import clopper_pearson
from voting.lead import expected_ballots, expected_calls, k_min, p_full
from voting.sequential import Sequential, learned, needed

LEAF_STEPS = 31
"""Leaf length where nothing is known of the model."""

LEAF_CHOICES = (3, 7, 15, 31, 63, 127)
"""Leaf lengths that ``--leaf-steps auto`` weighs. Longer ones save less than one call in a hundred."""

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


def sample_numbers(seed: int, count: int) -> range:
    """The numbers that a seed samples steps from; those of different seeds never overlap."""
    return range(seed << 32, (seed << 32) + count)


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


class Shape(msgspec.Struct, frozen=True):
    """How many questions of each sort a plan has.

    Attributes:
        leaves: Chains that are not split further.
        length: Steps of each.
        splits: Decomposition steps; each also leaves one single step between its two halves.
    """

    leaves: int
    length: int
    splits: int


class Forecast(msgspec.Struct, frozen=True):
    """What a run is expected to need.

    Attributes:
        calls: Answers drawn, spoiled ones included; without the pilot.
        p_success: Probability that no mistake goes through: eq. 13 over the steps whose mistakes are final.
    """

    calls: float
    p_success: float


def choose_leads(config: RunConfig, task: Task, root: Node, pilot: Pilot | None) -> Leads:
    """The leads of a run, and how long its leaves are; see ``leads_for``.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    if config.rule == "sequential" and config.k != "auto":
        raise ConfigurationError("--rule sequential finds out for itself how many ballots it needs: use --k auto")
    if config.k != "auto":
        leaf_steps = LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps
        return Leads(config.k, config.k, config.k + 2, leaf_steps)
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
    size = task.usual_steps(root.goal, root.inputs)
    final = shape_of(size, leads.leaf_steps).splits if _has_seams(config, task, root) else size
    share = (1 - config.target) / max(1, final)
    rules = {}
    for budget in (share, share / 10):
        rule = Sequential(budget, weights)
        rules[needed(rule, (), config.max_ballots)] = rule
    unguarded, suspect = min(rules), max(rules)
    guarded = min(leads.guarded, unguarded) if leads.guarded < leads.unguarded else unguarded
    return Leads(guarded, unguarded, suspect, leads.leaf_steps, tuple(rules.items()))


def leads_for(config: RunConfig, task: Task, root: Node, p_error: float, p_error_high: float) -> Leads:
    """Detection and correction weighed against each other for a known error rate of unspoiled ballots.

    A mistake in a step without a seam is final: its lead is the paper's k_min (arXiv 2511.09030, eq. 14) at the
    pessimistic end of the rate. A mistake before a seam costs running a chain again: its lead, and with it the length
    of the chain, are those with the fewest expected calls at the middle of the rate. Long leaves save decomposition
    steps; short ones lose less when a seam fails.
    """
    size = task.usual_steps(root.goal, root.inputs)
    if not _has_seams(config, task, root):
        k = k_min(1 - p_error_high, size, config.target)
        return Leads(k, k, k + 2, LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps)
    lengths = LEAF_CHOICES if config.leaf_steps == "auto" else (config.leaf_steps,)
    choices = []
    for leaf_steps in lengths:
        unguarded = k_min(1 - p_error_high, max(1, shape_of(size, leaf_steps).splits), config.target)
        for guarded in range(1, unguarded + 1):
            leads = Leads(guarded, unguarded, unguarded + 2, leaf_steps)
            choices.append((_tree_calls(1 - p_error, leads, size), leads))
    return min(choices, key=lambda choice: choice[0])[1]


def forecast(config: RunConfig, task: Task, root: Node, leads: Leads, p_error: float, valid_rate: float) -> Forecast:
    """What a run with these leads is expected to need, if every ballot errs alike and independently."""
    p, size = 1 - p_error, task.usual_steps(root.goal, root.inputs)
    if not _has_seams(config, task, root):
        return Forecast(expected_calls(p, leads.unguarded, size, valid_rate), p_full(p, leads.unguarded, size))
    splits = max(1, shape_of(size, leads.leaf_steps).splits)
    return Forecast(_tree_calls(p, leads, size) / valid_rate, p_full(p, leads.unguarded, splits))


def shape_of(size: int, leaf_steps: int) -> Shape:
    """The shape of a plan whose nodes are halved around one step until they are short enough."""
    leaves, length = 1, size
    while length > leaf_steps:
        leaves, length = leaves * 2, length // 2
    return Shape(leaves, length, leaves - 1)


def explain_leads(leads: Leads, pilot: Pilot | None, expected: Forecast | None, size: int) -> str:
    """What was chosen and why, in one line."""
    chosen = f"lead {leads.guarded} before a seam and {leads.unguarded} elsewhere, leaves of {leads.leaf_steps} steps"
    if pilot is None or expected is None:
        return f"{chosen}: as asked for"
    return (
        f"{chosen}: {pilot.dissenting} of {pilot.ballots:,} pilot ballots dissent, so {pilot.p_error:.2%} err "
        f"(at most {pilot.p_error_high:.2%}); expecting {expected.calls / size:.3f} calls a step"
    )


def _has_seams(config: RunConfig, task: Task, root: Node) -> bool:
    """Whether promises will guard steps: those that a decomposition makes. The root's own is only the goal test."""
    splits = config.strategy == "tree" and task.decomposition_step(root.goal, root.inputs) is not None
    return config.seams and splits and root.promise is not None


def _tree_calls(p: float, leads: Leads, size: int) -> float:
    """Calls of leaves, of the single steps between them, and of decompositions."""
    shape = shape_of(size, leads.leaf_steps)
    chains = shape.leaves * _chain_calls(p, leads.guarded, shape.length)
    singles = shape.splits * _chain_calls(p, leads.guarded, 1)
    return chains + singles + shape.splits * expected_ballots(p, leads.unguarded)


def _chain_calls(p: float, k: int, length: int) -> float:
    """Calls until a chain passes its seam, as often as it takes: each run passes with probability p_full (eq. 13)."""
    return length * expected_ballots(p, k) / max(p_full(p, k, length), 1e-300)
