"""Facts and actions of PDDL in words, and read back: hand-written templates where there are any, else general ones.

A general template keeps every name as it is and gives each number of arguments a form of its own, so that no two facts
are said alike:

=========  =============================  ============================================
arguments  fact                           action
=========  =============================  ============================================
0          ``(lit)``: lit holds           ``(wait)``: wait
1          ``(sown left)``: left is sown  ``(sow left)``: sow with left as ?bed
2          ``(at a b)``: a is at b        ``(go a b)``: go with a as ?x, b as ?y
more       ``(p a b c)``: p holds for     and so on
           a, b, c
=========  =============================  ============================================
"""

import functools
import re

import msgspec

from surefoot.decompose.tasks.pddl_templates import ACTION_TEMPLATES, ATOM_TEMPLATES
from surefoot.decompose.tasks.strips_formulas import Atom

_LETTERS = "XYZWV"


class Words(msgspec.Struct, frozen=True, dict=True):
    """The vocabulary of one PDDL world: templates for facts and actions.

    Attributes:
        domain: The domain's name.
        predicates: Predicates and how many arguments they take.
        actions: Actions and the names of their parameters.
        objects: Names of all objects.
    """

    domain: str
    predicates: dict[str, int]
    actions: dict[str, tuple[str, ...]]
    objects: frozenset[str]

    @functools.cached_property
    def by_hand(self) -> bool:
        """Whether the hand-written templates under the domain's name fit this domain.

        A name is no proof: every predicate and every action must have a template with as many places.
        """
        atoms, actions = ATOM_TEMPLATES.get(self.domain, {}), ACTION_TEMPLATES.get(self.domain, {})
        return (
            bool(atoms)
            and all(_places(atoms.get(name)) == count for name, count in self.predicates.items())
            and all(_places(actions.get(name)) == len(named) for name, named in self.actions.items())
        )

    @functools.cached_property
    def atom_templates(self) -> dict[str, str]:
        """Return by predicate the template of a fact, with places ``{0}``, ``{1}`` and so on."""
        if self.by_hand:
            return {name: ATOM_TEMPLATES[self.domain][name] for name in self.predicates}
        return {name: _general_atom(name, count) for name, count in self.predicates.items()}

    @functools.cached_property
    def action_templates(self) -> dict[str, str]:
        """Return by action the template of an action, with places ``{0}``, ``{1}`` and so on."""
        if self.by_hand:
            return {name: ACTION_TEMPLATES[self.domain][name] for name in self.actions}
        return {name: _general_action(name, named) for name, named in self.actions.items()}

    @functools.cached_property
    def _atom_patterns(self) -> "Patterns":
        return patterns_of(self.atom_templates)

    @functools.cached_property
    def _action_patterns(self) -> "Patterns":
        return patterns_of(self.action_templates)

    def action_forms(self) -> list[str]:
        """Return every action's template with letters in its places."""
        most = max((len(named) for named in self.actions.values()), default=0)
        letters = _LETTERS if most <= len(_LETTERS) else [f"X{number}" for number in range(most)]
        return [template.format(*letters) for template in self.action_templates.values()]

    def say_literal(self, literal: str) -> str:
        """Write a fact, or that the fact is not true."""
        if literal.startswith("(not "):
            return f"it is not true that {self.say_literal(literal[5:-1])}"
        name, *arguments = parts(literal)
        template = self.atom_templates.get(name)
        return template.format(*arguments) if template and self.predicates[name] == len(arguments) else literal

    def say_action(self, action: str) -> str:
        """Write an action by its template."""
        name, *arguments = parts(action)
        template = self.action_templates.get(name)
        return template.format(*arguments) if template and len(self.actions[name]) == len(arguments) else action

    def read_literal(self, text: str, in_words: bool) -> str | None:
        """Read a literal; ``None`` if its predicate, number of arguments or an object is not known."""
        negated = re.fullmatch(r"\(not (.*)\)|it is not true that (.*)", text, re.DOTALL)
        inner = (negated[1] or negated[2] or "") if negated else text
        found = self._found(inner, self._atom_patterns if in_words else None)
        if found is None or self.predicates.get(found[0]) != len(found) - 1:
            return None
        said = f"({' '.join(found)})"
        return f"(not {said})" if negated else said

    def read_action(self, text: str, in_words: bool) -> str | None:
        """Read an action into canonical form; ``None`` if the text is not exactly one."""
        found = self._found(text, self._action_patterns if in_words else None)
        if found is None or found[0] not in self.actions or len(self.actions[found[0]]) != len(found) - 1:
            return None
        return f"({' '.join(found)})"

    def _found(self, text: str, patterns: "Patterns | None") -> Atom | None:
        """Name and known objects of a text in brackets, or in words that the patterns know."""
        found: Atom | None = None
        if text.startswith("(") and text.endswith(")"):
            found = tuple(text[1:-1].split())
        elif patterns is not None:
            found = patterns.read(text)
        return found if found and self.objects.issuperset(found[1:]) else None


class Patterns(msgspec.Struct, frozen=True):
    """All templates of facts, or of actions, as one pattern.

    Attributes:
        pattern: Every template is a group, and each of its places a group in it.
        names: By number of a template's group, the name that it stands for.
    """

    pattern: re.Pattern[str]
    names: dict[int, str]

    def read(self, text: str) -> Atom | None:
        """Return the name and the arguments of a text; ``None`` if the text follows no template."""
        found = self.pattern.fullmatch(text)
        if found is None or found.lastindex is None:
            return None
        first = found.lastindex
        places = [value for value in found.groups()[first:] if value is not None]
        return (self.names[first], *(value.lower() for value in places))


def patterns_of(templates: dict[str, str]) -> Patterns:
    """Return patterns that read texts by their templates, which have places ``{0}``, ``{1}`` and so on."""
    names, groups, number = {}, [], 1
    for name, template in templates.items():
        names[number] = name
        places = re.sub(r"\\\{[0-9]+\\\}", "([^ ;,()]+)", re.escape(template))
        groups.append(f"({places})")
        number += 1 + _places(template)
    return Patterns(re.compile("|".join(groups), re.IGNORECASE), names)


def _places(template: str | None) -> int:
    """How many places a template has; -1 if there is none."""
    return -1 if template is None else len(re.findall(r"\{[0-9]+\}", template))


def _general_atom(name: str, count: int) -> str:
    if count == 0:
        return f"{name} holds"
    if count <= 2:
        return f"{{0}} is {name}" + " {1}" * (count - 1)
    return f"{name} holds for {', '.join(f'{{{number}}}' for number in range(count))}"


def _general_action(name: str, parameters: tuple[str, ...]) -> str:
    named = ", ".join(f"{{{number}}} as {parameter}" for number, parameter in enumerate(parameters))
    return f"{name} with {named}" if named else name


def join(found: list[str]) -> str:
    """Write literals in canonical order."""
    return " ".join(sorted(set(found)))


def literals(state: str) -> list[str]:
    """Return the literals of a canonical state or goal."""
    return split_literals(state)


def parts(text: str) -> list[str]:
    """Split ``"(stack a b)"`` into words."""
    return text.strip("()").split() or [""]


def split_literals(text: str) -> list[str]:
    """Return every literal of a text, in order; what stands between literals is passed over."""
    return re.findall(r"\(not \([^()]*\)\)|\([^()]*\)", text)
