"""What a race does, by example: the published votes, defects seen elsewhere (R numbers), and misuse."""

import itertools
import random

import msgspec
import pytest

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Deadlocked, Race, Verdict, Won, replay, unanimous
from surefoot.voting.rule import Rule

# Votes of step 10241 of the published run, in order. A is right; B led 5 : 4 after 11 votes.
STEP_10241 = "ACBBAAABCBBAABACAABAAAACBAA"


def drawn(text: str) -> list[Ballot]:
    """One ballot a letter; a dot is a spoiled one."""
    return [Ballot(i, None, "overlong") if letter == "." else Ballot(i, letter) for i, letter in enumerate(text)]


def run(rule: Rule, max_ballots: int, text: str) -> Race:
    race = Race(rule, max_ballots)
    for ballot in drawn(text):
        race.cast(ballot)
    return race


def test_step_10241_ahead_by_3() -> None:
    race = Race(FirstToAheadBy(3), 100)
    for ballot in drawn(STEP_10241[:17]):
        assert race.cast(ballot) is None
        if ballot.draw == 10:
            assert race.tally == {"A": 4, "C": 2, "B": 5}
            assert race.fewest() == 2  # B would need two more: it leads by one
    assert race.cast(Ballot(17, "A")) == Won("A", ballots=18, margin=3)
    assert race.tally == {"A": 9, "C": 3, "B": 6}


def test_step_10241_first_to_3() -> None:
    assert replay(FirstTo(3), 100, drawn(STEP_10241)) == Won("A", ballots=6, margin=1)


def test_r1_the_cap_elects_nobody() -> None:
    verdict = replay(FirstToAheadBy(3), 11, drawn(STEP_10241))
    assert verdict == Deadlocked(ballots=11, tally=(("B", 5), ("A", 4), ("C", 2)), spoiled=0)
    assert not hasattr(verdict, "candidate")


def test_r2_first_to_k_is_not_ahead_by_k() -> None:
    ahead = run(FirstToAheadBy(3), 100, "ABABA")
    assert ahead.verdict is None
    assert ahead.fewest() == 2
    assert run(FirstTo(3), 100, "ABABA").verdict == Won("A", ballots=5, margin=1)


def test_r3_no_ballots_or_only_spoiled_ones_elect_nobody() -> None:
    for rule in (FirstToAheadBy(1), FirstTo(1)):
        assert replay(rule, 4, []) is None
        assert replay(rule, 4, drawn("...")) is None
        assert replay(rule, 4, drawn("....")) == Deadlocked(ballots=4, tally=(), spoiled=4)


@pytest.mark.parametrize("rule", [FirstToAheadBy(3), FirstTo(3)])
def test_r12_any_three_kinds_of_ballots_end_within_the_cap(rule: Rule) -> None:
    for text in itertools.product("AB.", repeat=6):
        race = Race(rule, 6)
        verdicts = [race.cast(ballot) for ballot in drawn("".join(text)) if race.verdict is None]
        assert verdicts[-1] is not None
        assert verdicts[:-1] == [None] * (len(verdicts) - 1)


def test_r13_arrival_order_decides_nothing() -> None:
    rng = random.Random(13)
    for text in (STEP_10241, "ABBA.AB.AAA", "....", "AB" * 9):
        in_order = replay(FirstToAheadBy(3), 18, drawn(text))
        for _ in range(50):
            arrived = drawn(text)
            rng.shuffle(arrived)
            assert replay(FirstToAheadBy(3), 18, arrived) == in_order


def test_r20_a_fresh_race_starts_empty() -> None:
    run(FirstToAheadBy(3), 10, "AABA")
    fresh = Race(FirstToAheadBy(3), 10)
    assert (fresh.tally, fresh.spoiled, fresh.verdict, fresh.fewest()) == ({}, 0, None, 3)
    fresh.tally["A"] = 2  # a copy
    assert fresh.tally == {}
    one, other = Race(FirstTo(2), 10), Race(FirstTo(2), 10)
    one.cast(Ballot(0, "A"))
    assert other.cast(Ballot(0, "A")) is None


def test_r20_a_journalled_race_is_decided_the_same_after_a_crash() -> None:
    written = msgspec.msgpack.encode(drawn(STEP_10241[:18]))
    assert replay(FirstToAheadBy(3), 100, msgspec.msgpack.decode(written, type=list[Ballot])) == Won("A", 18, 3)


def test_spoiled_ballots_use_up_the_cap_and_nothing_else() -> None:
    assert run(FirstToAheadBy(2), 9, ".A..A").verdict == Won("A", ballots=5, margin=2)
    assert run(FirstToAheadBy(2), 4, ".A..").verdict == Deadlocked(4, (("A", 1),), spoiled=3)


def test_an_overtaken_leader_counts_against_the_new_one() -> None:
    # When B overtakes A, the best of the others is A with 3, not C with 1: the lead is 1, not 3.
    race = run(FirstToAheadBy(3), 100, "ABACBAB")
    assert race.tally == {"A": 3, "B": 3, "C": 1}
    assert race.cast(Ballot(7, "B")) is None
    assert race.fewest() == 2


def test_ties_in_a_deadlock_are_listed_by_name() -> None:
    assert replay(FirstTo(3), 5, drawn("CBABC")) == Deadlocked(5, (("B", 2), ("C", 2), ("A", 1)), 0)


def test_a_ballot_after_the_verdict_is_refused_and_changes_nothing() -> None:
    race = run(FirstToAheadBy(1), 10, "A")
    with pytest.raises(ValueError, match="after the verdict"):
        race.cast(Ballot(1, "B"))
    assert (race.verdict, race.tally, race.fewest()) == (Won("A", 1, 1), {"A": 1}, 0)


@pytest.mark.parametrize("draw", [0, 1, 3])
def test_a_ballot_out_of_order_is_refused_and_changes_nothing(draw: int) -> None:
    race = run(FirstToAheadBy(3), 10, "A.")
    with pytest.raises(ValueError, match="next one is 2"):
        race.cast(Ballot(draw, "A"))
    assert (race.verdict, race.tally, race.spoiled, race.fewest()) == (None, {"A": 1}, 1, 2)
    assert race.cast(Ballot(2, "A")) is None


@pytest.mark.parametrize("draws", [[1], [0, 2], [0, 0], [0, 1, 1]])
def test_replay_refuses_missing_and_double_draws(draws: list[int]) -> None:
    # Two ballots of one number would otherwise be counted in the order they came.
    with pytest.raises(ValueError, match="each once"):
        replay(FirstTo(1), 10, [Ballot(draw, "A") for draw in draws])


@pytest.mark.parametrize("rule_type", [FirstToAheadBy, FirstTo])
@pytest.mark.parametrize("k", [0, -1])
def test_k_below_one_is_refused(rule_type: type[Rule], k: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        rule_type(k)


def test_a_race_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 ballot"):
        Race(FirstTo(1), 0)


def test_rules_and_verdicts_say_on_the_wire_what_they_are() -> None:
    for rule, wire in ((FirstToAheadBy(3), "first-to-ahead-by"), (FirstTo(3), "first-to")):
        assert msgspec.json.encode(rule) == f'{{"type":"{wire}","k":3}}'.encode()
        assert msgspec.json.decode(msgspec.json.encode(rule), type=FirstToAheadBy | FirstTo) == rule
    for verdict in (Won("A", 3, 3), Deadlocked(4, (("A", 1), ("B", 1)), 2)):
        assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


@pytest.mark.parametrize("rule_type", [FirstToAheadBy, FirstTo])
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_unanimous_is_the_verdict_of_a_race_that_k_first_ballots_win(rule_type: type[Rule], k: int) -> None:
    """Every sequence of up to five answers of two candidates and a spoiled one; None is never a wrong shortcut."""
    found = 0
    for length in range(6):
        for answers in itertools.product(("A", "B", None), repeat=length):
            race = Race(rule_type(k), 100)
            for draw, answer in enumerate(answers):
                if race.verdict is None:
                    race.cast(Ballot(draw, answer, None if answer else "overlong"))
            won = isinstance(race.verdict, Won) and race.verdict.ballots == length == k
            assert unanimous(answers, k) == (race.verdict.candidate if won else None)
            found += won
    assert found == 2
