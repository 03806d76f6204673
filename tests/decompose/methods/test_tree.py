"""Which nodes are split."""

import pytest

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import Node
from surefoot.decompose.tasks.hanoi import Carry, Hanoi, Tower
from surefoot.decompose.tasks.multiply import Multiply, Product, Sum


@pytest.mark.parametrize(("leaf_steps", "smallest_split"), [(1, 2), (2, 2), (3, 3), (7, 4), (31, 6), (32, 6)])
def test_tree_splits_what_is_longer_than_a_leaf(leaf_steps: int, smallest_split: int) -> None:
    task = Hanoi(disks=10)
    split = [n for n in range(1, 11) if Tree(leaf_steps).splits(task, Node((), Tower(n, "a", "b"), ("a" * 10,)))]
    assert split == list(range(smallest_split, 11))


def test_tree_leaves_alone_what_cannot_be_split() -> None:
    assert not Tree(1).splits(Hanoi(), Node((), Carry(3, "a", "c"), ("bba",)))
    assert not Tree(1).splits(Multiply(), Node((), Sum(2), ("1234", "5678")))
    assert not Tree(1).splits(Multiply(), Node((), Product(), ("1234", "5")))
    assert Tree(1).splits(Multiply(), Node((), Product(), ("1234", "56")))


def test_chain_never_splits() -> None:
    assert not Chain().splits(Hanoi(disks=30), Hanoi(disks=30).root())
