"""A problem that offers a world, with its answer key: a number is doubled or made one less."""

import re

import surefoot
from surefoot.decompose.answer_keys import problems
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.modular_planner.planner import Problem as Posed
from surefoot.decompose.step import Prompt

MOST = 12


class Counter(surefoot.WorldTask, frozen=True, kw_only=True):
    """The world in sentences."""

    first: str = "5"
    wanted: str = "8"

    about = "A number from 0 to 12 is doubled, or made one less. It never leaves that range."
    rules = {"range": "the number after the action is from 0 to 12."}  # noqa: RUF012
    state, state_form = "1[0-2]|[0-9]", "N"
    action, action_form = "double|less", "double | less"


def moves(state: str) -> dict[str, str]:
    """The possible actions of a number, each with the number that follows."""
    found = {"double": 2 * int(state), "less": int(state) - 1}
    return {action: str(after) for action, after in found.items() if 0 <= after <= MOST}


class Counting(surefoot.Problem, frozen=True, kw_only=True):
    """By which actions does one number become another?"""

    first: int = 5
    wanted: int = 8

    def question(self) -> str:
        """Return the question in words, for methods that do not plan."""
        return f"By doubling and making one less, how does {self.first} become {self.wanted}? Name the actions."

    def world(self, number: int) -> Posed:
        """Return the same as a planning problem."""
        return Posed("counting", Counter.world(), str(self.first), str(self.wanted), 20)


_modules = surefoot.world_answers(Counter, moves)


def answers(prompt: Prompt) -> Answers:
    """Return right and wrong replies to a module's question, or to the question in words."""
    if prompt.system:
        return _modules(prompt)
    asked = re.search(r"how does (\d+) become (\d+)", prompt.user)
    assert asked is not None
    return Answers((f"Answer: {way(asked[1], asked[2])}",), ("Answer: double",))


def answers_of_all(prompt: Prompt) -> Answers:
    """Return replies to a question of this problem, or of a generated one."""
    return answers(prompt) if Counter.about in prompt.system else problems.answers(prompt)


def way(first: str, wanted: str) -> str:
    """The shortest way by breadth, of equally short ones the first by name."""
    queue = [(first, "")]
    for state, said in queue:
        if state == wanted:
            return said or "nothing"
        queue += [(after, f"{said}, {action}" if said else action) for action, after in sorted(moves(state).items())]
    raise AssertionError("unreachable")


def right_answers(problem: Counting) -> list[str]:
    """Return the answer, for a bench."""
    return [way(str(problem.first), str(problem.wanted))]
