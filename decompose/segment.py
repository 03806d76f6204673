"""A segment: the part of a plan that travels to one worker."""

import msgspec

from surefoot.decompose.plan import Node, Path


class Segment(msgspec.Struct, frozen=True):
    """One node to be run with everything below it, or only its decomposition step.

    Attributes:
        node: The node.
        split: Attempt number if only its decomposition step is wanted, else ``None``.
    """

    node: Node
    split: int | None = None


def segment_key(path: Path, split: int | None = None) -> str:
    """The journal's name of a segment: its path, and the attempt if it is a decomposition step."""
    name = "/" + ".".join(map(str, path))
    return name if split is None else f"{name}#{split}"
