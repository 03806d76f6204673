"""The order in which derived predicates are worked out: one that is negated in a rule comes before that rule's."""

from collections.abc import Sequence

from surefoot.decompose.tasks.pddl_forms import Refused
from surefoot.decompose.tasks.strips_formulas import literals_in
from surefoot.decompose.tasks.strips_schemas import Derived


def layers(rules: Sequence[Derived]) -> list[list[Derived]]:
    """Return the rules of derived predicates in layers; what a layer negates is settled by those before.

    Raises:
        ValueError: There is no such order: a predicate depends on its own negation.
    """
    named = {rule.predicate for rule in rules}
    height = dict.fromkeys(named, 0)
    for _ in range(len(named) + 1):
        changed = False
        for rule in rules:
            for atom, positive in literals_in(rule.when):
                least = height.get(atom[0], -1) + (not positive)
                if atom[0] in named and height[rule.predicate] < least:
                    height[rule.predicate], changed = least, True
        if not changed:
            return [[rule for rule in rules if height[rule.predicate] == level] for level in sorted({*height.values()})]
    raise ValueError("a derived predicate depends on its own negation")


def check_layers(rules: Sequence[Derived]) -> None:
    """Raise unless the derived predicates can be worked out in some order.

    Raises:
        Refused: They cannot.
    """
    try:
        layers(rules)
    except ValueError as error:
        raise Refused(0, str(error)) from error
