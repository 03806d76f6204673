"""How many questions a plan has before anything is asked."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.outline import Chains, Outline, halved
from surefoot.decompose.plan import Node
from surefoot.decompose.tasks.hanoi import Hanoi, Tower


def test_steps_are_those_of_all_chains_and_splits_wait_for_each_other() -> None:
    outline = Outline((Chains("move", 4, 7), Chains("carry", 3, 1)), splits=3, levels=2)
    assert outline.steps == 31
    assert outline.longest == 2 + 7


def test_what_is_not_split_is_one_chain() -> None:
    assert halved(100, 100, "move") == Outline((Chains("move", 1, 100),), 0, "", 0)
    assert halved(1, 0) == Outline((Chains("", 1, 1),), 0, "", 0)


def test_kinds_are_those_that_are_given() -> None:
    outline = halved(7, 3, "move", "carry", "split")
    assert [chains.kind for chains in outline.chains] == ["move", "carry"]
    assert (outline.split_kind, outline.splits, outline.levels) == ("split", 1, 1)


@given(height=st.integers(1, 20), leaf=st.integers(1, 5000))
def test_halving_a_tower_loses_no_move(height: int, leaf: int) -> None:
    """2^n - 1 moves are halved around one, exactly: nothing is rounded away."""
    outline = halved(2**height - 1, leaf)
    assert outline.steps == 2**height - 1
    assert all(chains.length <= max(leaf, 1) for chains in outline.chains)
    assert outline.splits == sum(chains.count for chains in outline.chains) // 2
    assert outline.longest <= 2**height - 1 + outline.levels


@given(size=st.integers(1, 10**6), leaf=st.integers(1, 10**6))
def test_halving_never_forecasts_too_few_steps_nor_twice_as_many(size: int, leaf: int) -> None:
    """An even number of steps cannot be halved around one, so a forecast may be a little too large."""
    outline = halved(size, leaf)
    assert size <= outline.steps < 2 * size
    assert (outline.splits == 0) == (size <= leaf or size == 1)


@given(disks=st.integers(2, 7), leaf=st.integers(1, 64))
def test_the_outline_of_hanoi_is_the_tree_that_is_grown(disks: int, leaf: int) -> None:
    """Against the method itself: every node is asked whether it is split."""
    task, method = Hanoi(disks=disks), Tree(leaf)
    splits, chains = 0, []
    waiting = [disks]
    while waiting:
        height = waiting.pop()
        node = Node((), Tower(height, "a", "c"), ("a" * disks,))
        if method.splits(task, node):
            splits += 1
            chains.append(1)
            waiting += [height - 1, height - 1]
        else:
            chains.append(2**height - 1)
    outline = method.outline(task)
    assert outline.splits == splits
    assert sorted(length for found in outline.chains for length in [found.length] * found.count) == sorted(chains)
