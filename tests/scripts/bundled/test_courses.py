"""What the three parts of the bundled model are taught and examined on."""

import random

import pytest

from surefoot.scripts.bundled import questions

pytest.importorskip("torch", reason="needs the extra train")

from surefoot.scripts.bundled.courses import COURSES, course_of, run_exams


def test_a_course_is_its_own_model() -> None:
    runs, moves, planner = map(course_of, COURSES)
    assert len({runs.folder, moves.folder, planner.folder}) == 3
    assert runs.vocabulary() != planner.vocabulary()
    assert len(runs.vocabulary()) == len(moves.vocabulary()), "so that one can begin with the other's weights"
    assert (moves.facts["course"], moves.facts["most_moves"]) == ("moves", 32)
    assert runs.spell is None
    assert planner.spell is not None
    assert (runs.facts["held_out"], planner.facts["course"]) == (questions.HELD_OUT, "planner")


@pytest.mark.parametrize("course", COURSES)
def test_lessons_and_exams_are_in_the_vocabulary(course: str) -> None:
    taught = course_of(course)
    known = set(taught.vocabulary())
    for prompt, reply in taught.lesson(random.Random(1), 100, 1.0):
        assert known.issuperset(f"{prompt} {reply}".split(" "))
    assert all(pairs for pairs in taught.exams(1).values())


def test_exams_of_runs_are_of_six_kinds_and_the_seed_decides() -> None:
    found = run_exams(1, 20)
    assert list(found) == ["move", "carry", "split", "times", "plus", "halve"]
    assert {len(pairs) for pairs in found.values()} == {20}
    assert found == run_exams(1, 20) != run_exams(2, 20)
    assert all(questions.held_out(prompt) for prompt, _ in found["halve"])
