"""Right and plausible wrong replies to module questions about PDDL worlds, read off the prompt's text alone.

For the simulated model and for measuring. Nothing that decides imports it. No domain has rules of its own here: plans
are made for whatever the formal lines of a prompt describe.
"""

import functools
import re
from collections.abc import Callable

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.answer_keys.strips_plans import FAR, Outside, Plans
from surefoot.decompose.referees import strips
from surefoot.decompose.step import Dialect, Prompt
from surefoot.decompose.tasks.strips import StripsWorld
from surefoot.decompose.tasks.strips_from_lines import world_of
from surefoot.decompose.tasks.strips_words import join, literals

Rules = Callable[[tuple[str, ...]], "StripsRules"]
"""From the formal lines of a world to its rules."""


@functools.lru_cache(maxsize=4096)
def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a question about a PDDL world, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a module's question about a PDDL world.
    """
    return _answers(prompt, _rules_of)


def answers_with(of_world: Callable[[tuple[str, ...]], Outside | None]) -> Callable[[Prompt], Answers]:
    """Return an answer key that asks a planner elsewhere before it searches for itself.

    Args:
        of_world: From a world's formal lines to what plans there; ``None`` for a world that it does not know.
    """

    @functools.lru_cache(maxsize=64)
    def rules_of(lines: tuple[str, ...]) -> StripsRules:
        world = world_of(lines)
        return StripsRules(world, Plans(world, of_world(lines)))

    @functools.lru_cache(maxsize=4096)
    def key(prompt: Prompt) -> Answers:
        return _answers(prompt, rules_of)

    return key


def _answers(prompt: Prompt, rules_of: Rules) -> Answers:
    dialect: Dialect
    if prompt.system:
        rules = rules_of(_lines(prompt.system.partition("\n\n")[0], "\n"))  # the world is described first
        asked, dialect = read_chat(prompt, rules.world), "chat"
    else:
        (asked, rules), dialect = _read_compact(prompt.user, rules_of), "compact"
    return module_answers(asked, rules.by_distance() if asked.rejected else rules, rules.world, dialect)


@functools.lru_cache(maxsize=256)
def _lines(text: str, between: str) -> tuple[str, ...]:
    """The formal lines of the world in a text, among sentences."""
    words = ("domain ", "object ", "predicate ", "always ", "derived ", "action ")
    return tuple(line for line in text.split(between) if line.startswith(words))


@functools.lru_cache(maxsize=64)
def _rules_of(lines: tuple[str, ...]) -> "StripsRules":
    return StripsRules(world_of(lines))


def _read_compact(text: str, rules_of: Rules) -> tuple[Asked, "StripsRules"]:
    role = role_of(text)
    described, _, asked = text.partition(" ")[2].rpartition(" |")
    rules = rules_of(_lines(described, " | "))
    states = re.findall(r"(?<!not )\[ (.*?) ?\]", asked)
    failed = re.findall(r"not \[ (.*?) ?\]", asked)
    outside = re.sub(r"\[.*?\]", "", asked)
    avoided = tuple(re.findall(r"not (\([^()]*\))", outside))
    named = re.findall(r"\([^()]*\)", re.sub(r"not \([^()]*\)", "", outside))
    breadth = re.match(r"\s*(\d+)", asked)
    return Asked(
        role, states[0], states[1] if len(states) > 1 else "", named[0] if named else "",
        int(breadth[1]) if breadth else 1, avoided, tuple(failed), int(breadth[1]) if breadth else 1,
    ), rules  # fmt: skip


class StripsRules:
    """The exact rules of one PDDL world, as `surefoot.decompose.answer_keys.modules.Exact` asks for them.

    Args:
        world: The world.
        plans: Plans that are known of it already.
        looks_ahead: Whether all actions are ranked by what is left after them. It takes a plan for each.
    """

    def __init__(self, world: StripsWorld, plans: Plans | None = None, looks_ahead: bool = False) -> None:
        self.world = world
        self._plans = plans or Plans(world)
        self._looks_ahead = looks_ahead

    def by_distance(self) -> "StripsRules":
        """Return the same world's rules with all actions ranked by what is left after them."""
        return StripsRules(self.world, self._plans, looks_ahead=True)

    def actions(self, state: str) -> list[str]:
        """Return every PDDL action that can be done in a state."""
        return list(self._plans.actions(state))

    def broken(self, state: str, action: str) -> str:
        """Return the first rule that a PDDL action breaks in a state, or nothing."""
        if self._plans.can_be_done(state, action):
            return ""
        found = strips.fault(self.world, strips.facts(state), action)
        return "" if found is None else found.rule

    def after(self, state: str, action: str) -> str:
        """Return the PDDL state after an action."""
        return self._plans.after(state, action)

    def distance(self, state: str, goal: str) -> int:
        """Return the length of the plan that the key knows: an upper bound of the fewest actions."""
        return self._plans.next(state, goal).left

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """Return the distance: no usual heuristic is known for every PDDL domain."""
        return self.distance(state, goal)

    def met(self, state: str, goal: str) -> bool:
        """Return whether all literals of a goal hold in a state."""
        return self._plans.met(state, goal)

    def subgoals(self, state: str, goal: str, count: int = 1) -> tuple[str, ...]:
        """Return growing parts of the goal's literals as sub-goals: the first half as the one."""
        wanted = literals(goal)
        cuts = sorted({number * len(wanted) // (count + 1) for number in range(1, count + 1)} - {0})
        return tuple(part for part in (join(wanted[:cut]) for cut in cuts) if not self.met(state, part))

    def other_actions(self, state: str) -> list[str]:
        """Return actions that can be done only after another one, to make wrong replies of."""
        here = self.actions(state)
        nearby = [action for first in here[:3] for action in self.actions(self.after(state, first))]
        return sorted(set(nearby) - set(here))

    def ranked(self, state: str, goal: str) -> list[str]:
        """Return the next action of the key's plan, then the others by name; nothing where no plan is known.

        Where it looks ahead, all are ranked by what is left after them, and those with no way on are left out.
        """
        known = self._plans.next(state, goal)
        if known.action is None:
            return [] if known.left else self.actions(state)
        if self._looks_ahead:
            left = {action: self.distance(self.after(state, action), goal) for action in self.actions(state)}
            return sorted((action for action in left if left[action] < FAR), key=lambda action: (left[action], action))
        return [known.action, *(action for action in self.actions(state) if action != known.action)]
