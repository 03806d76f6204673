"""Questions the bundled model is trained and measured on, with their right replies, in the ``compact`` dialect.

The replies equal those of ``surefoot.decompose.answer_keys`` (a test holds them against each other), made faster:
training asks
for a million. Which states a model sees decides what it can do: random states rarely have many small disks on one peg,
while a run stands in such a state whenever a large disk is about to move. So states come from three sources, see
:func:`move`. Nothing that decides imports this file.
"""

import itertools
import random
import zlib
from typing import Final

from surefoot.decompose.tasks.hanoi import Tower, direction
from surefoot.decompose.tasks.hanoi_states import WORD, move_before, moved, third, tower_state, words

SPECIAL: Final = ("<bos>", "<sep>", "<eos>")
SHARES: Final = {
    "move": 50, "move-only": 5, "carry": 10, "carry-only": 3, "split": 12, "times": 11, "plus": 3, "halve": 6,
}  # fmt: skip
"""Every kind of question, and how many in a hundred are of it."""
PAIRS: Final = ("ab", "ac", "ba", "bc", "ca", "cb")
MOST_DISKS: Final = 30
MOST_DIGITS: Final = 32
"""Longest multiplier that is asked to be halved."""
SPARE: Final = 32
"""Unused vocabulary entries, so that questions of later tasks need no new vocabulary."""
HELD_OUT: Final = 10
"""One in so many prompts is never trained on."""

Pair = tuple[str, str]
"""Prompt and right reply."""


def vocabulary() -> list[str]:
    """Every word the model knows, in the order of its token numbers."""
    moves = [f"{disk}{pair}" for disk in range(1, MOST_DISKS + 1) for pair in PAIRS]
    pegs = ["".join(p) for n in range(1, WORD + 1) for p in itertools.product("abc", repeat=n)]
    signs, spare = ["cw", "ccw", "-", "/", "+", *"0123456789"], [f"<spare{i}>" for i in range(SPARE)]
    return [*SPECIAL, *SHARES, *signs, *moves, *pegs, *spare]


def finite(prompt: str) -> bool:
    """Whether a prompt is of a kind with so few prompts that none can be held out.

    These are the 1,100 digit questions, and those about disks that all stand on one peg, with which a run begins.
    """
    kind, *facts = prompt.split(" ")
    pegs = "".join(facts[1 + kind.startswith("move") :])
    return kind in ("times", "plus") or (kind != "halve" and len(set(pegs)) == 1)


def held_out(prompt: str) -> bool:
    """Whether a prompt is kept from training: a hash of its text decides."""
    return not finite(prompt) and zlib.crc32(prompt.encode()) % HELD_OUT == 0


def ask_move(way: str, previous: str, state: str, states_next: bool) -> Pair:
    """Make a move question and its reply: disk 1 goes its way every other time, else the only other legal move."""
    first = state[0]
    move = f"1{first}{('bca' if way == 'cw' else 'cab')['abc'.index(first)]}"
    if previous[:-2] == "1":
        others = (f"{disk}{peg}{third(first, peg)}" for disk, peg in enumerate(state, 1) if peg != first)
        move = next(others, move)
    if not states_next:
        return f"move-only {way} {previous} {words(state)}", move
    return f"move {way} {previous} {words(state)}", f"{move} {words(moved(state, move))}"


def ask_carry(move: str, state: str, states_next: bool) -> Pair:
    """Make a question that carries one disk across, and its reply."""
    if not states_next:
        return f"carry-only {move} {words(state)}", move
    return f"carry {move} {words(state)}", f"{move} {words(moved(state, move))}"


def ask_split(disk: int, source: str, target: str, rest: str) -> Pair:
    """Make a question that splits a tower's move into three, and its reply; ``rest`` are the larger disks' pegs."""
    aside, below = third(source, target), disk - 1
    parts = (
        f"{below}{source}{aside} {words(aside * below + source + rest)}",
        f"{disk}{source}{target} {words(aside * below + target + rest)}",
        f"{below}{aside}{target} {words(target * disk + rest)}",
    )
    return f"split {disk}{source}{target} {words(source * disk + rest)}", " / ".join(parts)


def ask_halve(rng: random.Random, length: int) -> Pair:
    """Make a question that halves a multiplier's digits, and its reply; the high part is the longer one."""
    digits = [str(rng.randrange(10)) for _ in range(length)]
    middle = (length + 1) // 2
    return f"halve {' '.join(digits)}", f"{' '.join(digits[:middle])} + {' '.join(digits[middle:])}"


def goal_met(rng: random.Random, disks: int, height: int) -> tuple[str, str, str]:
    """Draw a sub-tower met in the decomposition of a tower: its source, its target, and the larger disks' pegs."""
    source, target = rng.choice(PAIRS)
    rest = ""
    for _ in range(disks - height):
        aside = third(source, target)
        if rng.random() < 0.5:
            rest, target = source + rest, aside
        else:
            rest, source = target + rest, aside
    return source, target, rest


def anywhere(rng: random.Random, length: int) -> str:
    """Draw a random state; every string of peg letters is a legal one."""
    return "".join(rng.choices("abc", k=length))


def runs(rng: random.Random, length: int) -> str:
    """Draw a state in runs of equal pegs, each of a length from 1 to what is left."""
    pegs = ""
    while len(pegs) < length:
        pegs += rng.choice("abc") * rng.randint(1, length - len(pegs))
    return pegs


def unrelated(rng: random.Random, state: str) -> tuple[str, str]:
    """Draw a direction, and a move that may have led to a state: seven times in ten one of disk 1."""
    first = state[0]
    top = next((i for i, peg in enumerate(state) if peg != first), None)
    if top is None or rng.random() < 0.7:
        previous = f"1{rng.choice([peg for peg in 'abc' if peg != first])}{first}"
    else:
        previous = f"{top + 1}{third(first, state[top])}{state[top]}"
    return rng.choice(("cw", "ccw")), "-" if rng.random() < 0.05 else previous


def how_many(rng: random.Random) -> int:
    """Draw a number of disks from 1 to 30: usual ones and the largest more often."""
    draw = rng.random()
    if draw < 0.5:
        return rng.randint(3, 22)
    return rng.randint(1 if draw < 0.8 else 20, MOST_DISKS)


def leaf(rng: random.Random, disks: int) -> tuple[int, int]:
    """Draw the height of a tower run as a chain, and a moment of it: any, the first, or one by its disk."""
    draw = rng.random()
    height = disks if draw < 0.3 else rng.randint(1, disks if draw < 0.5 else min(disks, 10))
    draw = rng.random()
    if draw < 0.5:
        return height, rng.randrange(2**height - 1) if draw < 0.45 else 0
    disk = rng.randint(1, height)
    return height, (2 * rng.randrange(2 ** (height - disk)) + 1) * 2 ** (disk - 1) - 1


def around(rng: random.Random, disks: int, height: int) -> tuple[str, str, str]:
    """Draw a sub-tower and the larger disks' pegs; one time in five as no decomposition leaves them."""
    source, target, rest = goal_met(rng, disks, height)
    return source, target, rng.choice((runs, anywhere))(rng, len(rest)) if rng.random() < 0.2 else rest


def move(rng: random.Random, states_next: bool) -> Pair:
    """Draw a move question: six in ten at a moment of a run, others in random states or with a leading tower."""
    disks, draw = how_many(rng), rng.random()
    if draw < 0.6:
        height, moment = leaf(rng, disks)
        source, target, rest = around(rng, disks, height)
        way, previous = direction(Tower(height, source, target)), move_before(height, source, target, moment)
        if moment % 2 == 0 and rng.random() < 0.1:
            previous = "-"
        return ask_move(way, previous, tower_state(height, source, target, moment) + rest, states_next)
    leading = 0 if draw < 0.75 else rng.randint(1, disks)
    state = rng.choice("abc") * leading + rng.choice((runs, anywhere))(rng, disks - leading)
    return ask_move(*unrelated(rng, state), state, states_next)


def carry(rng: random.Random, states_next: bool) -> Pair:
    """Draw a carry question; one time in ten the smaller disks stand anywhere, as after a wrong answer."""
    disks = how_many(rng)
    disk = rng.randint(1, disks)
    source, target, rest = around(rng, disks, disk)
    small = anywhere(rng, disk - 1) if rng.random() < 0.1 else third(source, target) * (disk - 1)
    return ask_carry(f"{disk}{source}{target}", small + source + rest, states_next)


def split(rng: random.Random) -> Pair:
    """Draw a split question of a tower of two or more disks."""
    disks = max(2, how_many(rng))
    disk = disks if rng.random() < 0.05 else rng.randint(2, disks)
    return ask_split(disk, *around(rng, disks, disk))


def times(rng: random.Random) -> Pair:
    """Draw a question that multiplies two digits and adds a carry of at most 8."""
    x, y, c = rng.randrange(10), rng.randrange(10), rng.randrange(9)
    return f"times {x} {y} {c}", "{} {}".format(*divmod(x * y + c, 10))


def plus(rng: random.Random) -> Pair:
    """Draw a question that adds two digits and a carry."""
    x, y, c = rng.randrange(10), rng.randrange(10), rng.randrange(2)
    return f"plus {x} {y} {c}", "{} {}".format(*divmod(x + y + c, 10))


def halve(rng: random.Random) -> Pair:
    """Draw a question that halves a multiplier of 2 to 32 digits; short ones more often."""
    return ask_halve(rng, rng.randint(2, MOST_DIGITS) if rng.random() < 0.4 else rng.randint(2, 12))


def question(rng: random.Random, kind: str) -> Pair:
    """Draw a prompt of one kind and its right reply, held out or not."""
    if kind in ("move", "move-only"):
        return move(rng, kind == "move")
    if kind in ("carry", "carry-only"):
        return carry(rng, kind == "carry")
    return {"split": split, "times": times, "plus": plus, "halve": halve}[kind](rng)


def lesson(rng: random.Random, size: int, done: float = 1.0) -> list[Pair]:
    """Draw a batch to train on: kinds by their shares, nothing that is held out."""
    pairs: list[Pair] = []
    for kind in rng.choices(list(SHARES), list(SHARES.values()), k=size):
        pair = question(rng, kind)
        while held_out(pair[0]):
            pair = question(rng, kind)
        pairs.append(pair)
    return pairs
