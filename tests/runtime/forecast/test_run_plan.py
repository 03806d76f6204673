"""What ``surefoot plan`` says, as arithmetic: pilots are added, prices scaled, and bounds said to be bounds."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Sample, judge_pilot, pilot_steps
from surefoot.runtime.forecast.forecast import Forecast, price_of
from surefoot.runtime.forecast.run_plan import Sampled, _pilot, _together, length_is_bound, plan
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.records import Counts, Usage
from surefoot.voting.ballot import Ballot

DISKS, SIZE = 8, 255


def sampled(steps: int = 60, dissent: int = 1, **counted: Any) -> Sampled:
    """Steps asked three times each; in some of them one answer dissents."""
    samples = [
        Sample(n, "move", tuple(Ballot(d, "b" if n < dissent and not d else "a") for d in range(PILOT_DRAWS)))
        for n in range(steps)
    ]
    calls = steps * PILOT_DRAWS
    usage = {"calls": calls, "tokens_in": 50 * steps, "tokens_out": 4 * calls, "cost_usd": 0.001 * calls}
    counts = Counts(**{**usage, "by_kind": {"move": Usage(calls=calls, tokens_in=50 * steps)}, **counted})
    return Sampled(samples, counts, Speed(0.5, None), 1.0)


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "simulated", **options})


def test_a_run_that_chooses_its_leads_pays_for_its_pilot() -> None:
    task, sample = Hanoi(disks=DISKS), sampled()
    with_pilot, without = plan(config(), task, sample), plan(config(k=3), task, sample)
    asked = pilot_steps(SIZE) * PILOT_DRAWS
    assert (with_pilot.pilot_calls, without.pilot_calls) == (asked, 0)
    assert with_pilot.calls == pytest.approx(with_pilot.calls_per_step * SIZE + asked)
    assert with_pilot.calls_per_step_with_pilot * SIZE == pytest.approx(with_pilot.calls)
    assert without.calls == pytest.approx(without.calls_per_step * SIZE)


def test_the_pilots_tokens_are_those_of_its_share_of_the_sample() -> None:
    """The sample is half as large again as the pilot: the pilot took two thirds of what the sample did."""
    sample, run = sampled(steps=60), Forecast(1000, 0.99, 500, tokens_in=7000, tokens_out=800)
    task, known = Hanoi(disks=DISKS), judge_pilot(sample.samples, sample.counts)
    whole = _together(run, _pilot(config(), task, 40, sample, known))
    assert whole.calls == 1000 + 40 * PILOT_DRAWS
    assert whole.requests == 540
    assert whole.tokens_in == pytest.approx(7000 + 2 / 3 * sample.counts.tokens_in)
    assert whole.tokens_out == pytest.approx(800 + 2 / 3 * sample.counts.tokens_out)
    assert whole.p_success == run.p_success
    assert _together(run, _pilot(config(), task, 0, sample, known)) == run


def test_a_measurement_makes_a_pilot_needless() -> None:
    sample = sampled()
    found = plan(config(), Hanoi(disks=DISKS), sample, measured=judge_pilot(sample.samples, sample.counts))
    assert found.pilot_calls == 0
    assert found.calls == pytest.approx(found.calls_per_step * SIZE)


def test_a_plan_says_the_steps_and_leads_of_the_run() -> None:
    found = plan(config(k=3, leaf_steps=15), Hanoi(disks=DISKS), sampled())
    assert found.steps == SIZE
    assert (found.leads.guarded, found.leads.unguarded, found.leads.leaf_steps) == (3, 3, 15)
    assert not found.length_is_bound
    assert 0.9 < found.p_success <= 1
    assert [wall.segments for wall in found.walls] == sorted(wall.segments for wall in found.walls)
    assert [wall.wall_s for wall in found.walls] == sorted((wall.wall_s for wall in found.walls), reverse=True)
    assert found.longest_chain * 0.5 <= found.walls[-1].wall_s * 1.01


def test_an_unknown_price_stays_unknown() -> None:
    task = Hanoi(disks=DISKS)
    assert plan(config(k=3), task, sampled(unpriced_calls=1)).cost_usd is None
    known = plan(config(k=3), task, sampled())
    assert known.cost_usd == pytest.approx(known.calls * 0.001)


PRICES = (1e-6, 4e-6)


def test_prices_of_tokens_weigh_prompts_and_replies_apart() -> None:
    """The sample cost what its tokens are listed at; a run with the same prompts and twice the replies costs so."""
    counts = Counts(calls=10, tokens_in=1000, tokens_out=100, cost_usd=1000 * PRICES[0] + 100 * PRICES[1])
    run = Forecast(20, 1.0, 10, tokens_in=1000, tokens_out=200)
    assert price_of(run, counts, PRICES) == pytest.approx(1000 * PRICES[0] + 200 * PRICES[1])
    half = Counts(calls=10, tokens_in=1000, tokens_out=100, cost_usd=counts.cost_usd / 2)
    assert price_of(run, half, PRICES) == pytest.approx((1000 * PRICES[0] + 200 * PRICES[1]) / 2), "half price, cached"
    assert price_of(run, counts, None) == pytest.approx(2 * counts.cost_usd)
    assert price_of(run, counts, (0.0, 0.0)) == pytest.approx(2 * counts.cost_usd)
    assert price_of(run, Counts(), PRICES) is None
    assert price_of(run, Counts(calls=10, unpriced_calls=1), PRICES) is None


class Bare(Task, frozen=True, kw_only=True):
    """Says nothing of its length."""


class Says(Task, frozen=True, kw_only=True):
    """Says how many steps are usual."""

    def usual_steps(self, goal: Any, inputs: Any) -> int:
        """Return always three."""
        return 3


def test_only_a_task_of_the_users_own_that_says_nothing_has_a_bound_for_its_length() -> None:
    assert length_is_bound(config(task="mine:Bare"), Bare())
    assert not length_is_bound(config(task="mine:Says"), Says())
    assert not length_is_bound(config(), Hanoi(disks=3))


def both_levels(plan_dissent: int) -> Sampled:
    """A sample with a pilot of decompositions, in so many of which a ballot dissents, and single steps, in none."""
    usual = sampled(steps=40, dissent=0)
    steps = [msgspec.structs.replace(s, kind="carry") if s.number % 2 else s for s in usual.samples]
    splits = [
        Sample(1000 + n, "split", tuple(Ballot(d, "b" if n < plan_dissent and not d else "a") for d in range(3)))
        for n in range(40)
    ]
    by_kind = {kind: Usage(calls=80, tokens_in=1300) for kind in ("move", "carry", "split")}
    counts = Counts(calls=240, tokens_in=4000, tokens_out=960, cost_usd=0.24, by_kind=by_kind)
    numbers = tuple(one.number for one in (*steps, *splits))
    return msgspec.structs.replace(usual, samples=[*steps, *splits], counts=counts, both=numbers)


def test_a_plan_knows_the_pilot_and_the_leads_of_votes_that_are_shared_out_anew() -> None:
    options = {"k": 4, "leaf_steps": 3, "seams": False}
    task, sample = Hanoi(disks=DISKS), both_levels(plan_dissent=36)
    shared, usual = (plan(config(rebalance_votes=on, **options), task, sample) for on in (True, False))
    assert shared.leads.plan > 4 > shared.leads.unguarded
    assert (shared.pilot_calls, usual.pilot_calls) == (240, 0)
    assert shared.calls - 240 <= 1.02 * usual.calls
    assert shared.p_success > usual.p_success
    assert shared.why.startswith("votes shared out anew")
    assert usual.leads.plan == 0


def test_audits_are_in_the_calls_of_a_plan() -> None:
    task, sample = Hanoi(disks=DISKS), both_levels(plan_dissent=0)
    shared, usual = (plan(config(k=1, leaf_steps=3, rebalance_votes=on), task, sample) for on in (True, False))
    assert shared.leads.split == 1
    assert shared.calls - 240 == pytest.approx(usual.calls * 9 / 8, rel=0.01)
