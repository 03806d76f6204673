"""A PDDL problem as a world: objects, predicates, actions, and how states and actions are said and read.

A state is canonically its true atoms, sorted, without those that never change: ``"(clear a) (on a b)"``. A goal is a
list of literals: ``"(on a b) (not (clear b))"``. An action is ``"(stack a b)"``. In the ``chat`` dialect facts and
actions are put in words (`surefoot.decompose.tasks.strips_words`); in ``compact`` they are said as they are.
"""

import functools

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.pddl_examples import ELSEWHERE, EXAMPLES
from surefoot.decompose.tasks.pddl_transfer import transferred
from surefoot.decompose.tasks.strips_formulas import Atom, literals_in, text_of
from surefoot.decompose.tasks.strips_lines import action_line, derived_line
from surefoot.decompose.tasks.strips_schemas import Derived, Schema
from surefoot.decompose.tasks.strips_words import Words, join, literals, split_literals


class StripsWorld(msgspec.Struct, frozen=True, dict=True, cache_hash=True):
    """The world of one PDDL problem: objects, predicates and actions.

    Attributes:
        domain: The domain's name; hand-written templates go by it.
        objects: Objects, each with all its types, its supertypes included.
        predicates: Names and numbers of arguments.
        schemas: The actions.
        always: Atoms that are true and never change.
        derived: Rules of predicates that follow from others; a state does not list them.
        examples: Domain of the worked examples, as in the published transfer: ``blocksworld`` or ``hanoi``; by default
            its own.
    """

    domain: str
    objects: tuple[tuple[str, tuple[str, ...]], ...]
    predicates: tuple[tuple[str, int], ...]
    schemas: tuple[Schema, ...]
    always: tuple[Atom, ...] = ()
    derived: tuple[Derived, ...] = ()
    examples: str = ""

    def showing(self, domain: str) -> "StripsWorld":
        """Return this world with worked examples of another domain."""
        return msgspec.structs.replace(self, examples=domain)

    @functools.cached_property
    def words(self) -> Words:
        """Return the vocabulary in which this world's facts and actions are said and read."""
        schemas = tuple((schema.name, tuple(p.name for p in schema.parameters)) for schema in self.schemas)
        return Words(self.domain, dict(self.predicates), dict(schemas), frozenset(name for name, _ in self.objects))

    @functools.cached_property
    def lines(self) -> tuple[str, ...]:
        """Return the world in formal lines, one fact a line, as `strips_from_lines` reads them back."""
        found = [f"domain {self.domain}"]
        found += [f"object {name} - {' '.join(types)}" if types else f"object {name}" for name, types in self.objects]
        found += [f"predicate {name} {count}" for name, count in self.predicates]
        found += [f"always {text_of(atom)}" for atom in self.always]
        return (*found, *map(derived_line, self.derived), *map(action_line, self.schemas))

    @functools.cached_property
    def rules(self) -> tuple[str, ...]:
        """Return the names of the rules that an action can break.

        ``parameters``: objects that do not fit; then the predicates that actions need or forbid, ``same`` and
        ``different`` for two objects that have to be; ``condition`` for a disjunction or a quantifier.
        """
        found = ["parameters"]
        for schema in self.schemas:
            found += ["same" if atom[0] == "=" else atom[0] for atom in schema.needs]
            found += ["different" if atom[0] == "=" else atom[0] for atom in schema.forbids]
        # A disjunction has no one predicate that could name the rule.
        if any(schema.where for schema in self.schemas):
            found.append("condition")
        return tuple(dict.fromkeys(found))

    @functools.cached_property
    def changing(self) -> frozenset[str]:
        """Return the predicates that an action can change: all that a state lists."""
        found = {atom[0] for schema in self.schemas for atom in (*schema.adds, *schema.deletes)}
        inside = [effect for schema in self.schemas for effect in schema.effects]
        return frozenset(found | {atom[0] for effect in inside for atom in (*effect.adds, *effect.deletes)})

    @property
    def always_changes(self) -> bool:
        """Return ``False``: a truck may be driven to where it is."""
        return False

    def description(self) -> str:
        """Return objects, constant facts and actions, formally, and what the formal words mean."""
        return "\n".join([*_meanings(self), *self.lines])

    def preamble(self) -> str:
        """Return the world's formal lines, separated by ``" | "``."""
        return " | ".join(self.lines) + " |"

    def state_form(self) -> str:
        """Return the form of a state: a list of facts."""
        return "all true facts, each as it is written above, separated by '; '"

    def action_form(self) -> str:
        """Return the forms of all actions."""
        return " | ".join(self.words.action_forms())

    def example(self, role: str, wording: int = 0) -> str:
        """Return a worked example of the domain; in every other wording, or for lack of one, of another domain."""
        if self.examples:
            return transferred(self.examples, role)
        own = EXAMPLES.get(self.domain, {}).get(role, "") if self.words.by_hand else ""
        return ELSEWHERE.get(role, "") if wording % 2 or not own else own

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Write a state or goal as facts, one after the other."""
        if dialect == "compact":
            return f"[ {state} ]"
        return "; ".join(map(self.words.say_literal, literals(state))) or "nothing"

    def say_action(self, action: str, dialect: Dialect) -> str:
        """Write an action, in words only in ``chat``."""
        return self.words.say_action(action) if dialect == "chat" else action

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Read facts whose predicates, numbers of arguments and objects exist, sorted; ``None`` if one does not."""
        if dialect == "compact":
            if not (text.startswith("[ ") and text.endswith(" ]")):
                return None
            said = split_literals(text[2:-2])
        else:
            said = [part.strip().rstrip(".") for part in text.split(";") if part.strip()]
        if said == ["nothing"]:
            return ""
        read = [self.words.read_literal(part, dialect == "chat") for part in said]
        # All or nothing: a state with a fact left out is another state.
        found = [literal for literal in read if literal is not None]
        return join(found) if len(found) == len(read) else None

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """Read an action that exists, with the right number of known objects."""
        return self.words.read_action(text.strip().rstrip("."), dialect == "chat")

    def stated_after(self, action: str) -> str | None:
        """Return ``None``: an action does not name a state."""
        return None

    def state_tokens(self, state: str) -> int:
        """Return the words of a state, with room for a next state that has more."""
        return len(state.split()) + 20


def _meanings(world: StripsWorld) -> list[str]:
    """What the formal words mean, as far as this world uses them."""
    first = (
        "A state is the set of facts that are true; every other fact is false. An action can be done if all it "
        "needs is true and nothing it forbids; it then makes facts true (adds) and false (deletes)."
    )
    found = [first]
    if any(schema.where for schema in world.schemas):
        found.append("Where an action has a condition (where), that must be true as well.")
    if any(schema.effects for schema in world.schemas):
        found.append(
            "What stands behind 'also' happens too: for all objects of its variables, where its condition (if) was "
            "true before the action."
        )
    if world.derived:
        found.append("A derived fact is true exactly where its condition (if) is; a state does not list it.")
    if any(atom[0] == "=" for schema in world.schemas for part in schema.where for atom, _ in literals_in(part)):
        found.append("(= X Y) means that both are the same object.")
    return found
