"""MAKER's JSON lines: products and lists are read, worked out, scored; what is neither has its row."""

import json
from typing import Any

import pytest

from surefoot.decompose.answer_keys import items as key
from surefoot.decompose.plan import Literal, Ref
from surefoot.decompose.referees import items as referee
from surefoot.decompose.step import Done, Flag, Step
from surefoot.decompose.tasks.items import Item, Items, as_text, read_items

LINES = [
    {"id": "mul-1", "question": "Multiply the following numbers:\n12 × 345", "answer": "4140"},
    {
        "id": "sort-1",
        "question": "Sort the following list in ascending order:\n[3, -1, 2, -1]",
        "answer": "[-1, -1, 2, 3]",
    },
    {"id": "odd", "question": "What is love?", "answer": "42"},
    {"id": "down", "question": "Sort in descending order: [1, 2]", "answer": "[2,1]"},
]
FILE = "\n".join(map(json.dumps, LINES))


def worked(task: Items, goal: Any, inputs: Any, dialect: Any) -> Any:
    """A node's output, its steps answered by the key."""
    split = task.decomposition_step(goal, inputs)
    if isinstance(split, Step):
        split = task.expand(goal, inputs, answered(task, split, dialect))
    if split is not None:
        outputs: list[Any] = []
        for child in split.children:
            read = [one.value if isinstance(one, Literal) else outputs[one.child] for one in child.inputs if one or Ref]
            outputs.append(worked(task, child.goal, tuple(read), dialect))
        return outputs[-1]
    state = task.begin(goal, inputs)
    while not isinstance(step := task.next_step(goal, state), Done):
        state = task.advance(goal, state, answered(task, step, dialect))
    return step.output


def answered(task: Items, step: Step, dialect: Any) -> str:
    found = task.parse(step, key.answers(task.prompt(step, dialect)).right[0], dialect)
    assert not isinstance(found, Flag)
    assert task.check(step, found) is None
    return found


def test_products_and_lists_are_told_apart_and_others_say_so() -> None:
    product, listed, odd, down = read_items(FILE)
    assert (product.factors, listed.numbers) == (("12", "345"), (3, -1, 2, -1))
    assert odd.why
    assert down.why
    assert [item.identity for item in (product, listed, odd, down)] == ["mul-1", "sort-1", "odd", "down"]


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_they_are_worked_out_and_scored(dialect: Any) -> None:
    task = Items(file=FILE)
    marking = referee.of_task(task)
    for item in task.suite()[:2]:
        node = task.node((), item)
        output = worked(task, node.goal, node.inputs, dialect)
        assert marking.judge(item, (as_text(output),)).reached_goal
        assert not marking.judge(item, ("0",)).reached_goal
        assert not marking.judge(item, ()).valid


def test_a_question_of_another_kind_ends_at_once() -> None:
    task = Items(file=FILE, number=3)
    node = task.root()
    assert isinstance(node.goal, Item)
    done = task.next_step(node.goal, task.begin(node.goal, node.inputs))
    assert isinstance(done, Done)
    assert "neither a product" in done.failure


@pytest.mark.parametrize(
    ("said", "means"), [("[1, 2]", "[1,2]"), ("so #### [1,2]", "[1,2]"), (42, "42"), (" 42 ", "42")]
)
def test_answers_are_compared_by_what_they_mean(said: Any, means: str) -> None:
    assert referee.normal(said) == means


def test_what_is_missing_is_said_in_one_line() -> None:
    for options, why in (
        ({}, "a file of questions is needed"),
        ({"file": FILE, "number": 9}, "question 9 does not exist"),
        ({"file": FILE, "without": "search"}, "is no part of it"),
    ):
        with pytest.raises(ValueError, match=why):
            Items(**options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="question 1 has no answer"):
        referee.of_task(Items(file='[{"question": "Multiply 2 x 3"}]'))


@pytest.mark.parametrize("number", range(8))
def test_steps_of_both_kinds_are_drawn(number: int) -> None:
    task = Items(file=FILE)
    assert key.answers(task.prompt(task.sample_step(number), "compact")).right
