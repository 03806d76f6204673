"""A decomposition method: which nodes are split, which are run as a chain, and what that means for a run."""

from typing import ClassVar, Protocol

from surefoot.decompose.outline import Outline
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task


class Method(Protocol):
    """Decides how a plan grows. Pure: a frozen value whose answers depend on its arguments alone.

    Attributes:
        in_order: Whether the whole plan is one chain, so that batches come in plan order.
        retries_chains: Whether a chain that does not return its promise is run again.
    """

    in_order: ClassVar[bool]
    retries_chains: ClassVar[bool]

    def splits(self, task: Task, node: Node) -> bool:
        """Return whether a node is split into parts rather than run as a chain."""
        ...

    def outline(self, task: Task) -> Outline:
        """Return how many questions of each kind the plan has, for forecasts."""
        ...

    def sample(self, task: Task, number: int) -> Step:
        """Return the sampled step of a number as this method asks it; see ``Task.sample_step``."""
        ...
