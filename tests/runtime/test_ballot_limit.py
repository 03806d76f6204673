"""After how many ballots a race is given up: a lead that was chosen can be reached, a limit that was given holds."""

import itertools
import random

import pytest

from surefoot.runtime.ballot_limit import MOST, most_ballots
from surefoot.voting.ballot import Ballot
from surefoot.voting.race import Race, Won
from surefoot.voting.rules import FirstToAheadBy


@pytest.mark.parametrize(("lead", "most"), [(1, 100), (12, 100), (13, 104), (61, 488), (256, MOST), (3000, MOST)])
def test_without_a_limit_there_is_room_for_the_lead(lead: int, most: int) -> None:
    assert most_ballots("auto", lead) == most


def test_a_limit_that_was_given_holds_whatever_the_lead() -> None:
    assert [most_ballots(limit, 61) for limit in (1, 100, 2000)] == [1, 100, 2000]


@pytest.mark.parametrize(("limit", "at_least"), [("auto", 200), (100, 0)])
def test_a_long_lead_is_reached_by_a_model_that_errs_often(limit: int | str, at_least: int) -> None:
    """A lead of 61 where 30 % of the ballots are wrong alike. Placebo: 100 ballots, as before, hardly ever reach it."""
    dice, won = random.Random(1), 0
    for _ in range(200):
        race, draws = Race(FirstToAheadBy(61), most_ballots(limit, 61)), itertools.count()  # type: ignore[arg-type]
        while race.verdict is None:
            race.cast(Ballot(next(draws), "wrong" if dice.random() < 0.3 else "right"))
        won += isinstance(race.verdict, Won)
    assert won >= at_least
    assert won < 10 or limit == "auto"
