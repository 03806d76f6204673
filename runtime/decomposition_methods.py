"""Finds a decomposition method by the name that ``--strategy`` takes: one of the table, or a user's own."""

import pathlib
import sys
from collections.abc import Callable
from typing import Any

from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.of_plans import OF_PLANS
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.user_code import import_for

WANTED = ("in_order", "retries_chains", "splits", "outline", "sample")
"""What a method has; see ``surefoot/decompose/methods/method.py``."""


def maker_named(name: str) -> Callable[[int], Method]:
    """Return what makes a method from the length of a leaf, in steps. Executes nothing.

    Args:
        name: A key of ``METHODS``, or a user's ``my_module:MyMethod`` that was loaded.

    Raises:
        ConfigurationError: There is no such method, or nobody loaded its module.
    """
    if name in OF_PLANS:
        return OF_PLANS[name]
    from surefoot.decompose.methods.table import METHODS  # here, as most runs split plans and do without the others

    if name in METHODS:
        if isinstance(METHODS[name](0), Asking):
            raise ConfigurationError(f"--strategy: {name} says what a node asks: choose it with --method, of a problem")
        return METHODS[name]
    module_name, _, class_name = name.partition(":")
    if not class_name:
        known = "|".join(sorted(one for one, make in METHODS.items() if not isinstance(make(0), Asking)))
        raise ConfigurationError(f"--strategy: there is no {name!r}; it takes {known}, or my_module:MyMethod")
    found: Any = getattr(sys.modules.get(module_name), class_name, None)
    if not isinstance(found, type):
        raise ConfigurationError(f"--strategy {name}: {module_name} has no class {class_name}, or was not loaded")
    if lacks := [wanted for wanted in WANTED if not hasattr(found, wanted)]:
        raise ConfigurationError(f"--strategy {name}: it has no {', '.join(lacks)}")
    return found


def load_method(name: str, folder: pathlib.Path) -> Callable[[int], Method]:
    """Import a user's method and return what makes it; a name of the table needs no import.

    Args:
        name: As for ``maker_named``.
        folder: Where the module lies, if not where Python finds it.

    Raises:
        ConfigurationError: There is no such method, or it lacks something that every method has.
        UserCodeError: The module's own code failed.
    """
    if name.partition(":")[2]:
        import_for(f"--strategy {name}", name.partition(":")[0], folder)
    return maker_named(name)


def is_loaded(name: str) -> bool:
    """Whether a method is at hand: one of the table, or a user's whose module was loaded. Executes nothing."""
    if name in OF_PLANS:
        return True
    from surefoot.decompose.methods.table import METHODS

    return name in METHODS or hasattr(sys.modules.get(name.partition(":")[0]), name.partition(":")[2])


def method_of(name: str, leaf_steps: int) -> Method:
    """Return the method of a name.

    Args:
        name: As for ``maker_named``.
        leaf_steps: Length of a leaf, in steps, where the method has leaves.

    Raises:
        ConfigurationError: As for ``maker_named``.
    """
    return maker_named(name)(leaf_steps)
