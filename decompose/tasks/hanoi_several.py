"""Replies in ``compact`` that state several moves of a tower in one line: all moves, then the state after the last.

The states between are not stated. Each follows from the moves before it, and from nothing else: the moves are played
back from the state that was shown, and what comes out is held against the state that the reply ends with. Where the two
differ, or a move is against the rules, the reply contradicts itself at a place that nobody knows, and none of its steps
is taken.
"""

import re
from collections.abc import Sequence
from typing import Any

from surefoot.decompose.step import Flag
from surefoot.decompose.tasks.hanoi_states import illegal, moved, words

MOVE = "[1-9][0-9]?(?:ab|ac|ba|bc|ca|cb)"
"""A move in the ``compact`` dialect, as a regular expression."""
_ONE_LINE = re.compile(rf"({MOVE}(?: {MOVE})+)((?: [abc]{{1,5}})*)")


def played_back(facts: Any, text: str) -> Sequence[str] | Flag | None:
    """Return the steps of a reply that states its moves in one line, each with the state that the moves lead to.

    Where steps state no state, the moves are the steps, and a state behind them is no reply.

    Args:
        facts: What the first of the steps reads.
        text: The reply, untrusted.

    Returns:
        The steps; a red flag against all of them; ``None`` if the reply has another form.
    """
    found = _ONE_LINE.fullmatch(text)
    if found is None or (found[2] and not facts.states_next):
        return None
    moves, state, steps = found[1].split(" "), facts.state, list[str]()
    if not facts.states_next:
        return moves
    for move in moves:
        if fault := illegal(state, move):
            return Flag("illegal", f"move {len(steps) + 1} of the reply: {fault}")
        state = moved(state, move)
        steps.append(f"{move} {words(state)}")
    if found[2][1:] != words(state):
        return Flag("inconsistent", f"the moves lead to {state}, stated was {found[2].replace(' ', '') or 'no state'}")
    return steps
