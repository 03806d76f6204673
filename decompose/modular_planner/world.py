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
    """The wording of one domain."""

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules that an action can break, in the order in which they are checked."""
        ...

    @property
    def always_changes(self) -> bool:
        """Whether every action leads to another state."""
        ...

    def description(self) -> str:
        """The domain in words, for the ``chat`` dialect: what a state is, which actions exist, all rules."""
        ...

    def preamble(self) -> str:
        """What a ``compact`` prompt says of the domain after the module's word; may be empty."""
        ...

    def state_form(self) -> str:
        """How a state is to be written in ``chat``."""
        ...

    def action_form(self) -> str:
        """How an action is to be written in ``chat``."""
        ...

    def example(self, role: str, wording: int = 0) -> str:
        """One or two worked examples for a module, in ``chat``, others in other wordings if there are; or nothing.

        The facts in it are called as in the first wording.
        """
        ...

    def say_state(self, state: str, dialect: Dialect) -> str:
        """A state or a goal in words."""
        ...

    def say_action(self, action: str, dialect: Dialect) -> str:
        """An action in words."""
        ...

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """A state in canonical form, if the text is one and nothing else."""
        ...

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """An action in canonical form, if the text is one and nothing else."""
        ...

    def stated_after(self, action: str) -> str | None:
        """The next state, where an action names it itself, so that nothing is left to predict; else ``None``."""
        ...

    def state_tokens(self, state: str) -> int:
        """Length of a state in words of the ``compact`` dialect, for reply limits."""
        ...
