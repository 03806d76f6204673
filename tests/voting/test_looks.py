"""Looks: averaged over wordings they stay within the error budget, and the placebo arms show what does not help."""

import math
import random

import pytest

from surefoot.voting.ballot import Ballot
from surefoot.voting.certificate import Evidence, certify
from surefoot.voting.decision import decide, race_for
from surefoot.voting.looks import (
    LEAST_RATE,
    MOST_RATE,
    UNPROVEN,
    LookRace,
    Looks,
    chances_wrong,
    misleading_rate,
    replay_looks,
    shares_of,
)
from surefoot.voting.race import Deadlocked, Won
from surefoot.voting.rules import RULES

Shares = dict[str, float]
MISLED = 0.08
"""Rate of misleading wordings in the simulated population."""


def look(number: int, shares: Shares) -> Ballot:
    ranked = tuple(sorted(shares.items(), key=lambda one: -one[1]))
    return Ballot(number, ranked[0][0], None, ranked)


def verdict(rule: Looks, looks: list[Shares]) -> str | None:
    found = replay_looks(rule, len(looks), [look(number, one) for number, one in enumerate(looks)])
    return found.candidate if isinstance(found, Won) else None


def drawn(rng: random.Random) -> Shares:
    """What a model says of a question whose right answer is a, in one wording; a misleading one prefers b."""
    most = rng.uniform(0.6, 0.99)
    first, second = ("b", "a") if rng.random() < MISLED else ("a", "b")
    return {first: most, second: 0.9 * (1 - most)}


def test_the_posterior_is_the_product_of_clipped_shares() -> None:
    looks = [{"a": 0.7, "b": 0.2}, {"a": 0.4, "b": 0.6}]
    e = 0.1
    clipped = {
        name: math.prod((1 - e) * d + e * (1 - d) for d in shares)
        for name, shares in {"a": (0.7, 0.4), "b": (0.2, 0.6), "": (0.1, 0.0)}.items()
    }
    found = dict(chances_wrong(looks, e))
    assert list(found) == ["a", "b"]
    for name in found:
        assert found[name] == pytest.approx(1 - clipped[name] / sum(clipped.values()))


def test_no_look_counts_for_more_than_looks_have_proven_to_be_worth() -> None:
    """Certain looks: n of them leave (e / (1 - e))^n for a rival that nobody named."""
    for n in (1, 2, 5):
        ((_, wrong),) = chances_wrong([{"a": 1.0}] * n, 0.02)
        odds = (0.02 / 0.98) ** n
        assert wrong == pytest.approx(odds / (1 + odds))


def test_a_thin_look_counts_for_its_margin() -> None:
    thin, wide = chances_wrong([{"a": 0.52, "b": 0.48}], 0.02), chances_wrong([{"a": 0.95, "b": 0.05}], 0.02)
    assert thin[0][1] > 0.4 > 0.1 > wide[0][1]


def test_an_answer_that_a_look_does_not_name_has_at_most_what_it_leaves_over() -> None:
    (first, _), *_ = chances_wrong([{"a": 0.5}, {"b": 0.9}], 0.05)
    assert first == "b"  # a: 0.5 and at most 0.1; b: at most 0.5 and 0.9


def test_looks_that_agree_end_a_race_as_soon_as_the_budget_allows() -> None:
    rule = Looks(1e-4, 0.02)
    race = race_for(rule, 9)
    assert isinstance(race, LookRace)
    cast = [look(number, {"a": 0.99}) for number in range(3)]
    assert [race.cast(one) for one in cast[:2]] == [None, None]
    assert race.fewest() == 1
    assert race.cast(cast[2]) == Won("a", 3, 3)
    assert race.fewest() == 0
    assert decide(rule, 9, reversed(cast)) == race.verdict
    with pytest.raises(ValueError, match="after the verdict"):
        race.cast(look(3, {"a": 1.0}))


def test_what_stays_unsure_has_no_winner() -> None:
    """The placebo for the stopping rule: the likeliest is known, and is not gone on with."""
    looks = [look(number, {"a": 0.55, "b": 0.45}) for number in range(4)] + [Ballot(4, None, "misformatted")]
    found = replay_looks(Looks(1e-3), 5, looks)
    assert found == Deadlocked(5, (("a", 4),), 1)
    assert replay_looks(Looks(1e-3), 9, looks) is None


def test_looks_come_in_order_and_there_is_room_for_one() -> None:
    race = LookRace(Looks(0.01), 2)
    with pytest.raises(ValueError, match="out of order"):
        race.cast(look(1, {"a": 1.0}))
    with pytest.raises(ValueError, match="at least 1"):
        LookRace(Looks(0.01), 0)


def test_averaged_looks_stay_within_the_budget_and_placebos_do_not() -> None:
    """The likeliest once errs as often as wordings mislead; so do copies of one look, which in addition claim more."""
    rng, rule, questions = random.Random(1), Looks(0.002, MISLED), 3000
    once = copies = averaged = unsure = taken = 0
    for _ in range(questions):
        looks = [drawn(rng) for _ in range(12)]
        once += max(looks[0], key=lambda name: looks[0][name]) != "a"
        copies += verdict(rule, [looks[0]] * 12) not in ("a", None)
        race = LookRace(rule, 12)
        for number, one in enumerate(looks):
            if race.cast(look(number, one)) is not None:
                break
        assert race.verdict is not None
        taken += race.verdict.ballots
        unsure += isinstance(race.verdict, Deadlocked)
        averaged += isinstance(race.verdict, Won) and race.verdict.candidate != "a"
    assert once == pytest.approx(MISLED * questions, rel=0.2)
    assert copies > 0.7 * once
    assert averaged <= 0.002 * questions
    assert unsure < 0.03 * questions
    assert 2 < taken / questions < 8


def test_the_rate_is_learned_from_distinct_questions() -> None:
    assert misleading_rate({}) == MOST_RATE
    assert misleading_rate({(3, 0): 20}) == pytest.approx(1 / 62)
    assert misleading_rate({(3, 0): 18, (2, 1): 2}) == pytest.approx(3 / 62)
    assert misleading_rate({(1, 0): 10**9}) == LEAST_RATE
    rules = Looks.learned_rules((1e-3, 1e-4), {(3, 0): 40}, 100)
    assert {number: rule.agreeing for number, rule in rules.items()} == {2: 2}
    more = Looks.learned_rules((1e-3, 1e-7), {(3, 0): 40}, 100)
    assert sorted(more) == [2, 4]


def test_a_number_of_looks_may_be_asked_for_instead() -> None:
    """One look and its likeliest: the trivial baseline of every run by looks."""
    once = Looks.with_lead(1)
    assert (once.agreeing, once.error) == (1, UNPROVEN)
    assert verdict(once, [{"a": 0.51, "b": 0.3}]) == "a"
    assert verdict(once, [{"b": 0.33, "a": 0.33}]) is None
    assert verdict(Looks.with_lead(2), [{"a": 0.6, "b": 0.4}, {"b": 0.8, "a": 0.2}]) == "b"
    assert Looks.with_lead(4).agreeing == 4
    assert RULES["looks"] is Looks


def test_counts_alone_decide_like_certain_looks() -> None:
    rule = Looks(1e-3, 0.05)
    for mine in range(1, 8):
        certain = [{"a": 1.0}] * mine + [{"b": 1.0}]
        assert rule.wins(mine, (1,)) == (chances_wrong(certain, 0.05)[0][1] <= 1e-3)
    assert rule.p_step(0.95) > 0.999
    assert 2 < rule.expected_ballots(0.95) < 5
    assert Looks.smallest_lead(0.95, 100, 0.95) == 6


@pytest.mark.parametrize("wrong", [{"budget": 0}, {"budget": 1}, {"error": 0.5}, {"error": 0}, {"least": 0}])
def test_a_rule_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not"):
        Looks(**{"budget": 0.01, **wrong})  # type: ignore[arg-type]


def test_shares_of_a_journal_are_not_believed() -> None:
    nan = float("nan")
    assert shares_of(Ballot(0, "a", None, (("a", nan), ("b", -1.0), ("c", 2.0)))) == {}
    assert shares_of(Ballot(0, "a", None, (("a", 0.9), ("b", 0.9)))) == {"a": 0.5, "b": 0.5}
    assert shares_of(Ballot(0, "a")) == {"a": 1.0}
    assert shares_of(Ballot(0, None, "refused")) == {}
    assert replay_looks(Looks(0.01), 1, [Ballot(0, "a", None, (("a", nan),))]) == Deadlocked(1, (("a", 1),), 0)


def test_a_plan_by_looks_is_bounded_by_its_budget_under_the_assumptions_of_looks() -> None:
    """Race lengths do not count: a thin look takes more wordings, and no wording is a draw."""
    rule = Looks(0.04 / 1000, 0.02)
    found = certify(Evidence(races={3: {3: 900, 7: 100}}, rules={3: rule}))
    assert found.bound == pytest.approx(0.04)
    assert found.violations == ()
    assert any("wordings of one question mislead independently" in line for line in found.assumptions)
    assert not any("ballots of a step are independent" in line for line in found.assumptions)
    baseline = certify(Evidence(races={1: {1: 1000}}, rules={1: Looks.with_lead(1)}))
    assert baseline.bound == pytest.approx(1.0)
    by_votes = certify(Evidence(races={3: {3: 1000}}))
    assert any("ballots of a step are independent" in line for line in by_votes.assumptions)
