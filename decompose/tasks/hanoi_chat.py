"""How Tower of Hanoi is put to instruction models, and how their replies are read.

The wording follows the published prompt (MAKER, arXiv 2511.09030, sect. 4): rules, a worked three-disk example, the
two output lines in exact form, the strategy, the previous move and the current state. Pegs are 0, 1, 2, each listed
from bottom to top. The reply is free text; the last ``move = `` and the last ``next_state = `` count.

One thing is stricter than published: three lists in which some peg is not in order are no state of this puzzle, so
the reply is misformatted. (The published parser accepts them; see step 10241 in its figures.)
"""

import json
import re
from typing import Any

from decompose.step import Flag, Prompt

_RULES = """\
You are solving the Tower of Hanoi puzzle. There are three pegs, numbered 0, 1 and 2, and {n} disks, numbered 1 \
(the smallest) to {n} (the largest).
- Only one disk is moved at a time.
- Only the top disk of a peg can be moved.
- A larger disk may never be placed on a smaller disk.
A state is written as three lists, for pegs 0, 1 and 2, each from bottom to top. \
With 3 disks on peg 0 it is [[3, 2, 1], [], []].
A move is written as [disk, from peg, to peg]."""

_MOVE_FORMAT = """\
End your answer with exactly these two lines:
move = [disk, from peg, to peg]
next_state = [[...], [...], [...]]
Example: in the state [[3], [2], [1]], after the move [2, 0, 1], the answer is
move = [1, 2, 1]
next_state = [[3], [2, 1], []]
if disk 1 goes from peg 2 to peg 1."""

_MOVE_ONLY_FORMAT = """\
End your answer with exactly this line:
move = [disk, from peg, to peg]"""

_SPLIT_FORMAT = """\
End your answer with exactly these six lines, the three sub-goals and the state that each leads to. A sub-goal is \
[number of disks in the tower, from peg, to peg] for towers and [disk, from peg, to peg] for the single disk:
tower_1 = [number of disks, from peg, to peg]
state_1 = [[...], [...], [...]]
disk = [disk, from peg, to peg]
state_2 = [[...], [...], [...]]
tower_2 = [number of disks, from peg, to peg]
state_3 = [[...], [...], [...]]
Example: to move the 2 smallest disks from peg 0 to peg 2 in the state [[3, 2, 1], [], []]:
tower_1 = [1, 0, 1]
state_1 = [[3, 2], [1], []]
disk = [2, 0, 2]
state_2 = [[3], [1], [2]]
tower_2 = [1, 1, 2]
state_3 = [[3], [], [2, 1]]"""

_STRATEGY = """\
Strategy: if the previous move did not move disk 1, move disk 1 one peg {way}, that is, {cycle}. If the previous \
move did move disk 1, make the only legal move that does not involve disk 1. If there is no previous move, move \
disk 1."""

_CYCLES = {
    "cw": ("clockwise", "from 0 to 1, from 1 to 2, or from 2 to 0"),
    "ccw": ("counter-clockwise", "from 0 to 2, from 2 to 1, or from 1 to 0"),
}


def prompt(kind: str, facts: Any) -> Prompt:
    """The system and user message of a step."""
    n = len(facts.state)
    move_format = _MOVE_FORMAT if facts.states_next else _MOVE_ONLY_FORMAT
    answer = _SPLIT_FORMAT if kind == "split" else move_format
    state = f"Current state: {pegs(facts.state)}"
    if kind == "move":
        way, cycle = _CYCLES[facts.direction]
        previous = "none" if facts.previous == "-" else move(facts.previous)
        asked = f"{_STRATEGY.format(way=way, cycle=cycle)}\n\nPrevious move: {previous}\n{state}\n\nMake the next move."
    else:
        disk, source, target = facts.goal[:-2], _digit(facts.goal[-2]), _digit(facts.goal[-1])
        if kind == "carry":
            asked = f"{state}\n\nMove disk {disk} from peg {source} to peg {target}."
        else:
            asked = (
                f"To move the {disk} smallest disks from one peg to another: first move the tower of all of them "
                "but the largest to the third peg, then move the largest, then move the smaller tower on top of it.\n\n"
                f"{state}\n\nSplit this goal: move the {disk} smallest disks from peg {source} to peg {target}."
            )
    return Prompt(user=asked, system=f"{_RULES.format(n=n)}\n\n{answer}")


def parse(kind: str, facts: Any, text: str) -> str | Flag:
    """The canonical form of a reply, or the flag ``misformatted``."""
    if kind == "split":
        names = [("tower_1", "state_1"), ("disk", "state_2"), ("tower_2", "state_3")]
    else:
        names = [("move", "next_state" if facts.states_next else "")]
    parts = []
    for move_name, state_name in names:
        said = _last(text, move_name)
        if not (_integers(said) and len(said) == 3 and 1 <= said[0] <= 99 and _pegs_differ(said)):
            return Flag("misformatted", f"no {move_name} = [disk, from, to]")
        part = f"{said[0]}{'abc'[said[1]]}{'abc'[said[2]]}"
        if state_name:
            state = _state(_last(text, state_name), len(facts.state))
            if state is None:
                return Flag("misformatted", f"{state_name} is not a state of {len(facts.state)} disks")
            part += " " + " ".join(state[i : i + 5] for i in range(0, len(state), 5))
        parts.append(part)
    return " / ".join(parts)


def pegs(state: str) -> str:
    """Peg letters as three lists, each from bottom to top."""
    lists = [[d for d in range(len(state), 0, -1) if state[d - 1] == peg] for peg in "abc"]
    return json.dumps(lists)


def move(said: str) -> str:
    """``"3ca"`` as ``[3, 2, 0]``."""
    return f"[{said[:-2]}, {_digit(said[-2])}, {_digit(said[-1])}]"


def _digit(peg: str) -> int:
    return "abc".index(peg)


def _last(text: str, name: str) -> Any:
    """The last ``name = [...]`` of a text as JSON; ``None`` if there is none that can be read."""
    starts = [found.end() for found in re.finditer(rf"\b{name}\s*=\s*(?=\[)", text)]
    if not starts:
        return None
    # Bounded: thirty disks need less than 400 characters, and deep nesting must not reach the decoder's recursion.
    tail = text[starts[-1] : starts[-1] + 600]
    found = re.match(r"\[(?:[\d,\s]|\[[\d,\s]*\])*\]", tail)
    if found is None:
        return None
    try:
        return json.loads(found.group())
    except ValueError:
        return None


def _integers(said: Any) -> bool:
    return isinstance(said, list) and all(type(number) is int for number in said)


def _pegs_differ(said: list[int]) -> bool:
    return 0 <= said[1] <= 2 and 0 <= said[2] <= 2 and said[1] != said[2]


def _state(said: Any, disks: int) -> str | None:
    if not (isinstance(said, list) and len(said) == 3 and all(_integers(peg) for peg in said)):
        return None
    letters = {disk: "abc"[i] for i, peg in enumerate(said) for disk in peg}
    in_order = all(peg == sorted(peg, reverse=True) for peg in said)
    if not in_order or sum(map(len, said)) != disks or sorted(letters) != list(range(1, disks + 1)):
        return None
    return "".join(letters[disk] for disk in range(1, disks + 1))
