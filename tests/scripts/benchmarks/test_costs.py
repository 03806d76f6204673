"""The page of costs: arithmetic on tokens and prices, without a model and without LiteLLM."""

import functools
from typing import Any

import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.scripts.benchmarks.costs import costed, estimate_of, tokens_of

PRICES = (0.4e-6, 1.6e-6)


def count(text: str) -> int:
    return len(text) // 3


@functools.cache
def usd(several: Any, state_by: Any = "model", p_error: float = 0.01, times: float = 1.0) -> float:
    task = Hanoi(disks=20, shown="tower", state_by=state_by)
    prices = (PRICES[0] * times, PRICES[1] * times)
    return costed(task, "any", prices, several, (p_error, 0.65), count).usd


def test_several_steps_a_call_cost_less_than_half_and_prices_are_in_proportion() -> None:
    assert usd("auto") < 0.5 * usd(1)
    assert usd("auto", times=2.0) == pytest.approx(2 * usd("auto"))
    assert usd("auto", p_error=0.001) < usd("auto") < usd("auto", p_error=0.05)
    assert usd("auto", "task") < 0.7 * usd("auto"), "no states in the replies"


def test_a_run_costs_no_less_than_its_answers() -> None:
    found = costed(Hanoi(disks=20, shown="tower"), "any", PRICES, "auto", (0.001, 0.65), count)
    tokens = tokens_of(Hanoi(disks=20, shown="tower"), found.leads.leaf_steps, count)
    answers = 2**20 * tokens["move"][1] * PRICES[1]
    assert answers < found.usd < 1.6 * answers


def test_the_rates_that_are_asked_for_are_those_of_the_estimate() -> None:
    known = estimate_of(0.1, 0.65, {"move": (300.0, 40.0)})
    assert known.valid_rate == pytest.approx(0.935)
    assert known.p_error == pytest.approx(0.035 / 0.935)
