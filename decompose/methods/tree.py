"""Grow the plan by decomposition steps until every node is short enough to run as a chain."""

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task


class Tree(msgspec.Struct, frozen=True):
    """Split what is long and can be split.

    Attributes:
        leaf_steps: A node of at most so many steps is run as a chain.
    """

    leaf_steps: int

    def splits(self, task: Task, node: Node) -> bool:
        """Whether the node is longer than a leaf and the task knows how to ask for its parts."""
        if task.size(node.goal, node.inputs) <= self.leaf_steps:
            return False
        return task.decomposition_step(node.goal, node.inputs) is not None
