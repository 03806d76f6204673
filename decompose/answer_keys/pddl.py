"""Right and plausible wrong replies to module questions about STRIPS worlds, read off the prompt's text alone.

For the simulated model and for measuring. Nothing that decides imports it.
"""

import functools
import re

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.answer_keys.pddl_policies import next_action
from surefoot.decompose.referees import strips
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.strips import Atom, Parameter, Schema, StripsWorld, join, literals, parts

FAR = 999
"""Steps where the key knows no way."""


@functools.lru_cache(maxsize=4096)
def answers(prompt: Prompt) -> Answers:
    """All replies, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a module's question about a STRIPS world.
    """
    if prompt.system:
        world = _read_world(tuple(prompt.system.splitlines()))
        return module_answers(read_chat(prompt, world), StripsRules(world), world, "chat")
    asked, world = _read_compact(prompt.user)
    return module_answers(asked, StripsRules(world), world, "compact")


@functools.lru_cache(maxsize=512)
def _read_world(lines: tuple[str, ...]) -> StripsWorld:
    """The world of its formal lines; others are passed over."""
    domain, objects, predicates, always, schemas = "", [], [], [], []
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "domain" and " " not in rest:
            domain = rest
        elif word == "object" and " - " in rest:
            name, _, types = rest.partition(" - ")
            objects.append((name, tuple(types.split())))
        elif word == "predicate" and rest[-1:].isdigit():
            predicates.append((rest.split()[0], int(rest.split()[1])))
        elif word == "always" and rest.startswith("("):
            always.append(tuple(parts(rest)))
        elif word == "action" and "[" in rest:
            schemas.append(_read_schema(rest))
    if not domain or not schemas:
        raise ValueError("not a question about a STRIPS world")
    return StripsWorld(domain, tuple(objects), tuple(predicates), tuple(schemas), tuple(always))


def _read_schema(text: str) -> Schema:
    found = re.fullmatch(r"(\S+) \[(.*)\] needs (.*) forbids (.*) adds (.*) deletes (.*)", text + " ")
    if found is None:
        raise ValueError("an action's line is damaged")
    shown = re.findall(r"(\?\S+) - (\S*)", found[2])
    parameters = tuple(Parameter(name, tuple(filter(None, types.split("/")))) for name, types in shown)
    return Schema(found[1], parameters, *(_atoms(found[number]) for number in (3, 4, 5, 6)))


def _atoms(text: str) -> tuple[Atom, ...]:
    return tuple(tuple(parts(one)) for one in re.findall(r"\([^()]*\)", text))


def _read_compact(text: str) -> tuple[Asked, StripsWorld]:
    role = role_of(text)
    *lines, asked = text.partition(" ")[2].split(" | ")
    _, _, asked = asked.rpartition(" |") if not asked.startswith("[") else ("", "", asked)
    world = _read_world(tuple(lines))
    states = re.findall(r"(?<!not )\[ (.*?) ?\]", asked)
    failed = re.findall(r"not \[ (.*?) ?\]", asked)
    outside = re.sub(r"\[.*?\]", "", asked)
    avoided = tuple(re.findall(r"not (\([^()]*\))", outside))
    named = re.findall(r"\([^()]*\)", re.sub(r"not \([^()]*\)", "", outside))
    breadth = re.match(r"\s*(\d+)", asked)
    return Asked(
        role, states[0], states[1] if len(states) > 1 else "", named[0] if named else "",
        int(breadth[1]) if breadth else 1, avoided, tuple(failed),
    ), world  # fmt: skip


class StripsRules(msgspec.Struct, frozen=True):
    """Exact rules; see `surefoot.decompose.answer_keys.modules.Exact`."""

    world: StripsWorld

    def actions(self, state: str) -> list[str]:
        """Every action that can be done."""
        return _applicable(self.world, state)

    def broken(self, state: str, action: str) -> str:
        """The first rule that an action breaks."""
        found = strips.fault(self.world, strips.facts(state), action)
        return "" if found is None else found.rule

    def after(self, state: str, action: str) -> str:
        """The state after an action."""
        return strips.text(strips.after(self.world, strips.facts(state), action))

    def distance(self, state: str, goal: str) -> int:
        """Length of the plan that the key's own rule makes: an upper bound of the optimum."""
        return _length(self.world, strips.facts(state), goal)

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """None is known."""
        return self.distance(state, goal)

    def met(self, state: str, goal: str) -> bool:
        """All literals of the goal hold."""
        return strips.holds(strips.facts(state), frozenset(self.world.always), goal)

    def subgoals(self, state: str, goal: str) -> tuple[str, ...]:
        """The first half of the goal's literals."""
        wanted = literals(goal)
        half = join(wanted[: len(wanted) // 2])
        return () if len(wanted) < 2 or self.met(state, half) else (half,)

    def other_actions(self, state: str) -> list[str]:
        """Actions of other states: what can be done after one that can be done here."""
        here = set(self.actions(state))
        nearby = [action for first in sorted(here)[:3] for action in self.actions(self.after(state, first))]
        return sorted({action for action in nearby if action not in here})

    def ranked(self, state: str, goal: str) -> list[str]:
        """The key's own next action first, the others by their names."""
        best = next_action(self.world, strips.facts(state), goal)
        others = self.actions(state)
        return others if best is None else [best, *(action for action in others if action != best)]


@functools.lru_cache(maxsize=20_000)
def _applicable(world: StripsWorld, state: str) -> list[str]:
    return strips.applicable(world, strips.facts(state))


@functools.lru_cache(maxsize=20_000)
def _length(world: StripsWorld, state: strips.State, goal: str) -> int:
    for count in range(400):
        action = next_action(world, state, goal)
        if action is None:
            return count if strips.holds(state, frozenset(world.always), goal) else FAR
        state = strips.after(world, state, action)
    return FAR
