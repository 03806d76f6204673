"""Held-out questions by which the bundled model is measured, class by class."""

import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from surefoot.decompose.tasks.hanoi import Tower, direction
from surefoot.decompose.tasks.hanoi_states import move_before, third, tower_state
from surefoot.scripts.bundled import questions
from surefoot.scripts.bundled.questions import Pair

DISKS: Final = (3, 5, 8, 10, 15, 20, 25, 30)
TOWERS: Final = (*range(1, 11), 12, 15, 19)
LENGTHS: Final = ((2, 4), (5, 8), (9, 16), (17, 32))
LEAF: Final = 8
"""Highest tower that a plan is assumed to run as a chain of moves."""

Draw = Callable[[random.Random], Pair]


def met_move(rng: random.Random, disks: int, states_next: bool = True) -> Pair:
    """Draw a move question at a random moment: half the time of the whole tower, else of a leaf of the plan's tree."""
    height = disks if rng.random() < 0.5 else min(disks, rng.randint(1, LEAF))
    moment = rng.randrange(2**height - 1)
    source, target, rest = questions.goal_met(rng, disks, height)
    state = tower_state(height, source, target, moment) + rest
    previous = move_before(height, source, target, moment)
    return questions.ask_move(direction(Tower(height, source, target)), previous, state, states_next)


def met_goal(rng: random.Random, disks: int, kind: str) -> Pair:
    """Draw a carry or split question met on the way down the decomposition of a tower."""
    disk = rng.randint(2 if kind == "split" else 1, disks)
    source, target, rest = questions.goal_met(rng, disks, disk)
    if kind == "split":
        return questions.ask_split(disk, source, target, rest)
    small = third(source, target) * (disk - 1)
    return questions.ask_carry(f"{disk}{source}{target}", small + source + rest, kind == "carry")


def under_tower(rng: random.Random, height: int) -> Pair:
    """Draw a move question in which disk ``height + 1`` leaves from under a tower; 3 to 22 disks."""
    first, way = rng.choice("abc"), rng.choice(("cw", "ccw"))
    others = [peg for peg in "abc" if peg != first]
    rest = questions.anywhere(rng, rng.randint(max(3, height + 1), 22) - height - 1)
    state = first * height + rng.choice(others) + rest
    return questions.ask_move(way, f"1{rng.choice(others)}{first}", state, True)


def random_move(rng: random.Random) -> Pair:
    """Draw a move question in a random state of 3 to 22 disks."""
    state = questions.anywhere(rng, rng.randint(3, 22))
    return questions.ask_move(*questions.unrelated(rng, state), state, True)


def usual_move(rng: random.Random) -> Pair:
    """Draw a move question at a random moment of a run of 3 to 22 disks."""
    return met_move(rng, rng.randint(3, 22))


def halves(rng: random.Random, low: int, high: int) -> Pair:
    """Draw a question that halves a multiplier of ``low`` to ``high`` digits."""
    return questions.ask_halve(rng, rng.randint(low, high))


def classes() -> Iterator[tuple[str, str, Draw]]:
    """Yield table, row and way to draw a question, for every class that is measured."""
    yield "all", "moves of runs, 3 to 22 disks", usual_move
    yield "all", "moves in random states, 3 to 22 disks", random_move
    yield "start", "first moves, 3 to 22 disks", partial(first_step, split=False)
    yield "start", "first splits, 3 to 22 disks", partial(first_step, split=True)
    for n in DISKS:
        yield "move", str(n), partial(met_move, disks=n)
        yield "move-only", str(n), partial(met_move, disks=n, states_next=False)
        for kind in ("carry", "carry-only", "split"):
            yield kind, str(n), partial(met_goal, disks=n, kind=kind)
    for height in TOWERS:
        yield "tower", str(height), partial(under_tower, height=height)
    yield "digits", "times", questions.times
    yield "digits", "plus", questions.plus
    for low, high in LENGTHS:
        yield "digits", f"halve, {low} to {high} digits", partial(halves, low=low, high=high)


def first_step(rng: random.Random, split: bool) -> Pair:
    """Draw the first question of a whole tower of 3 to 22 disks: its split, or its first move."""
    disks, (source, target) = rng.randint(3, 22), rng.choice(questions.PAIRS)
    if split:
        return questions.ask_split(disks, source, target, "")
    return questions.ask_move(direction(Tower(disks, source, target)), "-", source * disks, True)


def exam(draw: Draw, samples: int, rng: random.Random, finite: bool = False) -> list[Pair]:
    """Draw held-out questions of a class without repetition while there are enough, then all in turn.

    With ``finite`` also those that are never held out, because each stands for itself.
    """
    pairs: dict[str, str] = {}
    for _ in range(40 * samples):
        prompt, right = draw(rng)
        if questions.held_out(prompt) or (finite and questions.finite(prompt)):
            pairs[prompt] = right
        if len(pairs) == samples:
            break
    found = list(pairs.items())
    return [found[i % len(found)] for i in range(samples)] if found else []
