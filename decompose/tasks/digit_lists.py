"""The wording of Tower of Hanoi as digit lists (MAP, Methods): nothing in it reminds of the classic puzzle.

Lists A, B and C hold the numbers 0 to n-1. Only the rightmost number of a list may move, to the right end of another
list, and only if it is larger than every number there. A state is canonically ``"01/2/-"``, an action ``"2BC"``.

In the ``compact`` dialect disk 1, the smallest of the classic puzzle, is the number n-1, so that ``"2BC"`` is ``"1bc"``
and ``"01/2/-"`` is ``"3a 2a 1b"``: a word for each disk, so that a model can be asked about more or fewer of them than
it was trained on.
"""

import json
import re
from functools import cache

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.digit_list_examples import EXAMPLES
from surefoot.decompose.tasks.digit_list_examples_of_four import EXAMPLES_OF_FOUR


class DigitLists(msgspec.Struct, frozen=True):
    """The world of so many numbers in three lists.

    Attributes:
        numbers: 0 to n-1.
        shown: Numbers in the worked examples: 3 as published, or 4 as in the published variant for 4 numbers.
    """

    numbers: int
    shown: int = 3

    @property
    def rules(self) -> tuple[str, ...]:
        """Name ``rule1`` (not at the right end of its list) and ``rule2`` (not larger than all in the target list)."""
        return ("rule1", "rule2")

    @property
    def always_changes(self) -> bool:
        """Return ``True``: every move leads to other lists."""
        return True

    def description(self) -> str:
        """Return the published rules of the digit lists, in our words."""
        return (
            f"There are three lists, A, B and C, which hold the numbers 0 to {self.numbers - 1}. A move takes the "
            "rightmost number of one list to the right end of another list.\n"
            "rule1: only the rightmost number of a list can be moved.\n"
            "rule2: a number can only be moved to a list in which every number is smaller than it."
        )

    def preamble(self) -> str:
        """Return nothing: the state itself says how many numbers there are."""
        return ""

    def state_form(self) -> str:
        """Return the form of a state: three JSON lists."""
        return "A=[...] B=[...] C=[...]"

    def action_form(self) -> str:
        """Return the form of an action: one move of a number between lists."""
        return "Move N from X to Y"

    def example(self, role: str, wording: int = 0) -> str:
        """Return worked examples from the two problems that are not evaluated, or of another size."""
        shown = EXAMPLES_OF_FOUR.get(role, ("",)) if self.shown == 4 else EXAMPLES.get(role, ("",))
        return shown[wording % len(shown)]

    def say_state(self, state: str, dialect: Dialect) -> str:
        """Write a state as three lists, or as the peg of each disk, largest first."""
        if dialect == "compact":
            where = {digit: "abc"[i] for i, part in enumerate(state.split("/")) for digit in part if digit != "-"}
            return " ".join(f"{self.numbers - number}{where[str(number)]}" for number in range(self.numbers))
        lists = [json.dumps([int(digit) for digit in part if digit != "-"]) for part in state.split("/")]
        return " ".join(f"{name}={said}" for name, said in zip("ABC", lists, strict=True))

    def say_action(self, action: str, dialect: Dialect) -> str:
        """Write a move as ``Move 2 from B to C``, or as ``1bc``."""
        number, source, target = tuple(action)
        if dialect == "compact":
            return f"{self.numbers - int(number)}{source.lower()}{target.lower()}"
        return f"Move {number} from {source} to {target}"

    def read_state(self, text: str, dialect: Dialect) -> str | None:
        """Read three lists that hold each number exactly once, in ascending order."""
        if dialect == "compact":
            if not re.fullmatch(" ".join(f"{disk}[abc]" for disk in range(self.numbers, 0, -1)), text):
                return None
            pegs = [word[-1] for word in text.split(" ")]
            lists = ["".join(str(n) for n in range(self.numbers) if pegs[n] == peg) for peg in "abc"]
            return "/".join(part or "-" for part in lists)
        found = re.fullmatch(r"A ?= ?\[([\d, ]*)\],? ?B ?= ?\[([\d, ]*)\],? ?C ?= ?\[([\d, ]*)\]\.?", text)
        if found is None:
            return None
        parts = [re.sub(r"[ ,]", "", group) for group in found.groups()]
        if sorted("".join(parts)) != [str(n) for n in range(self.numbers)]:
            return None
        return "/".join(part or "-" for part in parts) if all("".join(sorted(p)) == p for p in parts) else None

    def read_action(self, text: str, dialect: Dialect) -> str | None:
        """Read a move of a number that exists, between two different lists."""
        if dialect == "compact":
            found = re.fullmatch(r"(\d\d?)([abc])([abc])", text)
            number = self.numbers - int(found[1]) if found else -1
        else:
            found = re.fullmatch(r"(?:\d+\. *)?Move (\d+) from (?:list )?([ABC]) to (?:list )?([ABC])\.?", text, re.I)
            number = int(found[1]) if found else -1
        # A move to the same list is no move; it would pass as one that changes nothing.
        if found is None or not 0 <= number < self.numbers or found[2].upper() == found[3].upper():
            return None
        return f"{number}{found[2].upper()}{found[3].upper()}"

    def stated_after(self, action: str) -> str | None:
        """Return ``None``: a move does not name the lists that follow."""
        return None

    def state_tokens(self, state: str) -> int:
        """Return the length of a state in words: one for each disk."""
        return self.numbers


@cache
def all_states(numbers: int) -> tuple[str, ...]:
    """Return every state in the published problem numbers' order: each number's list, A before B before C."""
    states = []
    for code in range(3**numbers):
        lists = ["", "", ""]
        for number in range(numbers):
            lists[code // 3 ** (numbers - 1 - number) % 3] += str(number)
        states.append("/".join(part or "-" for part in lists))
    return tuple(states)
