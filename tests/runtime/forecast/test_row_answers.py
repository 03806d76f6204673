"""How rows are answered, fitted to a sample: rates that differ, wrong answers, discarded replies, slips of fields."""

import random
from collections.abc import Sequence

import pytest

from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.forecast.row_answers import GRID, RIGHT, UNREAD, WRONG, RowAnswers, row_answers
from surefoot.voting.ballot import Ballot


def row(number: int, *said: str | None, flag: str = "misformatted") -> Sample:
    ballots = [Ballot(draw, one, None if one is not None else flag) for draw, one in enumerate(said)]
    return Sample(number, "row", tuple(ballots))


def drawn(rates: Sequence[float], rivals: int, draws: int, seed: int = 0) -> list[Sample]:
    """Rows with known rates, each drawn so often."""
    chance, found = random.Random(seed), []
    for number, rate in enumerate(rates):
        said = [f"wrong {chance.randrange(rivals)}" if chance.random() < rate else "right" for _ in range(draws)]
        found.append(row(number, *said))
    return found


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.2])
def test_rows_that_are_alike_have_about_one_rate(rate: float) -> None:
    found = row_answers(drawn([rate] * 600, 4, 5))
    assert found.wrong == pytest.approx(rate, rel=0.35)
    assert sum(share for _, share in found.rates) == pytest.approx(1, abs=1e-4)
    assert sum(share for one, share in found.rates if one > 4 * rate) < 0.05


def test_hard_rows_are_told_from_easy_ones() -> None:
    """Placebo: rows that are alike with the same mean have no such rows."""
    hard = [0.3 if number % 10 == 0 else 0.005 for number in range(600)]
    uneven, even = row_answers(drawn(hard, 4, 5)), row_answers(drawn([0.0345] * 600, 4, 5))
    assert uneven.wrong == pytest.approx(0.0345, rel=0.3)
    assert sum(share for rate, share in uneven.rates if rate >= 0.19) == pytest.approx(0.1, abs=0.035)
    assert sum(share for rate, share in even.rates if rate >= 0.19) < 0.01


def test_the_number_of_wrong_answers_shows_where_rows_are_asked_often() -> None:
    one, many = (row_answers(drawn([0.3] * 200, rivals, 9)) for rivals in (1, 30))
    assert one.rivals == 1
    assert many.rivals >= 10


def test_where_nothing_is_wrong_the_usual_number_of_wrong_answers_stands() -> None:
    found = row_answers([row(number, "a", "a", "a") for number in range(50)])
    assert found.rivals == 4
    assert found.wrong < 0.02
    assert found.discarded == found.never == 0
    assert found.slips == ()


def test_more_ballots_of_the_rows_that_differ_do_not_move_the_rate() -> None:
    """Placebo: all ballots thrown together, of which far more are wrong."""
    chance = random.Random(1)
    samples = drawn([0.3 if number % 10 == 0 else 0.005 for number in range(400)], 4, 3)
    asked = []
    for number, one in enumerate(samples):
        more = ()
        if len({ballot.candidate for ballot in one.ballots}) > 1:
            rate = 0.3 if number % 10 == 0 else 0.005
            said = ["wrong 1" if chance.random() < rate else "right" for _ in range(12)]
            more = row(number, *said).ballots
        asked.append(Sample(number, "row", one.ballots + more))
    thrown = [ballot.candidate != "right" for one in asked for ballot in one.ballots]
    assert sum(thrown) / len(thrown) > 0.06
    assert row_answers(asked).wrong == pytest.approx(0.0345, rel=0.35)


def test_discarded_replies_and_rows_that_are_never_read() -> None:
    samples = [row(number, "a", None, "a", "a") for number in range(8)]
    samples += [row(8, None, None, flag="refused"), row(9, None, None)]
    found = row_answers(samples)
    assert found.discarded == 0.25
    assert found.never == 0.2
    assert found.refused == 0.5


def test_a_sample_without_a_readable_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="no reply of the sample"):
        row_answers([row(0, None, None)])


def test_slips_say_which_fields_of_a_record_are_wrong() -> None:
    right, first, unread = '["a","b"]', '["x","b"]', '["a",null]'
    samples = [row(0, right, right, first), row(1, right, unread, right), row(2, right, right, right)]
    assert row_answers(samples, 2).slips == ((RIGHT, UNREAD), (WRONG, RIGHT))
    assert row_answers([row(0, right, right)], 2).slips == ((WRONG, WRONG),)


def test_scaled_rates_stay_below_even_odds() -> None:
    found = RowAnswers(((0.01, 0.5), (0.4, 0.5)), discarded=0.5).scaled(3)
    assert found.rates == ((0.03, 0.5), (GRID[-1], 0.5))
    assert found.discarded == 0.95
    assert RowAnswers(((0.01, 1.0),)).scaled(1).rates == ((0.01, 1.0),)


@pytest.mark.parametrize("said", [("a", "b", "c", "d", "e", "f"), ("a",), ("\x00", "\ud800", None)])
def test_odd_rows_are_fitted_as_well(said: tuple[str | None, ...]) -> None:
    """More candidates than any number of wrong answers that is tried, one ballot, and texts that nobody can print."""
    found = row_answers([row(0, *said), row(1, "a", "a", "a")])
    assert 0 <= found.wrong <= 0.5
    assert found.rivals >= len(set(said) - {None}) - 1
