"""What is counted of decompositions and single steps, and which questions are audited."""

import pytest

from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.levels import audited_lead, count_level, counted_in, done_in
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.leads import AUDITED
from surefoot.runtime.records import Contested, Counts
from surefoot.voting.ballot import Ballot

DISPUTED = Contested(2, (Ballot(0, "a"), Ballot(1, "b"), Ballot(2, None, "illegal"), Ballot(3, "a"), Ballot(4, "a")))


def counted(part: str, attempt: int, k: int, entry: str | Contested) -> dict[str, int]:
    counts = Counts()
    count_level(counts, part, attempt, k, entry)
    return counts.levels


def test_ballots_are_counted_by_level() -> None:
    assert counted("run", 0, 3, "a") == {"steps/answers": 3, "steps/valid": 3, "steps/dissent": 0}
    assert counted("split", 0, 2, DISPUTED) == {"plan/answers": 5, "plan/valid": 4, "plan/dissent": 1}


@pytest.mark.parametrize(
    ("part", "attempt", "k", "entry"),
    [
        ("run", 0, 1, "a"),
        ("run", 1, 3, "a"),
        ("rows", 0, 3, "a"),
        ("split", 0, 2, Contested(2, DISPUTED.ballots, remembered=True)),
        ("run", 0, 3, Contested(1, (Ballot(0, "a"),))),
    ],
)
def test_what_shows_no_dissent_of_the_usual_question_is_not_counted(
    part: str, attempt: int, k: int, entry: str | Contested
) -> None:
    assert counted(part, attempt, k, entry) == {}


def test_of_a_race_that_was_held_again_the_first_ballots_count() -> None:
    climbed = Contested(2, (Ballot(0, "b"), Ballot(1, "b")), way="other words", before=DISPUTED.ballots)
    assert counted("run", 0, 2, climbed)["steps/dissent"] == 1


def test_one_in_eight_questions_that_would_be_asked_once_is_audited() -> None:
    draws = [draws_of(((node,), "run", 0)) + index * MAX_DRAWS for node in range(100) for index in range(16)]
    audited = [audited_lead("run", 0, 1, draw) for draw in draws]
    assert set(audited) == {1, 2}
    assert audited.count(2) == len(draws) / AUDITED
    assert audited == [audited_lead("run", 0, 1, draw) for draw in draws]


@pytest.mark.parametrize(("part", "attempt", "k"), [("run", 1, 1), ("run", 0, 2), ("rows", 0, 1), ("sample", 0, 1)])
def test_nothing_else_is(part: str, attempt: int, k: int) -> None:
    assert {audited_lead(part, attempt, k, index * MAX_DRAWS) for index in range(32)} == {k}


def test_a_checkpoint_holds_what_was_asked_and_decided() -> None:
    totals = Counts(steps=7, decompositions=3, calls=50, levels={"plan/valid": 9})
    found = counted_in(totals)
    assert found == {"plan/valid": 9, "plan/questions": 3, "steps/questions": 7, "calls": 50}
    assert done_in(found) == (3, 7)
    assert done_in({}) == (0, 0)
