"""Lessons with masks as arrays: what is padded, what is said, and how lessons are put together."""

import numpy as np

from surefoot.scripts.bundled.masked_lessons import PADDING, Lesson, alike, block_of

NUMBER = {PADDING: 0, "a": 1, "b": 2}
SHORT, LONG = Lesson(("a", "b"), (False, True)), Lesson(("b", "a", "a", "b"), (False, True, False, True))


def test_lessons_are_padded_and_only_marked_tokens_are_said() -> None:
    block = block_of([SHORT, LONG], NUMBER)
    assert block.tokens.tolist() == [[1, 2, 0, 0], [2, 1, 1, 2]]
    assert block.said.tolist() == [[False, True, False, False], [False, True, False, True]]
    assert block.places.tolist() == [[0, 1, 2, 3]] * 2
    assert not block.asked.any()
    assert block.tokens.dtype == np.int64


def test_lessons_of_about_one_length_are_put_together_and_none_is_lost() -> None:
    lessons = [Lesson(("a",) * n, (True,) * n) for n in (5, 1, 4, 2, 3)]
    parts = [[len(one.tokens) for one in part] for part in alike(lessons, 2)]
    assert parts == [[1, 2, 3], [4, 5]]


def test_fewer_lessons_than_parts_are_parts_of_one() -> None:
    assert [len(part) for part in alike([SHORT, LONG])] == [1, 1]
