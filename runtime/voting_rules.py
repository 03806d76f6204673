"""Finds a voting rule by the name that people type and run directories keep: one of the table, or a user's own."""

import functools
import importlib

from surefoot.runtime.errors import ConfigurationError
from surefoot.voting.rule import Rule
from surefoot.voting.rules import RULES

TRIED_LEADS = (1, 2, 3, 8)
"""Leads at which a user's rule is held to what every rule keeps to; see ``surefoot/voting/rule.py``."""


@functools.cache
def rule_named(name: str) -> type[Rule]:
    """The class of a rule: a name of the table, or ``my_module:MyRule`` importable from here.

    Raises:
        ConfigurationError: There is no such rule, or it is not one that journals can name.
    """
    if name in RULES:
        return RULES[name]
    module_name, _, class_name = name.partition(":")
    if not class_name:
        raise ConfigurationError(f"--rule: unknown rule {name!r}: use {', '.join(RULES)}, or my_module:MyRule")
    try:
        found = getattr(importlib.import_module(module_name), class_name, None)
    except (ImportError, SyntaxError, TypeError, ValueError) as error:
        raise ConfigurationError(f"--rule {name}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Rule)):
        raise ConfigurationError(f"--rule {name}: {module_name} has no voting rule {class_name}")
    _check(name, found)
    return found


def _check(name: str, cls: type[Rule]) -> None:
    """Hold a user's rule to what lets a race be found again in a journal."""
    if cls.learns:
        raise ConfigurationError(f"--rule {name}: journals keep no learned rule but those of Surefoot itself")
    for lead in TRIED_LEADS:
        try:
            agreeing = cls.with_lead(lead).agreeing
        except NotImplementedError as error:
            raise ConfigurationError(f"--rule {name}: {error}") from error
        if agreeing != lead:
            raise ConfigurationError(
                f"--rule {name}: with_lead({lead}) is satisfied by {agreeing} agreeing ballots, not by {lead}: "
                "its steps could not be found again in a journal"
            )


def rule_of(name: str, k: int) -> Rule:
    """Make the rule of a race from its configured name and the lead that was asked for.

    Raises:
        ConfigurationError: As for ``rule_named``.
    """
    return rule_named(name).with_lead(k)
