"""What chains take whose steps share calls: the recursion against chains that are run, and the leads that follow."""

import random
from typing import Any

import msgspec
import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.chains import retries_of
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate, PlaceCount
from surefoot.runtime.forecast.forecast import expected_calls, forecast
from surefoot.runtime.forecast.lead_choice import choose_again, choose_leads
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.shared_calls import Along, SharedRun, along_reply, shared_run
from surefoot.runtime.leads import Leads

RUNS = 4000


def drawn(along: Along, length: int, count: int, k: int) -> tuple[float, float]:
    """Mean calls and wrong steps of chains that are run, a step that is asked alone drawn until nothing is flagged."""
    rng, calls, wrong = random.Random(3), 0, 0

    def said(place: int) -> str:
        spoiled, bad = along.at(place)
        return "flag" if rng.random() < spoiled else "bad" if rng.random() < bad else "right"

    for _ in range(RUNS):
        left = length
        while left:
            most, alone, place = min(count, left), True, 0
            if most > 1:
                calls += k
                while place < most:
                    answers = {said(place) for _ in range(k)}
                    if answers & {"flag"} or len(answers) > 1:
                        break
                    wrong += answers == {"bad"}
                    place += 1
                left, alone = left - place, place == 0
            if alone:
                calls, left = calls + k, left - 1
                wrong += rng.random() < along.wrong[0] ** k if k == 1 else 0
    return calls / RUNS, wrong / RUNS


@pytest.mark.parametrize(
    ("along", "length", "count", "k"),
    [
        (Along((0.07,), (0.04,)), 15, 15, 1),
        (Along((0.07,), (0.04,)), 31, 8, 1),
        (Along((0.0,), (0.02,)), 63, 64, 1),
        (Along((0.01, 0.02, 0.04, 0.08, 0.3), (0.01, 0.02, 0.04, 0.08, 0.3)), 20, 16, 1),
        (Along((0.02,), (0.01,)), 31, 8, 3),
    ],
)
def test_the_recursion_is_what_chains_take_that_are_run(along: Along, length: int, count: int, k: int) -> None:
    expected = shared_run(along, length, count, k, float(k))
    calls, wrong = drawn(along, length, count, k)
    assert expected.calls == pytest.approx(calls, rel=0.03)
    assert expected.wrong == pytest.approx(wrong, abs=0.03)
    assert expected.requests == pytest.approx(expected.calls / k)


def test_a_model_that_never_errs_answers_a_chain_in_as_many_calls_as_it_has_parts() -> None:
    sure = Along((0.0,), (0.0,))
    assert shared_run(sure, 63, 64) == SharedRun(1.0, 1.0, 63.0, 0.0)
    assert shared_run(sure, 63, 16) == SharedRun(4.0, 4.0, 63.0, 0.0)
    assert shared_run(sure, 9, 4, 3, 3.0) == SharedRun(9.0, 3.0, 27.0, 0.0), "two of four, and the last step alone"
    assert shared_run(Along((1.0,), (0.0,)), 3, 3).calls == 5.0, "nothing is kept: a call in vain, and each step alone"


def test_long_chains_take_what_their_parts_take() -> None:
    along = Along((0.05,), (0.02,))
    short, long = shared_run(along, 480, 8), shared_run(along, 48_000, 8)
    assert long.calls == pytest.approx(100 * short.calls, rel=0.01)
    assert long.wrong == pytest.approx(48_000 * 0.02, rel=0.002)


def estimate(p_error: float, doubling: float = 0.0, spoiled: float = 0.0, ballots: int = 100_000) -> Estimate:
    wrong, bad = round(p_error * ballots), round(spoiled * ballots)
    kinds = tuple(KindEstimate(kind, ballots, wrong, ballots + bad, 100.0, 5.0) for kind in ("carry", "move", "split"))
    seen = (PlaceCount(0, 1, 0, 0, 64),)
    return Estimate(
        3 * ballots, 3 * wrong, 3 * bad, p_error, 1.1 * p_error, (), kinds, 3 * ballots, 3.0 * wrong,
        doubling=doubling, places=seen,
    )  # fmt: skip


def chosen(configured: Any, known: Estimate, **options: Any) -> tuple[Leads, float]:
    config = configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto", **options)
    leads = choose_leads(config, Hanoi(disks=14), known)
    basis = basis_of(config, Hanoi(disks=14), rate_table(known), leads.leaf_steps)
    return leads, expected_calls(basis, leads) / (2**14 - 1)


@pytest.mark.parametrize(
    ("p_error", "spoiled", "most"),
    [(0.036, 0.067, 0.6), (0.02, 0.03, 0.33), (0.0035, 0.0065, 0.08), (3e-4, 7e-4, 0.02)],
)
def test_auto_is_far_below_one_call_a_step(configured: Any, p_error: float, spoiled: float, most: float) -> None:
    """Rates as the simulated model has them in Hanoi: two of three mistakes are against the rules."""
    leads, each = chosen(configured, estimate(p_error, spoiled=spoiled), steps_per_call="auto")
    alone, one = chosen(configured, estimate(p_error, spoiled=spoiled))
    assert each < most < one
    assert (leads.guarded, alone.steps_per_call) == (1, 1)
    assert 2 * leads.steps_per_call > leads.leaf_steps / 4


def test_errors_that_grow_ask_for_fewer_steps_and_never_for_more_calls_than_one_at_a_time(configured: Any) -> None:
    for p_error in (0.1, 0.001):
        steps = []
        for doubling in (0.0, 8.0, 2.0):
            leads, each = chosen(configured, estimate(p_error, doubling), steps_per_call="auto")
            steps.append(leads.steps_per_call)
            assert each <= 1.0001 * chosen(configured, estimate(p_error, doubling))[1]
        assert steps == sorted(steps, reverse=True)
        assert steps[0] > steps[-1]


def test_rates_double_along_a_reply_as_told_and_stay_below_one() -> None:
    rates = rate_table(estimate(0.01, 8.0, 0.01)).of("move")
    along = along_reply(rates)
    assert along.at(8)[1] == pytest.approx(2 * along.at(0)[1])
    assert along.at(16)[1] == pytest.approx(4 * along.at(0)[1])
    assert along.at(10_000) == (1.0, 1.0)
    assert along_reply(rate_table(estimate(0.01)).of("move")).at(500) == along_reply(
        rate_table(estimate(0.01)).of("move")
    ).at(0)


def test_steps_a_call_that_are_asked_for_are_taken_and_leaves_grow_with_them(configured: Any) -> None:
    known = estimate(0.001)
    leads, _ = chosen(configured, known, steps_per_call=64)
    assert leads.steps_per_call == 64
    assert leads.leaf_steps > chosen(configured, known)[0].leaf_steps
    config = configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto", steps_per_call="auto")
    leads = choose_leads(config, Hanoi(disks=14), known)
    again = choose_again(config, Hanoi(disks=14), leads, estimate(0.05), {})
    assert (again.steps_per_call, again.leaf_steps) == (leads.steps_per_call, leads.leaf_steps), "the shape stands"


def test_nothing_seen_of_long_replies_leaves_one_step_a_call(configured: Any) -> None:
    leads, _ = chosen(configured, Estimate(1000, 1, 0, 0.001, 0.004), steps_per_call="auto")
    assert leads.steps_per_call == 1


def test_a_chain_without_seams_shares_calls_at_the_lead_that_it_needs(configured: Any) -> None:
    alone, one = chosen(configured, estimate(0.01), strategy="chain")
    leads, each = chosen(configured, estimate(0.01), strategy="chain", steps_per_call="auto")
    assert (leads.guarded, leads.unguarded) == (alone.guarded, alone.unguarded)
    assert each < 0.15 * one
    config = configured("hanoi", {"disks": 14}, k="auto", leaf_steps="auto", strategy="chain")
    basis = basis_of(config, Hanoi(disks=14), rate_table(estimate(0.01)), leads.leaf_steps)
    assert forecast(basis, leads).p_success == forecast(basis, alone).p_success
    assert forecast(basis, leads).tokens_in < 0.15 * forecast(basis, alone).tokens_in
    assert forecast(basis, leads).tokens_out > forecast(basis, alone).tokens_out, "what is thrown away was paid for"


@pytest.mark.parametrize(
    "options", [{"structured": True}, {"rule": "looks"}, {"first_temperature": 0.5}, {"k": 3, "steps_per_call": "auto"}]
)
def test_what_needs_steps_asked_alone_is_refused(configured: Any, options: dict[str, Any]) -> None:
    from surefoot.runtime.config import check_options

    config = configured("hanoi", {"disks": 4}, **{"k": "auto", "steps_per_call": 8, **options})
    with pytest.raises(ConfigurationError, match="--steps-per-call"):
        check_options(config)


def test_tokens_of_replies_to_several_steps_are_those_that_such_replies_had(configured: Any) -> None:
    """Placebo: with the five tokens of a single answer for each step, the forecast was five times what was paid."""
    config = configured("hanoi", {"disks": 10}, k="auto", leaf_steps=31, steps_per_call=32)
    leads = Leads(1, 1, 3, 31, steps_per_call=32)
    single, known = estimate(1e-6), msgspec.structs.replace(estimate(1e-6), long_tokens=(12.0, 1.25))

    def of(one: Estimate) -> tuple[float, float]:
        found = forecast(basis_of(config, Hanoi(disks=10), rate_table(one), 31), leads)
        return found.tokens_in, found.tokens_out

    asked_alone = 31 + 31  # splits and carries, of five tokens
    assert of(single) == (pytest.approx(100 * (32 + asked_alone), rel=0.01), pytest.approx(5 * 1054, rel=0.01))
    assert of(known) == (
        pytest.approx(12 * 32 + 100 * asked_alone, rel=0.01),
        pytest.approx(1.25 * 992 + 5 * asked_alone, rel=0.01),
    )


def test_a_third_reply_is_paid_for_with_all_the_steps_that_it_is_asked_for(configured: Any) -> None:
    """It was reckoned with the tokens of one step: a run that errs at 5 % pays a fifth more than that."""
    config = configured("hanoi", {"disks": 10}, k="auto", leaf_steps=63, steps_per_call=32, ladder=False)
    leads, known = Leads(1, 1, 3, 63, steps_per_call=32), estimate(0.01)
    basis = basis_of(config, Hanoi(disks=10), rate_table(known), 63)
    chain = max(basis.shapes[63].chains, key=lambda one: one.length)
    run = shared_run(along_reply(chain.rates), 63, 32, 1, 1.0)
    more = retries_of(run.wrong / 63, 63)
    third = chain.count * more.suspects
    assert third > 0.3 * chain.count
    found = forecast(basis, leads)
    runs = chain.count * run.stated * (1 + more.runs)
    alone = found.calls - chain.count * run.calls * (1 + more.runs) - third
    assert found.tokens_out == pytest.approx(5 * (runs + 31.5 * third + alone), rel=0.02)
