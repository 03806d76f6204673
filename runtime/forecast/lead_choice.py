"""Chooses leads from a target and an estimate: one way for a pilot, a measurement, a plan and a run that learns.

A mistake that is final is to be rare: its step has the paper's k_min (arXiv 2511.09030, eq. 14) at the pessimistic
end of the rate. A mistake that is noticed costs calls: running a chain again, or what hangs below a decomposition.
There the leads, and with them the length of the chains, are those with the fewest expected calls at the middle of the
rate. Long leaves save decomposition steps; short ones lose less when a seam fails. A seam may miss two mistakes in one
chain that cancel out: where no check of single steps rules that out, such chains are kept within the error budget. No
ground truth is used: a run's own evidence is dissent, and chains that did not return their promise.

A run goes on learning: at checkpoints (``next_checkpoint``) the leads are chosen again from all that was seen. Each
step has the same share of the run's error budget whatever lead it is decided with, and the interval holds at every
look, so that choosing again does not spend the budget twice.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, learned, p_high_of, rates_of
from surefoot.runtime.forecast.forecast import (
    Forecast,
    all_caught,
    calls_of,
    double_mistakes,
    forecast,
    has_seams,
    mixed,
    outline_of,
)
from surefoot.runtime.leads import LEAF_STEPS, Leads
from surefoot.runtime.records import Counts
from surefoot.voting.lead import expected_ballots, k_min
from surefoot.voting.sequential import Sequential, needed
from surefoot.voting.sequential import learned as weights_of
from surefoot.voting.sequential_tests import patterns_from

LEAF_CHOICES = (3, 7, 15, 31, 63, 127)
"""Leaf lengths that ``--leaf-steps auto`` weighs. Longer ones save less than one call in a hundred."""

CANCEL = 0.1
"""Share of the chains with two mistakes that is taken to return its promise. With the simulated model's mistakes in
Hanoi it was one in fifty."""

STRETCH = 64
"""Steps before the leads are chosen again for the first time."""


def choose_leads(config: RunConfig, task: Task, estimate: Estimate | None) -> Leads:
    """The leads of a run, and how long its leaves are.

    Args:
        config: The run's configuration.
        task: The task.
        estimate: What is known of the model; not needed for ``--k N``.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    if config.rule == "sequential" and config.k != "auto":
        raise ConfigurationError("--rule sequential finds out for itself how many ballots it needs: use --k auto")
    if config.k != "auto":
        return Leads(config.k, config.k, config.k + 2, LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps)
    assert estimate is not None
    if _worst(config, task, estimate) >= 0.5:
        who = "measurement" if estimate.measured else "pilot"
        raise ConfigurationError(
            f"the {who} saw {estimate.dissenting} of {estimate.ballots} ballots dissent: no lead can be chosen; "
            "try another model, or --k N"
        )
    leads = _fixed_leads(config, task, estimate)
    return with_rules(config, task, leads, estimate, {}) if config.rule == "sequential" else leads


def choose_again(config: RunConfig, task: Task, leads: Leads, estimate: Estimate, votes: Mapping[str, int]) -> Leads:
    """Leads from what a run learned; the plan's shape stands. Where no lead would help any more, the old ones do.

    Args:
        config: The run's configuration, with ``--k auto``.
        task: The task.
        leads: So far.
        estimate: What is known by now; see ``estimates.learned``.
        votes: Races since the run began; see ``Counts``.
    """
    if _worst(config, task, estimate) >= 0.5:
        return leads
    fixed = msgspec.structs.replace(config, leaf_steps=leads.leaf_steps)
    if config.rule == "sequential":
        return with_rules(fixed, task, leads, estimate, votes)
    return _fixed_leads(fixed, task, estimate)


def next_checkpoint(steps: int) -> int:
    """After so many steps, when to choose again: an eighth later, so that a long run looks some dozen times."""
    return steps + max(STRETCH, steps // 8)


def seen_in(counts: Counts) -> tuple[int, float]:
    """What a run saw of its error rate: observations and errors.

    Ballots of races with a lead of 2 or more, of which those for others than the winner dissent; and steps before a
    seam that were asked once: right where the chain returned its promise, wrong where a second run refuted them.
    """
    held = {int(lead): count for lead, count in counts.races.items() if int(lead) > 1}
    trials = counts.guarded_steps + sum(lead * count for lead, count in held.items())
    errors = counts.refuted_steps
    for pattern, count in patterns_from(counts.contested).items():
        if pattern.k in held:
            trials, errors = trials + count * (pattern.valid - pattern.k), errors + count * pattern.dissent
    return trials, float(errors)


def forecast_run(
    config: RunConfig, task: Task, leads: Leads, start: Estimate, known: Estimate | None = None
) -> Forecast:
    """What a run is expected to need that starts with these leads and goes on learning.

    Args:
        config: Its configuration.
        task: The task.
        leads: It starts with.
        start: What they were chosen from.
        known: The best that is known of the model; by default the same.
    """
    truth = known or start
    shares: dict[Leads, float] = defaultdict(float)
    for share, then in _ahead(config, task, leads, start, truth):
        shares[then] += share
    return mixed((share, forecast(config, task, then, truth)) for then, share in shares.items())


def _ahead(
    config: RunConfig, task: Task, leads: Leads, start: Estimate, truth: Estimate
) -> Iterator[tuple[float, Leads]]:
    """Shares of the run's steps, with the leads that they will have if it sees what is expected."""
    outline = outline_of(config, task, leads.leaf_steps)
    if config.k != "auto" or not config.learn or config.rule == "sequential":
        yield 1.0, leads
        return
    kind = max(outline.chains, key=lambda chains: chains.count * chains.length).kind
    p = rates_of(truth, kind).p
    done, trials, end = 0, 0.0, outline.steps
    while done < end:
        # A run learns from batches: those of a chain hold so many steps.
        after = min(end, -(-next_checkpoint(done) // config.flush_steps) * config.flush_steps)
        yield (after - done) / end, leads
        lead = leads.guarded if has_seams(config, task) else leads.unguarded
        trials, done = trials + (after - done) * expected_ballots(p, lead), after
        leads = choose_again(config, task, leads, learned(start, [(int(trials), int(trials) * (1 - p))]), {})


def with_rules(config: RunConfig, task: Task, leads: Leads, estimate: Estimate, votes: Mapping[str, int]) -> Leads:
    """Leads whose unguarded and suspect steps are decided by the sequential rule.

    Each step whose mistake is final has the same share of the run's error budget, a suspect a tenth of that.

    Args:
        config: The run's configuration.
        task: The task.
        leads: Of the other rules; the guarded one stands.
        estimate: What the pilot saw.
        votes: What sequential races saw since; see ``Counts``.
    """
    seen = Counter({(winner, others): count for winner, others, count in estimate.votes})
    for name, count in votes.items():
        winner, _, others = name.partition("-")
        seen[int(winner), int(others)] += count
    weights = weights_of(seen)
    share = (1 - config.target) / _unguarded_steps(config, task, leads.leaf_steps)
    rules = {}
    for budget in (share, share / 10):
        rule = Sequential(budget, weights)
        rules[needed(rule, (), config.max_ballots)] = rule
    unguarded, suspect = min(rules), max(rules)
    guarded = min(leads.guarded, unguarded) if leads.guarded < leads.unguarded else unguarded
    return Leads(guarded, unguarded, suspect, leads.leaf_steps, tuple(rules.items()))


def explain_leads(leads: Leads, estimate: Estimate | None, expected: Forecast | None, size: int) -> str:
    """What was chosen and why, in one line."""
    chosen = f"lead {leads.guarded} before a seam and {leads.unguarded} elsewhere, leaves of {leads.leaf_steps} steps"
    if estimate is None or expected is None:
        return f"{chosen}: as asked for"
    seen = "measured answers were wrong" if estimate.measured else "pilot ballots dissent"
    return (
        f"{chosen}: {estimate.dissenting} of {estimate.ballots:,} {seen}, so {estimate.p_error:.2%} err "
        f"(at most {estimate.p_error_high:.2%}); expecting {expected.calls / size:.3f} calls a step"
    )


def _fixed_leads(config: RunConfig, task: Task, estimate: Estimate) -> Leads:
    """Detection and correction weighed against each other; see the module's docstring."""
    asked = config.leaf_steps
    if not has_seams(config, task):
        leaf_steps = LEAF_STEPS if asked == "auto" else asked
        k = _k_min(config, task, leaf_steps, estimate)
        return Leads(k, k, k + 2, leaf_steps)
    choices = []
    for leaf_steps in LEAF_CHOICES if asked == "auto" else (asked,):
        most = _k_min(config, task, leaf_steps, estimate)
        for unguarded in range(1, most + 1) if all_caught(config, task) else (most,):
            for guarded in range(1, most + 1):
                leads = Leads(guarded, unguarded, max(guarded, unguarded) + 2, leaf_steps)
                choices.append((_missed(config, task, leads, estimate), calls_of(config, task, leads, estimate), leads))
    return min(choices, key=lambda choice: choice[:2])[2]


def _missed(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> float:
    """By how much chains whose mistakes cancel out exceed the error budget; 0 if they do not."""
    return max(0.0, CANCEL * double_mistakes(config, task, leads, estimate) + math.log(config.target))


def _k_min(config: RunConfig, task: Task, leaf_steps: int, estimate: Estimate) -> int:
    """Lead at which steps without a seam hold the target, at the pessimistic end of the worst of their kinds."""
    return k_min(1 - _worst(config, task, estimate), _unguarded_steps(config, task, leaf_steps), config.target)


def _worst(config: RunConfig, task: Task, estimate: Estimate) -> float:
    """Pessimistic error rate of the worst kind of question without a seam."""
    outline = outline_of(config, task, LEAF_CHOICES[0] if config.leaf_steps == "auto" else config.leaf_steps)
    kinds = {outline.split_kind} if outline.splits else set()
    if not has_seams(config, task):
        kinds |= {chains.kind for chains in outline.chains}
    return max((p_high_of(estimate, kind) for kind in kinds), default=estimate.p_error_high)


def _unguarded_steps(config: RunConfig, task: Task, leaf_steps: int) -> int:
    """Steps without a seam of their own: decompositions, and without seams all others."""
    outline = outline_of(config, task, leaf_steps)
    return max(1, outline.splits + (0 if has_seams(config, task) else outline.steps))


def final_steps(config: RunConfig, task: Task, leaf_steps: int) -> int:
    """Steps whose mistakes are final."""
    return 0 if all_caught(config, task) else _unguarded_steps(config, task, leaf_steps)
