"""How leads follow from a target and from what a pilot saw."""

from collections.abc import Callable
from typing import Any

import pytest

from decompose.tasks.hanoi import Hanoi
from decompose.tasks.multiply import Multiply
from runtime.config import RunConfig
from runtime.errors import ConfigurationError
from runtime.leads import Pilot, choose_leads, forecast, judge_pilot, leads_for, pilot_steps, sample_numbers, shape_of
from runtime.sampling import Sample
from runtime.segment_runner import Leads
from voting.ballot import Ballot
from voting.error_rate import clopper_pearson
from voting.lead import k_min, p_full

Configured = Callable[..., RunConfig]


def sample(*said: str | None, number: int = 0) -> Sample:
    ballots = (Ballot(n, one) if one is not None else Ballot(n, None, "refused") for n, one in enumerate(said))
    return Sample(number, "move", tuple(ballots))


def test_a_pilot_counts_dissent_without_knowing_what_is_right() -> None:
    pilot = judge_pilot([sample("a", "a", "a"), sample("b", "a", "b"), sample("a", "b", "c"), sample(None, "a", None)])
    assert (pilot.ballots, pilot.dissenting, pilot.spoiled) == (10, 3, 2)
    assert pilot.p_error == 3.5 / 11
    assert pilot.p_error_high == clopper_pearson(3, 10).high
    assert judge_pilot([sample("a", "a", "a")] * 20).dissenting == 0
    nothing = judge_pilot([sample(None, None)])
    assert (nothing.ballots, nothing.spoiled, nothing.p_error_high) == (0, 2, 1.0)


def test_a_pilot_is_small_beside_its_run() -> None:
    for size in (1, 63, 1023, 2**14, 2**30):
        assert 20 <= pilot_steps(size) <= 200
        assert 3 * pilot_steps(size) <= max(60, size / 10)


def test_seeds_sample_other_steps() -> None:
    ranges = [sample_numbers(seed, 1000) for seed in range(5)]
    assert len({number for numbers in ranges for number in numbers}) == 5000
    assert sample_numbers(3, 10) == sample_numbers(3, 10)


def pilot(p_error: float, p_error_high: float) -> Pilot:
    return Pilot(600, 3, 0, p_error, p_error_high)


@pytest.mark.parametrize("p_error_high", [0.001, 0.0022, 0.01, 0.05, 0.2])
@pytest.mark.parametrize("disks", [4, 12, 20])
def test_without_seams_the_lead_is_that_of_the_formula(configured: Configured, disks: int, p_error_high: float) -> None:
    """Equation 14 of the paper, over all steps, at the pessimistic end."""
    task = Hanoi(disks=disks)
    for values in ({"strategy": "chain"}, {"seams": False}):
        for target in (0.5, 0.95, 0.999):
            config = configured("hanoi", {"disks": disks}, k="auto", target=target, **values)
            leads = choose_leads(config, task, task.root(), pilot(p_error_high / 2, p_error_high))
            k = k_min(1 - p_error_high, 2**disks - 1, target)
            assert (leads.guarded, leads.unguarded) == (k, k)
            assert leads.suspect > k
            assert p_full(1 - p_error_high, k, 2**disks - 1) >= target


def test_a_product_has_no_seams(configured: Configured) -> None:
    task = Multiply(digits=8)
    root = task.root()
    leads = choose_leads(configured("multiply", {}, k="auto"), task, root, pilot(0.005, 0.01))
    assert leads.guarded == leads.unguarded == k_min(0.99, task.size(root.goal, root.inputs), 0.95)


@pytest.mark.parametrize("p_error", [0.0001, 0.002, 0.01, 0.05, 0.15])
def test_with_seams_the_choice_is_the_cheapest(configured: Configured, p_error: float) -> None:
    """No other lead before a seam, and no other length of leaves, has fewer expected calls by the same arithmetic."""
    task = Hanoi(disks=14)
    root, config = task.root(), configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto")
    leads = leads_for(config, task, root, p_error, p_error * 1.5)
    assert 1 <= leads.guarded <= leads.unguarded < leads.suspect
    best = forecast(config, task, root, leads, p_error, 1.0)
    assert best.p_success >= 0.95
    for leaf_steps in (3, 7, 15, 31, 63, 127):
        splits = shape_of(2**14 - 1, leaf_steps).splits
        unguarded = k_min(1 - p_error * 1.5, splits, 0.95)
        for guarded in range(1, unguarded + 1):
            other = Leads(guarded, unguarded, unguarded + 2, leaf_steps)
            assert best.calls <= forecast(config, task, root, other, p_error, 1.0).calls * (1 + 1e-9)


def test_detection_is_cheaper_than_correction_when_errors_are_rare(configured: Configured) -> None:
    task = Hanoi(disks=14)
    root, config = task.root(), configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto")
    steps, calls = 2**14 - 1, []
    for p_error, most in ((0.001, 1.2), (0.01, 1.5), (0.02, 1.8), (0.05, 2.3), (0.1, 3.5)):
        leads = leads_for(config, task, root, p_error, p_error * 1.2)
        calls.append(forecast(config, task, root, leads, p_error, 1.0).calls / steps)
        assert calls[-1] <= most
    assert calls == sorted(calls)
    chain = configured("hanoi", {"disks": 14}, k="auto", strategy="chain")
    dear = forecast(chain, task, root, leads_for(chain, task, root, 0.001, 0.0012), 0.001, 1.0)
    assert calls[0] < 0.6 * dear.calls / steps


@pytest.mark.parametrize(("steps", "leaf_steps"), [(63, 3), (1023, 31), (2**20 - 1, 15), (7, 7), (7, 100), (1023, 1)])
def test_the_shape_of_a_plan_adds_up(steps: int, leaf_steps: int) -> None:
    shape = shape_of(steps, leaf_steps)
    assert shape.leaves * shape.length + shape.splits == steps
    assert shape.length <= leaf_steps
    assert shape.splits == shape.leaves - 1


def test_a_lead_that_is_asked_for_is_taken(configured: Configured) -> None:
    task = Hanoi()
    for k in (1, 3, 7):
        for values in ({}, {"strategy": "chain"}, {"seams": False}):
            leads = choose_leads(configured(k=k, leaf_steps=15, **values), task, task.root(), None)
            assert (leads.guarded, leads.unguarded, leads.leaf_steps) == (k, k, 15)
            assert leads.suspect > k


@pytest.mark.parametrize("p_error_high", [0.5, 0.7, 1.0])
def test_a_model_that_may_be_wrong_more_often_than_not_is_refused(configured: Configured, p_error_high: float) -> None:
    task = Hanoi()
    with pytest.raises(ConfigurationError, match="no lead can be chosen; try another model, or --k N"):
        choose_leads(configured(k="auto"), task, task.root(), pilot(0.3, p_error_high))


def test_flags_cost_calls_and_leave_the_lead_alone(configured: Configured) -> None:
    """Equation 19: a valid rate of v multiplies the calls by 1/v."""
    task = Hanoi(disks=10)
    for values in ({}, {"strategy": "chain"}):
        config: Any = configured("hanoi", {"disks": 10}, k="auto", **values)
        leads = leads_for(config, task, task.root(), 0.01, 0.02)
        whole, half = (forecast(config, task, task.root(), leads, 0.01, v) for v in (1.0, 0.5))
        assert half.calls == pytest.approx(2 * whole.calls)
        assert half.p_success == whole.p_success
