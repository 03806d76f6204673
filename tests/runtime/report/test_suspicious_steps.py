"""Which steps a report shows: the most suspicious, and of those that stand the ones with the thinnest evidence."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.records import Contested, agreed
from surefoot.runtime.report.ballot_strip import KEYS, LETTERS, SHOWN, lettered
from surefoot.runtime.report.suspicious_steps import SUSPECTS, WEAKEST, Place, SuspiciousStep, Thinnest, Worst
from surefoot.voting.alarms import Kind, Raised
from surefoot.voting.ballot import Ballot

ALARM = Raised(Kind.DISAGREEMENT, 0.001, 0.01)


def step(index: int, *named: int, spoiled: int = 0, **more: Any) -> SuspiciousStep:
    votes = tuple((f"c{number}", count) for number, count in enumerate(named))
    ballots = tuple(Ballot(n, "x") for n in range(sum(named) + spoiled))
    return SuspiciousStep(Place((0,), "run", 0, index), Contested(more.pop("k", 3), ballots, **more), votes, spoiled)


@pytest.mark.parametrize(
    ("found", "lead", "suspicious"),
    [
        (step(0, 3), 3, False), (step(0, 3, 1), 3, True), (step(0, 3, spoiled=1), 3, False),
        (step(0, 3, spoiled=2), 3, True), (step(0, 5, k=5), 3, True), (step(0, 3, before=(Ballot(0, "y"),)), 3, True),
        (step(0, 3, raised=(ALARM,)), 3, True),
    ],
)  # fmt: skip
def test_what_makes_a_step_suspicious(found: SuspiciousStep, lead: int, suspicious: bool) -> None:
    assert found.suspicious(lead) == suspicious


def test_alarms_weigh_more_than_dissent_and_dissent_more_than_spoiled_ballots() -> None:
    worst = Worst()
    found = [step(0, 9, spoiled=5), step(1, 3, 2), step(2, 3, raised=(ALARM,)), step(3, 3, 1, 1, spoiled=1)]
    for one in found:
        worst.add(one)
    assert [one.place.index for one in worst.ranked()] == [2, 3, 1, 0]
    assert found[3].dissent == 2


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=120))
def test_the_worst_are_kept_however_many_there_are_and_the_first_of_equals_leads(votes: list[tuple[int, int]]) -> None:
    worst = Worst()
    every = [step(n, 4, dissent, spoiled=spoiled) for n, (dissent, spoiled) in enumerate(votes)]
    for one in every:
        worst.add(one)
    weights = sorted((tuple(-w for w in one.weight), one.place.index) for one in every)
    assert [one.place.index for one in worst.ranked()] == [index for _, index in weights[:SUSPECTS]]


def thinnest(*segments: tuple[dict[Any, int], list[tuple[int, int, int, int]]]) -> Thinnest:
    """Steps as (attempt, index, lead, dissent); one without dissent agreed at once."""
    found = Thinnest()
    for last, steps in segments:
        for attempt, index, k, dissent in steps:
            place = Place((0,), "run", attempt, index)
            doubt = None
            if dissent:
                named = (("a", k + dissent), ("b", dissent))
                doubt = SuspiciousStep(place, Contested(k, ()), named, 0)
            found.add(place, "a", k, doubt)
        found.end_segment(last)
    return found


STANDS = {((0,), "run"): 0}


def test_narrow_wins_come_before_small_ones_and_small_ones_before_large_ones() -> None:
    found = thinnest((STANDS, [(0, 0, 5, 0), (0, 1, 2, 0), (0, 2, 3, 3), (0, 3, 3, 1)]))
    assert [one.place.index for one in found.ranked()] == [2, 3, 1, 0]


def test_only_runs_that_stand_are_shown() -> None:
    found = thinnest(({((0,), "run"): 1}, [(0, 0, 1, 0), (1, 1, 1, 0)]))
    assert [one.place.attempt for one in found.ranked()] == [1]
    assert thinnest(({}, [(0, 0, 1, 0)])).ranked() == []


def test_no_more_than_a_few_are_kept_and_it_says_when_there_are_enough() -> None:
    found = thinnest((STANDS, [(0, n, 2, 0) for n in range(3 * WEAKEST)]), (STANDS, [(0, 99, 2, 0)]))
    assert [one.place.index for one in found.ranked()] == list(range(WEAKEST))
    assert found.enough == {2}
    assert thinnest((STANDS, [(0, n, 2, 1) for n in range(WEAKEST)])).enough == set(), "these did not all agree"
    assert thinnest((STANDS, [(0, n, 2, 0) for n in range(WEAKEST - 1)])).enough == set()


def test_a_run_that_fell_does_not_use_up_the_room_of_the_one_that_stands() -> None:
    steps = [(0, n, 2, 0) for n in range(2 * WEAKEST)] + [(1, n, 2, 0) for n in range(2 * WEAKEST)]
    found = thinnest(({((0,), "run"): 1}, steps))
    assert [one.place.attempt for one in found.ranked()] == [1] * WEAKEST


def test_the_ballots_of_a_step_that_agreed_are_written_out() -> None:
    (one,) = thinnest((STANDS, [(0, 0, 3, 0)])).ranked()
    assert one.entry == agreed("a", 3) == Contested(3, (Ballot(0, "a"), Ballot(1, "a"), Ballot(2, "a")))
    assert one.named == (("a", 3),)


said = st.lists(st.tuples(st.sampled_from(["a", "b", "c", "bad form", "too long"]), st.booleans()), max_size=40)


@settings(max_examples=40)
@given(st.sampled_from(["", "a", "b", "z"]), said, said)
def test_letters_stand_for_one_candidate_each_and_the_winner_is_a(winner: str, one: Any, other: Any) -> None:
    rows, keys = lettered(winner, one, other)
    meaning = {key.letter: key for key in keys if key.style != "s"}
    assert len(meaning) == sum(key.style != "s" for key in keys)
    for row, ballots in zip(rows, (one, other), strict=True):
        assert len(row.letters) == len(ballots)
        for (letter, style), (text, spoiled) in zip(row.letters, ballots, strict=True):
            assert (style == "s") == spoiled
            if not spoiled:
                assert meaning[letter].text == text
                assert style == ("w" if text == winner else "x")
    counted = sum(key.count for key in keys)
    assert counted == len(one) + len(other)
    if any(text == winner and not spoiled for text, spoiled in (*one, *other)):
        assert keys[0].letter == "A"
        assert (keys[0].style, keys[0].text) == ("w", winner)


def test_long_rows_and_many_candidates_are_cut_and_say_so() -> None:
    many: list[Any] = [(f"c{number:03}", False) for number in range(SHOWN + 30)]
    (row,), keys = lettered("c000", many)
    assert (len(row.letters), row.more) == (SHOWN, 30)
    assert len(keys) == KEYS
    assert {letter for letter, _ in row.letters} == set(LETTERS), "those without a letter of their own share the last"
