"""The methods by which a plan is split, apart from those by which a problem is answered.

Nearly every run takes one of these two; the others, with all that they import, are in ``table.py``.
"""

from collections.abc import Callable, Mapping
from typing import Final

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.tree import Tree

OF_PLANS: Final[Mapping[str, Callable[[int], Method]]] = {
    "tree": Tree,
    "chain": lambda leaf_steps: Chain(),
}
"""Makes each of them from the length of a leaf, in steps."""
