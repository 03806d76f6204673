"""The chain method, and the table that both methods stand in."""

from typing import Any, ClassVar

import pytest

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import Child, Expansion, Literal, Node
from surefoot.decompose.step import Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply


class Splittable(Task, frozen=True, kw_only=True):
    """The root can be split, by a question or by code; ``long`` says how many steps it would have as a chain."""

    by_code: bool = False
    long: int = 10

    def root(self) -> Node:
        return Node((), "all", ("x",))

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Step | Expansion | None:
        if goal != "all":
            return None
        return Expansion((Child("part", (Literal(1),)),)) if self.by_code else Step("split", Role.TASK_DECOMPOSER, "x")

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return self.long


class Either(Splittable, frozen=True, kw_only=True):
    """The same, and short nodes may be run as a chain."""

    chainable: ClassVar[bool] = True


ALL, PART = Node((), "all", ("x",)), Node((0,), "part", ("x",))


@pytest.mark.parametrize(
    ("task", "chain_splits", "tree_splits"),
    [
        (Splittable(long=3), True, True),  # it cannot be run as a chain, however short
        (Splittable(long=9), True, True),
        (Either(long=3), False, False),
        (Either(long=5), False, False),
        (Either(long=6), False, True),
        (Splittable(by_code=True), True, True),
        (Either(by_code=True, long=3), True, False),
        (Either(by_code=True, long=6), True, True),
    ],
)
def test_a_node_is_split_as_the_task_allows(task: Task, chain_splits: bool, tree_splits: bool) -> None:
    assert Chain().splits(task, ALL) is chain_splits
    assert Tree(5).splits(task, ALL) is tree_splits
    assert not Chain().splits(task, PART)
    assert not Tree(1).splits(task, PART)


def test_a_chain_is_one_leaf_however_long() -> None:
    for task in (Hanoi(disks=12), Multiply(digits=6)):
        outline = Chain().outline(task)
        assert (outline.splits, outline.levels) == (0, 0)
        root = task.root()
        assert outline.steps == task.usual_steps(root.goal, root.inputs)


def test_a_chain_samples_the_whole_run_and_a_tree_its_leaves() -> None:
    task = Hanoi(disks=12)
    steps = [Chain().sample(task, number) for number in range(64)]
    assert steps == [task.sample_step(number) for number in range(64)]
    leaves = [Tree(7).sample(task, number) for number in range(64)]

    def largest_moved(found: list[Step]) -> int:
        return max(int(step.reads.previous[0]) for step in found if step.kind == "move" and step.reads.previous != "-")

    assert largest_moved(leaves) == 3  # a leaf of 7 steps is a tower of 3 disks
    assert largest_moved(steps) > 3


def test_what_a_method_means_for_a_run() -> None:
    assert (Chain().in_order, Chain().retries_chains) == (True, False)
    assert (Tree(1).in_order, Tree(1).retries_chains) == (False, True)


def test_methods_are_found_by_name_and_are_values() -> None:
    assert METHODS["tree"](31) == Tree(31)
    assert METHODS["chain"](31) == Chain()
    assert hash(Tree(31)) == hash(METHODS["tree"](31))
    with pytest.raises(AttributeError):
        Tree(31).leaf_steps = 1  # type: ignore[misc]
