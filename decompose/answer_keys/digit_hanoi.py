"""Right and plausible wrong replies to module questions about digit lists, read off the prompt's text alone.

For the simulated model, for training the bundled one and for measuring. Nothing that decides imports it.
"""

import functools
import re
from collections import deque

import msgspec

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.micro import micro_answers
from surefoot.decompose.answer_keys.modules import Asked, module_answers, read_chat, role_of
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a digit-list question, in the prompt's own dialect.

    Raises:
        ValueError: The text is not a module's question about digit lists.
    """
    if prompt.raw:
        return micro_answers(prompt)
    if prompt.system:
        count = re.search(r"the numbers 0 to (\d+)", prompt.system)
        if count is None:
            raise ValueError("not a question about digit lists")
        world = DigitLists(int(count[1]) + 1)
        return module_answers(read_chat(prompt, world), DigitRules(world.numbers), world, "chat")
    asked, world = _read_compact(prompt.user)
    return module_answers(asked, DigitRules(world.numbers), world, "compact")


def _read_compact(text: str) -> tuple[Asked, DigitLists]:
    role = role_of(text)
    asked, *avoided = text.partition(" ")[2].split(" not ")
    said = re.findall(r"[1-9][abc](?: [1-9][abc])*(?= |$)", asked)
    if not said:
        raise ValueError("not a question about digit lists")
    world = DigitLists(int(said[0][0]))
    states = [world.read_state(state, "compact") or "" for state in said]
    actions = [world.read_action(word, "compact") or "" for word in re.findall(r"\d[abc]{2}", asked)]
    return Asked(
        role,
        states[0],
        states[1] if len(states) > 1 else "",
        actions[0] if actions else "",
        int(asked[0]) if role == "Actor" else 1,
        tuple(filter(None, (world.read_action(word, "compact") for word in avoided))),
        tuple(filter(None, (world.read_state(word, "compact") for word in avoided))),
        int(asked[0]) if role == "TaskDecomposer" and asked[1] == " " else 1,
    ), world


class DigitRules(msgspec.Struct, frozen=True):
    """The exact rules of the digit lists, as `surefoot.decompose.answer_keys.modules.Exact` asks for them."""

    numbers: int

    def actions(self, state: str) -> list[str]:
        """Return every valid move of the lists in a state."""
        return [move for move in self._every() if not self.broken(state, move)]

    def broken(self, state: str, action: str) -> str:
        """Return ``rule1`` (not at the right end of its list) or ``rule2`` (larger ones there), or nothing."""
        number, source, target = tuple(action)
        lists = dict(zip("ABC", state.split("/"), strict=True))
        if lists[source][-1] != number:
            return "rule1"
        return "rule2" if lists[target] != "-" and lists[target][-1] > number else ""

    def after(self, state: str, action: str) -> str:
        """Return the lists after a move; a number that is not at its list's end is taken out all the same."""
        number, _, target = tuple(action)
        # Removed wherever it is: wrong replies need a plausible state after an invalid move, too.
        lists = [part.replace(number, "").replace("-", "") for part in state.split("/")]
        place = "ABC".index(target)
        lists[place] = "".join(sorted(lists[place] + number))
        return "/".join(part or "-" for part in lists)

    def distance(self, state: str, goal: str) -> int:
        """Return the fewest moves from a state to a goal."""
        return _distances(self.numbers, goal)[state]

    def rule_of_thumb(self, state: str, goal: str) -> int:
        """Return the published heuristic: each number's distance within its list, plus 1 for another list."""
        here, there = (
            {d: (i, j) for i, part in enumerate(s.split("/")) for j, d in enumerate(part) if d != "-"}
            for s in (state, goal)
        )
        return sum(abs(here[d][1] - there[d][1]) + (here[d][0] != there[d][0]) for d in here)

    def met(self, state: str, goal: str) -> bool:
        """Return whether a state has the goal's lists."""
        return state == goal

    def subgoals(self, state: str, goal: str, count: int = 1) -> tuple[str, ...]:
        """Return the sub-goals of goal recursion: the numbers above the smallest misplaced one gathered, then it moved.

        Those of the next numbers follow, as many as are wanted.
        """
        first = self._gathered(state, goal)
        if count == 1:
            return first
        moved = self._moved(first[0] if first else state, goal)
        further = self.subgoals(moved[0], goal, count - len(first) - 1) if moved and count > len(first) + 1 else ()
        return (*first, *moved, *further)[:count]

    def _moved(self, state: str, goal: str) -> tuple[str, ...]:
        """The state after the smallest misplaced number was moved to its list; nothing if that is the goal."""
        here, there = ({d: i for i, part in enumerate(s.split("/")) for d in part if d != "-"} for s in (state, goal))
        number = next((d for d in map(str, range(self.numbers)) if here[d] != there[d]), "")
        found = self.after(state, f"{number}{'ABC'[here[number]]}{'ABC'[there[number]]}") if number else goal
        return () if found == goal else (found,)

    def _gathered(self, state: str, goal: str) -> tuple[str, ...]:
        here, there = ({d: i for i, part in enumerate(s.split("/")) for d in part if d != "-"} for s in (state, goal))
        for number in map(str, range(self.numbers)):
            if here[number] != there[number]:
                third = 3 - here[number] - there[number]
                gathered = {digit: third if digit > number else place for digit, place in here.items()}
                found = "/".join("".join(sorted(d for d in gathered if gathered[d] == i)) or "-" for i in range(3))
                return () if found in (state, goal) else (found,)
        return ()

    def other_actions(self, state: str) -> list[str]:
        """Return moves that break a rule in a state."""
        return [move for move in self._every() if self.broken(state, move) == "rule2"] + [
            move for move in self._every() if self.broken(state, move) == "rule1"
        ]

    def ranked(self, state: str, goal: str) -> list[str]:
        """Return the valid moves of a state, those that leave the fewest moves to the goal first."""
        return sorted(self.actions(state), key=lambda move: (self.distance(self.after(state, move), goal), move))

    def _every(self) -> list[str]:
        return [f"{n}{a}{b}" for n in range(self.numbers) for a in "ABC" for b in "ABC" if a != b]


@functools.cache
def _distances(numbers: int, goal: str) -> dict[str, int]:
    """Fewest moves from every state; moves can be undone, so they are counted from the goal."""
    rules = DigitRules(numbers)
    assert goal in all_states(numbers)
    seen, queue = {goal: 0}, deque([goal])
    while queue:
        state = queue.popleft()
        for action in rules.actions(state):
            reached = rules.after(state, action)
            if reached not in seen:
                seen[reached] = seen[state] + 1
                queue.append(reached)
    return seen
