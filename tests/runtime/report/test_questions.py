"""The question behind a place is found from the root down, under whichever decomposition the place belongs to."""

from collections.abc import Sequence
from typing import Any

import pytest

from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.segment import SegmentSize
from surefoot.decompose.step import Done, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.journal.journalled_plan import JournalledPlan
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Record
from surefoot.runtime.report.questions import Questions
from surefoot.runtime.report.suspicious_steps import Place
from tests.runtime.journal.in_memory import InMemoryJournal


class Parts(Task, frozen=True, kw_only=True):
    """The root is split into as many parts as a candidate says; each asks two questions about what it is given."""

    promised: bool = True

    def root(self) -> Node:
        return Node((), ["all"], ())

    def size(self, goal: Any, inputs: Any = ()) -> int:
        return 9999 if goal == ["all"] else 2

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step:
        return Step("split", Role.TASK_DECOMPOSER, ("into how many?",))

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        first = Child(["part", candidate, 0], (Literal("start"),), "said" if self.promised else None)
        rest = [Child(["part", candidate, number], (Ref(0),)) for number in range(1, int(candidate))]
        return Expansion((first, *rest))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return (inputs[0], 0)

    def next_step(self, goal: Any, state: Any) -> Any:
        return Done(state[0]) if state[1] == 2 else Step("ask", Role.ACTOR, (*goal[1:], *state))

    def advance(self, goal: Any, state: Any, answer: Any) -> Any:
        return (answer, state[1] + 1)

    def prompt(self, step: Step) -> Prompt:
        return Prompt("", "")

    def parse(self, step: Step, reply: str) -> str:
        return reply


def questions(splits: Sequence[str | None], *records: Record, promised: bool = True) -> Questions:
    """Of a run whose root was split so, one attempt after the other; ``None`` for one that nothing decided."""
    journal = InMemoryJournal()
    for attempt, split in enumerate(splits):
        if split is not None:
            journal.batches[f"/#{attempt}"] = [pack([Record((), "split", attempt, 0, 1, (split,))])]
    for record in records:
        journal.batches.setdefault(f"/{record.path[0]}", []).append(pack([record]))
    return Questions(
        JournalledPlan(journal, Parts(promised=promised), Tree(100), "first-to-ahead-by", SegmentSize(100))
    )


def asked_first(found: Questions, element: int) -> tuple[Any, ...] | None:
    step = found.find(Place((element,), "run", 0, 0))
    return None if step is None else step.reads


@pytest.mark.parametrize(
    ("splits", "element", "part"),
    [
        (["3"], 0, ("3", 0, "start", 0)),
        (["3"], 2, ("3", 2, "said", 0)),
        (["3", "2"], 1024, ("2", 0, "start", 0)),
        (["3", "2"], 2, ("3", 2, "said", 0)),
        ([None, "2"], 1025, ("2", 1, "said", 0)),  # nothing was decided at first
        (["1", "1500", "4"], 2000, ("1500", 976, "said", 0)),
        (["1", "1500", "4"], 2050, ("1500", 1026, "said", 0)),
        (["1", "1500", "4"], 2524, ("4", 0, "start", 0)),
        (["1500", "4"], 1400, ("1500", 1400, "said", 0)),
        (["1500", "4"], 1501, ("4", 1, "said", 0)),
    ],
)
def test_a_child_is_found_under_the_decomposition_that_it_belongs_to(
    splits: list[str | None], element: int, part: tuple[Any, ...]
) -> None:
    assert asked_first(questions(splits), element) == part


@pytest.mark.parametrize("element", [3, 1023, 1026, 5000])
def test_a_number_that_no_child_has(element: int) -> None:
    assert asked_first(questions(["3", "2"]), element) is None


def test_nothing_is_found_below_a_decomposition_that_is_not_in_the_journal() -> None:
    assert asked_first(questions([]), 0) is None


def test_what_reads_an_output_that_nobody_promised_is_not_found() -> None:
    found = questions(["3"], promised=False)
    assert asked_first(found, 0) == ("3", 0, "start", 0)
    assert asked_first(found, 1) is None


def test_the_question_that_split_a_node() -> None:
    step = questions(["3"]).find(Place((), "split", 0, 0))
    assert step is not None
    assert step.reads == ("into how many?",)


def test_a_later_step_of_a_chain_reads_what_the_steps_before_it_took_in_the_same_attempt() -> None:
    runs = [Record((1,), "run", attempt, 0, 1, (f"answer {attempt}", "end")) for attempt in range(2)]
    found = questions(["3"], *runs)
    for attempt in (1, 0, 1):  # in any order: what is remembered of one chain must not leak into the next
        for index, reads in ((1, (f"answer {attempt}", 1)), (0, ("said", 0)), (1, (f"answer {attempt}", 1))):
            step = found.find(Place((1,), "run", attempt, index))
            assert step is not None
            assert step.reads == ("3", 1, *reads)
    assert found.find(Place((1,), "run", 0, 2)) is None, "the chain is at its end"


def test_records_of_a_chain_that_overlap_count_once() -> None:
    records = [Record((2,), "run", 0, 0, 1, ("first",)), Record((2,), "run", 0, 0, 1, ("first", "second"))]
    step = questions(["3"], *records).find(Place((2,), "run", 0, 1))
    assert step is not None
    assert step.reads == ("3", 2, "first", 1)
