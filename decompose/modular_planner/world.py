"""What the modules must know of a domain to word their questions: a vocabulary, and no rules of motion.

A world is part of what a step reads, so it is a frozen struct of builtin values: every word of a prompt follows
from it and from the step's other facts. It can write and read states and actions; it cannot tell whether an action
is valid, where it leads, or how far the goal is. Those are the modules' business (MAP, Nat. Commun. 2025: the
planner never touches the environment).

States and actions are canonical strings. Reading a reply returns the canonical form, or ``None``.
"""

from typing import Protocol

from surefoot.decompose.step import Dialect


class World(Protocol):
    """The vocabulary in which one domain's states and actions are written and read."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules that an action can break, in the order in which they are checked."""
        ...

    @property
    def always_changes(self) -> bool:
        """Whether every action of the domain leads to another state."""
        ...

    def description(self) -> str:
        """Return the domain in words for ``chat``: what a state is, which actions exist, all rules."""
        ...

    def preamble(self) -> str:
        """Return what a ``compact`` prompt says of the domain after the module's word; may be empty."""
        ...

    def state_form(self) -> str:
        """Return how a reply in ``chat`` is to write a state."""
        ...

    def action_form(self) -> str:
        """Return how a reply in ``chat`` is to write an action."""
        ...

    def example(self, role: str, wording: int = 0) -> str:
        """Return one or two worked examples for a module in ``chat``, or nothing; other wordings may have others.

        The facts in it are called as in the first wording.
        """
        ...

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Write a state or a goal for a prompt."""
        ...

    def say_action(self, action: str, dialect: Dialect) -> str:
        """Write an action for a prompt."""
        ...

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Return the canonical form of a state, or ``None`` if the text is not exactly one."""
        ...

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """Return the canonical form of an action, or ``None`` if the text is not exactly one."""
        ...

    def stated_after(self, action: str) -> str | None:
        """Return the next state where the action names it, so that nothing is left to predict; else ``None``."""
        ...

    def state_tokens(self, state: str) -> int:
        """Return the length of a state in words of the ``compact`` dialect, for reply limits."""
        ...
