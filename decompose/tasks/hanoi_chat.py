"""How Tower of Hanoi is put to instruction models, and how their replies are read.

As published (MAKER, arXiv 2511.09030, sect. 4) a prompt has the rules, a worked three-disk example, the two output
lines in exact form, the strategy, the previous move and the current state; the texts are in ``hanoi_wordings.py``. Pegs
are 0, 1, 2, each listed from bottom to top. The reply is free text; the last ``move = `` and ``next_state = `` count.

One thing is stricter than published: three lists in which some peg is not in order are no state of this puzzle, so
the reply is misformatted. (The published parser accepts them; see step 10241 in its figures.)
"""

import json
import re
from typing import Any

from surefoot.decompose.step import Flag, Prompt
from surefoot.decompose.tasks.hanoi_wordings import WORDINGS

_CYCLES = {
    "cw": ("clockwise", "from 0 to 1, from 1 to 2, or from 2 to 0"),
    "ccw": ("counter-clockwise", "from 0 to 2, from 2 to 1, or from 1 to 0"),
}


def prompt(kind: str, facts: Any, wording: int = 0) -> Prompt:
    """Return the system and user message of a Tower of Hanoi step, in one of the ``WORDINGS``."""
    n = len(facts.state)
    words = WORDINGS[wording % len(WORDINGS)]
    move_format = words.move_format if facts.states_next else words.move_only_format
    answer = words.split_format if kind == "split" else move_format
    state = pegs(facts.state)
    if kind == "move":
        way, cycle = _CYCLES[facts.direction]
        previous = "none" if facts.previous == "-" else move(facts.previous)
        strategy = words.strategy.format(way=way, cycle=cycle)
        asked = f"{strategy}\n\n{words.move.format(previous=previous, state=state)}"
    else:
        disk, source, target = facts.goal[:-2], _digit(facts.goal[-2]), _digit(facts.goal[-1])
        question = words.carry if kind == "carry" else words.split
        asked = question.format(disk=disk, source=source, target=target, state=state)
    # An example of the puzzle's own size could be copied.
    answer = answer.format(more="4, " if n == 3 else "")
    return Prompt(user=asked, system=f"{words.rules.format(n=n)}\n\n{answer}")


def prompt_several(facts: Any, count: int, wording: int = 0) -> Prompt:
    """Return the messages that ask for the next ``count`` moves of a tower, in one of the ``WORDINGS``."""
    one = prompt("move", facts, wording)
    lines = "these two lines" if facts.states_next else "this line"
    asked, _, _ = one.user.rpartition("\n\n")  # the last paragraph asks for one move
    return Prompt(
        user=f"{asked}\n\nMake the next {count} moves, one after the other.",
        system=f"{one.system}\n\nYou are asked for several moves at once: write {lines} for each of them, in order. "
        "The state after a move is the current state of the next one.",
    )


def split_reply(text: str, count: int) -> list[str]:
    """Divide a reply at each ``move = ``; the last ``count`` parts count, as of an answer the last one does."""
    starts = [found.start() for found in re.finditer(r"\bmove\s*=\s*\[", text)][-count:]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def schema(kind: str, facts: Any) -> dict[str, Any]:
    """Return the values of a Tower of Hanoi reply by name, as JSON schemas."""
    numbers = {"type": "array", "items": {"type": "integer"}}
    states = {"type": "array", "items": numbers}
    named = [pair for names in _names(kind, facts) for pair in zip(names, (numbers, states), strict=True)]
    return {name: values for name, values in named if name}


def parse(kind: str, facts: Any, text: str) -> str | Flag:
    """Return the canonical form of a Tower of Hanoi reply, or the flag ``misformatted``."""
    parts = []
    for move_name, state_name in _names(kind, facts):
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
    """Turn peg letters into three lists of disks, each from bottom to top."""
    lists = [[d for d in range(len(state), 0, -1) if state[d - 1] == peg] for peg in "abc"]
    return json.dumps(lists)


def move(said: str) -> str:
    """Turn ``"3ca"`` into ``[3, 2, 0]``: disk, from peg, to peg."""
    return f"[{said[:-2]}, {_digit(said[-2])}, {_digit(said[-1])}]"


def _names(kind: str, facts: Any) -> list[tuple[str, str]]:
    """Names of each move or sub-goal of a reply and of the state after it, empty if none is asked for."""
    if kind == "split":
        return [("tower_1", "state_1"), ("disk", "state_2"), ("tower_2", "state_3")]
    return [("move", "next_state" if facts.states_next else "")]


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
