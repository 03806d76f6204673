"""The decomposition methods by the name that ``--strategy`` takes. A new one is a file beside this and a line here.

A user's own is named ``my_module:MyMethod``; ``surefoot/runtime/decomposition_methods.py`` finds either.
"""

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
