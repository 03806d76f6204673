"""What every voting rule keeps to, and its forecasts against races played out by chance."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting import lead
from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, Won, replay, unanimous
from surefoot.voting.race_bound import bound_of_races
from surefoot.voting.rule import LeadRule, Rule
from surefoot.voting.rules import RULES
from surefoot.voting.sequential import TYPES, Sequential
from surefoot.voting.two_candidates import expected_rounds, p_wrong_wins


class Quorum(LeadRule, frozen=True, tag="quorum"):
    """A candidate wins when ``k`` ballots are in and it leads by half as many: nothing but what a rule has to give."""

    def wins(self, mine: int, others: tuple[int, ...]) -> bool:
        return mine + sum(others) >= self.k and 2 * (mine - max(others, default=0)) >= self.k


LEARNED = Sequential(1e-3, (1 / len(TYPES),) * len(TYPES))
NUMBERED: list[type[Rule]] = [*RULES.values(), Quorum]
EVERY: list[Rule] = [cls.with_lead(k) for cls in NUMBERED for k in (1, 2, 3, 5)] + [LEARNED]


@pytest.mark.parametrize("cls", NUMBERED)
@pytest.mark.parametrize("number", [1, 2, 3, 8, 21])
def test_a_lead_is_the_number_of_agreeing_ballots_that_decide(cls: type[Rule], number: int) -> None:
    rule = cls.with_lead(number)
    assert rule.agreeing == rule.fewest((), 100) == number
    assert rule.fewest((), number - 1) == number - 1
    race = Race(rule, 100)
    verdicts = [race.cast(Ballot(draw, "a")) for draw in range(number)]
    assert verdicts == [None] * (number - 1) + [Won("a", number, number)]
    assert unanimous(["a"] * number, number) == "a"


@pytest.mark.parametrize("rule", EVERY, ids=str)
@given(said=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=40))
def test_no_verdict_falls_before_the_last_ballot_that_was_asked_for(rule: Rule, said: list[str | None]) -> None:
    race, due = Race(rule, len(said)), 0
    ballots = [Ballot(n, one, None if one else "refused") for n, one in enumerate(said)]
    for number, ballot in enumerate(ballots):
        if number == due:
            due += race.fewest()
        verdict = race.cast(ballot)
        if verdict is not None:
            assert number + 1 == due
            assert not isinstance(verdict, Won) or race.tally[verdict.candidate] > max(
                (n for name, n in race.tally.items() if name != verdict.candidate), default=0
            )
            break
    assert replay(rule, len(said), reversed(ballots)) == race.verdict


@given(mine=st.integers(1, 30), others=st.lists(st.integers(1, 29), max_size=3))
def test_one_more_ballot_for_the_leader_never_takes_its_win_away(mine: int, others: list[int]) -> None:
    ranking = tuple(sorted((n for n in others if n < mine), reverse=True))
    for rule in EVERY:
        assert rule.wins(mine + 1, ranking) >= rule.wins(mine, ranking)


def played(rule: Rule, p: float, valid: float, rng: random.Random) -> tuple[bool, int, int]:
    """Whether the right answer won, the ballots, and the rounds that they were drawn in."""
    race, draw, rounds = Race(rule, 10_000), 0, 0
    while race.verdict is None:
        rounds += 1
        for _ in range(race.fewest()):
            spoiled, right = rng.random() >= valid, rng.random() < p
            race.cast(Ballot(draw, None, "refused") if spoiled else Ballot(draw, "right" if right else "wrong"))
            draw += 1
            if race.verdict is not None:
                break
    assert isinstance(race.verdict, Won)
    return race.verdict.candidate == "right", draw, rounds


@pytest.mark.parametrize("rule", [FirstToAheadBy(3), FirstTo(4), Quorum(5)], ids=str)
@pytest.mark.parametrize(("p", "valid"), [(0.7, 1.0), (0.85, 0.6)])
def test_forecasts_of_a_rule_are_those_of_chance(rule: Rule, p: float, valid: float) -> None:
    """20,000 races at a fixed seed; the margins are above 5 standard errors."""
    rng = random.Random(3)
    races = [played(rule, p, valid, rng) for _ in range(20_000)]
    assert rule.p_step(p) == pytest.approx(sum(won for won, _, _ in races) / 20_000, abs=0.018)
    assert rule.expected_ballots(p, valid) == pytest.approx(sum(n for _, n, _ in races) / 20_000, rel=0.03)
    assert rule.expected_requests(p, valid) == pytest.approx(sum(n for _, _, n in races) / 20_000, rel=0.03)
    assert rule.p_run(p, 3) == pytest.approx(rule.p_step(p) ** 3)


@pytest.mark.parametrize(("p", "k", "valid"), list(itertools.product((0.6, 0.9, 0.999), (1, 2, 4), (1.0, 0.7))))
def test_the_general_arithmetic_gives_the_closed_forms(p: float, k: int, valid: float) -> None:
    """What a rule without closed forms gets, for the rule that has them."""
    rule = FirstToAheadBy(k)
    assert 1 - p_wrong_wins(rule, p) == pytest.approx(lead.p_step(p, k), abs=1e-9)
    assert Rule.expected_ballots(rule, p, valid) == pytest.approx(lead.expected_ballots(p, k, valid), rel=1e-6)
    assert expected_rounds(rule, p, valid) == pytest.approx(lead.expected_requests(p, k, valid), rel=1e-6)
    assert Rule.p_run(rule, p, 1000) == pytest.approx(lead.p_full(p, k, 1000), rel=1e-6)


@pytest.mark.parametrize(("p", "steps", "target"), [(0.99, 1000, 0.95), (0.9, 100, 0.999), (0.75, 7, 0.5)])
def test_the_smallest_lead_holds_the_target_and_one_less_does_not(p: float, steps: int, target: float) -> None:
    for cls in NUMBERED:
        k = cls.smallest_lead(p, steps, target)
        assert cls.with_lead(k).p_run(p, steps) >= target
        assert k == 1 or cls.with_lead(k - 1).p_run(p, steps) < target
    assert FirstToAheadBy.smallest_lead(p, steps, target) == lead.k_min(p, steps, target)


def test_a_count_is_not_taken_for_a_lead() -> None:
    """First to k is wrong more often than first to ahead by k. Placebo: the closed forms of a lead for both."""
    steps, target = 2**20 - 1, 0.95
    k = FirstToAheadBy.smallest_lead(0.98, steps, target)
    assert FirstTo.smallest_lead(0.98, steps, target) > k
    assert FirstTo(k).p_run(0.98, steps) < target
    assert FirstTo(3).p_step(0.9) == pytest.approx(0.9**3 * (1 + 3 * 0.1 + 6 * 0.01))


def test_where_no_lead_is_enough_it_is_said() -> None:
    for cls in NUMBERED:
        with pytest.raises(ValueError, match="no lead"):
            cls.smallest_lead(0.4, 10, 0.9)


def test_a_count_is_not_certified_as_if_it_were_a_lead() -> None:
    """Races of first to 3 may end with 3 of 4 ballots. Placebo: their lengths read under the other rule."""
    lengths = {3: 9_700, 4: 280, 5: 20}
    found = bound_of_races(FirstTo(3), lengths, 0.95)
    assert found.credible
    assert found.expected < found.bound < 50
    assert not bound_of_races(FirstToAheadBy(3), lengths, 0.95).credible


def test_a_class_that_is_no_rule_says_what_it_lacks() -> None:
    for ask in (lambda: Rule.with_lead(1), lambda: Rule().wins(1, ()), lambda: Rule().agreeing):
        with pytest.raises(NotImplementedError, match="Rule has no"):
            ask()
