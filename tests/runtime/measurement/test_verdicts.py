"""What a measurement means in words: can the model be asked so, and do votes help."""

from typing import Any

import pytest

from surefoot.runtime.forecast.measured import KindRate, StateRate
from surefoot.runtime.forecast.measurement_file import Measurement
from surefoot.runtime.leads import Leads
from surefoot.runtime.measurement.verdicts import next_steps, verdict, verdicts

LEADS = Leads(1, 3, 5)


def kind(answers: int = 100, valid: int = 90, wrong: int = 9, name: str = "move", **flags: int) -> KindRate:
    rate = wrong / valid if valid else None
    return KindRate(name, answers, valid, wrong, rate, 0.0, 1.0, red_flags=flags)


def state(name: str = "move", lost: bool = False, surely: bool = False, readable: int = 5) -> StateRate:
    return StateRate(name, 0, "q", "a", 0.5, "b", 0.5, readable, 5, lost, surely)


@pytest.mark.parametrize(
    ("found", "states", "said"),
    [
        (kind(), [state()], "in every state that was asked: votes help"),
        (kind(wrong=40), [state()], "by little: many votes are needed"),
        (kind(wrong=0), [state()], "nothing that votes could correct was seen"),
        (kind(valid=0, wrong=0), [], "this model cannot be asked this so"),
        (kind(), [state(lost=True), state()], "not the likeliest in 1 of 2 states"),
        (kind(wrong=40), [state(lost=True)], "votes make it worse there"),
    ],
)
def test_each_kind_has_the_verdict_that_its_states_give(found: KindRate, states: list[StateRate], said: str) -> None:
    told = verdict(found, states)
    assert said in told
    assert told.startswith("kind move: ")


def test_how_sure_a_lost_state_is_stands_beside_it() -> None:
    sure = verdict(kind(), [state(lost=True, surely=True), state(lost=True)])
    assert "2 of 2 states, 1 of them beyond doubt" in sure
    assert "though from few answers each: more --draws tell" in verdict(kind(), [state(lost=True)])


def test_states_of_which_nothing_was_read_are_counted() -> None:
    assert "90 of 100 readable, none in 1 of 2 states, 9 of those wrong" in verdict(
        kind(), [state(), state(readable=0)]
    )


def test_flags_of_an_unreadable_kind_are_named_the_most_frequent_first() -> None:
    told = verdict(kind(valid=0, wrong=0, overlong=7, illegal=2, misformatted=7), [])
    assert "0 of 100 readable (misformatted 7, overlong 7, illegal 2)" in told


def measured(*kinds: KindRate, valid_rate: float = 0.9, leads: Leads | None = LEADS) -> Measurement:
    told: dict[str, Any] = dict.fromkeys(
        ["k_min", "predicted_calls", "predicted_cost_usd", "predicted_p_success", "cost_usd"]
    )
    numbers = dict.fromkeys(["samples", "draws", "collisions", "collisions_alike", "seed"], 1)
    rates = dict.fromkeys(
        ["p_error", "p_error_low", "p_error_high", "collisions_expected", "tokens_in", "tokens_out", "target"], 0.0
    )
    return Measurement(**told, **numbers, **rates, valid_rate=valid_rate, red_flags={}, leads=leads, kinds=list(kinds))


def test_each_kind_is_judged_by_its_own_states() -> None:
    found = verdicts(measured(kind(), kind(name="goal")), [state("goal", lost=True), state("move")])
    assert "votes help" in found[0]
    assert "votes make it worse" in found[1]
    assert found[1].startswith("kind goal")


def test_all_being_well_there_is_nothing_to_try() -> None:
    assert next_steps(measured(kind()), [state()]) == []


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("overlong", "--max-reply-tokens"), ("misformatted", "--structured"), ("illegal", "--state-by task"),
        ("inconsistent", "--state-by task"),
    ],
)  # fmt: skip
def test_what_keeps_replies_from_being_read_is_what_to_change(flag: str, said: str) -> None:
    tried = next_steps(measured(kind(valid=0, wrong=0, **{flag: 100})), [])
    assert said in tried[0]
    assert tried[-1] == "another model"
    assert len(tried) == 2
    mostly = next_steps(measured(kind(valid=40, wrong=0, **{flag: 60}), valid_rate=0.4), [])
    assert said in mostly[0]
    assert next_steps(measured(kind(valid=60, wrong=0, **{flag: 40}), valid_rate=0.6), []) == []


def test_more_draws_come_first_where_nobody_can_tell_bad_luck_from_a_lost_state() -> None:
    unsure, sure = (
        next_steps(measured(kind()), [state(lost=True)]),
        next_steps(measured(kind()), [state(lost=True, surely=True)]),
    )
    assert "--draws 20" in unsure[0]
    assert not any("--draws" in one for one in sure)
    assert (
        [one for one in unsure if "--fallback-model" in one] == [one for one in sure if "--fallback-model" in one] != []
    )


def test_a_model_for_which_no_lead_can_be_chosen_is_to_be_replaced() -> None:
    assert next_steps(measured(kind(), leads=None), [state()]) == ["another model"]
