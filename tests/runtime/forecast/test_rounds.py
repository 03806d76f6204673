"""Rounds of batches: as many as questions wait for each other, and those that the unluckiest of many chains takes."""

import random
from typing import Any

import msgspec
import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.config import RunConfig
from surefoot.runtime.forecast.estimates import PILOT_DRAWS, Sample, judge_pilot
from surefoot.runtime.forecast.rounds import more_rounds, rounds_ahead, rounds_line
from surefoot.runtime.forecast.run_plan import Sampled, in_batches, plan
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Counts, Usage
from surefoot.voting.ballot import Ballot

ONE, THREE = Leads(1, 1, 3, 7), Leads(3, 3, 5, 7)


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "openai/gpt-4.1-mini", "batch": True, **options})


def sampled(dissent: int) -> Sampled:
    """Sixty steps asked three times each; in some of them one answer dissents."""
    samples = [
        Sample(n, "move", tuple(Ballot(d, "b" if n < dissent and not d else "a") for d in range(PILOT_DRAWS)))
        for n in range(60)
    ]
    usage: dict[str, Any] = {"calls": 180, "tokens_in": 3000, "tokens_out": 720, "cost_usd": 0.18}
    counts = Counts(**usage, by_kind={"move": Usage(calls=180, tokens_in=3000, tokens_out=720)})
    return Sampled(samples, counts, Speed(0.5, None), 1.0, (1e-4, 2e-4))


@pytest.mark.parametrize(("chains", "steps", "again"), [(1, 1, 0.1), (1000, 1, 0.05), (64, 7, 0.1), (4, 100, 0.02)])
def test_the_slowest_chain_takes_what_a_simulation_says(chains: int, steps: int, again: float) -> None:
    rng, most = random.Random(0), []
    for _ in range(150):
        worst = 0
        for _ in range(chains):
            more = 0
            for _ in range(steps):
                while rng.random() < again:
                    more += 1
            worst = max(worst, more)
        most.append(worst)
    assert abs(more_rounds(chains, steps, again) - sorted(most)[75]) <= 1


def test_nothing_that_goes_on_takes_no_more_rounds() -> None:
    assert more_rounds(10**6, 10**3, 0.0) == 0
    assert more_rounds(0, 5, 0.5) == more_rounds(5, 0, 0.5) == 0
    assert more_rounds(10**9, 100, 1.0) > 100


def test_a_table_takes_a_round_and_what_its_disputed_rows_take() -> None:
    task = MapRows(question="Say {text}", total_rows=10_000)
    rows = config(task="map", task_options={"question": "Say {text}"})
    known = rounds_ahead(rows, task, None, THREE)
    assert (known.expected, known.known, known.each_race) == (1, False, 98)
    clean, noisy = (
        rounds_ahead(rows, task, judge_pilot(one.samples, one.counts), THREE) for one in (sampled(0), sampled(12))
    )
    assert 2 <= clean.expected < noisy.expected < 16
    few = msgspec.structs.replace(task, total_rows=1)
    one = sampled(0)
    assert rounds_ahead(rows, few, judge_pilot(one.samples, one.counts), THREE).expected < clean.expected + 1


def test_a_plan_takes_a_round_for_each_level_and_each_step_of_a_leaf() -> None:
    """Five disks, leaves of seven steps: two levels of decompositions above them, then seven steps."""
    found = rounds_ahead(config(), Hanoi(disks=5), None, ONE)
    assert found.expected == 2 + 7
    several = msgspec.structs.replace(ONE, steps_per_call=7)
    assert rounds_ahead(config(steps_per_call=7), Hanoi(disks=5), None, several).expected < found.expected


def test_people_are_told_in_one_line() -> None:
    found = rounds_ahead(config(), Hanoi(disks=5), None, ONE)
    assert rounds_line(config(batch_hours=6), found) == (
        "batches: 9 or more rounds of at most 6 h each; a race that stays disputed takes at most 100 in each way to ask"
    )
    assert rounds_line(config(), msgspec.structs.replace(found, known=True, expected=1)).startswith(
        "batches: about 1 round of at most 24 h each"
    )


def test_a_plan_says_what_batches_cost_and_how_long_they_take() -> None:
    ahead = plan(config(batch=False), Hanoi(disks=8), sampled(1))
    assert ahead.batch_hours is None
    assert ahead.batch_cost_usd is None
    assert ahead.rounds >= ahead.longest_chain
    half = in_batches(ahead, (1e-4, 2e-4), (0.5e-4, 1e-4), 24)
    assert ahead.cost_usd is not None
    assert half.batch_cost_usd == pytest.approx(ahead.cost_usd / 2)
    assert half.batch_hours == ahead.rounds * 24
    cheaper_in = in_batches(ahead, (1e-4, 2e-4), (0.5e-4, 2e-4), 24)
    assert cheaper_in.batch_cost_usd is not None
    assert half.batch_cost_usd < cheaper_in.batch_cost_usd < ahead.cost_usd
    assert in_batches(ahead, None, None, 24).batch_cost_usd is None
