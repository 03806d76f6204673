"""Tasks are on one side whole, and a seed chooses which."""

from surefoot.runtime.trace.examples import digest_of
from surefoot.runtime.trace.parts import Seen, row_for_test, tasks_for_test

TASKS = [digest_of(str(number)) for number in range(20)]


def test_a_share_of_the_tasks_is_chosen() -> None:
    chosen = tasks_for_test(TASKS * 3, 0.25)
    assert len(chosen) == 5
    assert chosen == tasks_for_test(reversed(TASKS), 0.25)
    assert chosen != tasks_for_test(TASKS, 0.25, seed=1)


def test_of_two_tasks_one_is_chosen_and_of_one_none() -> None:
    assert len(tasks_for_test(TASKS[:2], 0.01)) == 1
    assert len(tasks_for_test(TASKS[:2], 0.99)) == 1
    assert tasks_for_test(TASKS[:1], 0.9) == frozenset()
    assert tasks_for_test(TASKS, 0) == frozenset()


def test_rows_are_chosen_by_what_is_asked_about_them() -> None:
    prompts = [digest_of("row", str(number)) for number in range(2000)]
    chosen = [row_for_test([one], 0.2) for one in prompts]
    assert 330 < sum(chosen) < 470
    assert chosen == [row_for_test([one], 0.2) for one in prompts]
    assert not row_for_test([], 0.5)


def test_what_was_seen_is_known() -> None:
    seen = Seen()
    assert seen.add(TASKS[0])
    assert not seen.add(TASKS[0])
    assert TASKS[0] in seen
    assert TASKS[1] not in seen
    assert len(seen) == 1
