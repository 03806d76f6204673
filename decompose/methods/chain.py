"""The published method (MAKER, arXiv 2511.09030, algorithm 1): one step after the other from the start state."""

from typing import ClassVar

import msgspec

from surefoot.decompose.outline import Outline
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task


class Chain(msgspec.Struct, frozen=True):
    """Ask no model to split anything: what the task's code does not split is one chain."""

    in_order: ClassVar[bool] = True
    retries_chains: ClassVar[bool] = False

    def splits(self, task: Task, node: Node) -> bool:
        """Return whether the task's own code gives the node its parts, or it cannot be run as a chain."""
        split = task.decomposition_step(node.goal, node.inputs)
        return isinstance(split, Expansion) or (split is not None and not task.chainable)

    def outline(self, task: Task) -> Outline:
        """Return the outline of one leaf, however long."""
        root = task.root()
        return task.outline(task.usual_steps(root.goal, root.inputs))

    def sample(self, task: Task, number: int) -> Step:
        """Return a step drawn from the whole range of states that the chain visits."""
        return task.sample_step(number)
