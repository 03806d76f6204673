"""Grow the plan by decomposition steps until every node is short enough to run as a chain."""

from typing import ClassVar

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task


class Tree(msgspec.Struct, frozen=True):
    """Split what is long and can be split.

    Attributes:
        leaf_steps: A node of at most so many steps is run as a chain, if the task can do either.
    """

    leaf_steps: int
    in_order: ClassVar[bool] = False
    retries_chains: ClassVar[bool] = True

    def splits(self, task: Task, node: Node) -> bool:
        """Return whether the node has parts, and is longer than a leaf or cannot be run as a chain."""
        # The size first: it is arithmetic, while a decomposition may put a question together.
        if task.chainable and task.size(node.goal, node.inputs) <= self.leaf_steps:
            return False
        return task.decomposition_step(node.goal, node.inputs) is not None

    def outline(self, task: Task) -> Outline:
        """Return the outline of a plan whose nodes are split until they are leaves."""
        return task.outline(self.leaf_steps)

    def sample(self, task: Task, number: int) -> Step:
        """Return a step of the leaves: they may show less than one long chain does."""
        return task.sample_leaf(number, self.leaf_steps)
