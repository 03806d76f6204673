"""What a run is expected to need, question by question: arithmetic on an outline, an estimate and leads.

Every ballot is taken to err independently at its kind's rate, against one alternative. A chain before a seam is run
until it returns its promise: a run of ``n`` steps, each of which ends wrong with probability ``e``, fails with
probability ``1 - (1 - e)^n``. The next run is held against it step by step. Where they first differ, one of the two is
wrong: that step is raced again with the lead of a suspect, and the refuted answer is asked for once more. What lies
before that step is put right on the way, so only a mistake behind it makes the next run fail as well.

A decomposition that states something wrong is refuted by the nodes right below it: they ask theirs in vain, and about
half of what hangs below it was done for nothing.
"""

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator

import msgspec

from surefoot.decompose.methods.table import method_of
from surefoot.decompose.outline import Chains, Outline
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import Estimate, Rates, rates_of
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts
from surefoot.voting.lead import expected_ballots, expected_cost_usd, expected_requests, p_full, p_step
from surefoot.voting.red_flags import RedFlag, parse_switch

CHECKS = frozenset({RedFlag.ILLEGAL, RedFlag.INCONSISTENT})
"""Red flags that hold a step against the rules of its task."""


class Forecast(msgspec.Struct, frozen=True):
    """What a run is expected to need, without its pilot.

    Attributes:
        calls: Answers drawn, spoiled ones included.
        p_success: Probability that no mistake goes through: eq. 13 over the steps whose mistakes are final.
        requests: Times that a prompt is put to the model; the draws of one round share it.
        tokens_in: Prompt tokens: each request pays its prompt once.
        tokens_out: Reply tokens.
    """

    calls: float
    p_success: float
    requests: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0


class Retries(msgspec.Struct, frozen=True):
    """What a chain needs beyond its first run, on average.

    Attributes:
        runs: Further runs.
        suspects: Steps raced again.
    """

    runs: float
    suspects: float


class Longest(msgspec.Struct, frozen=True):
    """Requests that wait for each other.

    Attributes:
        splits: From the root down.
        chain: Then those of the chain that is run most often.
    """

    splits: float
    chain: float

    @property
    def requests(self) -> float:
        """Both."""
        return self.splits + self.chain


def has_seams(config: RunConfig, task: Task) -> bool:
    """Whether promises will guard steps: those that a decomposition makes. The root's own is only the goal test."""
    root = task.root()
    asks = isinstance(task.decomposition_step(root.goal, root.inputs), Step)
    return config.seams and asks and method_of(config.strategy, 0).splits(task, root) and root.promise is not None


def all_caught(config: RunConfig, task: Task) -> bool:
    """Whether a plan that kept its promises has no wrong step: all are checked, and no other way leads there.

    Then a mistake costs calls, wherever it is made, and never the run's result; see ``Task.one_way``.
    """
    return has_seams(config, task) and leaves_one_way(config, task)


def leaves_one_way(config: RunConfig, task: Task) -> bool:
    """Whether the checks that are on leave only one way from a start to a promise."""
    return task.one_way and parse_switch(config.red_flags) >= CHECKS


def outline_of(config: RunConfig, task: Task, leaf_steps: int) -> Outline:
    """Return what the plan is made of under the run's method; a chain is one leaf, however long."""
    return method_of(config.strategy, leaf_steps).outline(task)


def forecast(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> Forecast:
    """What a run with these leads is expected to need."""
    seams, outline = has_seams(config, task), outline_of(config, task, leads.leaf_steps)
    calls: dict[str, float] = defaultdict(float)
    requests: dict[str, float] = defaultdict(float)
    for asked in _asked(config, outline, leads, estimate, seams):
        rates = rates_of(estimate, asked.kind)
        calls[asked.kind] += asked.calls(rates)
        requests[asked.kind] += asked.requests(rates)
    return Forecast(
        sum(calls.values()),
        1.0 if all_caught(config, task) else _p_success(outline, leads, estimate, seams),
        sum(requests.values()),
        sum(count * rates_of(estimate, kind).prompt_tokens for kind, count in requests.items()),
        sum(count * rates_of(estimate, kind).reply_tokens for kind, count in calls.items()),
    )


def calls_of(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> float:
    """The calls of a forecast alone: what leads are compared by."""
    seams, outline = has_seams(config, task), outline_of(config, task, leads.leaf_steps)
    every = _asked(config, outline, leads, estimate, seams)
    return sum(asked.calls(rates_of(estimate, asked.kind)) for asked in every)


def mixed(parts: Iterable[tuple[float, Forecast]]) -> Forecast:
    """The forecast of a run that changes its leads: (share of the steps, forecast of a whole run with these leads)."""
    calls = requests = tokens_in = tokens_out = 0.0
    p_success = 1.0
    for share, one in parts:
        calls, requests = calls + share * one.calls, requests + share * one.requests
        tokens_in, tokens_out = tokens_in + share * one.tokens_in, tokens_out + share * one.tokens_out
        p_success *= one.p_success**share
    return Forecast(calls, p_success, requests, tokens_in, tokens_out)


@functools.lru_cache(maxsize=4096)
def retries_of(p_wrong: float, length: int) -> Retries:
    """How often a chain is run again until its seam holds; see the module's docstring.

    Args:
        p_wrong: Probability that a step's race is won by a wrong answer, below 1.
        length: Steps of the chain.
    """
    if p_wrong <= 0:
        return Retries(0.0, 0.0)
    right = 1 - p_wrong
    # By the place of the first mistake, from the last step back: what is needed after a mistake in front of it.
    runs = suspects = 0.0
    for place in range(length - 1, -1, -1):
        at_place = 1 + runs, 1 + place * p_wrong + suspects
        runs = p_wrong * at_place[0] + right * runs
        suspects = p_wrong * at_place[1] + right * suspects
    return Retries(runs, suspects)


def longest_of(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> Longest:
    """Requests that wait for each other, however many are asked at a time."""
    outline = outline_of(config, task, leads.leaf_steps)
    split = rates_of(estimate, outline.split_kind)
    return Longest(
        outline.levels * expected_requests(split.p, leads.unguarded, split.valid),
        max(_longest_chain(config, task, leads, estimate, chains) for chains in outline.chains),
    )


def _longest_chain(config: RunConfig, task: Task, leads: Leads, estimate: Estimate, chains: Chains) -> float:
    rates, seams = rates_of(estimate, chains.kind), has_seams(config, task)
    lead = leads.guarded if seams else leads.unguarded
    once = chains.length * expected_requests(rates.p, lead, rates.valid)
    if not seams:
        return once
    asked_again = expected_requests(rates.p, leads.suspect, rates.valid) + config.ladder
    wrong = 1 - p_step(rates.p, lead)
    return once + most_retries(wrong, chains.length, chains.count, config.seam_retries) * (once + asked_again)


def most_retries(p_wrong: float, length: int, chains: int, most: int) -> float:
    """Mean number of further runs of the chain, among many, that needs most of them.

    Args:
        p_wrong: Probability that a step's race is won by a wrong answer, below 1.
        length: Steps of each chain.
        chains: How many there are.
        most: Further runs that a chain is given.
    """
    right, found = 1 - p_wrong, 0.0
    first = [p_wrong * right**place for place in range(length)]  # where the first mistake of the last run is
    for _ in range(most):
        found += 1 - (1 - min(1.0, sum(first))) ** chains
        after, behind = [], 0.0
        for chance in first:
            after.append(behind * p_wrong)
            behind = behind * right + chance
        first = after
    return found


class _Asked(msgspec.Struct, frozen=True):
    """Questions of one kind that are asked alike: races of a lead, or ``lead`` draws in one request without a race."""

    kind: str
    count: float
    lead: int
    race: bool = True

    def calls(self, rates: Rates) -> float:
        """Answers drawn."""
        return self.count * (expected_ballots(rates.p, self.lead, rates.valid) if self.race else self.lead)

    def requests(self, rates: Rates) -> float:
        """Prompts put to the model."""
        return self.count * (expected_requests(rates.p, self.lead, rates.valid) if self.race else 1)


def _asked(config: RunConfig, outline: Outline, leads: Leads, estimate: Estimate, seams: bool) -> Iterator[_Asked]:
    """Everything that is asked, by kind of question and how."""
    again = 1.0
    if outline.splits:
        refuted = 1 - p_step(rates_of(estimate, outline.split_kind).p, leads.unguarded) if seams else 0.0
        again += refuted * outline.levels / 2
        yield _Asked(outline.split_kind, outline.splits * again, leads.unguarded)
        in_vain = 1 + config.re_decompositions  # the refuted one, and those of a node below it
        yield _Asked(outline.split_kind, outline.splits * refuted * in_vain, leads.suspect)
    for chains in outline.chains:
        steps = chains.count * chains.length * again
        if not seams:
            yield _Asked(chains.kind, steps, leads.unguarded)
            continue
        more = retries_of(1 - p_step(rates_of(estimate, chains.kind).p, leads.guarded), chains.length)
        yield _Asked(chains.kind, steps * (1 + more.runs), leads.guarded)
        yield _Asked(chains.kind, chains.count * more.suspects, leads.suspect)
        if config.ladder:
            yield _Asked(chains.kind, chains.count * more.runs, leads.suspect, race=False)


def _p_success(outline: Outline, leads: Leads, estimate: Estimate, seams: bool) -> float:
    """That every step whose mistake is final is won by the right answer."""
    final = [(outline.split_kind, outline.splits)]
    if not seams:
        final += [(chains.kind, chains.count * chains.length) for chains in outline.chains]
    found = 1.0
    for kind, steps in final:
        if steps:
            found *= p_full(rates_of(estimate, kind).p, leads.unguarded, steps)
    return found


def double_mistakes(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> float:
    """Mean number of chains with two wrong steps or more: the only ones whose seam may hold although they are wrong.

    ``p_success`` takes it that none does. Where a task has one way and its steps are checked none can: 0.
    """
    if not has_seams(config, task) or leaves_one_way(config, task):
        return 0.0
    found = 0.0
    for chains in outline_of(config, task, leads.leaf_steps).chains:
        right = p_step(rates_of(estimate, chains.kind).p, leads.guarded)
        none = right**chains.length
        found += chains.count * max(0.0, 1 - none - chains.length * (1 - right) * right ** (chains.length - 1))
    return found


def price_of(expected: Forecast, sampled: Counts, prices: tuple[float, float] | None) -> float | None:
    """What a run is expected to cost in USD, from what a sample cost; ``None`` if that is not known.

    A sample asks several times with one prompt, a run may ask once: prompt and reply tokens are weighed apart.

    Args:
        expected: What the run needs.
        sampled: What the sample took.
        prices: Of a prompt token and a generated one; without them a call costs what a call of the sample did.
    """
    if sampled.unpriced_calls or not sampled.calls:
        return None
    if prices is None or not any(prices):
        return expected.calls * sampled.cost_usd / sampled.calls
    per_token = (sampled.calls, sampled.tokens_in / sampled.calls, sampled.tokens_out / sampled.calls, *prices)
    listed = expected_cost_usd(*per_token)
    return (expected.tokens_in * prices[0] + expected.tokens_out * prices[1]) * sampled.cost_usd / listed
