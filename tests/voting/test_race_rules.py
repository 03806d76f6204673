"""The race against a naive reading of both rules, and those tests against rules that only look right."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Deadlocked, Race, Verdict, Won, replay
from surefoot.voting.rule import Rule

Decide = Callable[[Rule, int, Sequence[Ballot]], Verdict | None]

RULES = st.builds(FirstToAheadBy, st.integers(1, 4)) | st.builds(FirstTo, st.integers(1, 4))
CAPS = st.integers(1, 24)
# Mostly two candidates, so that races are close; dots are spoiled ballots.
LETTERS = st.lists(st.sampled_from("AAABBBCD.."), max_size=24)


def drawn(letters: Sequence[str]) -> list[Ballot]:
    return [Ballot(i, None, "refused") if x == "." else Ballot(i, x) for i, x in enumerate(letters)]


def naive(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    """Both rules as they are stated: after each ballot, every candidate is measured against every other."""
    for n in range(1, min(len(ballots), max_ballots) + 1):
        votes = Counter(ballot.candidate for ballot in ballots[:n] if ballot.candidate is not None)
        for candidate, count in votes.items():
            margin = count - max([0, *(votes[other] for other in votes if other != candidate)])
            if (margin if isinstance(rule, FirstToAheadBy) else count) >= rule.k:
                return Won(candidate, n, margin)
    if len(ballots) < max_ballots:
        return None
    tally = tuple(sorted(votes.items(), key=lambda item: (-item[1], item[0])))
    return Deadlocked(max_ballots, tally, max_ballots - votes.total())


@given(RULES, CAPS, LETTERS)
def test_agrees_with_the_naive_reading(rule: Rule, cap: int, letters: list[str]) -> None:
    assert replay(rule, cap, drawn(letters)) == naive(rule, cap, drawn(letters))


@given(RULES, CAPS, LETTERS, st.randoms(use_true_random=False))
def test_r13_arrival_order_decides_nothing(rule: Rule, cap: int, letters: list[str], rng: random.Random) -> None:
    arrived = drawn(letters)
    rng.shuffle(arrived)
    assert replay(rule, cap, arrived) == replay(rule, cap, drawn(letters))


@given(RULES, CAPS, st.lists(st.sampled_from("ABC."), min_size=24, max_size=24))
def test_r12_any_ballots_end_within_the_cap(rule: Rule, cap: int, letters: list[str]) -> None:
    race = Race(rule, cap)
    for cast, ballot in enumerate(drawn(letters)):
        assert (race.fewest() == 0) == (race.verdict is not None)
        if race.verdict is not None:
            break
        assert cast < cap
        assert race.cast(ballot) is race.verdict
        assert sum(race.tally.values()) + race.spoiled == cast + 1
    else:
        assert race.verdict is not None
    assert race.verdict is not None
    assert race.verdict.ballots <= cap


@given(RULES, CAPS, LETTERS)
def test_candidates_are_opaque(rule: Rule, cap: int, letters: list[str]) -> None:
    """Other names, in another order of the alphabet: the same race."""
    renamed = {"A": "zz", "B": "", "C": "\x00", "D": "A", ".": "."}
    before, after = (replay(rule, cap, drawn(x)) for x in (letters, [renamed[x] for x in letters]))
    if isinstance(before, Won):
        assert after == Won(renamed[before.candidate], before.ballots, before.margin)
    else:
        assert type(after) is type(before)


@given(RULES, LETTERS)
def test_spoiled_ballots_change_no_winner(rule: Rule, letters: list[str]) -> None:
    """Nor the margin: with room enough, leaving them out gives the same verdict, so many ballots earlier."""
    with_spoiled = replay(rule, 99, drawn(letters))
    without = replay(rule, 99, drawn([x for x in letters if x != "."]))
    if isinstance(with_spoiled, Won):
        spoiled = letters[: with_spoiled.ballots].count(".")
        assert without == Won(with_spoiled.candidate, with_spoiled.ballots - spoiled, with_spoiled.margin)
    else:
        assert without is None


@given(RULES, CAPS, LETTERS)
def test_fewest_is_exactly_right(rule: Rule, cap: int, letters: list[str]) -> None:
    """So many ballots for the leader end the race; no fewer ballots, whatever they say, bring a winner."""
    race = Race(rule, cap)
    cast = list(itertools.takewhile(lambda ballot: race.cast(ballot) is None, drawn(letters[: cap - 1])))
    if race.verdict is not None:
        assert race.fewest() == 0
        return
    before, n = [ballot.candidate or "." for ballot in cast], race.fewest()
    assert 1 <= n <= cap - len(before)
    for fewer in itertools.product("ABCDE.", repeat=n - 1):
        assert naive(rule, cap, drawn([*before, *fewer])) is None
    leader = max(race.tally, key=race.tally.__getitem__, default="A")
    verdict = naive(rule, cap, drawn([*before, *leader * n]))
    if isinstance(verdict, Deadlocked):  # what the cap leaves is too few for anyone
        assert n == cap - len(before)
    else:
        assert verdict is not None
        assert (verdict.candidate, verdict.ballots) == (leader, len(before) + n)


# Each line is a race that tells a right rule from a wrong one.
CASES: list[tuple[Rule, int, str, Verdict | None]] = [
    (FirstToAheadBy(3), 99, "ABABA", None),
    (FirstToAheadBy(3), 99, "ACBBAAABCBBAABACA", None),
    (FirstToAheadBy(3), 99, "ACBBAAABCBBAABACAA", Won("A", 18, 3)),
    (FirstToAheadBy(3), 11, "ACBBAAABCBB", Deadlocked(11, (("B", 5), ("A", 4), ("C", 2)), 0)),
    (FirstToAheadBy(3), 99, "ABACBABB", None),
    (FirstToAheadBy(2), 3, "...", Deadlocked(3, (), 3)),
    (FirstToAheadBy(2), 99, ".A", None),
    (FirstTo(3), 99, "ACBBAA", Won("A", 6, 1)),
    (FirstTo(3), 5, "AABBC", Deadlocked(5, (("A", 2), ("B", 2), ("C", 1)), 0)),
]


def plurality_at_the_cap(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    verdict = naive(rule, max_ballots, ballots)
    if isinstance(verdict, Deadlocked) and verdict.tally:
        return Won(verdict.tally[0][0], verdict.ballots, 0)
    return verdict


def first_to_posing_as_ahead_by(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    return naive(FirstTo(rule.k), max_ballots, ballots)


def ahead_by_posing_as_first_to(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    return naive(FirstToAheadBy(rule.k), max_ballots, ballots)


def spoiled_as_a_candidate(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    return naive(rule, max_ballots, [Ballot(b.draw, b.candidate or "spoiled") for b in ballots])


def forgets_who_was_overtaken(rule: Rule, max_ballots: int, ballots: Sequence[Ballot]) -> Verdict | None:
    """The slip that an incremental count invites: a new leader is measured against whoever was third."""
    tally: Counter[str] = Counter()
    first = second = 0
    for n, ballot in enumerate(ballots[:max_ballots], 1):
        if ballot.candidate is not None:
            tally[ballot.candidate] += 1
            count = tally[ballot.candidate]
            first, second = max(first, count), count if second < count < first else second
            if isinstance(rule, FirstToAheadBy) and count == first and first - second >= rule.k:
                return Won(ballot.candidate, n, first - second)
    return naive(rule, max_ballots, ballots)


@pytest.mark.parametrize("decide", [replay, naive])
@pytest.mark.parametrize("case", CASES)
def test_the_rules_pass(decide: Decide, case: tuple[Rule, int, str, Verdict | None]) -> None:
    rule, cap, text, expected = case
    assert decide(rule, cap, drawn(text)) == expected


@pytest.mark.parametrize(
    ("placebo", "caught_by"),
    [
        (plurality_at_the_cap, "ACBBAAABCBB"),
        (first_to_posing_as_ahead_by, "ABABA"),
        (ahead_by_posing_as_first_to, "ACBBAA"),
        (spoiled_as_a_candidate, "..."),
        (forgets_who_was_overtaken, "ABACBABB"),
    ],
)
def test_a_rule_that_only_looks_right_is_caught(placebo: Decide, caught_by: str) -> None:
    wrong = {text for rule, cap, text, expected in CASES if placebo(rule, cap, drawn(text)) != expected}
    assert caught_by in wrong
    assert len(wrong) < len(CASES)  # it does look right in places
