"""A segment: the part of a plan that travels to one worker."""

from typing import Annotated

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Expansion, Node, Path
from surefoot.decompose.task import Task

SEGMENT_STEPS = 1024
"""Most steps of a node that travels whole where nothing is known of how long a step takes."""


class SegmentSize(msgspec.Struct, frozen=True):
    """How large the pieces are that a plan is cut into for its workers.

    Attributes:
        steps: A node of at most so many steps travels whole.
        timed: Whether the number follows from how long a step takes; else parts that code gives the root are spread
            over the workers however few steps they have.
    """

    steps: Annotated[int, msgspec.Meta(ge=1)] = SEGMENT_STEPS
    timed: bool = False


class Segment(msgspec.Struct, frozen=True):
    """One node to be run with everything below it, or only its decomposition step.

    Attributes:
        node: The node.
        split: Attempt number if only its decomposition step is wanted, else ``None``.
        cost: What it is expected to take, against the other segments of its run: each worker gets as much of it.
    """

    node: Node
    split: int | None = None
    cost: float = 1.0


def segment_key(path: Path, split: int | None = None) -> str:
    """Return the journal's name of a segment: its path, and the attempt if it is a decomposition step."""
    name = "/" + ".".join(map(str, path))
    return name if split is None else f"{name}#{split}"


def given_expansion(task: Task, node: Node) -> Expansion | None:
    """Return the parts that the task's own code gives a node; ``None`` where a model is asked, or there are none."""
    found = task.decomposition_step(node.goal, node.inputs)
    return found if isinstance(found, Expansion) else None


def travels_whole(task: Task, method: Method, node: Node, segments: SegmentSize) -> bool:
    """Return whether a node is one segment, with everything below it, rather than split by the coordinator.

    Where nobody knows how long a step takes, the parts that code gives the root are spread over the workers, however
    few steps they have: splitting costs no question, and the time is not known from their number.

    Args:
        task: The task.
        method: Says which nodes are split.
        node: The node.
        segments: Up to which size a node travels whole.
    """
    if not method.splits(task, node):
        return True
    # The root alone: further down, code that splits finely would send thousands of tiny segments.
    if not segments.timed and not node.path and given_expansion(task, node) is not None:
        return False
    return task.size(node.goal, node.inputs) <= segments.steps
