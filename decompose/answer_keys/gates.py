"""Right and wrong answers about gates and towers, from a prompt's text alone. Nothing that decides imports it."""

import itertools
import re

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt

FREE = 8
"""Gates whose sides are guessed one by one; those after them are guessed like one of these."""


def answers(prompt: Prompt) -> Answers:
    """Return the replies to a question: where the prompt lacks a fact, routes that fit what it says."""
    return answers_by(_solve, prompt)


def _solve(kind: str, facts: str) -> tuple[list[str], list[str]]:
    if kind == "look":
        right = "open" if "daylight" in facts else "shut"
        return [right], [{"open": "shut", "shut": "open"}[right]]
    return _move(facts) if kind == "carry" else _route(facts)


def _move(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"(\d+) disks from A to ([BC]), move (\d+)", facts)
    if found is None:
        return ["1 A B"], ["1 A C"]
    disks, goal, number = int(found[1]), found[2], int(found[3])
    right = move_of(disks, goal, number)
    every = [f"{disk} {one} {other}" for disk in range(1, disks + 1) for one, other in itertools.permutations("ABC", 2)]
    return [right], [move for move in every if move != right]


def move_of(disks: int, goal: str, number: int) -> str:
    """Return a move of the shortest way of a tower from A to a peg, in closed form.

    Args:
        disks: Of the tower.
        goal: Where it goes, B or C.
        number: Of the move, from 1.
    """
    disk = (number & -number).bit_length()
    other = "C" if goal == "B" else "B"
    # Disks whose distance to the largest is even go A, goal, other; the others the other way round.
    circle = ("A", goal, other) if (disks - disk) % 2 == 0 else ("A", other, goal)
    before = number >> disk
    return f"{disk} {circle[before % 3]} {circle[(before + 1) % 3]}"


def _route(facts: str) -> tuple[list[str], list[str]]:
    found = re.fullmatch(r"(\d+) gates; chosen before: (.*); found shut: (.*)", facts)
    if found is None:
        return ["left"], ["right"]
    count = int(found[1])
    shut = {int(gate): side for gate, side in re.findall(r"gate (\d+) (left|right)", found[3])}
    if found[2] == "nothing":
        guesses = itertools.product(("left", "right"), repeat=min(count, FREE))
        return [" ".join(guess[gate % FREE] for gate in range(count)) for guess in guesses], []
    before = found[2].split()
    other = {"left": "right", "right": "left"}
    right = [other[side] if shut.get(gate) == side else side for gate, side in enumerate(before, start=1)]
    slips = [[*right[:at], other[right[at]], *right[at + 1 :]] for at in range(len(right))]
    return [" ".join(right)], [" ".join(one) for one in slips]
