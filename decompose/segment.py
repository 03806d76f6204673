"""A segment: the part of a plan that travels to one worker."""

import msgspec

from surefoot.decompose.methods.method import Method
from surefoot.decompose.plan import Expansion, Node, Path
from surefoot.decompose.task import Task


class Segment(msgspec.Struct, frozen=True):
    """One node to be run with everything below it, or only its decomposition step.

    Attributes:
        node: The node.
        split: Attempt number if only its decomposition step is wanted, else ``None``.
    """

    node: Node
    split: int | None = None


def segment_key(path: Path, split: int | None = None) -> str:
    """Return the journal's name of a segment: its path, and the attempt if it is a decomposition step."""
    name = "/" + ".".join(map(str, path))
    return name if split is None else f"{name}#{split}"


def given_expansion(task: Task, node: Node) -> Expansion | None:
    """Return the parts that the task's own code gives a node; ``None`` where a model is asked, or there are none."""
    found = task.decomposition_step(node.goal, node.inputs)
    return found if isinstance(found, Expansion) else None


def travels_whole(task: Task, method: Method, node: Node, segment_steps: int) -> bool:
    """Return whether a node is one segment, with everything below it, rather than split by the coordinator.

    The parts that code gives the root are spread over the workers, however few steps they have: splitting costs no
    question, and how long a step takes is not known from their number.

    Args:
        task: The task.
        method: Says which nodes are split.
        node: The node.
        segment_steps: A node of at most so many steps travels whole.
    """
    if not method.splits(task, node):
        return True
    # The root alone: further down, code that splits finely would send thousands of tiny segments.
    if not node.path and given_expansion(task, node) is not None:
        return False
    return task.size(node.goal, node.inputs) <= segment_steps
