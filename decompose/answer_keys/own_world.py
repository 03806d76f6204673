"""Answers to module questions about a world of one's own, from a function that knows its moves.

For the simulated model and ``surefoot test``. Nothing that decides imports it.
"""

import functools
import re
from collections.abc import Callable, Mapping

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.modular_planner.world_task import OwnWorld, WorldTask
from surefoot.decompose.step import Prompt

Moves = Callable[[str], Mapping[str, str]]
"""From a state to its possible actions, each with the state that follows."""
Met = Callable[[str, str], bool]
"""From a state and a goal to whether the goal is met."""

FAR, MOST = 9999, 200_000
"""Steps from where the goal cannot be reached; states that are looked at for a way."""


def world_answers(task: type[WorldTask], moves: Moves, met: Met | None = None) -> Callable[[Prompt], Answers]:
    """Return the answer key of a world: all right and wrong replies to a module's prompt, read off the prompt's text.

    Args:
        task: The world's task.
        moves: The possible actions of a state, each with the state that follows.
        met: Whether a state meets a goal; by default when it is the goal.
    """
    world = task.world()
    rules = OwnRules(world, moves, met or str.__eq__)

    def answers(prompt: Prompt) -> Answers:
        if prompt.system:
            return module_answers(read_chat(prompt, world), rules, world, "chat")
        return module_answers(_read_compact(prompt.user), rules, world, "compact")

    return answers


def _read_compact(text: str) -> Asked:
    role = role_of(text)
    states, actions = re.findall(r"\[ (.*?) \]", text), re.findall(r"(?<!not )\( (.*?) \)", text)
    avoided, breadth = re.findall(r"not \( (.*?) \)", text), re.match(r"\w+ (\d+) ", text)
    return Asked(
        role, states[0], states[1] if len(states) > 1 else "", actions[0] if actions else "",
        int(breadth[1]) if breadth else 1, tuple(avoided),
    )  # fmt: skip


class OwnRules:
    """The exact rules of a world of one's own, as `surefoot.decompose.answer_keys.modules.Exact` asks for them.

    Args:
        world: Its vocabulary.
        moves: The possible actions of a state, each with the state that follows.
        met: Whether a state meets a goal.
    """

    def __init__(self, world: OwnWorld, moves: Moves, met: Met) -> None:
        self.world, self.moves, self._met = world, moves, met
        self._distance = functools.lru_cache(maxsize=4096)(self._counted)

    def actions(self, state: str) -> list[str]:
        """Return every possible action of a state."""
        return list(self.moves(state))

    def broken(self, state: str, action: str) -> str:
        """Return the first rule for an action that is not possible, as the moves do not say which; else nothing."""
        return "" if action in self.moves(state) else self.world.rules[0]

    def after(self, state: str, action: str) -> str:
        """Return the state after an action; the same one after an action that is not possible."""
        return self.moves(state).get(action, state)

    def distance(self, state: str, goal: str) -> int:
        """Return the fewest actions to a goal."""
        return self._distance(state, goal)

    def _counted(self, state: str, goal: str) -> int:
        steps, queue = {state: 0}, [state]
        for here in queue:
            if self._met(here, goal):
                return steps[here]
            for reached in self.moves(here).values():
                if reached not in steps and len(steps) < MOST:
                    steps[reached] = steps[here] + 1
                    queue.append(reached)
        return FAR

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """Return the exact distance: no usual heuristic is known."""
        return self.distance(state, goal)

    def met(self, state: str, goal: str) -> bool:
        """Return whether a state meets a goal."""
        return self._met(state, goal)

    def subgoals(self, state: str, goal: str, count: int = 1) -> tuple[str, ...]:
        """Return no sub-goals: nothing is known of what lies on every way."""
        return ()

    def other_actions(self, state: str) -> list[str]:
        """Return actions that are possible in a neighbouring state and not here."""
        here = self.moves(state)
        return sorted({action for near in here.values() for action in self.moves(near)} - set(here))

    def ranked(self, state: str, goal: str) -> list[str]:
        """Return the possible actions, those that leave the fewest actions to the goal first."""
        here = self.moves(state)
        return sorted(here, key=lambda action: (self.distance(here[action], goal), action))
