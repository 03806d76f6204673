"""The decomposition methods by the name that ``--strategy`` takes. A new one is a file beside this and a line here."""

from collections.abc import Callable, Mapping
from typing import Final

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.tree import Tree

METHODS: Final[Mapping[str, Callable[[int], Method]]] = {
    "tree": Tree,
    "chain": lambda leaf_steps: Chain(),
}
"""Makes each method from the length of a leaf, in steps."""


def method_of(name: str, leaf_steps: int) -> Method:
    """Return the method of a name.

    Args:
        name: A key of ``METHODS``.
        leaf_steps: Length of a leaf, in steps, where the method has leaves.

    Raises:
        KeyError: There is no such method.
    """
    return METHODS[name](leaf_steps)
