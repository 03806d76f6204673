"""The raised lead: two leads in one rule, replayable, and worth its ballots where steps are unequal."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, Won, replay
from surefoot.voting.raised_lead import RaisedLead
from tests.voting.simulated_races import HARD, easy, simulate


def verdict(rule: RaisedLead, text: str) -> tuple[str, int] | None:
    """Winner and length of a race whose ballots are the letters of a text; a dot is a spoiled one."""
    race = Race(rule, 100)
    for number, letter in enumerate(text):
        ballot = Ballot(number, None, "misformatted") if letter == "." else Ballot(number, letter)
        if (found := race.cast(ballot)) is not None:
            return (found.candidate, found.ballots) if isinstance(found, Won) else None
    return None


@pytest.mark.parametrize(
    ("text", "won"),
    [
        ("aa", ("a", 2)),
        ("a.a", ("a", 3)),  # a spoiled ballot is no disagreement
        ("abaa", None),  # two ahead, which would do if nobody had disagreed
        ("abaaaa", ("a", 6)),
        ("abbbbb", ("b", 6)),
        ("abcaaaa", ("a", 7)),
    ],
)
def test_two_that_agree_win_and_a_disagreement_raises_the_lead(text: str, won: tuple[str, int] | None) -> None:
    assert verdict(RaisedLead(2, 4), text) == won


@given(st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=60), st.integers(1, 4))
def test_a_verdict_is_a_function_of_the_ballots_and_no_ballot_is_wasted(said: list[str | None], k: int) -> None:
    rule = RaisedLead(k, k + 2)
    race, cast = Race(rule, len(said)), list[Ballot]()
    for number, candidate in enumerate(said):
        fewest = race.fewest()
        cast.append(Ballot(number, candidate, None if candidate else "misformatted"))
        if race.cast(cast[-1]) is not None:
            assert fewest == 1
            break
        assert fewest > 0
    shuffled = random.Random(len(cast)).sample(cast, len(cast))
    assert replay(rule, len(said), tuple(shuffled)) == race.verdict


def test_the_journal_can_name_it_by_its_agreeing_ballots() -> None:
    assert [RaisedLead.with_lead(lead).agreeing for lead in (1, 2, 3, 8)] == [1, 2, 3, 8]
    assert RaisedLead(2, 4).length_classes == (2, 6, 8, 12)


@pytest.mark.parametrize(("k", "raised"), [(0, 3), (3, 2), (-1, -1)])
def test_leads_out_of_range_are_refused(k: int, raised: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        RaisedLead(k, raised)


def test_where_steps_are_unequal_the_ballots_go_to_the_hard_ones() -> None:
    """Placebos: the lower lead for all steps errs on the hard ones, the higher one asks the easy ones as often."""
    population = [(easy(0.002), 9_000), (HARD, 1_000)]
    raised, low, high = (
        simulate(rule, population, np.random.default_rng(3))
        for rule in (RaisedLead(3, 8), FirstToAheadBy(3), FirstToAheadBy(8))
    )
    assert raised.wrong < low.wrong / 2
    assert raised.calls < 0.6 * high.calls


def test_alike_steps_err_as_the_two_leads_say() -> None:
    """With one wrong answer at rate e, agreeing ones are wrong with e^k; the rest is a race from one apart."""
    rule, e = RaisedLead(2, 4), 0.1
    odds = e / (1 - e)
    level = 2 * e * (1 - e) * odds**4 / (1 + odds**4)
    assert 1 - rule.p_step(1 - e) == pytest.approx(e**2 + level, rel=1e-6)
