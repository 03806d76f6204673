"""The operations that whoever runs a plan leaves to its owner: the coordinator, or a segment on a worker."""

from collections.abc import Sequence
from typing import Protocol

from surefoot.decompose.plan import Expansion, Failure, Node, Path
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.records import Contradicted, Finished

Outcome = Finished | Contradicted


class Hands(Protocol):
    """Operations that a plan runner leaves to its owner: asking models, and writing to the journal."""

    def is_leaf(self, node: Node) -> bool:
        """Whether a node is run as a whole by `run_leaf`, and not split by this plan runner."""
        ...

    async def run_leaf(self, node: Node) -> Outcome:
        """Run a leaf node to its output, the check of its promise included."""
        ...

    async def split(self, node: Node, attempt: int) -> str:
        """Decide the decomposition step of a node.

        Raises:
            StepDeadlocked: It is undecided on every rung of the ladder; it is asked again like one that did not hold.
        """
        ...

    def expansion_of(self, node: Node) -> Expansion | None:
        """Return the children that the task's own code gives a node, or ``None`` if they have to be asked for."""
        ...

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        """Record that a node's decomposition did not return what was promised."""
        ...

    def promise_mended(self, node: Node, attempt: int) -> None:
        """Record that a node's repeated decomposition returned what was promised."""
        ...

    async def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        """Record which children a repeated decomposition takes over from the one before."""
        ...

    def failure_known(self, path: Path) -> Failure | None:
        """Return the failure that the journal holds as the result of a node, if it holds one."""
        ...

    def child_failed(self, path: Path, failure: Failure) -> None:
        """Keep the failure of a node as the node's result."""
        ...

    def revision_known(self, path: Path, version: int) -> Revision | None:
        """Return why the journal says that a version of a node's plan was given up; ``None`` if it does not."""
        ...

    def plan_revised(self, node: Node, revision: Revision) -> None:
        """Record that evidence revised the plan of a node."""
        ...

    def reports_known(self) -> Sequence[Report]:
        """Return what the journal says that nodes found against what they rest on, in the order in which it came."""
        ...

    def let_go(self, path: Path) -> None:
        """Take no further step of a node, nor of those below it: nobody wants them any more."""
        ...
