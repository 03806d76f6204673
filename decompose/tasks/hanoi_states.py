"""States of a Tower of Hanoi: peg letters, disk 1 (the smallest) first. The move ``"3ca"`` is disk 3 from c to a."""

from collections.abc import Sequence

from surefoot.decompose.drawing import Drawing, Shape

WORD = 5
"""Disks in one word of the compact dialect: a word is one token of the bundled model."""
THIRD = {(one, other): next(peg for peg in "abc" if peg not in (one, other)) for one in "abc" for other in "abc"}


def words(state: str) -> str:
    """Write peg letters in words of five, disk 1 first."""
    return " ".join([state[i : i + WORD] for i in range(0, len(state), WORD)])


def moved(state: str, move: str) -> str:
    """Return the state after a move such as ``"3ca"``, which is not checked."""
    disk = int(move[:-2])
    return state[: disk - 1] + move[-1] + state[disk:]


def third(one: str, other: str) -> str:
    """Return the peg that is neither of two others."""
    return THIRD[one, other]


def tower_state(height: int, source: str, target: str, moment: int) -> str:
    """Return the pegs of a tower's disks after ``moment`` moves: each bit says which half of the split it is in."""
    pegs = [""] * height
    for disk in range(height, 0, -1):
        aside = third(source, target)
        if moment >> (disk - 1) & 1:
            pegs[disk - 1], source = target, aside
        else:
            pegs[disk - 1], target = source, aside
    return "".join(pegs)


def move_before(height: int, source: str, target: str, moment: int) -> str:
    """Return the move that led to the state after ``moment`` moves, or ``"-"`` at the start."""
    if moment == 0:
        return "-"
    disk = (moment & -moment).bit_length()
    before, now = (tower_state(height, source, target, at)[disk - 1] for at in (moment - 1, moment))
    return f"{disk}{before}{now}"


def above(state: str, stated: Sequence[str]) -> str:
    """Put the smaller disks that a reply stated together with the larger ones as they were."""
    smaller = "".join(stated)
    return smaller + state[len(smaller) :]


def illegal(state: str, move: str) -> str:
    """Return which rule a move breaks in a state, in words; empty if none."""
    disk, pair = int(move[:-2]), move[-2:]
    if not 1 <= disk <= len(state) or state[disk - 1] != pair[0]:
        return f"disk {disk} is not on peg {pair[0]}"
    smaller = state[: disk - 1]
    if pair[0] in smaller:
        return f"disk {disk} is not the top of peg {pair[0]}"
    if pair[1] in smaller:
        return f"disk {disk} may not rest on the smaller disk on peg {pair[1]}"
    return ""


def drawing(state: str) -> Drawing:
    """Draw the three pegs and the disks on them."""
    size = len(state)
    wide, high = 100.0, 100.0 / (size + 3)
    shapes = [Shape(f"peg {i}", wide * (i + 0.5) - 1, high, 2, 100 - 2 * high) for i in range(3)]
    shapes.append(Shape("table", 2, 100 - high, 3 * wide - 4, high / 2))
    below = dict.fromkeys("abc", 0)
    disks = []
    for disk in range(size, 0, -1):
        peg = state[disk - 1]
        below[peg] += 1
        width = wide * (0.16 + 0.76 * disk / size)
        left = wide * ("abc".index(peg) + 0.5) - width / 2
        top = 100 - high * (below[peg] + 1)
        disks.append(Shape(f"disk {disk}", round(left, 2), round(top, 2), round(width, 2), round(high * 0.9, 2),
                           round(330 * (disk - 1) / size)))  # fmt: skip
    return Drawing(3 * wide, 100.0, (*shapes, *disks))
