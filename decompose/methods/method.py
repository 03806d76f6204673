"""How a plan grows: which nodes are split by a decomposition step, and which are run as a chain."""

from typing import Protocol

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task


class Method(Protocol):
    """Decides whether a node is split. Pure."""

    def splits(self, task: Task, node: Node) -> bool:
        """Whether to ask for the node's decomposition rather than for its first step."""
        ...
