"""What a run is expected to need, question by question: arithmetic on a plan's shape, rates and leads.

Assumption: every ballot errs independently at its kind's rate, against one alternative. Chains before a seam are run
until they return their promise (``chains.py``). A decomposition that states something wrong is refuted by the nodes
right below it: they ask theirs in vain, and about half of what hangs below it was done for nothing.

Source of the formulas behind the rules: MAKER, arXiv 2511.09030, section 3.
"""

from collections.abc import Iterable, Iterator

import msgspec

from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import Basis, ChainGroup
from surefoot.runtime.forecast.chains import most_retries, retries_of
from surefoot.runtime.forecast.objective import Objective
from surefoot.runtime.forecast.rate_table import Rates
from surefoot.runtime.forecast.shared_calls import SharedRun, along_reply, shared_run
from surefoot.runtime.leads import AUDITED, Leads
from surefoot.runtime.records import Counts
from surefoot.voting.lead import expected_cost_usd
from surefoot.voting.rule import Rule


class Forecast(msgspec.Struct, frozen=True):
    """What a run is expected to need, without its pilot.

    Attributes:
        calls: Answers drawn, spoiled ones included.
        p_success: Probability that no mistake goes through: eq. 13 over the steps whose mistakes are final.
        requests: Times that a prompt is put to the model; the draws of one round share it.
        tokens_in: Prompt tokens: each request pays its prompt once.
        tokens_out: Reply tokens.
        looks: Looks that steps are decided by, kept ones included; 0 where answers are drawn.
        fresh_looks: Those of them that are asked of the model.
        questions: Distinct questions, each in several wordings; 0 where that was not counted.
        calls_low: Lower end of a 95 % interval for the calls; 0 where none is given (``calls_interval.py``).
        calls_high: Its upper end.
    """

    calls: float
    p_success: float
    requests: float = 0.0
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    looks: float = 0.0
    fresh_looks: float = 0.0
    questions: float = 0.0
    calls_low: float = 0.0
    calls_high: float = 0.0


class Longest(msgspec.Struct, frozen=True):
    """Length of the critical path, in requests to the model.

    Attributes:
        splits: From the root down.
        chain: Then those of the chain that is run most often.
    """

    splits: float
    chain: float

    @property
    def requests(self) -> float:
        """Sequential requests on the critical path."""
        return self.splits + self.chain


def forecast(basis: Basis, leads: Leads) -> Forecast:
    """Compute what a run with these leads is expected to need."""
    everything = list(_asked(basis, leads))
    return Forecast(
        sum(asked.calls() for asked in everything),
        1.0 if basis.all_caught else _p_success(basis, leads),
        sum(asked.requests() for asked in everything),
        sum(asked.requests() * asked.tokens()[0] for asked in everything),
        sum(asked.stated() * asked.tokens()[1] for asked in everything),
    )


def expected_calls(basis: Basis, leads: Leads) -> float:
    """Compute the calls of a forecast alone: what leads are compared by."""
    return sum(asked.calls() for asked in _asked(basis, leads))


def expected_cost(basis: Basis, leads: Leads, objective: Objective) -> float:
    """Compute what a run with these leads is expected to need of what is to be small: calls, USD or seconds."""
    if objective.name == "calls":
        return expected_calls(basis, leads)
    expected = forecast(basis, leads)
    if objective.name == "money":
        return expected.tokens_in * objective.token_in + expected.tokens_out * objective.token_out
    work = expected.requests * objective.call_s + expected.tokens_out * objective.token_out
    return _path_s(basis, leads, objective) + work / objective.width


def _path_s(basis: Basis, leads: Leads, objective: Objective) -> float:
    """Seconds of the calls that wait for each other, however many are made at the same time."""
    longest, shape = longest_of(basis, leads), basis.shapes[leads.leaf_steps]
    chains = max(shape.chains, key=lambda one: one.length)
    rule = basis.rule.with_lead(leads.guarded if basis.seams else leads.unguarded)
    shared = shared_run_of(chains.rates, rule, leads, chains.length)
    steps = shared.stated / shared.calls if shared is not None else 1.0
    split_s = objective.call_s + shape.split_rates.reply_tokens * objective.token_out
    each = chains.rates.several_tokens[1] if shared is not None else chains.rates.reply_tokens
    chain_s = objective.call_s + steps * each * objective.token_out
    return longest.splits * split_s + longest.chain * chain_s


def mixed(parts: Iterable[tuple[float, Forecast]]) -> Forecast:
    """Average forecasts of whole runs with different leads, each weighted by the share of the steps that has them."""
    calls = requests = tokens_in = tokens_out = 0.0
    p_success = 1.0
    for share, one in parts:
        calls, requests = calls + share * one.calls, requests + share * one.requests
        tokens_in, tokens_out = tokens_in + share * one.tokens_in, tokens_out + share * one.tokens_out
        p_success *= one.p_success**share
    return Forecast(calls, p_success, requests, tokens_in, tokens_out)


def longest_of(basis: Basis, leads: Leads) -> Longest:
    """Compute how many requests wait for each other, however many are asked at a time."""
    shape = basis.shapes[leads.leaf_steps]
    split = shape.split_rates
    return Longest(
        shape.levels * basis.rule.with_lead(leads.split).expected_requests(split.p, split.valid),
        max(_longest_chain(basis, leads, chains) for chains in shape.chains),
    )


def _longest_chain(basis: Basis, leads: Leads, chains: ChainGroup) -> float:
    """Requests of the chain, among those of a group, that is run most often."""
    rates, config = chains.rates, basis.config
    rule = basis.rule.with_lead(leads.guarded if basis.seams else leads.unguarded)
    shared = shared_run_of(rates, rule, leads, chains.length)
    once = shared.requests if shared else chains.length * rule.expected_requests(rates.p, rates.valid)
    if not basis.seams:
        return once
    suspect = basis.rule.with_lead(leads.suspect)
    asked_again = suspect.expected_requests(rates.p, rates.valid) + config.ladder
    if shared and leads.guarded == 1:
        asked_again = 1.0 + config.ladder
    wrong = shared.wrong / chains.length if shared else 1 - rule.p_step(rates.p)
    return once + most_retries(wrong, chains.length, chains.count, config.seam_retries) * (once + asked_again)


class _Asked(msgspec.Struct, frozen=True):
    """Questions of one kind that are asked alike: races, or draws in one request without a race.

    Attributes:
        draws: Draws of each question where no race is held; 0 for a race.
        shared: Where calls are shared: what one run of a chain takes; ``count`` is the number of runs then.
        several: Steps that each of the draws is asked for on average; 0 for one step, asked alone.
    """

    kind: str
    rates: Rates
    count: float
    rule: Rule
    draws: int = 0
    shared: SharedRun | None = None
    several: float = 0.0

    def calls(self) -> float:
        """Number of answers drawn for these questions."""
        if self.shared is not None:
            return self.count * self.shared.calls
        p, valid = self.rates.p, self.rates.valid
        return self.count * (self.draws or self.rule.expected_ballots(p, valid))

    def requests(self) -> float:
        """Number of prompts put to the model for these questions."""
        if self.shared is not None:
            return self.count * self.shared.requests
        return self.count * (1 if self.draws else self.rule.expected_requests(self.rates.p, self.rates.valid))

    def stated(self) -> float:
        """Number of steps that the answers state, one each where no calls are shared."""
        return self.count * self.shared.stated if self.shared is not None else self.calls() * (self.several or 1.0)

    def tokens(self) -> tuple[float, float]:
        """Mean tokens of a prompt, and of an answer for each step that it states."""
        together = self.shared or self.several
        return self.rates.several_tokens if together else (self.rates.prompt_tokens, self.rates.reply_tokens)


def _asked(basis: Basis, leads: Leads) -> Iterator[_Asked]:
    """Everything that is asked, by kind of question and how."""
    config, shape = basis.config, basis.shapes[leads.leaf_steps]
    numbers = (leads.guarded, leads.unguarded, leads.suspect, leads.split)
    guarded, unguarded, suspect, split = (basis.rule.with_lead(number) for number in numbers)
    again = 1.0
    if shape.splits:
        kind, rates = shape.split_kind, shape.split_rates
        refuted = 1 - split.p_step(rates.p) if basis.seams else 0.0
        again += refuted * shape.levels / 2
        yield _Asked(kind, rates, shape.splits * again, split)
        yield from _audits(config, kind, rates, shape.splits, split)
        in_vain = 1 + config.re_decompositions  # the refuted one, and those of a node below it
        yield _Asked(kind, rates, shape.splits * refuted * in_vain, suspect)
    for chains in shape.chains:
        kind, rates, rule = chains.kind, chains.rates, guarded if basis.seams else unguarded
        shared = shared_run_of(rates, rule, leads, chains.length)
        steps = chains.count * again * (1 if shared else chains.length)
        if not shared:
            yield from _audits(config, kind, rates, chains.count * chains.length, rule)
        if not basis.seams:
            yield _Asked(kind, rates, steps, unguarded, shared=shared)
            continue
        more = retries_of(shared.wrong / chains.length if shared else 1 - guarded.p_step(rates.p), chains.length)
        yield _Asked(kind, rates, steps * (1 + more.runs), guarded, shared=shared)
        third = shared is not None and leads.guarded == 1  # a third reply decides, whose rest is gone on with
        half = min(leads.steps_per_call, max(1.0, chains.length / 2))  # what is left of the chain, on average
        several = half if third else 0.0
        yield _Asked(kind, rates, chains.count * more.suspects, suspect, draws=1 if third else 0, several=several)
        if config.ladder:
            yield _Asked(kind, rates, chains.count * more.runs, suspect, draws=1 if third else suspect.agreeing)


def _audits(config: RunConfig, kind: str, rates: Rates, questions: int, rule: Rule) -> Iterator[_Asked]:
    """The second ballots of questions that would be asked once, where a run looks at what its levels get wrong."""
    if config.rebalance_votes and rule.agreeing == 1:
        yield _Asked(kind, rates, questions / AUDITED, rule, draws=1)


def shared_run_of(rates: Rates, rule: Rule, leads: Leads, length: int) -> SharedRun | None:
    """What one run of a chain takes whose calls are shared; ``None`` where each step is asked alone.

    Args:
        rates: How its questions are answered.
        rule: Of its races.
        leads: Of the run.
        length: Steps of the chain.
    """
    if min(leads.steps_per_call, length) < 2:
        return None
    alone = rule.expected_ballots(rates.p, rates.valid)
    return shared_run(along_reply(rates), length, leads.steps_per_call, rule.agreeing, alone)


def _p_success(basis: Basis, leads: Leads) -> float:
    """That every step whose mistake is final is won by the right answer."""
    shape, rule = basis.shapes[leads.leaf_steps], basis.rule.with_lead(leads.unguarded)
    found = basis.rule.with_lead(leads.split).p_run(shape.split_rates.p, shape.splits) if shape.splits else 1.0
    for chains in () if basis.seams else shape.chains:
        if chains.count * chains.length:
            found *= rule.p_run(chains.rates.p, chains.count * chains.length)
    return found


def double_mistakes(basis: Basis, leads: Leads) -> float:
    """Compute how many chains have two wrong steps or more: the only ones whose seam may hold although they are wrong.

    ``Forecast.p_success`` takes it that none does. Where a task has one way and its steps are checked none can: 0.
    """
    if not basis.seams or basis.one_way:
        return 0.0
    rule, found = basis.rule.with_lead(leads.guarded), 0.0
    for chains in basis.shapes[leads.leaf_steps].chains:
        right, length = rule.p_step(chains.rates.p), chains.length
        found += chains.count * max(0.0, 1 - right**length - length * (1 - right) * right ** (length - 1))
    return found


def price_of(expected: Forecast, sampled: Counts, prices: tuple[float, float] | None) -> float | None:
    """Compute what a run is expected to cost in USD, from what a sample cost; ``None`` if that is not known.

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
