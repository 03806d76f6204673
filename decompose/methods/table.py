"""The decomposition methods by name. A new one is a file beside this and a line here.

``--strategy`` takes those that say which nodes are split, ``--method`` of a problem those that say what a node asks
next (``asking.py``). A user's own strategy is named ``my_module:MyMethod``; it is found by
``surefoot/runtime/decomposition_methods.py``.
"""

from collections.abc import Callable, Mapping
from typing import Final

from surefoot.decompose.methods.abstract_chain import AbstractChain
from surefoot.decompose.methods.as_needed import AsNeeded
from surefoot.decompose.methods.atom import Atom
from surefoot.decompose.methods.auto import Auto
from surefoot.decompose.methods.chain_of_thought import ChainOfThought
from surefoot.decompose.methods.direct import Direct
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.modular import Modular
from surefoot.decompose.methods.of_plans import OF_PLANS
from surefoot.decompose.methods.program import HostProgram
from surefoot.decompose.methods.recursive import Recursive
from surefoot.decompose.methods.rewoo import Rewoo
from surefoot.decompose.methods.self_ask import SelfAsk
from surefoot.decompose.methods.thread import Thread
from surefoot.decompose.methods.two_stage import TwoStage

METHODS: Final[Mapping[str, Callable[[int], Method]]] = {
    **OF_PLANS,
    "direct": Direct,
    "chain-of-thought": ChainOfThought,
    "self-ask": SelfAsk,
    "rewoo": Rewoo,
    "rewoo-3": lambda leaf_steps: Rewoo(reworded=True),
    "two-stage": TwoStage,
    "program": HostProgram,
    "recursive": Recursive,
    "recursive-0": lambda leaf_steps: Recursive(depth=0),
    "recursive-2": lambda leaf_steps: Recursive(depth=2),
    "as-needed": AsNeeded,
    "abstract-chain": AbstractChain,
    "atom": Atom,
    "thread": Thread,
    "auto": Auto,
    "modular": Modular,
}
"""Makes each method from the length of a leaf, in steps."""
