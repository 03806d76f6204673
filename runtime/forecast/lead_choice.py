"""Chooses leads from a target and an estimate: one way for a pilot, a measurement, a plan and a run that learns.

A mistake that is final is to be rare: its step has the smallest lead that holds the target (for the paper's rule its
k_min, arXiv 2511.09030, eq. 14) at the pessimistic end of the rate. A mistake that is noticed costs calls: running a
chain again, or what hangs below a decomposition. There the leads, and with them the length of the chains, are those
with the fewest expected calls at the middle of the rate. Long leaves save decomposition steps; short ones lose less
when a seam fails. A seam may miss two mistakes in one chain that cancel out: where no check of single steps rules that
out, such chains are kept within the error budget. No ground truth is used: a run's own evidence is dissent, and chains
that did not return their promise.

A run goes on learning: at checkpoints (``next_checkpoint``) the leads are chosen again from all that was seen. Each
step has the same share of the run's error budget whatever lead it is decided with, and the interval holds at every
look, so that choosing again does not spend the budget twice.
"""

import itertools
import math
from collections import Counter
from collections.abc import Mapping

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.ballot_limit import most_ballots
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import Basis, basis_of
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import Forecast, double_mistakes, expected_cost
from surefoot.runtime.forecast.look_agreement import with_sharpness
from surefoot.runtime.forecast.objective import Objective, objective_of
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.leads import LEAF_STEPS, Leads
from surefoot.runtime.records import Counts
from surefoot.runtime.steps_per_call import most_steps_per_call
from surefoot.runtime.voting_rules import rule_named, takes_looks
from surefoot.voting.agreed_errors import first_ballots_from, learned_lead
from surefoot.voting.looks import Looks
from surefoot.voting.sequential import Sequential
from surefoot.voting.sequential_tests import patterns_from

CANCEL = 0.1
"""Share of the chains with two mistakes that is taken to return its promise. With the simulated model's mistakes in
Hanoi it was one in fifty."""

LOOKS = 3
"""Looks of a step where nothing was learned of what they are worth."""

MORE_QUESTIONS = 2
"""Distinct questions that the budget of a run by looks is divided for, for one that is known of."""

FEW_ROWS = 40
"""Rows below which a table has no pilot: asking 20 of them three times would cost more than it can save."""

GUESSED_ERROR = 1 / 11
"""Rate of wrong answers that a table without a pilot is prepared for, one to ten right ones: lead 3 holds 99.9 %."""

FEWEST_CALLS = Objective()

POWERS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
"""Steps a call that ``--steps-per-call auto`` weighs."""

STRETCH = 64
"""Steps before the leads are chosen again for the first time."""


def choose_leads(config: RunConfig, task: Task, estimate: Estimate | None) -> Leads:
    """Choose the leads of a run, and how long its leaves are.

    Args:
        config: The run's configuration.
        task: The task.
        estimate: What is known of the model; not needed for ``--k N``.

    Raises:
        ConfigurationError: The model is wrong too often for any lead to help.
    """
    if config.k != "auto":
        leaf_steps = LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps
        count = 1 if config.steps_per_call == "auto" else config.steps_per_call
        return Leads(config.k, config.k, config.k + 2, leaf_steps, steps_per_call=count)
    assert estimate is not None
    if config.steps_per_call == "auto" and not estimate.places:  # the task words one step at a time
        config = msgspec.structs.replace(config, steps_per_call=1)
    rates = rate_table(estimate)
    basis = basis_of(config, task, rates)
    if takes_looks(config.rule):
        return _for_looks(basis, estimate)
    if basis.worst >= 0.5:
        raise ConfigurationError(_hopeless(estimate))
    try:
        leads = cheapest_leads(basis, objective_of(config, estimate))
    except ValueError as error:
        raise ConfigurationError(f"--rule {config.rule}: {error}") from error
    if basis.rule.learns:
        return with_learned_rules(basis, leads, estimate, {})
    _see_reachable(config, leads, estimate)
    return leads


def _see_reachable(config: RunConfig, leads: Leads, estimate: Estimate) -> None:
    """Find out before the first step whether races can end within the limit on their ballots.

    Raises:
        ConfigurationError: Even if no two wrong answers were the same, a usual race would not.
    """
    lead = max(leads.guarded, leads.unguarded)
    most, needed = most_ballots(config.max_ballots, lead), math.ceil(lead / (1 - estimate.p_error))
    if needed > most:
        raise ConfigurationError(
            f"--max-ballots {most}: {_dissent(estimate)}, so --target {config.target:g} takes a lead of {lead}, for "
            f"which a step has {needed:,} ballots or more",
            hint="another model, a lower --target, or --k N" + (f"; or --max-ballots {2 * needed}" * (needed < 1024)),
        )


def _for_looks(basis: Basis, estimate: Estimate) -> Leads:
    """Leads of a run by looks: it has few distinct questions, of which the pessimistic end of a rate says nothing."""
    if not estimate.ballots or estimate.p_error >= 0.5:
        raise ConfigurationError(_hopeless(estimate))
    leaf_steps = LEAF_STEPS if basis.config.leaf_steps == "auto" else basis.config.leaf_steps
    unlearned = Leads(LOOKS, LOOKS, LOOKS + 2, leaf_steps)
    return with_learned_rules(basis, unlearned, estimate, {})


def has_few_rows(config: RunConfig, rows: int) -> bool:
    """Whether a table is so short that its leads are chosen without a pilot; rules that learn have one always."""
    asks = config.k == "auto" and config.measurement is None
    return asks and rows < FEW_ROWS and not rule_named(config.rule).learns


def leads_of_few_rows(config: RunConfig) -> Leads:
    """Choose the leads of a table that is too short for a pilot: what a cautious guess of the error rate asks for.

    Args:
        config: The run's configuration; its target is that of one row.
    """
    k = rule_named(config.rule).smallest_lead(1 - GUESSED_ERROR, 1, config.target)
    return Leads(k, k, k + 2)


def _hopeless(estimate: Estimate) -> str:
    """Why no lead can be chosen, in one line."""
    who = "measurement" if estimate.measured else "pilot"
    if not estimate.ballots:
        return (
            f"0 of {estimate.spoiled:,} answers of the {who} were readable: this model cannot be asked this so; "
            "surefoot measure shows what it says"
        )
    return f"{_dissent(estimate)}: votes may make it worse, no lead can be chosen; try another model, or --k N"


def _dissent(estimate: Estimate) -> str:
    """How often answers of a pilot or a measurement disagreed, as the reason for something."""
    who = "measurement" if estimate.measured else "pilot"
    return f"the {who} saw {estimate.dissenting} of {estimate.ballots} ballots dissent"


def choose_again(config: RunConfig, task: Task, leads: Leads, estimate: Estimate, votes: Mapping[str, int]) -> Leads:
    """Choose leads from what a run learned; the plan's shape stands. Where no lead would help any more, keep them.

    Args:
        config: The run's configuration, with ``--k auto``.
        task: The task.
        leads: So far.
        estimate: What is known by now; see ``estimates.pooled_estimate``.
        votes: Races since the run began; see ``Counts``.
    """
    shaped = msgspec.structs.replace(config, leaf_steps=leads.leaf_steps, steps_per_call=leads.steps_per_call)
    basis = basis_of(shaped, task, rate_table(estimate))
    if basis.worst >= 0.5 and not takes_looks(config.rule):
        return leads
    if basis.rule.learns:
        return with_learned_rules(basis, leads, estimate, votes)
    try:
        return cheapest_leads(basis, objective_of(config, estimate))
    except ValueError:  # no lead holds the target any more: the run's alarms say why
        return leads


def cheapest_leads(basis: Basis, objective: Objective = FEWEST_CALLS) -> Leads:
    """Weigh detection and correction against each other; see the module's docstring.

    Args:
        basis: Shape of the plan, with the rates of its questions.
        objective: What is to be as small as possible.

    Raises:
        ValueError: No lead of the rule holds the target.
    """
    if not basis.seams:
        leaf_steps = LEAF_STEPS if basis.config.leaf_steps == "auto" else basis.config.leaf_steps
        k = _smallest_lead(basis, leaf_steps)
        alone = Leads(k, k, k + 2, leaf_steps)
        several = [msgspec.structs.replace(alone, steps_per_call=count) for count in steps_per_call(basis)]
        return (
            min(several, key=lambda leads: expected_cost(basis, leads, objective)) if len(several) > 1 else several[0]
        )
    choices = []
    for leaf_steps in basis.weighed:
        most = _smallest_lead(basis, leaf_steps)
        counts = [count for count in steps_per_call(basis) if count <= leaf_steps + 1] or steps_per_call(basis)
        for unguarded in range(1, most + 1) if basis.all_caught else (most,):
            for guarded, count in itertools.product(range(1, most + 1), counts):
                if guarded > 1 and 1 < count != counts[0]:
                    continue  # where a seam notices a mistake, a long reply drawn twice is dearer than one drawn again
                suspect = max(guarded, unguarded) + 2
                leads = Leads(guarded, unguarded, suspect, leaf_steps, steps_per_call=count)
                choices.append((_missed(basis, leads), expected_cost(basis, leads, objective), leads))
    return min(choices, key=lambda choice: choice[:2])[2]


def steps_per_call(basis: Basis) -> tuple[int, ...]:
    """Return the numbers of steps a call that are weighed: the one that was asked for, or with ``auto`` ``POWERS``.

    Larger ones than the model knows are left out.
    """
    asked = basis.config.steps_per_call
    if asked != "auto":
        return (asked,)
    most = most_steps_per_call(basis.config) or POWERS[-1]
    return tuple(count for count in POWERS if count <= most)


def _smallest_lead(basis: Basis, leaf_steps: int) -> int:
    """Lead at which steps without a seam hold the target, at the pessimistic end of the worst of their kinds."""
    return basis.rule.smallest_lead(1 - basis.worst, basis.shapes[leaf_steps].unguarded_steps, basis.config.target)


def _missed(basis: Basis, leads: Leads) -> float:
    """By how much chains whose mistakes cancel out exceed the error budget; 0 if they do not."""
    return max(0.0, CANCEL * double_mistakes(basis, leads) + math.log(basis.config.target))


def with_learned_rules(basis: Basis, leads: Leads, pilot: Estimate, votes: Mapping[str, int]) -> Leads:
    """Leads whose unguarded and suspect steps are decided by rules learned from what was seen; others stay as they are.

    Each step whose mistake is final has the same share of the run's error budget, a suspect a tenth of that. Where
    looks decide, each distinct question has a share instead: it has one verdict, however often it comes.

    Args:
        basis: Shape and rates.
        leads: Of the other rules; the guarded one stands.
        pilot: What a pilot saw.
        votes: What races saw since; see ``Counts``.
    """
    seen = Counter({(winner, others): count for winner, others, count in pilot.votes})
    for name, count in votes.items():
        winner, _, others = name.partition("-")
        seen[int(winner), int(others)] += count
    verdicts = float(basis.shapes[leads.leaf_steps].unguarded_steps)
    if basis.questions:
        verdicts = min(verdicts, MORE_QUESTIONS * max(basis.questions, seen.total()))
    share = (1 - basis.config.target) / verdicts
    learned = basis.rule.learned_rules((share, share / 10), seen, most_ballots(basis.config.max_ballots, 1))
    found = {number: with_sharpness(rule, pilot.looks) for number, rule in learned.items()}
    kept = (Sequential, Looks)  # what journals can keep
    rules = {number: rule for number, rule in found.items() if isinstance(rule, kept)}
    if not rules:
        return leads
    unguarded, suspect = min(rules), max(rules)
    guarded = min(leads.guarded, unguarded) if leads.guarded < leads.unguarded else unguarded
    sequential = tuple(rules.items())
    return Leads(guarded, unguarded, suspect, leads.leaf_steps, sequential, steps_per_call=leads.steps_per_call)


def with_raised_lead(config: RunConfig, leads: Leads, seen: Counts) -> Leads:
    """Replace the lead of independent rows by what their disagreements teach: see ``voting/agreed_errors.py``.

    That rows are alike, as the closed forms of a lead take it, is not assumed then.

    Args:
        config: The run's configuration, with ``--k auto``; its target is that of one row.
        leads: As chosen otherwise.
        seen: In the whole run.
    """
    disputed = first_ballots_from(seen.first_ballots)
    uncounted = sum(n for p, n in patterns_from(seen.contested).items() if p.dissent) > 2 * disputed.total()
    if config.rule != "first-to-ahead-by" or uncounted:
        return leads  # other rules, and fields voted on one by one, do not say how whole answers disagree
    rule = learned_lead(disputed, sum(seen.races.values()), 1 - config.target, unfinished(seen))
    if rule is None:
        return leads
    return msgspec.structs.replace(
        leads, unguarded=rule.k, disputed=rule.raised, suspect=max(leads.suspect, rule.raised)
    )


def next_checkpoint(steps: int) -> int:
    """Number of steps after which leads are chosen next: an eighth more, so that long runs choose some dozen times."""
    return steps + max(STRETCH, steps // 8)


def seen_in(counts: Counts) -> tuple[int, float]:
    """Count what a run saw of its error rate: observations, and errors among them.

    Ballots of races with a lead of 2 or more, of which those for others than the winner dissent; and steps before a
    seam that were asked once: right where the chain returned its promise, wrong where a second run refuted them.
    """
    held = {int(lead): count for lead, count in counts.races.items() if int(lead) > 1}
    trials = counts.guarded_steps + sum(lead * count for lead, count in held.items())
    errors = counts.refuted_steps
    for pattern, count in patterns_from(counts.contested).items():
        if pattern.k in held:
            trials, errors = trials + count * (pattern.valid - pattern.k), errors + count * pattern.dissent
    open_ones = unfinished(counts)  # two ballots of each are known at least, of which one is wrong at least
    return trials + 2 * open_ones, float(errors + open_ones)


def unfinished(counts: Counts) -> int:
    """Count the disputed races that have not ended, or were cut short and begun again."""
    return max(0, counts.disputes - counts.disagreements)


def explain_leads(
    leads: Leads, estimate: Estimate | None, expected: Forecast | None, size: int, unit: str = "step"
) -> str:
    """Say in one line what was chosen and why; ``unit`` is ``row`` for a table, which has no seams and no leaves."""
    chosen = f"lead {leads.unguarded} for each step"
    if leads.guarded != leads.unguarded:  # a plan whose parts are checked where they meet: a mistake is noticed there
        chosen = f"lead {leads.guarded} where a seam checks the result, {leads.unguarded} elsewhere; parts of "
        chosen += f"{leads.leaf_steps} steps"
    if leads.steps_per_call > 1:
        chosen += f", {leads.steps_per_call} steps a call"
    if unit == "row":
        chosen = f"lead {leads.unguarded} for each row"
    if estimate is None or expected is None:
        return f"{chosen}: as asked for"
    seen = "measured answers were wrong" if estimate.measured else "pilot answers were outvoted"
    each = f"expecting {expected.calls / size:.3f} calls a {unit}"
    if expected.calls_high:
        each += f" ({expected.calls_low / size:.3f} to {expected.calls_high / size:.3f})"
    if any(isinstance(rule, Looks) for _, rule in leads.sequential):
        each = (
            f"expecting {expected.looks / size:.3f} looks a {unit} at {expected.questions:,.0f} distinct questions, "
            f"{expected.fresh_looks:,.0f} of them asked of the model with {expected.calls:,.0f} calls"
        )
    return (
        f"{chosen}: {estimate.dissenting} of {estimate.ballots:,} {seen}, so {estimate.p_error:.2%} err "
        f"(at most {estimate.p_error_high:.2%}); {each}"
    )
