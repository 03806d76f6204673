"""The arithmetic of a table's forecast: rows beyond a rehearsal, tokens of shared prompts, money, widths, batches."""

import msgspec
import pytest

from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.forecast.forecast import Forecast
from surefoot.runtime.forecast.table_plan import (
    Rehearsed,
    RowsAhead,
    TableSample,
    TableSize,
    cost_of,
    mean_of,
    pilot_of,
    rows_ahead,
    share_of_batches,
    taken,
    walls_of_rows,
    with_pilot,
)
from surefoot.runtime.forecast.wall_time import Speed
from surefoot.runtime.records import Counts
from surefoot.voting.ballot import Ballot

PRICES = (1e-6, 2e-6)
ROWS = [Sample(number, "row", tuple(Ballot(draw, "a") for draw in range(3))) for number in range(10)]


def sampled(tokens_in: int = 1000, alone_in: int = 500, cost_usd: float = 0.0016) -> TableSample:
    """Ten rows asked three times, and five calls alone; by default a prompt of 100 tokens is paid once a request."""
    counts = Counts(calls=30, tokens_in=tokens_in, tokens_out=300, cost_usd=cost_usd)
    alone = Counts(calls=5, tokens_in=alone_in, tokens_out=50, cost_usd=0.0006)
    return TableSample(ROWS, ROWS, counts, Counts(), alone, Speed(0.5, 20.0), PRICES)


AHEAD = RowsAhead(calls=300.0, requests=110.0, right=99.0, failed=1.0, longest=4)


def test_a_rehearsal_of_all_rows_is_taken_as_it_is() -> None:
    one, other = (rows_ahead(it, 2) for it in (Rehearsed((3, 5), (1, 2), 2, 0), Rehearsed((3, 3), (1, 1), 1, 1)))
    assert one == RowsAhead(calls=8.0, requests=3.0, right=2.0, failed=0.0, longest=2)
    assert mean_of([one, other]) == RowsAhead(calls=7.0, requests=2.5, right=1.5, failed=0.5, longest=2)


def test_further_rows_are_like_the_last_of_a_rehearsal() -> None:
    """Placebo: like all of them, 4 calls each, the first ones included whose leads were larger."""
    rehearsed = Rehearsed((6, 6, 2, 2), (1, 1, 1, 1), 4, 0)
    found = rows_ahead(rehearsed, 104)
    assert found.calls == 16 + 100 * 2
    assert found.calls != 104 * 4
    assert (found.requests, found.right, found.failed) == (104, 104, 0)


def test_a_prompt_is_paid_once_a_request() -> None:
    found = taken(sampled(), TableSize(100), AHEAD)
    assert found.calls == 300
    assert found.tokens_in == 110 * 100
    assert found.tokens_out == 300 * 10


def test_where_each_answer_pays_its_prompt_tokens_go_with_the_answers() -> None:
    found = taken(sampled(tokens_in=3000), TableSize(100), AHEAD)
    assert found.tokens_in == 300 * 100


def test_rows_that_are_longer_than_those_of_the_sample_have_more_tokens() -> None:
    usual, longer = (taken(sampled(), TableSize(100, longer=by), AHEAD) for by in (1.0, 1.5))
    assert longer.tokens_in == pytest.approx(1.5 * usual.tokens_in)
    assert longer.tokens_out == usual.tokens_out


def test_money_is_by_tokens_as_the_sample_paid_for_them() -> None:
    """The sample cost what its list price says, 1000 tokens in and 300 out; then half of that."""
    listed = 110 * 100 * PRICES[0] + 300 * 10 * PRICES[1]
    assert cost_of(sampled(), TableSize(100), AHEAD) == pytest.approx(listed)
    assert cost_of(sampled(cost_usd=0.0008), TableSize(100), AHEAD) == pytest.approx(listed / 2)


def test_an_unknown_price_makes_the_money_unknown() -> None:
    unpriced = msgspec.structs.replace(sampled(), counts=Counts(calls=30, tokens_in=1000, unpriced_calls=30))
    assert cost_of(unpriced, TableSize(100), AHEAD) is None


def test_a_sample_took_all_that_was_asked() -> None:
    took = msgspec.structs.replace(sampled(), more=Counts(calls=8, cost_usd=0.001)).took
    assert took.calls == 43
    assert took.known_cost_usd == pytest.approx(0.0016 + 0.001 + 0.0006)


def test_a_pilot_comes_before_the_rows() -> None:
    found = with_pilot(AHEAD, pilot_of(20))
    assert (found.calls, found.requests, found.longest) == (360, 130, 5)
    assert (found.right, found.failed) == (AHEAD.right, AHEAD.failed)
    assert with_pilot(AHEAD, pilot_of(0)) == AHEAD


def test_wider_is_faster_until_the_model_or_one_row_is_the_limit() -> None:
    walls = walls_of_rows(AHEAD, Speed(2.0, None), 50)
    assert [wall.segments for wall in walls] == [1, 2, 4, 8, 16, 32, 50]
    assert walls[0].wall_s == 110 * 2.0
    assert walls[-1].wall_s == pytest.approx((110 / 50 + 3 * 49 / 50) * 2.0)  # the slowest row is waited for
    assert walls[-1].wall_s >= 4 * 2.0
    assert walls[0].calls_in_flight == 3
    limited = walls_of_rows(AHEAD, Speed(2.0, 10.0), 50)
    assert limited[-1].wall_s == 300 / 10.0
    assert [wall.segments for wall in walls_of_rows(AHEAD, Speed(2.0, None), 1)] == [1]


def test_batches_cost_their_share_of_the_same_tokens() -> None:
    whole = Forecast(300, 1.0, 110, tokens_in=1000.0, tokens_out=500.0)
    assert share_of_batches(whole, (2.0, 4.0), (1.0, 2.0)) == 0.5
    assert share_of_batches(whole, (2.0, 4.0), (1.0, 4.0)) == 0.75
    assert share_of_batches(whole, None, (1.0, 2.0)) is None
    assert share_of_batches(whole, (0.0, 0.0), (0.0, 0.0)) == 0.0


def test_rows_without_a_question_are_not_asked_about() -> None:
    assert TableSize(10, 3).asked == 7
