"""A PDDL world written out: every action for every choice of objects, and states as the bits of a number.

Each atom that can change has a bit, and one more for its opposite where something asks for that: so all conditions ask
for bits that are set. `surefoot.decompose.answer_keys.strips_grounder` makes it.
"""

import msgspec

from surefoot.decompose.tasks.strips_words import split_literals

Condition = tuple[int, tuple["Condition | tuple[Condition, ...]", ...]]
"""Bits that must all be set, and disjunctions: tuples of conditions of which one must hold."""


class Change(msgspec.Struct, frozen=True):
    """What an action changes in a state under one condition.

    Attributes:
        when: Condition.
        adds: Bits that are set.
        deletes: Bits that are cleared, unless something else sets them.
        spoils: Opposites of what is set.
        frees: Opposites of what is cleared.
    """

    when: Condition
    adds: int
    deletes: int
    spoils: int
    frees: int


class Action(msgspec.Struct, frozen=True, eq=False):
    """A PDDL action with objects in place of variables.

    Attributes:
        said: Canonical form.
        needs: Condition under which it can be done.
        always: What it does in any case.
        changes: What it does under further conditions.
    """

    said: str
    needs: Condition
    always: Change
    changes: tuple[Change, ...]


NOTHING: Condition = (0, ())


def holds(condition: Condition, state: int) -> bool:
    """Return whether a condition holds in a state."""
    mask, others = condition
    return state & mask == mask and all(any(holds(one, state) for one in choice) for choice in others)  # type: ignore[arg-type]


class Ground(msgspec.Struct, frozen=True, eq=False):
    """A PDDL world written out: atoms as bits, actions without variables.

    Attributes:
        bits: Bits of the atoms that a state lists.
        derived_bits: Bits of derived atoms.
        always: Atoms that never change.
        layers: Rules of derived atoms, as (bit, condition), and then the opposites of their atoms, as (bit, opposite).
        opposites: By bit of an atom, the bit of its opposite.
        actions: All actions.
    """

    bits: dict[str, int]
    derived_bits: dict[str, int]
    always: frozenset[str]
    layers: tuple[tuple[tuple[tuple[int, Condition], ...], tuple[tuple[int, int], ...]], ...]
    opposites: dict[int, int]
    actions: tuple[Action, ...]

    def goal(self, goal: str) -> Condition | None:
        """Return a canonical goal as a condition over bits; ``None`` if the goal cannot come true."""
        mask = 0
        for literal in split_literals(goal):
            negated = literal.startswith("(not ")
            atom = literal[5:-1] if negated else literal
            bit = self.bits.get(atom, self.derived_bits.get(atom))
            if bit is None and (atom in self.always) == negated:
                return None
            if bit is not None:
                mask |= self.opposites[bit] if negated else bit
        return mask, ()
