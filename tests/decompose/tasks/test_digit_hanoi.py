"""The published problem list, regenerated."""

from collections import Counter

from surefoot.decompose.answer_keys.digit_hanoi import answers
from surefoot.decompose.referees import digit_hanoi as referee
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi, numbered
from surefoot.decompose.tasks.digit_lists import all_states

THREE = [7, 7, 7, 7, 4, 4, 5, 5, 6, 1, 3, 7, 6, 3, 6, 1, 3, 7, 6, 3, 5, 5, 7, 2, 7, 2]
FOUR_COUNTS = {1: 2, 2: 2, 3: 4, 4: 2, 5: 4, 6: 4, 7: 8, 8: 2, 9: 4, 10: 4, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16}


def test_optimal_lengths_are_the_published_ones() -> None:
    assert [referee.optimal(numbered(number)) for number in range(1, 27)] == THREE
    four = [referee.optimal(numbered(number)) for number in range(27, 107)]
    assert Counter(four) == FOUR_COUNTS
    assert [four[i - 27] for i in (27, 31, 37, 57, 84, 106)] == [15, 11, 15, 9, 2, 14]


def test_every_start_but_the_goal_is_a_problem() -> None:
    for numbers, first, last in ((3, 1, 26), (4, 27, 106), (5, 107, 348)):
        starts = [numbered(number).start for number in range(first, last + 1)]
        goal = numbered(first).goal
        assert sorted([*starts, goal]) == sorted(all_states(numbers))


def test_suites_leave_the_worked_examples_out() -> None:
    assert [len(DigitHanoi(numbers=n).suite()) for n in (3, 4, 5)] == [24, 80, 242]
    assert not {"01/2/-", "1/0/2"} & {problem.start for problem in DigitHanoi(numbers=3).suite()}


def test_sampled_steps_are_answered_by_the_key_in_both_dialects() -> None:
    for numbers in (3, 4, 5):
        task = DigitHanoi(numbers=numbers)
        for number in range(120):
            step = task.sample_step(number)
            for dialect in ("chat", "compact"):
                known = answers(task.prompt(step, dialect))  # type: ignore[arg-type]
                right = {task.parse(step, text, dialect) for text in known.right}  # type: ignore[arg-type]
                wrong = {task.parse(step, text, dialect) for text in known.wrong}  # type: ignore[arg-type]
                assert all(isinstance(candidate, str) for candidate in right)
                assert not right & wrong
                assert all(task.check(step, str(candidate)) is None for candidate in right)


def test_the_referee_stops_at_the_first_invalid_move() -> None:
    problem = numbered(1)
    assert referee.judge(problem, ("0AC",)).first_error == "move 0: 0 is not the rightmost number of A"
    assert not referee.judge(problem, ("2AC", "1AC")).valid
    assert referee.judge(problem, ("2AC", "1AB")).valid
