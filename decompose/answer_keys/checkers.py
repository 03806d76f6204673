"""Right and plausible wrong moves of checker jumping, read off the row alone. Nothing that decides imports it."""

import functools

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.answer_keys.turns import answers_by
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.checkers import RENAMED, moved, places, plain


def answers(prompt: Prompt) -> Answers:
    """Return all right and wrong replies to a question about a row of checkers."""
    return answers_by(_in_its_letters, prompt)


def _in_its_letters(kind: str, row: str) -> tuple[list[str], list[str]]:
    right, wrong = _solve(kind, plain(row))
    if plain(row) == row:
        return right, wrong
    return [text.translate(RENAMED) for text in right], [text.translate(RENAMED) for text in wrong]


def _solve(kind: str, row: str) -> tuple[list[str], list[str]]:
    """The moves that keep the goal possible; legal ones that do not, and the right place with a row that is wrong."""
    legal = [(place, moved(row, place)) for place in places(row)]
    right = [f"{place} {after}" for place, after in legal if can_be_won(after)]
    lost = [f"{place} {after}" for place, after in legal if not can_be_won(after)]
    # On the way that wins mostly one move is possible: what is wrong then is the row that is written down.
    slips = [f"{place} {row}" for place, _ in legal]
    return right or lost or ["1 _"], [*lost, *slips] if right else slips


@functools.lru_cache(maxsize=200_000)
def can_be_won(row: str) -> bool:
    """Return whether all reds can still get to the right of all blues."""
    last = row.replace("_", "").count("B")
    if row == f"{'B' * last}_{'R' * (len(row) - last - 1)}":
        return True
    # Two of a colour side by side, met by two of the other, can never pass each other.
    return not _blocked(row) and any(can_be_won(moved(row, place)) for place in places(row))


def _blocked(row: str) -> bool:
    return "RRBB" in row
