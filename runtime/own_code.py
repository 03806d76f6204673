"""Which names of a configuration stand for a user's own code: ``my_module:MyClass``. Executes nothing."""

import re
from typing import Final

from surefoot.runtime.config import RunConfig
from surefoot.runtime.model_names import members_of
from surefoot.runtime.role_options import parse_role_options

OWN_MODEL: Final = re.compile(r"(?!(?:simulated|gguf|object|ft):)[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*")
"""A model of a user's own: a dotted module and a name in it. The prefixes left out mean something else."""


def is_own_model(name: str) -> bool:
    """Return whether a model's name stands for a class or an object in a module of the user's."""
    return OWN_MODEL.fullmatch(name) is not None


def own_models(config: RunConfig) -> tuple[str, ...]:
    """Return the names of the user's own models that a run may ask: its first, its fallback, those of single roles."""
    roles = parse_role_options(config.modules).values()
    names = (*members_of(config.model), config.fallback_model, *(role.model for role in roles))
    return tuple(dict.fromkeys(name for name in names if name is not None and is_own_model(name)))


def own_methods(config: RunConfig) -> tuple[str, ...]:
    """Return the names of the user's own voting rule and decomposition method, with which a plan is read back."""
    return tuple(name for name in (config.rule, config.strategy) if ":" in name)


def own_code(config: RunConfig) -> tuple[str, ...]:
    """Return the names of the user's own code beside the task: rule, decomposition method, models."""
    return own_methods(config) + own_models(config)
