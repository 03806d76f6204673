"""All questions of a file in one run: the parts of its plan, the table of answers, and how that is scored."""

from typing import Any

import pytest

from surefoot.decompose.plan import Child, Expansion, Failure, Literal, Ref, as_output
from surefoot.decompose.referees.tables import marks_of_table
from surefoot.decompose.step import Done
from surefoot.decompose.suite import SuiteTask
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.every_question import Gather, table_of
from surefoot.decompose.tasks.file_problems import FileProblem
from surefoot.decompose.tasks.items import Items
from surefoot.decompose.tasks.questions import Questions

ASKED = '[{"id": "a", "question": "Is ice cold?"}, {"id": "b", "question": "Do fish fly?"}]'
ITEMS = (
    '{"id": "m", "question": "Multiply 3 x 4", "answer": "12"}\n'
    '{"id": "s", "question": "Sort [3, 1]"}\n{"id": "o", "question": "Who?"}'
)
TASKS: list[tuple[Task, int]] = [
    (Questions(file=ASKED, every=True), 2),
    (Items(file=ITEMS, every=True), 3),
    (FileProblem(file=ASKED, every=True), 2),
    (FileProblem(file=ASKED, every=True, count=1), 1),
]


def _values(child: Child) -> tuple[Any, ...]:
    return tuple(source.value for source in child.inputs if isinstance(source, Literal))


@pytest.mark.parametrize(("task", "count"), TASKS)
def test_there_is_a_node_for_each_question_and_one_that_reads_them_all(task: Task, count: int) -> None:
    root = task.root()
    parts = task.decomposition_step(root.goal, root.inputs)
    assert isinstance(parts, Expansion)
    *asked, gather = parts.children
    assert len(asked) == count
    assert all(child.may_fail for child in asked)
    assert not any(isinstance(source, Ref) for child in asked for source in child.inputs)  # so all start at once
    assert gather.inputs == tuple(map(Ref, range(count)))
    assert not gather.may_fail
    assert task.decomposition_step(gather.goal, ()) is None
    # However short the file is, it is not run as one chain, which would answer nothing.
    assert task.size(root.goal, root.inputs) >= max(task.size(one.goal, _values(one)) for one in asked)
    assert task.usual_steps(root.goal, root.inputs) > 0


@pytest.mark.parametrize(("task", "count"), TASKS)
def test_what_gathers_the_answers_asks_nothing(task: Task, count: int) -> None:
    outputs = tuple(["yes", "no", "12"][:count])
    done = task.next_step(Gather(), task.begin(Gather(), outputs))
    assert isinstance(done, Done)
    assert not done.failure
    assert [row["answer"] for row in done.output] == list(outputs)
    assert [row["id"] for row in done.output] == (["m", "s", "o"] if isinstance(task, Items) else ["a", "b"])[:count]


@pytest.mark.parametrize("task", [Questions(file=ASKED), Items(file=ITEMS), FileProblem(file=ASKED)])
def test_without_the_option_a_run_asks_one_question(task: Task) -> None:
    root = task.root()
    assert not isinstance(task.decomposition_step(root.goal, root.inputs), Expansion)
    if isinstance(task, SuiteTask):
        assert root.goal == task.node((), task.problem_of_run()).goal


def test_a_question_that_failed_is_a_row_without_an_answer_that_says_why() -> None:
    failed = as_output(Failure("StepDeadlocked", "no decision"))
    rows = table_of([("", "Is ice cold?"), ("", "Do fish fly?")], ["yes", failed])
    assert rows == [
        {"question": "Is ice cold?", "answer": "yes", "why": ""},
        {"question": "Do fish fly?", "answer": None, "why": "no decision"},
    ]
    assert table_of([("7", "Is ice cold?")], [{"plan": [], "ended": "gave up"}]) == [
        {"id": "7", "question": "Is ice cold?", "answer": None}
    ]
    assert table_of([("", "q")], [{"plan": ["no"], "ended": "accepted"}])[0]["answer"] == "no"


@pytest.mark.parametrize(
    ("rows", "steps", "error"),
    [
        ([{"answer": "yes"}, {"answer": "no"}], 2, None),
        ([{"answer": "no"}, {"answer": "no"}], 1, "1 of 2 are not right: 1"),
        ([{"answer": None}, {}], 0, "2 of 2 are not right: 1, 2"),
        ([{"answer": "yes"}], 0, "no table with"),
        (["yes", 7], 0, "2 of 2"),
        ("yes", 0, "not a table"),
        (None, 0, "not a table"),
    ],
)
def test_a_table_is_scored_row_by_row_whatever_it_is(rows: Any, steps: int, error: str | None) -> None:
    found = marks_of_table(rows, ("yes", "no"))
    assert (found.steps, found.reached_goal) == (steps, error is None)
    assert found.valid == (isinstance(rows, list) and len(rows) == 2)
    if error is not None and error != "no table with":
        assert error in (found.first_error or "")


def test_many_wrong_rows_are_named_in_part() -> None:
    found = marks_of_table([{"answer": "x"}] * 9, ["y"] * 9)
    assert found.first_error == "9 of 9 are not right: 1, 2, 3, 4, 5, ..."
