"""What disagreements teach of agreement: the estimate is unbiased in every world, and the rule keeps its budget."""

import math
import random
from collections import Counter

import msgspec
import pytest

from surefoot.voting.agreed_errors import (
    FirstBallots,
    agreed_errors,
    disputed_errors,
    first_ballots,
    first_ballots_from,
    learned_lead,
)
from surefoot.voting.raised_lead import RaisedLead

STEPS = 4000


class World(msgspec.Struct, frozen=True):
    """Steps of two difficulties, each with so many wrong answers that are equally likely."""

    hard_share: float
    hard: float
    easy: float
    rivals: int

    def agree_wrongly(self, k: int) -> float:
        """Probability that the first ``k`` ballots of a step agree on a wrong answer."""
        shares = ((self.hard_share, self.hard), (1 - self.hard_share, self.easy))
        return sum(share * self.rivals * (error / self.rivals) ** k for share, error in shares)


MANY, ONE = World(0.1, 0.155, 0.005, 4), World(0.1, 0.155, 0.005, 1)
WORLDS = [MANY, ONE, World(0.3, 0.06, 0.003, 2), World(0.0, 0.5, 0.02, 1)]


class Asked(msgspec.Struct):
    """What came of steps: their first ballots where they disagreed, and how many were decided wrongly."""

    disputed: Counter[FirstBallots]
    agreed_wrongly: int = 0
    disputed_wrongly: int = 0


def ask(world: World, rule: RaisedLead, steps: int, seed: int) -> Asked:
    """Decide steps of a world by a rule; the right answer is called 0."""
    chance, found = random.Random(seed), Asked(Counter())
    for _ in range(steps):
        error = world.hard if chance.random() < world.hard_share else world.easy
        named: list[str] = []
        while True:
            named.append("0" if chance.random() >= error else str(chance.randint(1, world.rivals)))
            (winner, mine), *others = Counter(named).most_common()
            if rule.wins(mine, tuple(count for _, count in others)):
                break
        seen = first_ballots(rule.k, rule.raised, winner, named)
        if seen is not None:
            found.disputed[seen] += 1
        found.agreed_wrongly += seen is None and winner != "0"
        found.disputed_wrongly += seen is not None and winner != "0"
    return found


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("asked", [2, 3])
def test_disagreements_tell_how_often_wrong_answers_agree(world: World, asked: int) -> None:
    """Nothing is assumed of the steps: easy, hard, and with one or many wrong answers. The truth lies within noise."""
    seen = ask(world, RaisedLead(asked, 5), 5 * STEPS, seed=1).disputed
    for k in (2, 3):
        expected = 5 * STEPS * world.agree_wrongly(k)
        assert agreed_errors(seen, k) == pytest.approx(expected, abs=1 + 2 * math.sqrt(expected))


def test_one_plausible_wrong_answer_is_told_from_four() -> None:
    """Both worlds disagree equally often: whoever counts disagreements alone cannot tell them apart."""
    many, one = (ask(world, RaisedLead(2, 4), 3 * STEPS, seed=2).disputed for world in (MANY, ONE))
    assert many.total() == pytest.approx(one.total(), rel=0.2)
    assert agreed_errors(one, 2) > 2 * agreed_errors(many, 2) > 0


def test_two_agreeing_ballots_do_only_where_wrong_answers_are_many() -> None:
    rules = [learned_lead(ask(world, RaisedLead(2, 4), 3 * STEPS, 3).disputed, 3 * STEPS, 0.001) for world in WORLDS]
    assert [rule.k for rule in rules if rule is not None] == [2, 3, 2, 2]


@pytest.mark.parametrize("world", WORLDS)
def test_the_expected_share_of_wrong_steps_stays_within_the_budget(world: World) -> None:
    """Placebo: with two agreeing ballots everywhere the world with one wrong answer exceeds it by half."""
    budget, wrong = 0.001, 0
    for seed in range(3):
        rule, disputed, steps = RaisedLead(4, 6), Counter[FirstBallots](), 0
        for stretch in range(8):
            found = ask(world, rule, STEPS // 4, seed=100 * seed + stretch)
            disputed, steps = disputed + found.disputed, steps + STEPS // 4
            wrong += found.agreed_wrongly + found.disputed_wrongly
            rule = learned_lead(disputed, steps, budget) or RaisedLead(4, 6)
    assert wrong <= 1.3 * budget * 3 * 2 * STEPS
    assert 1.5 * budget < ONE.agree_wrongly(2)


def test_nothing_is_concluded_from_nothing() -> None:
    assert learned_lead({}, 10, 0.001) is None
    few, many = learned_lead({}, 100, 0.001), learned_lead({}, 100_000, 0.001)
    assert few is not None
    assert many == RaisedLead(2, 4)
    assert few.k >= 2


@pytest.mark.parametrize("unfinished", [1, 10, 30, 100])
def test_disputed_steps_that_are_not_decided_count_as_those_that_are(unfinished: int) -> None:
    """Steps that agree are decided first: without the others a stop would make any model look sure of itself."""
    assert learned_lead({}, 70, 0.001) == RaisedLead(2, 4)
    cut_short = learned_lead({}, 70, 0.001, unfinished)
    assert cut_short is None or cut_short.k > 2
    seen = Counter({FirstBallots(2, 5, (1,)): 100, FirstBallots(2, 4, (1, 1)): 20})
    whole = learned_lead(Counter({one: count * 2 for one, count in seen.items()}), 4000, 0.001)
    assert learned_lead(seen, 4000, 0.001, seen.total()) == whole


def test_harder_disputed_steps_get_a_larger_lead() -> None:
    mild = Counter({FirstBallots(2, 5, (1,)): 95, FirstBallots(2, 4, (1, 1)): 5})
    hard = Counter({FirstBallots(2, 5, (1,)): 500, FirstBallots(2, 4, (2,)): 300, FirstBallots(2, 3, (3,)): 600})
    rules = [learned_lead(seen, 10_000, 0.001) for seen in (mild, hard)]
    assert [rule is not None and rule.raised for rule in rules] == [4, pytest.approx(7, abs=1)]
    assert disputed_errors(hard, 4) > 5 * disputed_errors(hard, 6)
    hopeless = Counter({FirstBallots(2, 3, (3,)): 5000})
    assert learned_lead(hopeless, 10_000, 0.001) is None


def test_weights_by_hand() -> None:
    """Of (4; 2) among six: 1 of 15 pairs is the losers', 8 of 15 disagree: it stands for an eighth of a step."""
    assert agreed_errors({FirstBallots(2, 4, (2,)): 8}, 2) == pytest.approx(1.0)
    assert agreed_errors({FirstBallots(2, 4, (1, 1)): 8}, 2) == 0  # wrong answers that differ do not agree
    assert agreed_errors({FirstBallots(2, 3, (3,)): 12}, 3) == pytest.approx(1.0)


def test_first_ballots_are_counted_and_written() -> None:
    said = ["a", "b", "a", "a", "a", "a", "b"]
    seen = first_ballots(2, 4, "a", said)
    assert seen == FirstBallots(2, 5, (1,))
    assert str(seen) == "2/5/1"
    assert first_ballots_from({"2/5/1": 3, "3/4/2/1": 1}) == {seen: 3, FirstBallots(3, 4, (2, 1)): 1}
    assert first_ballots(2, 4, "a", ["a", "a"]) is None  # nobody disagreed
    assert first_ballots(2, 4, "a", ["a", "b", "a"]) is None  # too few are known
