"""The published method (MAKER, arXiv 2511.09030, algorithm 1): one step after the other from the start state."""

import msgspec

from surefoot.decompose.plan import Node
from surefoot.decompose.task import Task


class Chain(msgspec.Struct, frozen=True):
    """Nothing is split: the root is the only node."""

    def splits(self, task: Task, node: Node) -> bool:
        """Never."""
        return False
