"""Referees of puzzles agree with their keys at any size, and name the first step that is wrong, whichever it is."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys import checkers as checkers_key
from surefoot.decompose.answer_keys import dictionary_sum as sum_key
from surefoot.decompose.answer_keys import ledger as ledger_key
from surefoot.decompose.answer_keys import sort as sort_key
from surefoot.decompose.plan import PlanStep
from surefoot.decompose.referees import checkers as checkers_referee
from surefoot.decompose.referees import dictionary_sum as sum_referee
from surefoot.decompose.referees import ledger as ledger_referee
from surefoot.decompose.referees import sort as sort_referee
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.checkers import Checkers, moved, places
from surefoot.decompose.tasks.dictionary_sum import DictionarySum
from surefoot.decompose.tasks.ledger import Ledger, Trip, edited
from surefoot.decompose.tasks.sort import Sort

Say = Callable[[int, Step], str]


class Ended:
    """A plan as referees read it."""

    def __init__(self, steps: list[PlanStep], output: Any) -> None:
        self.steps, self.output = steps, output

    def __iter__(self) -> Iterator[PlanStep]:
        return iter(self.steps)


def chain(task: Any, goal: Any, inputs: tuple[Any, ...], key: Any, slip: int | None = None) -> Ended:
    """Run a chain on the key's first right answers, with its first wrong one at step ``slip``."""
    state, steps = task.begin(goal, inputs), list[PlanStep]()
    while isinstance(step := task.next_step(goal, state), Step):
        told = key.answers(task.prompt(step, "compact"))
        said = (told.wrong if len(steps) == slip else told.right)[0]
        steps.append(PlanStep(step.kind, step.reads, said, state))
        state = task.advance(goal, state, said)
    return Ended(steps, step.output)


@given(st.integers(1, 60), st.integers(1, 30), st.integers(0, 99), st.data())
def test_a_slip_in_a_running_sum_is_named_at_its_turn(turns: int, words: int, draw: int, data: st.DataObject) -> None:
    task = DictionarySum(turns=turns, words=words, draw=draw)
    done = chain(task, "sum", (0,), sum_key)
    assert done.output == sum(task.values()[task.word(number)] for number in range(turns))
    told = sum_referee.verify(task, done)
    assert (told.valid, told.reached_goal, told.steps) == (True, True, turns)
    slip = data.draw(st.integers(0, turns - 1))
    told = sum_referee.verify(task, chain(task, "sum", (0,), sum_key, slip))
    assert (told.valid, told.steps) == (False, slip)
    short = sum_referee.verify(task, Ended(done.steps[:-1], done.output))
    assert not short.reached_goal, "a sum that stops early"


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=20))
def test_a_pair_of_lists_is_merged_and_a_wrong_comparison_is_named(numbers: list[int]) -> None:
    task = Sort(numbers=" ".join(map(str, numbers)))
    middle = len(numbers) // 2
    halves = (sorted(numbers[:middle]), sorted(numbers[middle:]))
    merging = task.decomposition_step(task.root().goal, (list(range(9)),)).children[-1].goal  # type: ignore[union-attr]
    done = chain(task, merging, halves, sort_key)
    assert done.output == sorted(numbers)
    told = sort_referee.verify(task, done)
    assert (told.valid, told.reached_goal, told.steps) == (True, True, len(done.steps))
    assert len(done.steps) <= task.size(merging, halves)
    for slip, step in enumerate(done.steps):
        one, other = map(int, step.reads.facts.split())
        if one != other:
            wrong = PlanStep(step.kind, step.reads, str(max(one, other)), step.state)
            told = sort_referee.verify(task, Ended([*done.steps[:slip], wrong, *done.steps[slip + 1 :]], done.output))
            assert (told.valid, told.steps) == (False, slip)
    if len(set(numbers)) > 1:
        assert not sort_referee.verify(task, Ended(done.steps, sorted(numbers, reverse=True))).reached_goal


@given(st.integers(1, 6), st.integers(1, 25), st.integers(0, 50))
def test_each_entry_of_a_ledger_comes_back_and_the_edited_one_is_judged(lines: int, edits: int, draw: int) -> None:
    task = Ledger(lines=lines, edits=edits, draw=draw)
    text, changes = task.text(), task.changes()
    assert sum(map(len, changes.values())) == edits
    steps: list[PlanStep] = []
    for line in changes:
        done = chain(task, Trip(line), (text[line],), ledger_key)
        assert done.output == text[line], "there and back"
        assert len(done.steps) == task.size(Trip(line), ())
        steps += done.steps
    assert ledger_referee.verify(task, Ended(steps, None)).reached_goal
    wanted = list(text)
    for line, made in changes.items():
        for edit in made:
            wanted[line] = edited(wanted[line], edit.field, edit.new)
    assert task.answer(None, iter(steps)) == wanted
    line = random.Random(draw).choice(list(changes))
    last = next(n for n, s in enumerate(steps) if (s.state.line, s.state.done) == (line, len(changes[line]) - 1))
    spoiled = edited(steps[last].candidate, "amount", "1")
    steps[last] = PlanStep(steps[last].kind, steps[last].reads, spoiled, steps[last].state)
    told = ledger_referee.verify(task, Ended(steps, None))
    assert (told.valid, told.first_error) == (False, f"line {line + 1} is wrong")


def winnable(row: str) -> bool:
    """By trying every way, without the key's shortcut."""
    if not places(row):
        half = len(row) // 2
        return row == "B" * half + "_" + "R" * half
    return any(winnable(moved(row, place)) for place in places(row))


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_row_that_can_come_up_is_known_to_be_lost_or_not(count: int) -> None:
    todo, seen = ["R" * count + "_" + "B" * count], set[str]()
    while todo:
        row = todo.pop()
        if row not in seen:
            seen.add(row)
            assert checkers_key.can_be_won(row) == winnable(row), row
            todo += [moved(row, place) for place in places(row)]
    assert {winnable(row) for row in seen} == ({True, False} if count > 1 else {True})


@pytest.mark.parametrize("count", [1, 2, 5])
def test_moves_of_checkers_are_played_on_a_row_of_the_referees_own(count: int) -> None:
    task = Checkers(checkers=count)
    root = task.root()
    done = chain(task, root.goal, root.inputs, checkers_key)
    told = checkers_referee.verify(task, done)
    assert (told.valid, told.reached_goal, told.steps) == (True, True, task.size(root.goal, root.inputs))
    for stop in range(len(done.steps)):
        assert not checkers_referee.verify(task, Ended(done.steps[:stop], None)).reached_goal
    for at, place in ((0, 2 * count + 1), (1, 0), (2, 99)):
        if count > 1 or place != 2 * count + 1:
            bad = PlanStep("jump", None, f"{place} {root.promise}", None)
            told = checkers_referee.verify(task, Ended([*done.steps[:at], bad, *done.steps[at:]], None))
            assert (told.valid, told.steps) == (False, at), "the row that was stated does not count"
