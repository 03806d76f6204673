"""Questions for several moves of a tower at once, with right replies, in the ``compact`` dialect.

A reply is ``move move ... state``: all moves, then the state after the last, or the moves alone where the task keeps
the state. The states between follow from the moves; stated, they would be nine tenths of the reply. Nothing that
decides imports this file.
"""

import random
import zlib
from typing import Final

from surefoot.decompose.tasks.hanoi import Tower, direction
from surefoot.decompose.tasks.hanoi_states import move_before, moved, third, tower_state, words
from surefoot.scripts.bundled.questions import HELD_OUT, Pair, goal_met, how_many
from surefoot.scripts.bundled.questions import vocabulary as single_steps

KINDS: Final = ("moves", "moves-only")
MOST_MOVES: Final = 32
"""Most moves that one question asks for."""
SHORT: Final = (2, 4, 8)
"""Moves that easy questions ask for: they take little time, and have all in them that is hard to find out."""
LONG: Final = (32, 32, 16)
FEW_WORDS: Final = 2
"""Words of a state, at most, of which there are so few that none is held out."""


def vocabulary() -> list[str]:
    """Every word that this part of the model knows: that of single steps, with new words in the place of spare ones.

    So its training can begin with the weights of single steps, which know what moves and pegs are.
    """
    new = iter((*KINDS, *map(str, range(10, MOST_MOVES + 1))))
    return [next(new, word) if word.startswith("<spare") else word for word in single_steps()]


def finite(prompt: str) -> bool:
    """Whether a prompt shows so few disks that a run meets it again and again, so that it is always trained on."""
    return len(prompt.split(" ")) - 4 <= FEW_WORDS


def held_out(prompt: str) -> bool:
    """Whether a prompt is kept from training: a hash of its text decides."""
    return not finite(prompt) and zlib.crc32(prompt.encode()) % HELD_OUT == 0


def next_move(way: str, previous: str, state: str) -> str:
    """Return the next move of a chain: disk 1 goes its way every other time, else the only other legal move."""
    first = state[0]
    if previous[:-2] == "1":
        others = (f"{disk}{peg}{third(first, peg)}" for disk, peg in enumerate(state, 1) if peg != first)
        if other := next(others, ""):
            return other
    return f"1{first}{('bca' if way == 'cw' else 'cab')['abc'.index(first)]}"


def ask_moves(count: int, way: str, previous: str, state: str, states_next: bool = True) -> Pair:
    """Make a question for the next moves of a chain, and its reply.

    Args:
        count: How many moves, from 2.
        way: ``cw`` or ``ccw``, the way disk 1 goes round.
        previous: The move before, or ``-``.
        state: Peg letters, disk 1 first.
        states_next: Whether the state after the last move is stated.
    """
    prompt = f"{KINDS[not states_next]} {count} {way} {previous} {words(state)}"
    said: list[str] = []
    for _ in range(count):
        previous = next_move(way, previous, state)
        state = moved(state, previous)
        said.append(previous)
    return prompt, " ".join(said + [words(state)] * states_next)


def a_moment(rng: random.Random, height: int) -> int:
    """Draw the number of a move of a tower: any, or one by its disk, so that each disk moves as often as another."""
    if rng.random() < 0.4:
        return rng.randrange(2**height - 1)
    disk = rng.randint(1, height)
    return (2 * rng.randrange(1 << height - disk) + 1 << disk - 1) - 1


def met_moves(
    rng: random.Random,
    disks: int,
    height: int,
    count: int,
    *,
    aligned: bool = True,
    states_next: bool = True,
    shown: float = 0.6,
) -> Pair:
    """Draw a question for several moves of a tower, of all disks or of its own.

    Args:
        rng: The randomness.
        disks: Of the whole tower.
        height: Of the tower that the chain moves, from 2.
        count: How many moves to ask for, from 2; fewer where the chain ends before.
        aligned: Whether so many moves at a time lead from the chain's start to where it is asked.
        states_next: Whether the state after the last move is stated.
        shown: How often the larger disks are shown.
    """
    source, target, rest = goal_met(rng, disks, height)
    size, moment = 2**height - 1, a_moment(rng, height)
    moment -= moment % count if aligned else rng.randrange(count)
    moment = max(0, min(moment, size - 2))
    state = tower_state(height, source, target, moment) + (rest if rng.random() < shown else "")
    previous = move_before(height, source, target, moment)
    if moment % 2 == 0 and rng.random() < 0.05:
        previous = "-"
    way = direction(Tower(height, source, target))
    return ask_moves(min(count, size - moment), way, previous, state, states_next)


def question(rng: random.Random) -> Pair:
    """Draw a prompt and its right reply, held out or not: mostly as a run asks, else at any moment."""
    disks = max(2, how_many(rng))
    height = disks if rng.random() < 0.1 else rng.randint(2, min(disks, 10))
    aligned, draw = rng.random() < 0.7, rng.random()
    count = rng.choice(SHORT if draw < 0.45 else LONG)
    if not aligned and rng.random() < 0.3:
        count = rng.randint(2, MOST_MOVES)
    return met_moves(rng, disks, height, count, aligned=aligned, states_next=rng.random() < 0.85)


def lesson(rng: random.Random, size: int, done: float = 1.0) -> list[Pair]:
    """Draw a batch to train on, nothing that is held out."""
    pairs: list[Pair] = []
    while len(pairs) < size:
        pair = question(rng)
        if not held_out(pair[0]):
            pairs.append(pair)
    return pairs


def exams(seed: int, samples: int = 300) -> dict[str, list[Pair]]:
    """Held-out questions to watch: those of runs with 32 moves a call and with few, and those at any moment."""
    rng = random.Random(f"moves exam {seed}")

    def drawn(count: int, aligned: bool) -> list[Pair]:
        found: list[Pair] = []
        while len(found) < samples:
            pair = met_moves(rng, rng.randint(11, 22), rng.randint(5, 9), count, aligned=aligned)
            if held_out(pair[0]):
                found.append(pair)
        return found

    return {"32": drawn(32, True), "8": drawn(8, True), "32 at any moment": drawn(32, False)}
