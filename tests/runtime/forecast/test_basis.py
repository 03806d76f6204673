"""The plan of a run before leads are chosen: which mistakes are final, and at which rates questions are answered."""

import math
from typing import Any

import pytest

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.alone import BUNDLED_STEP_S, CALL_S, CALLS_A_STEP, SIMULATED_STEP_S, seconds_alone
from surefoot.runtime.forecast.basis import LEAF_CHOICES, Basis, basis_of, has_seams, leaves_one_way
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.forecast import double_mistakes, forecast, longest_of, mixed
from surefoot.runtime.forecast.rate_table import RateTable, rate_table
from surefoot.runtime.leads import LEAF_STEPS, Leads

MOVES, SPLITS = KindEstimate("move", 300, 6, 310, 50, 4), KindEstimate("subtask", 30, 3, 30, 90, 20)


def table(*kinds: KindEstimate, p_error: float = 0.02, high: float = 0.05) -> RateTable:
    return rate_table(Estimate(330, 9, 10, p_error, high, kinds=kinds, trials=330, errors=9.0))


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "simulated", **options})


def basis(task: Task | None = None, rates: RateTable | None = None, **options: Any) -> Basis:
    return basis_of(config(**options), task or Hanoi(disks=8), rates or table(MOVES, SPLITS))


@pytest.mark.parametrize(
    ("options", "seams"), [({}, True), ({"seams": False}, False), ({"strategy": "chain"}, False), ({"k": 3}, True)]
)
def test_seams_are_where_decompositions_make_promises(options: dict[str, Any], seams: bool) -> None:
    assert has_seams(config(**options), Hanoi(disks=8)) == seams
    found = basis(**options)
    assert found.seams == seams
    shape = found.shapes[LEAF_STEPS]
    assert shape.unguarded_steps == (max(1, shape.splits) if seams else shape.splits + shape.steps)


def test_a_task_that_asks_for_no_decomposition_has_no_seams() -> None:
    assert not has_seams(config(), DigitHanoi(numbers=3))


@pytest.mark.parametrize(
    ("red_flags", "one"), [("all", True), ("none", False), ("illegal", False), ("illegal,inconsistent", True)]
)
def test_only_checks_of_every_step_leave_one_way(red_flags: str, one: bool) -> None:
    assert leaves_one_way(config(red_flags=red_flags), Hanoi(disks=8)) == one


def test_where_every_mistake_is_caught_none_is_final_and_success_is_sure() -> None:
    caught, not_caught = basis(red_flags="all"), basis(red_flags="none")
    assert caught.all_caught
    assert {shape.final_steps for shape in caught.shapes.values()} == {0}
    assert not not_caught.all_caught
    assert all(shape.final_steps == shape.unguarded_steps for shape in not_caught.shapes.values())
    assert forecast(caught, Leads(1, 1, 3)).p_success == 1.0
    assert forecast(not_caught, Leads(1, 1, 3)).p_success < 1.0


def test_leaf_lengths_to_weigh_are_those_left_open() -> None:
    assert set(basis().shapes) >= {*LEAF_CHOICES, LEAF_STEPS}
    fixed = basis(leaf_steps=7)
    assert fixed.weighed == (7,)
    assert set(fixed.shapes) == {7}
    assert set(basis_of(config(leaf_steps=7), Hanoi(disks=8), table(MOVES), 15).shapes) == {7, 15}


def test_a_plan_has_as_many_steps_however_it_is_split() -> None:
    found = basis()
    assert {shape.steps for shape in found.shapes.values()} == {2**8 - 1}
    assert found.shapes[3].splits > found.shapes[7].splits > found.shapes[127].splits
    assert found.shapes[3].levels == found.shapes[7].levels + 1


def test_kinds_are_answered_at_their_own_rate_and_unknown_ones_at_that_of_all() -> None:
    rates = table(KindEstimate("move", 300, 30, 300, 1, 1))
    shape = basis(rates=rates).shapes[LEAF_STEPS]
    by_kind = {chains.kind: chains.rates for chains in shape.chains}
    assert by_kind["move"] == rates.by_kind["move"]
    assert shape.split_rates == rates.all
    assert shape.split_kind not in rates.by_kind


def test_the_worst_kind_without_a_seam_is_what_leads_are_chosen_for() -> None:
    bad = table(MOVES, KindEstimate(basis().shapes[LEAF_STEPS].split_kind, 400, 200, 400, 1, 1))
    assert basis(rates=bad).worst > 0.4
    assert basis(rates=bad, strategy="chain").worst == bad.by_kind["move"].p_error_high < 0.1


def test_a_rule_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="rule"):
        basis(rule="loudest")


def test_without_seams_success_is_that_of_every_step() -> None:
    found = basis(red_flags="none", strategy="chain")
    (chains,) = found.shapes[LEAF_STEPS].chains
    rule = found.rule.with_lead(3)
    assert forecast(found, Leads(1, 3, 5)).p_success == pytest.approx(rule.p_step(chains.rates.p) ** 255, rel=1e-9)
    guarded = basis(red_flags="none")
    splits = guarded.shapes[LEAF_STEPS]
    expected = guarded.rule.with_lead(3).p_step(splits.split_rates.p) ** splits.splits
    assert forecast(guarded, Leads(1, 3, 5)).p_success == pytest.approx(expected, rel=1e-9)


def test_larger_leads_cost_calls_and_make_mistakes_rarer() -> None:
    found = basis(red_flags="none", strategy="chain")
    made = [forecast(found, Leads(lead, lead, lead + 2)) for lead in (1, 2, 3, 5)]
    assert [one.calls for one in made] == sorted(one.calls for one in made)
    assert [one.p_success for one in made] == sorted(one.p_success for one in made)
    assert made[0].calls == pytest.approx(255 / found.shapes[LEAF_STEPS].chains[0].rates.valid)


def test_tokens_are_those_of_prompts_and_of_answers() -> None:
    plain = forecast(basis(strategy="chain"), Leads(1, 3, 5))
    (chains,) = basis(strategy="chain").shapes[LEAF_STEPS].chains
    assert plain.tokens_in == pytest.approx(plain.requests * chains.rates.prompt_tokens)
    assert plain.tokens_out == pytest.approx(plain.calls * chains.rates.reply_tokens)
    assert plain.requests < plain.calls, "the draws of one round share a prompt"


def test_a_run_whose_leads_change_is_the_mixture_of_its_parts() -> None:
    found = basis(red_flags="none", strategy="chain")
    one, other = forecast(found, Leads(1, 1, 3)), forecast(found, Leads(4, 4, 6))
    both = mixed([(0.25, one), (0.75, other)])
    assert both.calls == pytest.approx(0.25 * one.calls + 0.75 * other.calls)
    assert both.p_success == pytest.approx(one.p_success**0.25 * other.p_success**0.75)
    assert mixed([(1.0, one)]) == one


def test_two_mistakes_in_one_chain_are_counted_where_a_seam_may_miss_them() -> None:
    assert double_mistakes(basis(red_flags="all"), Leads(1, 1, 3)) == 0
    assert double_mistakes(basis(red_flags="none", strategy="chain"), Leads(1, 1, 3)) == 0
    found = basis(red_flags="none")
    short, long = double_mistakes(found, Leads(1, 1, 3, 3)), double_mistakes(found, Leads(1, 1, 3, 63))
    assert 0 < short < long
    wrong = 1 - found.rule.with_lead(1).p_step(found.shapes[63].chains[0].rates.p)
    assert long == pytest.approx(sum(
        chains.count * sum(_share(wrong, n, chains.length) for n in range(2, chains.length + 1))
        for chains in found.shapes[63].chains
    ))  # fmt: skip


def _share(wrong: float, count: int, length: int) -> float:
    return math.comb(length, count) * wrong**count * (1 - wrong) ** (length - count)


def test_what_waits_for_each_other_is_the_splits_and_one_chain() -> None:
    found = basis()
    short, long = longest_of(found, Leads(1, 1, 3, 3)), longest_of(found, Leads(1, 1, 3, 63))
    assert short.splits > long.splits
    assert short.chain < long.chain
    assert short.requests == short.splits + short.chain
    assert longest_of(basis(strategy="chain"), Leads(1, 1, 3)).chain >= 255


@pytest.mark.parametrize(
    ("model", "each"),
    [
        ("bundled", BUNDLED_STEP_S), ("simulated", SIMULATED_STEP_S), ("simulated:p_error=0.1", SIMULATED_STEP_S),
        ("openai/gpt-4.1-mini", CALLS_A_STEP * CALL_S / RunConfig(task="hanoi").calls_in_flight),
        ("simulated:latency_s=1", None), ("smollm2", None), ("bundled,simulated", None),
    ],
)  # fmt: skip
def test_how_long_a_run_takes_alone_is_known_or_nothing_is_said(model: str, each: float | None) -> None:
    found = seconds_alone(config(model=model), Hanoi(disks=10))
    assert found == (None if each is None else pytest.approx(1023 * each))


def test_a_product_has_a_shape_too() -> None:
    task = Multiply(digits=4)
    found = basis_of(config(task="multiply"), task, table())
    root = task.root()
    assert {shape.steps for shape in found.shapes.values()} == {task.usual_steps(root.goal, root.inputs)}
