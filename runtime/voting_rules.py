"""Finds a voting rule by the name that people type and run directories keep: one of the table, or a user's own."""

import pathlib
import sys

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.user_code import import_for
from surefoot.voting.looks import Looks
from surefoot.voting.rule import Rule
from surefoot.voting.rules import RULES

TRIED_LEADS = (1, 2, 3, 8)
"""Leads at which a user's rule is held to what every rule keeps to; see ``surefoot/voting/rule.py``."""


def rule_named(name: str) -> type[Rule]:
    """The class of a voting rule by name: a built-in one, or a user's ``my_module:MyRule`` that was loaded.

    Raises:
        ConfigurationError: There is no such rule, or nobody loaded its module.
    """
    if name in RULES:
        return RULES[name]
    module_name, _, class_name = name.partition(":")
    if not class_name:
        raise ConfigurationError(f"--rule: unknown rule {name!r}: use {', '.join(RULES)}, or my_module:MyRule")
    found = getattr(sys.modules.get(module_name), class_name, None)
    if not (isinstance(found, type) and issubclass(found, Rule)):
        raise ConfigurationError(f"--rule {name}: {module_name} has no voting rule {class_name}, or was not loaded")
    return found


def takes_looks(name: str) -> bool:
    """Whether a rule weighs looks, a model's distributions over the answers, instead of counting drawn answers."""
    return RULES.get(name) is Looks


def load_rule(name: str, folder: pathlib.Path) -> type[Rule]:
    """Import a user's rule and hold it to what lets journals name it; a name of the table needs no import.

    Args:
        name: A name of the table, or ``my_module:MyRule``.
        folder: Where the module lies, if not where Python finds it.

    Raises:
        ConfigurationError: There is no such rule, or it is not one that journals can name.
        UserCodeError: The module's own code failed.
    """
    if name in RULES or not name.partition(":")[2]:
        return rule_named(name)
    import_for(f"--rule {name}", name.partition(":")[0], folder)
    found = rule_named(name)
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


def loaded_rule(name: str, k: int) -> Rule | None:
    """The rule of a race as for ``rule_of``, for readers; ``None`` for a user's rule whose module nobody loaded.

    Looking at a run executes nothing of its user's, so a reader may have to do without.
    """
    try:
        return rule_of(name, k)
    except ConfigurationError:
        return None
