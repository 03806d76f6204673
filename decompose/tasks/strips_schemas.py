"""Actions and derived predicates of PDDL, with variables in place of objects."""

import msgspec

from surefoot.decompose.tasks.strips_formulas import TRUE, Atom, Formula, Parameter


class Effect(msgspec.Struct, frozen=True):
    """What an action does beside its plain effects: for all objects of some variables, where a condition holds.

    Attributes:
        variables: Variables beside the action's parameters.
        when: Condition, looked at before the action.
        adds: Atoms it makes true.
        deletes: Atoms it makes false.
    """

    variables: tuple[Parameter, ...]
    when: Formula
    adds: tuple[Atom, ...]
    deletes: tuple[Atom, ...]


class Schema(msgspec.Struct, frozen=True):
    """A PDDL action with variables in place of objects.

    Attributes:
        name: Its name.
        parameters: Its variables in order.
        needs: Atoms that must be true; ``("=", x, y)`` for two variables that must be the same object.
        forbids: Atoms that must not be true; ``("=", x, y)`` for two variables that must differ.
        adds: Atoms it makes true.
        deletes: Atoms it makes false; one that it also adds is true afterwards.
        where: Further conditions: disjunctions and quantifiers.
        effects: Further effects: conditional and universal ones.
    """

    name: str
    parameters: tuple[Parameter, ...]
    needs: tuple[Atom, ...]
    forbids: tuple[Atom, ...]
    adds: tuple[Atom, ...]
    deletes: tuple[Atom, ...]
    where: tuple[Formula, ...] = ()
    effects: tuple[Effect, ...] = ()


class Derived(msgspec.Struct, frozen=True):
    """A predicate that no action changes: it is true exactly where one of its rules says so.

    Attributes:
        predicate: Its name.
        variables: Its arguments.
        when: Condition under which it is true of them.
    """

    predicate: str
    variables: tuple[Parameter, ...]
    when: Formula = TRUE
