"""Arithmetic of forecasts, against the same thing played out by chance."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from scipy.stats import binom

from surefoot.decompose.outline import Chains, Outline, halved
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.chains import most_retries, retries_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.forecast import Forecast, double_mistakes, forecast, mixed, price_of
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.learning_run import forecast_run
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts

Configured = Callable[..., RunConfig]


def known(p_error: float, valid: float = 1.0, trials: int = 10**7) -> Estimate:
    kind = KindEstimate("move", trials, int(p_error * trials), int(trials / valid), 10, 6)
    return Estimate(trials, int(p_error * trials), int(trials / valid) - trials, p_error, p_error * 1.2, kinds=(kind,))


def whole_run(config: RunConfig, task: Task, leads: Leads, estimate: Estimate) -> Forecast:
    return forecast(basis_of(config, task, rate_table(estimate), leads.leaf_steps), leads)


@pytest.mark.parametrize(("steps", "leaf_steps"), [(63, 3), (1023, 31), (2**20 - 1, 15), (7, 7), (7, 100), (1023, 1)])
def test_an_outline_adds_up(steps: int, leaf_steps: int) -> None:
    outline = halved(steps, leaf_steps, "move", "carry", "split")
    assert outline.steps == steps
    assert outline.chains[0].length <= leaf_steps
    assert outline.splits == outline.chains[0].count - 1
    assert outline.longest <= steps
    assert halved(steps, steps) == Outline((Chains("", 1, steps),))


def played(p_wrong: float, length: int, rng: random.Random) -> tuple[int, int]:
    """Further runs and suspects of one chain: each run is held against the one before up to where they differ."""
    runs = suspects = 0
    before = next((i for i in range(length) if rng.random() < p_wrong), None)
    while before is not None:
        runs += 1
        # Up to the mistake of the run before, each of this run's own is raced again and put right; and so is that one.
        suspects += 1 + sum(rng.random() < p_wrong for _ in range(before))
        before = next((i for i in range(before + 1, length) if rng.random() < p_wrong), None)
    return runs, suspects


@pytest.mark.parametrize(("p_wrong", "length"), [(0.01, 31), (0.05, 15), (0.1, 7), (0.3, 1)])
def test_retries_are_those_of_chance(p_wrong: float, length: int) -> None:
    """20,000 chains at fixed seeds; the margin is above 5 standard errors."""
    rng = random.Random(7)
    found = [played(p_wrong, length, rng) for _ in range(20_000)]
    more = retries_of(p_wrong, length)
    assert more.runs == pytest.approx(sum(runs for runs, _ in found) / 20_000, abs=0.025)
    assert more.suspects == pytest.approx(sum(suspects for _, suspects in found) / 20_000, abs=0.035)
    assert retries_of(0.0, length).runs == 0


def test_the_chain_that_is_run_most_often() -> None:
    """The most of 16 chains, 1,000 times over, at a fixed seed; the margin is above 5 standard errors."""
    rng = random.Random(11)
    most = [max(min(4, played(0.004, 63, rng)[0]) for _ in range(16)) for _ in range(1000)]
    assert most_retries(0.004, 63, 16, 4) == pytest.approx(sum(most) / 1000, abs=0.08)
    assert most_retries(0.0, 63, 16, 4) == 0


def test_suspects_and_repeats_are_paid_for(configured: Configured) -> None:
    """Placebo: chains run again until they pass, with nothing but their own steps, are 10 % too cheap."""
    task, config = Hanoi(disks=14), configured("hanoi", {"disks": 14}, k="auto")
    leads, p_error = Leads(1, 4, 6, 7), 0.03
    whole = whole_run(config, task, leads, known(p_error))
    outline = task.outline(7)
    bare = (
        outline.chains[0].count * 7 / (1 - p_error) ** 7
        + outline.chains[1].count / (1 - p_error)
        + outline.splits * 4.5
    )
    assert whole.calls > 1.1 * bare


def test_flags_cost_calls_and_leave_the_lead_alone(configured: Configured) -> None:
    """Equation 19: a valid rate of v multiplies the calls by 1/v."""
    task = Hanoi(disks=10)
    for values in ({"ladder": False}, {"strategy": "chain"}):
        config: Any = configured("hanoi", {"disks": 10}, k="auto", **values)
        leads = choose_leads(config, task, known(0.01))
        whole, half = (whole_run(config, task, leads, known(0.01, v)) for v in (1.0, 0.5))
        assert half.calls == pytest.approx(2 * whole.calls, rel=1e-3)
        assert half.p_success == whole.p_success
        assert half.tokens_out == pytest.approx(6 * half.calls, rel=1e-3)


def test_tokens_follow_the_kinds_of_question(configured: Configured) -> None:
    """Short leaves mean many splits, whose replies are long. Placebo: the mean of the sample."""
    task, config = Hanoi(disks=10), configured("hanoi", {"disks": 10}, k=1)
    kinds = (KindEstimate("carry", 10**6, 0, 10**6, 10, 5), KindEstimate("move", 10**6, 0, 10**6, 10, 5),
             KindEstimate("split", 10**6, 0, 10**6, 12, 20))  # fmt: skip
    found = whole_run(config, task, Leads(1, 1, 3, 3), Estimate(3 * 10**6, 0, 0, 1e-9, 1e-6, kinds=kinds))
    assert found.tokens_out == pytest.approx(5 * 1023 + 20 * 255, rel=1e-3)
    assert found.tokens_in == pytest.approx(10 * 1023 + 12 * 255, rel=1e-3)


def test_a_forecast_knows_that_a_run_learns(configured: Configured) -> None:
    """A small pilot asks for more than is needed; the run will notice."""
    task, config = Hanoi(disks=12), configured("hanoi", {"disks": 12}, k="auto", strategy="chain")
    pilot = Estimate(60, 0, 0, 0.008, 0.066, trials=60)
    leads = choose_leads(config, task, pilot)
    stays = whole_run(config, task, leads, known(0.001))
    learns = forecast_run(config, task, leads, pilot, known(0.001))
    assert learns.calls < 0.75 * stays.calls
    off = configured("hanoi", {"disks": 12}, k="auto", strategy="chain", learn=False)
    assert forecast_run(off, task, leads, pilot, known(0.001)) == mixed([(1.0, stays)])


def test_chains_with_two_mistakes_are_foretold_where_no_check_leaves_none(configured: Configured) -> None:
    task, leads = Hanoi(disks=10), Leads(1, 3, 5, 15)
    unchecked = configured("hanoi", {"disks": 10}, k="auto", red_flags="none")
    found = double_mistakes(basis_of(unchecked, task, rate_table(known(0.02)), 15), leads)
    assert found == pytest.approx(64 * binom.sf(1, 15, 0.02), rel=0.01)
    for checked in ({}, {"red_flags": "none", "strategy": "chain"}):
        config = configured("hanoi", {"disks": 10}, k="auto", **checked)
        assert double_mistakes(basis_of(config, task, rate_table(known(0.02)), 15), leads) == 0


def test_prompts_that_are_paid_once_are_not_paid_twice() -> None:
    """A sample of three draws a prompt, a run of one: the price of a call is not the sample's."""
    sampled = Counts(calls=300, tokens_in=1000, tokens_out=300, cost_usd=1000 * 2e-6 + 300 * 1e-6)
    run = Forecast(1000, 1.0, 1000, 10_000, 1000)
    assert price_of(run, sampled, (2e-6, 1e-6)) == pytest.approx(10_000 * 2e-6 + 1000 * 1e-6)
    assert price_of(run, sampled, None) == pytest.approx(1000 * sampled.cost_usd / 300)
    assert price_of(run, Counts(calls=3, unpriced_calls=1), (1e-6, 1e-6)) is None
