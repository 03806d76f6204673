"""Finds a decomposition method by the name that ``--strategy`` takes: one of the table, or a user's own."""

import functools
import importlib
from collections.abc import Callable
from typing import Any

from surefoot.decompose.methods.method import Method
from surefoot.decompose.methods.table import METHODS
from surefoot.runtime.errors import ConfigurationError

WANTED = ("in_order", "retries_chains", "splits", "outline", "sample")
"""What a method has; see ``surefoot/decompose/methods/method.py``."""


@functools.cache
def maker_named(name: str) -> Callable[[int], Method]:
    """Return what makes a method from the length of a leaf, in steps.

    Args:
        name: A key of ``METHODS``, or ``my_module:MyMethod`` importable from here.

    Raises:
        ConfigurationError: There is no such method, or it lacks something that every method has.
    """
    if name in METHODS:
        return METHODS[name]
    module_name, _, class_name = name.partition(":")
    if not class_name:
        known = "|".join(sorted(METHODS))
        raise ConfigurationError(f"--strategy: there is no {name!r}; it takes {known}, or my_module:MyMethod")
    try:
        found: Any = getattr(importlib.import_module(module_name), class_name, None)
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"--strategy {name}: {error}; install it, or name its folder in PYTHONPATH") from error
    except (ImportError, SyntaxError, TypeError, ValueError) as error:
        raise ConfigurationError(f"--strategy {name}: {error}") from error
    if not isinstance(found, type):
        raise ConfigurationError(f"--strategy {name}: {module_name} has no class {class_name}")
    if lacks := [wanted for wanted in WANTED if not hasattr(found, wanted)]:
        raise ConfigurationError(f"--strategy {name}: it has no {', '.join(lacks)}")
    return found


def method_of(name: str, leaf_steps: int) -> Method:
    """Return the method of a name.

    Args:
        name: As for ``maker_named``.
        leaf_steps: Length of a leaf, in steps, where the method has leaves.

    Raises:
        ConfigurationError: As for ``maker_named``.
    """
    return maker_named(name)(leaf_steps)
