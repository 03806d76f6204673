"""Lessons and exams of the planner: questions of MAP's six modules on digit lists and castles, in ``compact`` wording.

Right answers are those of ``surefoot.decompose.answer_keys``; before an answer a reply says how it is come by, as the
modules of
large models do. Nothing that decides imports this file.
"""

import itertools
import random
import re
from collections import Counter
from typing import Final

import msgspec

from surefoot.decompose.step import Role
from surefoot.decompose.tasks.graph_navigation import GraphNavigation, Question
from surefoot.decompose.tasks.rooms import Rooms
from surefoot.scripts.bundled import list_questions as lists
from surefoot.scripts.bundled import room_questions as rooms
from surefoot.scripts.bundled.questions import PAIRS, SPECIAL, Pair, held_out

SHARES: Final = {
    ("lists", "propose"): 5, ("lists", "check"): 3, ("lists", "predict"): 2, ("lists", "value"): 5,
    ("lists", "reached"): 2, ("lists", "subgoal"): 3,
    ("rooms", "propose"): 30, ("rooms", "check"): 14, ("rooms", "value"): 24, ("rooms", "reached"): 12,
}  # fmt: skip
"""Every kind of question, and how many in a hundred are of it."""
WORDS: Final = (
    *lists.MODULES, "to", "in", "not", "|", "/", "-", "=", ">", "yes", "no", "rule1", "rule2", "room", "door",
    "chest", "shut", "open", "worth", "best",
)  # fmt: skip
MOST_DISKS: Final = 5
A_CASTLE: Final = 5
"""Questions of a module that are asked about one castle, of which the model then reads only one description."""
FAR: Final = 99


def vocabulary() -> list[str]:
    """Every word the planner knows, in the order of its token numbers."""
    disks = range(1, MOST_DISKS + 1)
    numbered = range(1, rooms.MOST_ROOMS + 1)
    return [
        *SPECIAL, *WORDS,
        *(str(number) for number in (*range(41), FAR)),
        *(f"${worth}" for worth in range(1, 100)),
        *(f"{disk}{peg}" for disk in disks for peg in "abc"),
        *(f"{disk}{pair}" for disk in disks for pair in PAIRS),
        *(f"{room}:" for room in numbered),
        *(f"@{room}" for room in numbered),
        *(f"{a}{sign}{b}" for sign in "-x>" for a in numbered for b in numbered if a != b),
    ]  # fmt: skip


def spell(word: str) -> dict[str, float]:
    """The parts that a word's embedding is the sum of, such as the two rooms of a door, with their weights."""
    if door := re.fullmatch(r"(\d+)([-x])(\d+)", word):
        return {f"door {door[2]}": 1.0, f"room {door[1]}": 1.0, f"room {door[3]}": 1.0}
    if step := re.fullmatch(r"(\d+)>(\d+)", word):
        return {"step": 1.0, f"from {step[1]}": 1.0, f"to {step[2]}": 1.0}
    if room := re.fullmatch(r"(\d+):", word):
        return {"around": 1.0, f"to {room[1]}": 1.0}
    if room := re.fullmatch(r"@(\d+)", word):
        return {"asked": 1.0, f"from {room[1]}": 1.0}
    if worth := re.fullmatch(r"\$(\d+)", word):
        tens, units = divmod(int(worth[1]), 10)
        return {"worth": 1.0, f"{tens} tens": 1.0, f"{units} units": 1.0, "amount": int(worth[1]) / 20}
    if disk := re.fullmatch(r"(\d)([abc])", word):
        return {word: 0.5, f"disk {disk[1]}": 1.0, f"peg {disk[2]}": 1.0}
    if move := re.fullmatch(r"(\d)([abc])([abc])", word):
        return {word: 0.5, f"disk {move[1]}": 1.0, f"from {move[2]}": 1.0, f"to {move[3]}": 1.0}
    return {word: 1.0, f"room {word}": 1.0} if word.isdecimal() and int(word) <= rooms.MOST_ROOMS else {word: 1.0}


def question(rng: random.Random, family: str, module: str) -> Pair:
    """Draw a question of one module in one family of tasks, and its reply."""
    return lists.question(rng, module) if family == "lists" else rooms.question(rng, module)


def lesson(rng: random.Random, size: int, done: float = 1.0) -> list[Pair]:
    """Draw a batch to train the planner on: kinds by their shares, nothing that is held out.

    Castles have at most 6 rooms at the start of the training, and 15 after a fifteenth of it.
    """
    most = min(rooms.MOST_ROOMS, 6 + int(135 * done))
    pairs: list[Pair] = []
    for (family, module), count in Counter(rng.choices(list(SHARES), list(SHARES.values()), k=size)).items():
        if family == "rooms":
            for first in range(0, count, A_CASTLE):
                pairs += itertools.islice(rooms.questions(rng, module, most), min(A_CASTLE, count - first))
            continue
        for _ in range(count):
            pair = lists.question(rng, module)
            while " 5" in pair[0] and held_out(pair[0]):
                pair = lists.question(rng, module)
            pairs.append(lists.renamed(rng, pair) if rng.random() < 0.6 else pair)
    return pairs


def published(rng: random.Random, module: str) -> Pair:
    """Draw a question on the published castle, which is never taught; the Actor's where a path exists."""
    asked: tuple[Question, ...] = ("steppath", "valuepath", "detour", "revaluation", "transfer")
    question, steps = rng.choice(asked), rng.choice((2, 3, 4))
    task = GraphNavigation(question=question, steps=steps if question == "steppath" else 2)
    while True:
        step = task.sample_step(rng.getrandbits(32))
        if step.role is Role.ACTOR and not rooms.there_is_a_way(step.reads.world, step.reads.state, step.reads.goal):
            continue
        if step.kind == module:
            if step.role is Role.ACTOR:
                step = msgspec.structs.replace(step, reads=msgspec.structs.replace(step.reads, breadth=2))
            assert isinstance(step.reads.world, Rooms)
            return rooms.asked(rng, step.reads.world, step)


def exams(seed: int, samples: int = 100) -> dict[str, list[Pair]]:
    """Draw questions on lists of 4 numbers, which are not taught, by module.

    None on castles: their work may come in many orders, so the probability of one reply says nothing of the answer's.
    """
    rng = random.Random(f"exam {seed}")
    return {f"4 {module}": [lists.question(rng, module, 4) for _ in range(samples)] for module in lists.MODULES}
