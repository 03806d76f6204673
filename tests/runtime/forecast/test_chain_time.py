"""How long chains take: what is drawn has the means that exact arithmetic gives."""

import random
import statistics
from collections.abc import Callable

import msgspec
import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.basis import Basis, basis_of
from surefoot.runtime.forecast.chain_time import ChainTime, Pace, chain_time
from surefoot.runtime.forecast.chains import retries_of
from surefoot.runtime.forecast.rate_table import Rates, RateTable
from surefoot.runtime.forecast.shared_calls import Along, shared_run
from surefoot.runtime.leads import Leads

DRAWS = 4000
"""So many that a mean is off by a tenth of its standard deviation in fewer than one suite in a hundred million."""

STEP = ChainTime(15, 0.0, 4, 15.0, None, 1, 1.0, 1.0, 0.0, 2.0)


def mean_s(one: ChainTime) -> float:
    dice = random.Random(7)
    return statistics.fmean(one.draw(dice) for _ in range(DRAWS))


def test_a_chain_without_mistakes_takes_its_steps() -> None:
    assert STEP.draw(random.Random(0)) == 15.0
    assert msgspec.structs.replace(STEP, wrong=1.0, most=0).draw(random.Random(0)) == 15.0, "no promise guards it"
    assert msgspec.structs.replace(STEP, wrong=1.0, most=2).draw(random.Random(0)) == 15.0 + 2 * 17.0


@pytest.mark.parametrize("wrong", [0.005, 0.03])
def test_a_chain_is_run_again_as_often_as_its_mistakes_say(wrong: float) -> None:
    runs = retries_of(wrong, 15).runs
    found = mean_s(msgspec.structs.replace(STEP, wrong=wrong, most=100))
    assert found == pytest.approx(15 + runs * 17, rel=0.05)


@pytest.mark.parametrize(("spoiled", "count"), [(0.0, 8), (0.02, 8), (0.1, 16), (0.3, 4)])
def test_replies_are_cut_as_the_exact_recursion_says(spoiled: float, count: int) -> None:
    """A call takes 1 s, and each step that it is asked for 0.1 s; a step whose reply is cut at once is asked alone."""
    along = Along((spoiled,), (0.0,))
    one = ChainTime(63, 0.0, 0, 0.0, along, count, 1.1, 1.0, 0.1, 0.0)
    exact = shared_run(along, 63, count, alone=1.0)
    assert mean_s(one) == pytest.approx(exact.requests + 0.1 * exact.stated, rel=0.02)


def test_errors_that_grow_cut_replies_later() -> None:
    steady, growing = Along((0.04,), (0.0,)), Along((0.02, 0.02, 0.04, 0.04, 0.08, 0.08, 0.16), (0.0,))
    long, short = (
        mean_s(ChainTime(64, 0.0, 0, 0.0, along, count, 1.0, 1.0, 0.0, 0.0))
        for along, count in ((growing, 32), (growing, 4))
    )
    alike = mean_s(ChainTime(64, 0.0, 0, 0.0, steady, 4, 1.0, 1.0, 0.0, 0.0))
    assert long < short < alike


def test_a_promise_that_cannot_be_kept_is_known_once_two_runs_took_the_same() -> None:
    assert STEP.in_vain_s(4) == 2 * 15.0
    assert msgspec.structs.replace(STEP, wrong=0.5).in_vain_s(4) == 5 * 15.0, "runs that differ go on to the limit"
    assert msgspec.structs.replace(STEP, wrong=1.0).in_vain_s(4) == 5 * 15.0


RATES = Rates(0.98, 0.95, 20.0, 10.0, 0.03, long_tokens=(25.0, 8.0))


@pytest.fixture
def basis(configured: Callable[..., RunConfig]) -> Callable[..., Basis]:
    def make(**values: object) -> Basis:
        config = configured(options={"disks": 8}, leaf_steps=15, **values)
        return basis_of(config, open_task(config), RateTable({}, RATES, 0.02), 15)

    return make


def test_a_call_takes_its_tokens(basis: Callable[..., Basis]) -> None:
    found, pace = basis(), Pace(2.0, 0.1)
    group = found.shapes[15].chains[0]
    single = chain_time(found, Leads(1, 1, 3, 15), group, pace)
    assert single.along is None
    assert single.mean_s == pytest.approx(group.length * 3.0 / 0.95), "discarded replies are asked for again"
    several = chain_time(found, Leads(1, 1, 3, 15, steps_per_call=8), group, pace)
    assert (several.call_s, several.stated_s) == (2.0, pytest.approx(0.8))
    assert several.along is not None
    assert several.again_s == pytest.approx(2 * (2.0 + 7.5 * 0.8)), "a third reply to what is left, in two wordings"


def test_runs_that_get_further_are_not_limited_where_calls_are_shared(basis: Callable[..., Basis]) -> None:
    found = basis(seam_retries=3)
    group = found.shapes[15].chains[0]
    assert chain_time(found, Leads(1, 1, 3, 15), group, Pace(1.0)).most == 3
    assert chain_time(found, Leads(1, 1, 3, 15, steps_per_call=8), group, Pace(1.0)).most == group.length
    open_end = basis(seams=False)
    assert chain_time(open_end, Leads(1, 1, 3, 15), open_end.shapes[15].chains[0], Pace(1.0)).most == 0


def test_replies_that_are_drawn_together_are_written_together(basis: Callable[..., Basis]) -> None:
    found = basis()
    group = found.shapes[15].chains[0]
    one, two = (chain_time(found, Leads(k, k, 3, 15, steps_per_call=8), group, Pace(1.0, 0.1)) for k in (1, 2))
    assert two.along is None
    assert one.mean_s < two.mean_s < 2 * one.mean_s
