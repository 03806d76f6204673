"""Prompts of the ``micro`` dialect: texts that a small model goes on with, and that hold one fact.

Both forms were found by measuring SmolLM2-135M-Instruct; in chat turns the same model knows neither fact.
"""

import itertools
import random
import re

from surefoot.decompose.step import Prompt

WAYS = 3
"""Wordings of each prompt."""
LOOKS = 9
"""Wordings that looks take turns in: the same, and as many again, which differ less."""
SHOWN = (9, 12, 17, 10, 14, 11, 16, 13, 15)
"""Numbers that a count shows, by wording."""
AFTER_NUMBER = (",", "\n", " ", ".", "]", ")", ";")
"""Where a number ends. At temperature 1 one in ten numbers ends with something else than the comma of the list."""
AFTER_NAME = (",", "\n")
"""Where a name ends."""
_NUMBER = re.compile("([1-9][0-9]{0,3})(?![0-9])")


def shift_of(number: int) -> int:
    """Return by how much less than the offset a count is asked for in the look of a number: other numbers each time.

    Thin states lie at single numbers (after 58 came 60 in half of the wordings), which another offset avoids. Each is
    such that the numbers that are shown begin at 2 or more with an offset of 18.
    """
    return max(SHOWN) - SHOWN[number % LOOKS] if number % LOOKS else 0


def next_number(value: int, wording: int = 0) -> Prompt:
    """Ask which number comes after one that is larger than the numbers shown before it.

    Args:
        value: The last number shown; 18 or more, so that no wording begins below 2.
        wording: How many numbers are shown; counted round.
    """
    shown = range(value - SHOWN[wording % LOOKS] + 1, value + 1)
    return Prompt("".join(f"{number}, " for number in shown), raw=True, stop=AFTER_NUMBER)


def third_of_three(one: str, other: str, names: str, wording: int = 0) -> Prompt:
    """Ask which of three is neither of two; five lines name all three, in every order but the one that is asked.

    Args:
        one: Letter of the first.
        other: Letter of the second.
        names: All three letters.
        wording: The order of the five lines; counted round.
    """
    orders = [order for order in itertools.permutations(names) if order[:2] != (one, other)]
    random.Random(f"orders {wording % LOOKS}").shuffle(orders)
    lines = [f"Pegs {', '.join(order)}" for order in orders]
    return Prompt("\n".join([*lines, f"Pegs {one}, {other},"]), raw=True, stop=AFTER_NAME)


def number_in(text: str) -> int | None:
    """The number that an answer begins with, which ends at the first other character; ``None`` if there is none."""
    found = _NUMBER.match(text)
    return None if found is None else int(found[1])
