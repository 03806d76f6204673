"""What travels to one worker, and what a node is called in the journal."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import Child, Expansion, Literal, Node
from surefoot.decompose.segment import SegmentSize, given_expansion, segment_key, travels_whole
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Carry, Hanoi, Tower

paths = st.lists(st.integers(0, 10**6), max_size=6).map(tuple)


class Parts(Task, frozen=True, kw_only=True):
    """Code splits every goal but ``"one"`` into three parts of one step each."""

    chainable = False

    def root(self) -> Node:
        return Node((), "all", ())

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        return None if goal == "one" else Expansion((Child("one", (Literal("x"),)),) * 3)

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return 1 if goal == "one" else 3

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        return Step("one", Role.ACTOR, state)

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt("?")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text


def tower(height: int, *path: int) -> Node:
    return Node(path, Tower(height, "a", "b"), ("a" * 10,))


@given(one=paths, other=paths, split=st.none() | st.integers(0, 99), again=st.none() | st.integers(0, 99))
def test_two_segments_never_have_the_same_name(one: Any, other: Any, split: int | None, again: int | None) -> None:
    same = segment_key(one, split) == segment_key(other, again)
    assert same == ((one, split) == (other, again))


@pytest.mark.parametrize(("segment_steps", "largest"), [(1, 2), (3, 2), (7, 3), (31, 5), (2000, 10)])
def test_a_node_travels_whole_up_to_the_segment_s_size(segment_steps: int, largest: int) -> None:
    """A leaf of three steps is never split, so it travels whatever the segment's size."""
    whole = [
        n for n in range(1, 11) if travels_whole(Hanoi(disks=10), Tree(3), tower(n, 0), SegmentSize(segment_steps))
    ]
    assert whole == list(range(1, largest + 1))


def test_what_the_method_does_not_split_travels_whole_however_long() -> None:
    task = Hanoi(disks=10)
    assert travels_whole(task, Chain(), tower(10), SegmentSize(1))
    assert travels_whole(task, Tree(5), Node((1,), Carry(3, "a", "c"), ("b" * 10,)), SegmentSize(0))


def test_parts_that_code_gives_the_root_are_spread_unless_it_is_known_how_long_they_take() -> None:
    task = Parts()
    for method in (Chain(), Tree(100)):
        assert not travels_whole(task, method, task.root(), SegmentSize(10**6))
        assert travels_whole(task, method, task.root(), SegmentSize(3, timed=True))
        assert not travels_whole(task, method, task.root(), SegmentSize(2, timed=True))
        assert travels_whole(task, method, Node((2,), "all", ()), SegmentSize(3))
        assert not travels_whole(task, method, Node((2,), "all", ()), SegmentSize(2))
        assert travels_whole(task, method, Node((2,), "one", ("x",)), SegmentSize(0))


def test_a_question_to_a_model_is_no_given_expansion() -> None:
    assert given_expansion(Hanoi(disks=10), tower(10)) is None
    assert given_expansion(Parts(), Node((), "one", ())) is None
    found = given_expansion(Parts(), Parts().root())
    assert found is not None
    assert len(found.children) == 3
