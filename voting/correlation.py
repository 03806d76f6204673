"""Do answers go wrong together? Voting removes independent errors only.

The check that the paper (MAKER, arXiv 2511.09030) makes before its long run: take two draws on each of many
steps and count the steps where both are wrong. Well above what independence would give, more ballots of the
same kind will not help: another wording or another model may.
"""

from collections.abc import Iterable

import msgspec


class Collisions(msgspec.Struct, frozen=True):
    """What two draws on each of many steps have in common.

    Attributes:
        steps: Steps drawn twice, 0 or more.
        both_wrong: Steps where both draws were wrong.
        wrong_alike: Those of them where both gave the same wrong answer: the dangerous ones, as they add up.
        expected_both_wrong: What ``both_wrong`` would be on average if the two draws went wrong independently
            of each other, each as often as it did: steps x p1 x p2.
    """

    steps: int
    both_wrong: int
    wrong_alike: int
    expected_both_wrong: float


def count_collisions(rows: Iterable[tuple[bool, bool, bool]]) -> Collisions:
    """Count collisions over steps, one row each.

    Args:
        rows: Whether the first draw was wrong, whether the second was, and whether both gave the same answer.

    Raises:
        ValueError: A row says that one draw was wrong, the other right, and both the same.
    """
    steps = first_wrong = second_wrong = both_wrong = wrong_alike = 0
    for first, second, alike in rows:
        if alike and first != second:
            raise ValueError(f"step {steps}: equal answers cannot be one right and one wrong")
        steps += 1
        first_wrong += first
        second_wrong += second
        both_wrong += first and second
        wrong_alike += first and second and alike
    expected = first_wrong * second_wrong / steps if steps else 0.0
    return Collisions(steps, both_wrong, wrong_alike, expected)
