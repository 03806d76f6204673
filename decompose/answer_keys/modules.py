"""Right and plausible wrong replies of the six modules, for any domain whose exact rules a key provides.

The prompt's text is all there is: a domain's key reads world, state, goal and action off it and hands them here.
"""

import itertools
import re
from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.modular_planner.wording import LABELS, MODULE_WORDS
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Prompt


class Exact(Protocol):
    """The exact rules of a domain, as an answer key knows them."""

    def actions(self, state: str) -> Sequence[str]:
        """Return every valid action of a state."""
        ...

    def broken(self, state: str, action: str) -> str:
        """Return the first rule that an action breaks in a state, or nothing."""
        ...

    def after(self, state: str, action: str) -> str:
        """Return the state after an action; for an invalid action, what would follow as far as that makes sense."""
        ...

    def distance(self, state: str, goal: str) -> int:
        """Return the steps needed from a state to a goal, exactly or by the best estimate there is."""
        ...

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """Return the steps needed by a usual heuristic; the distance where none is known."""
        ...

    def met(self, state: str, goal: str) -> bool:
        """Return whether a state meets a goal."""
        ...

    def subgoals(self, state: str, goal: str, count: int) -> tuple[str, ...]:
        """Return at most so many states that help on the way from a state to a goal, in their order."""
        ...

    def other_actions(self, state: str) -> Sequence[str]:
        """Return some invalid actions of a state, to make wrong replies of."""
        ...

    def ranked(self, state: str, goal: str) -> Sequence[str]:
        """Return every valid action of a state, the best for the goal first."""
        ...


class Asked(msgspec.Struct, frozen=True):
    """What a module's prompt asks; fields that the prompt does not show are empty."""

    role: str
    state: str
    goal: str = ""
    action: str = ""
    breadth: int = 1
    rejected: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    subgoals: int = 1


_LABELS = {"state": ("Current state", "State"), "goal": ("Goal",), "action": ("Proposed action", "Action")}


def read_chat(prompt: Prompt, world: World) -> Asked:
    """Read the facts that a module's ``chat`` prompt shows.

    Raises:
        ValueError: It is not a module's.
    """
    role = re.search(r"\b[Yy]ou are the (\w+) of a planner", prompt.system)
    whole = "asked for a whole plan" in prompt.system
    if role is None and not whole:
        raise ValueError("not a module's question")
    facts: dict[str, Any] = {}
    for name, labels in _LABELS.items():
        found = _shown(prompt.user, *labels)
        if found:
            read = world.read_action if name == "action" else world.read_state
            facts[name] = read(found[0], "chat") or ""
    wanted = re.search(r"(?:up to (\d+) lines|at most (\d+) lines)", prompt.system)
    subgoals = re.search(r"one to (\d+) lines in the form\nsubgoal", prompt.system)
    avoided = _shown(prompt.user, "Do not propose")
    failed = _shown(prompt.user, "Could not be reached")
    return Asked(
        role[1] if role else "plan",
        facts.get("state", ""),
        facts.get("goal", ""),
        facts.get("action", ""),
        int(wanted[1] or wanted[2]) if wanted else 1,
        tuple(filter(None, (world.read_action(text, "chat") for text in avoided))),
        tuple(filter(None, (world.read_state(text, "chat") for text in failed))),
        int(subgoals[1]) if subgoals else 1,
    )


def _shown(text: str, *labels: str) -> list[str]:
    """The facts of these names, in any wording."""
    names = "|".join(re.escape(name) for label in labels for name in LABELS[label])
    return re.findall(rf"^(?:{names})(?: \([^)]*\))?: (.*)$", text, re.M)


def role_of(text: str) -> str:
    """Return the module that a ``compact`` prompt is for, by the prompt's first word.

    Raises:
        ValueError: It is none's.
    """
    word = text.partition(" ")[0]
    for role, first in (*MODULE_WORDS.items(), ("plan", "plan")):
        if word == first:
            return role
    raise ValueError("not a module's question")


def module_answers(asked: Asked, exact: Exact, world: World, dialect: Dialect) -> Answers:
    """Return right and wrong replies to a module's question, in the prompt's own dialect."""
    make = {
        "Actor": _actor,
        "Monitor": _monitor,
        "Predictor": _predictor,
        "Evaluator": _evaluator,
        "Orchestrator": _orchestrator,
        "TaskDecomposer": _decomposer,
        "plan": _plan,
    }[asked.role]
    right, wrong = make(asked, exact)
    say = _saying(asked.role, world, dialect)
    said = tuple(dict.fromkeys(map(say, right)))
    slips = tuple(dict.fromkeys(reply for reply in map(say, wrong) if reply not in said))
    return Answers(said, slips or ("???",))


_Values = tuple[list[Any], list[Any]]


def _actor(asked: Asked, exact: Exact) -> _Values:
    ranked = [action for action in exact.ranked(asked.state, asked.goal) if action not in asked.rejected]
    count = asked.breadth
    right = tuple(ranked[:count])
    blocked = [action for action in exact.other_actions(asked.state) if action not in asked.rejected]
    # Any two first, valid or not: the best not first, or not at all, or an invalid one among them.
    near = dict.fromkeys([*ranked[:2], *ranked[-1:], *blocked[:3]])
    starts = itertools.permutations(near, min(count, 2, len(near)))
    wrong = [(*start, *(action for action in ranked if action not in start))[:count] for start in starts]
    return [right], [slip for slip in wrong if slip and slip != right]


def _monitor(asked: Asked, exact: Exact) -> _Values:
    rule = exact.broken(asked.state, asked.action)
    return ([rule], [""]) if rule else ([""], ["any"])


def _predictor(asked: Asked, exact: Exact) -> _Values:
    right = exact.after(asked.state, asked.action)
    others = [exact.after(asked.state, action) for action in exact.actions(asked.state) if action != asked.action]
    further = [exact.after(right, action) for action in list(exact.actions(right))[:3]]
    return [right], [state for state in (*others[:6], *further) if state != asked.state]


def _evaluator(asked: Asked, exact: Exact) -> _Values:
    right, thumb = (value(asked.state, asked.goal) for value in (exact.distance, exact.rule_of_thumb))
    if thumb != right:
        return [right], [thumb]
    return [right], [value for value in (right - 2, right - 1, right + 1, right + 2) if value >= 0]


def _orchestrator(asked: Asked, exact: Exact) -> _Values:
    met = exact.met(asked.state, asked.goal)
    return [met], [not met]


def _decomposer(asked: Asked, exact: Exact) -> _Values:
    right = tuple(s for s in exact.subgoals(asked.state, asked.goal, asked.subgoals) if s not in asked.failed)
    wrong = [(exact.after(asked.state, action),) for action in list(exact.actions(asked.state))[:3]]
    return [right], [*wrong, ()]


def _plan(asked: Asked, exact: Exact) -> _Values:
    state = asked.state
    plan: list[str] = []
    while not exact.met(state, asked.goal) and len(plan) < 200:
        action = exact.ranked(state, asked.goal)[0]
        plan.append(action)
        state = exact.after(state, action)
    wrong = [plan[:-1], [*plan[:-2], *plan[-1:]], [*list(exact.ranked(asked.state, asked.goal))[-1:], *plan]]
    return [tuple(plan)], [tuple(slip) for slip in wrong if slip]


def _saying(role: str, world: World, dialect: Dialect) -> Any:
    """How a module's value is put into words."""
    compact = dialect == "compact"

    def parts(values: tuple[str, ...], say: Any, name: str) -> str:
        if not values:
            return "-" if compact else f"{name} = none"
        said = [say(value, dialect) for value in values]
        return " / ".join(said) if compact else "\n".join(f"{name} = {text}" for text in said)

    def monitor(rule: str) -> str:
        if not rule:
            return "yes" if compact else "Every rule holds.\nvalid = yes"
        rule = world.rules[0] if rule == "any" else rule
        return f"no {rule}" if compact else f"One is broken.\nrule = {rule}\nvalid = no"

    saying: dict[str, Any] = {
        "Actor": lambda actions: parts(actions, world.say_action, "action"),
        "plan": lambda actions: parts(actions, world.say_action, "action"),
        "TaskDecomposer": lambda states: parts(states, world.say_state, "subgoal"),
        "Monitor": monitor,
        "Predictor": lambda state: ("" if compact else "next_state = ") + world.say_state(state, dialect),
        "Evaluator": lambda value: " ".join(str(value)) if compact else f"steps = {value}",
        "Orchestrator": lambda met: ("yes" if met else "no") if compact else f"reached = {'yes' if met else 'no'}",
    }
    return saying[role]
