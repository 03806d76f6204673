"""The wording of any STRIPS domain with typing, equality and negative preconditions.

A state is canonically its true atoms, sorted, without those that never change: ``"(clear a) (on a b)"``. A goal is a
list of literals: ``"(on a b) (not (clear b))"``. An action is ``"(stack a b)"``. Domains with templates are worded in
natural language in the ``chat`` dialect (`surefoot.decompose.tasks.pddl_templates`); all others, and ``compact``, in
atoms.
"""

import functools
import re

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.pddl_examples import ELSEWHERE, EXAMPLES
from surefoot.decompose.tasks.pddl_templates import ACTION_TEMPLATES, ATOM_TEMPLATES

Atom = tuple[str, ...]
"""A predicate's name and its arguments: objects, or variables with a question mark."""


class Parameter(msgspec.Struct, frozen=True):
    """A variable and the types it may have; none for any."""

    name: str
    types: tuple[str, ...] = ()


class Schema(msgspec.Struct, frozen=True):
    """An action with variables.

    Attributes:
        name: Its name.
        parameters: Its variables in order.
        needs: Atoms that must be true.
        forbids: Atoms that must not be true; ``("=", x, y)`` for two variables that must differ.
        adds: Atoms it makes true.
        deletes: Atoms it makes false; one that it also adds is true afterwards.
    """

    name: str
    parameters: tuple[Parameter, ...]
    needs: tuple[Atom, ...]
    forbids: tuple[Atom, ...]
    adds: tuple[Atom, ...]
    deletes: tuple[Atom, ...]


class StripsWorld(msgspec.Struct, frozen=True):
    """The world of one PDDL problem.

    Attributes:
        domain: The domain's name; templates go by it.
        objects: Objects, each with all its types, its supertypes included.
        predicates: Names and numbers of arguments.
        schemas: The actions.
        always: Atoms that are true and never change.
    """

    domain: str
    objects: tuple[tuple[str, tuple[str, ...]], ...]
    predicates: tuple[tuple[str, int], ...]
    schemas: tuple[Schema, ...]
    always: tuple[Atom, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """``parameters`` for objects that do not fit, then the predicates that actions need or forbid."""
        named = [atom[0] for schema in self.schemas for atom in (*schema.needs, *schema.forbids)]
        return ("parameters", *dict.fromkeys("different" if name == "=" else name for name in named))

    @property
    def always_changes(self) -> bool:
        """Not always: a truck may be driven to where it is."""
        return False

    def description(self) -> str:
        """Objects, constant facts and actions, formally; templates put the rest in words."""
        intro = (
            "A state is the set of facts that are true; every other fact is false. An action can be done if all it "
            "needs is true and nothing it forbids; it then makes facts true (adds) and false (deletes)."
        )
        return "\n".join([intro, *self._formal()])

    def preamble(self) -> str:
        """The formal lines, separated by ``" | "``."""
        return " | ".join(self._formal()) + " |"

    def state_form(self) -> str:
        """Facts."""
        return "all true facts, each as it is written above, separated by '; '"

    def action_form(self) -> str:
        """One action."""
        templates = ACTION_TEMPLATES.get(self.domain, {})
        forms = [templates.get(schema.name, f"({schema.name} ...)").format(*"XYZWV") for schema in self.schemas]
        return " | ".join(forms)

    def example(self, role: str, wording: int = 0) -> str:
        """A worked example of the domain; a foreign one in every other wording, and where the domain has none."""
        own, foreign = EXAMPLES.get(self.domain, {}).get(role, ""), ELSEWHERE.get(role, "")
        return foreign if wording % 2 or not own else own

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Facts, one after the other."""
        if dialect == "compact":
            return f"[ {state} ]"
        return "; ".join(_say_literal(literal, self.domain) for literal in literals(state)) or "nothing"

    def say_action(self, action: str, dialect: Dialect) -> str:
        """An action, by its template if there is one."""
        name, *arguments = parts(action)
        template = ACTION_TEMPLATES.get(self.domain, {}).get(name)
        return template.format(*arguments) if template and dialect == "chat" else action

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Facts with known predicates, numbers of arguments and objects, sorted; ``None`` if one is not."""
        if dialect == "compact":
            if not (text.startswith("[ ") and text.endswith(" ]")):
                return None
            text = "; ".join(_split_literals(text[2:-2]))
        said = [part.strip().rstrip(".") for part in text.split(";") if part.strip()]
        if said == ["nothing"]:
            return ""
        read = [self._read_literal(part, dialect) for part in said]
        found = [literal for literal in read if literal is not None]
        return join(found) if len(found) == len(read) else None

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """An action that exists, with the right number of known objects."""
        text = text.strip().rstrip(".")
        for schema in self.schemas:
            found = None
            if dialect == "chat":
                template = ACTION_TEMPLATES.get(self.domain, {}).get(schema.name, "")
                found = _matching(template, len(schema.parameters), text)
            if found is None and text.startswith("(") and text.endswith(")"):
                name, *arguments = parts(text)
                found = tuple(arguments) if name == schema.name and len(arguments) == len(schema.parameters) else None
            if found is not None and all(name in dict(self.objects) for name in found):
                return f"({' '.join((schema.name, *found))})"
        return None

    def stated_after(self, action: str) -> str | None:
        """An action does not name a state."""
        return None

    def state_tokens(self, state: str) -> int:
        """Words of the state; a next state may have some more."""
        return len(state.split()) + 20

    def _read_literal(self, text: str, dialect: Dialect) -> str | None:
        negated = re.fullmatch(r"\(not (.*)\)|it is not true that (.*)", text)
        inner = (negated[1] or negated[2]) if negated else text
        atom = _read_atom(inner, self, dialect)
        if atom is None:
            return None
        return f"(not ({' '.join(atom)}))" if negated else f"({' '.join(atom)})"

    def _formal(self) -> list[str]:
        lines = [f"domain {self.domain}"]
        lines += [f"object {name} - {' '.join(types)}" for name, types in self.objects]
        lines += [f"predicate {name} {count}" for name, count in self.predicates]
        lines += [f"always ({' '.join(atom)})" for atom in self.always]
        return lines + [_formal_schema(schema) for schema in self.schemas]


def join(found: list[str]) -> str:
    """Literals in canonical order."""
    return " ".join(sorted(set(found)))


def literals(state: str) -> list[str]:
    """The literals of a canonical state or goal."""
    return _split_literals(state)


def parts(text: str) -> list[str]:
    """``"(stack a b)"`` in words."""
    return text.strip("()").split() or [""]


def _split_literals(text: str) -> list[str]:
    return re.findall(r"\(not \([^()]*\)\)|\([^()]*\)", text)


def _formal_schema(schema: Schema) -> str:
    shown = " ".join(f"{p.name} - {'/'.join(p.types)}" for p in schema.parameters)
    named = [
        f"{word} {' '.join('(' + ' '.join(atom) + ')' for atom in atoms)}"
        for word, atoms in (
            ("needs", schema.needs), ("forbids", schema.forbids), ("adds", schema.adds), ("deletes", schema.deletes)
        )
    ]  # fmt: skip
    return f"action {schema.name} [{shown}] {' '.join(named)}"


def _say_literal(literal: str, domain: str) -> str:
    if literal.startswith("(not "):
        return f"it is not true that {_say_literal(literal[5:-1], domain)}"
    name, *arguments = parts(literal)
    template = ATOM_TEMPLATES.get(domain, {}).get(name)
    return template.format(*arguments) if template else literal


def _read_atom(text: str, world: StripsWorld, dialect: Dialect) -> Atom | None:
    for name, count in world.predicates:
        found = None
        if dialect == "chat":
            found = _matching(ATOM_TEMPLATES.get(world.domain, {}).get(name, ""), count, text)
        if found is None and text.startswith("(") and text.endswith(")"):
            first, *arguments = parts(text)
            found = tuple(arguments) if first == name and len(arguments) == count else None
        if found is not None and all(argument in dict(world.objects) for argument in found):
            return (name, *found)
    return None


def _matching(template: str, count: int, text: str) -> tuple[str, ...] | None:
    """The arguments that make a template this text."""
    found = _template_pattern(template, count).fullmatch(text) if template else None
    return None if found is None else tuple(found[f"a{number}"] for number in range(count))


@functools.cache
def _template_pattern(template: str, count: int) -> re.Pattern[str]:
    pattern = re.escape(template)
    for number in range(count):
        pattern = pattern.replace(re.escape("{" + str(number) + "}"), rf"(?P<a{number}>[\w-]+)")
    return re.compile(pattern, re.IGNORECASE)
