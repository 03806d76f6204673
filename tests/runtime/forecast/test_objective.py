"""Steps a call are chosen for the fewest calls, the least money, or the shortest time; one is not the other."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.basis import basis_of
from surefoot.runtime.forecast.estimates import Estimate, Sample
from surefoot.runtime.forecast.forecast import expected_calls, expected_cost, forecast
from surefoot.runtime.forecast.lead_choice import choose_leads
from surefoot.runtime.forecast.objective import objective_of
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.forecast.replies_seen import chain_numbers, seconds_of
from surefoot.runtime.leads import Leads
from surefoot.voting.ballot import Ballot
from tests.runtime.forecast.test_shared_calls import estimate

TASK = Hanoi(disks=12)


def config(configured: Any, **options: Any) -> Any:
    values = {"k": "auto", "leaf_steps": "auto", "strategy": "chain", "steps_per_call": "auto", **options}
    return configured("hanoi", {"disks": 12}, **values)


def chosen(configured: Any, known: Estimate, **options: Any) -> tuple[Leads, float, float]:
    """Leads, calls and USD at 1 and 4 USD a million tokens."""
    asked = config(configured, **options)
    leads = choose_leads(asked, TASK, known)
    basis = basis_of(asked, TASK, rate_table(known), leads.leaf_steps)
    expected = forecast(basis, leads)
    return leads, expected_calls(basis, leads), expected.tokens_in + 4 * expected.tokens_out


def test_less_money_may_be_more_calls(configured: Any) -> None:
    """What is thrown away of a long reply is paid for: fewer steps are asked for where tokens count, not calls."""
    known = estimate(0.01)
    calls, money = (
        chosen(configured, known, minimize="calls"),
        chosen(configured, known, minimize="money", price_in=1.0, price_out=4.0),
    )
    assert money[0].steps_per_call < calls[0].steps_per_call
    assert money[1] > calls[1]
    assert money[2] < 0.8 * calls[2]
    alone = chosen(configured, known, steps_per_call=1)
    assert money[2] < alone[2]


def test_prices_of_the_model_do_where_none_are_given(configured: Any) -> None:
    known = msgspec.structs.replace(estimate(0.01), prices=(1e-6, 4e-6))
    given = chosen(configured, estimate(0.01), minimize="money", price_in=1.0, price_out=4.0)
    assert chosen(configured, known, minimize="money") == given
    for unknown in (None, (0.0, 0.0)):
        with pytest.raises(ConfigurationError, match="no price of simulated is known"):
            chosen(configured, msgspec.structs.replace(known, prices=unknown), minimize="money")


def test_where_every_token_takes_time_long_replies_do_not_make_a_chain_shorter(configured: Any) -> None:
    slow_calls = msgspec.structs.replace(estimate(0.01), seconds=(1.0, 0.0001))
    slow_tokens = msgspec.structs.replace(estimate(0.01), seconds=(0.1, 0.1))
    few = chosen(configured, slow_tokens, minimize="time")[0].steps_per_call
    assert few < chosen(configured, slow_calls, minimize="time")[0].steps_per_call


def test_time_is_that_of_what_waits_and_of_what_does_not_fit_beside_it(configured: Any) -> None:
    asked = config(configured, strategy="tree", steps_per_call=1, leaf_steps=7)
    known = msgspec.structs.replace(estimate(1e-6), seconds=(2.0, 0.0))
    basis, leads = basis_of(asked, TASK, rate_table(known), 7), Leads(1, 1, 3, 7)
    wide = objective_of(config(configured, minimize="time"), known)
    assert wide.width == 64
    alone = msgspec.structs.replace(wide, width=1)
    assert expected_cost(basis, leads, alone) - expected_cost(basis, leads, wide) == pytest.approx(
        2 * expected_calls(basis, leads) * (1 - 1 / 64), rel=0.01
    )


def test_calls_of_the_bundled_model_take_each_others_time(configured: Any) -> None:
    """It computes in one thread a worker: leaves that are short so that fewer calls wait are more work for it."""
    known = msgspec.structs.replace(estimate(1e-4), seconds=(0.05, 0.005))
    own, elsewhere = (
        objective_of(config(configured, minimize="time", model=model, workers=2), known) for model in ("bundled", "x/y")
    )
    assert (own.width, elsewhere.width) == (2, 128)
    leads = [
        chosen(configured, known, minimize="time", strategy="tree", model=model)[0] for model in ("bundled", "x/y")
    ]
    assert leads[0].leaf_steps > leads[1].leaf_steps


def sample(number: int, seconds: float) -> Sample:
    return Sample(number, "move", (Ballot(0, "x"),), seconds)


def test_seconds_are_those_of_the_line_through_short_and_long_replies() -> None:
    known = estimate(0.01)  # five tokens an answer
    single, long = [sample(n, 1.5) for n in range(3)], [sample(n, 1.5 + 63 * 0.5) for n in chain_numbers(0, 3, 64)]
    call_s, token_s = seconds_of(known, single, long) or (0.0, 0.0)
    assert (call_s, token_s) == (pytest.approx(1.0), pytest.approx(0.1))
    assert seconds_of(known, single, [sample(chain_numbers(0, 1, 64)[0], 1.0)]) == (1.5, 0.0), "no faster than none"
    assert seconds_of(known, [], long) is None


def test_seconds_of_a_token_are_of_those_that_long_replies_have() -> None:
    """A reply that states no states between its moves has a token a step: each takes five times as long then."""
    known = msgspec.structs.replace(estimate(0.01), long_tokens=(9.0, 1.0))
    single, long = [sample(n, 1.5) for n in range(3)], [sample(n, 1.5 + 59 * 0.1) for n in chain_numbers(0, 3, 64)]
    assert seconds_of(known, single, long) == (pytest.approx(1.0), pytest.approx(0.1))
    assert seconds_of(known, single, [sample(chain_numbers(0, 1, 4)[0], 3.0)]) == (1.5, 0.0), "no longer than a step"
