"""How a race of one step ends, for steps of every difficulty: exact probabilities, by dynamic programming.

A *difficulty* says how often a ballot names the right answer, the likeliest wrong one, and a second wrong one.
The grid of difficulties is what certificates and fits mix over: it contains no step at which a wrong answer is
likelier than the right one, because no count of ballots can tell such a step from an easy one.
"""

import functools
import itertools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import msgspec

from surefoot.voting.rule import Rule

Difficulty = tuple[float, float, float]
"""Shares of the right, the likeliest wrong and the next wrong answer among unspoiled ballots; they add up to 1."""

NEVER = 1e-14
"""Tallies that are rarer than this at every difficulty are not followed; they count as undecided."""

ERRORS = (0.0, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 2e-3, 4e-3, 7e-3, 0.01, 0.015, 0.02, 0.03, 0.04, 0.055, 0.07, 0.09,
          0.11, 0.14, 0.17, 0.2, 0.24, 0.28, 0.32, 0.36, 0.4, 0.44, 0.47, 0.5)  # fmt: skip


@functools.cache
def difficulties(rival: float = 1.0) -> tuple[Difficulty, ...]:
    """The grid: one wrong answer, or two of which the likelier has 2/3 or 1/2 of the mistakes.

    Args:
        rival: Most ballots that a wrong answer may have for each of the right one's, above 0 and at most 1.
    """
    found = [(1 - e, e, 0.0) for e in ERRORS]
    for share, e in itertools.product((2 / 3, 1 / 2), (*ERRORS[4:], 0.53, 0.56, 0.6, 0.66)):
        if 1 - e >= e * share - 1e-12:
            found.append((1 - e, e * share, e * (1 - share)))
    return tuple(one for one in found if one[1] <= rival * one[0] + 1e-12)


class Outcomes(msgspec.Struct, frozen=True):
    """How races under a rule end, by number of unspoiled ballots; each value is an array over the difficulties.

    Attributes:
        right: Probability that the right answer wins with exactly so many ballots.
        wrong: Probability that a wrong one does.
        undecided: Probability that the race is not over after the last of these lengths.
    """

    right: dict[int, Any]
    wrong: dict[int, Any]
    undecided: Any


@functools.cache
def outcomes(rule: Rule, longest: int, grid: tuple[Difficulty, ...]) -> Outcomes:
    """The exact distribution of a race among three candidates.

    Args:
        rule: What ends the race.
        longest: Ballots after which counting stops here, at least ``rule.agreeing``.
        grid: Difficulties.

    Raises:
        ValueError: No race ends within ``longest`` ballots.
    """
    if longest < rule.agreeing:
        raise ValueError(f"no race with a lead of {rule.agreeing} ends within {longest} ballots")

    def stops(mine: int, others: tuple[int, int]) -> bool:
        return mine > max(others) and rule.wins(mine, tuple(sorted((n for n in others if n), reverse=True)))

    return _outcomes(stops, longest, grid)


def _outcomes(stops: Callable[[int, tuple[int, int]], bool], longest: int, grid: tuple[Difficulty, ...]) -> Outcomes:
    """Go through all tallies; ``stops`` says whether a candidate with so many ballots wins against the others."""
    import numpy as np

    shares = np.array(grid).T
    live: dict[tuple[int, int, int], Any] = {(0, 0, 0): np.ones(len(grid))}
    none = np.zeros(len(grid))
    right: dict[int, Any] = {}
    wrong: dict[int, Any] = {}
    lost = none
    for length in range(1, longest + 1):
        after: dict[tuple[int, int, int], Any] = defaultdict(lambda: np.zeros(len(grid)))
        for tally, chance in live.items():
            for one in range(3):
                if not shares[one].any():
                    continue
                counted = list(tally)
                counted[one] += 1
                others = (counted[one - 2], counted[one - 1])
                if not stops(counted[one], others):
                    after[counted[0], counted[1], counted[2]] += chance * shares[one]
                else:
                    ended = wrong if one else right
                    ended[length] = ended.get(length, 0) + chance * shares[one]
        live = {tally: chance for tally, chance in after.items() if chance.max() > NEVER}
        lost = lost + sum((chance for chance in after.values() if chance.max() <= NEVER), none)
    lengths = range(min([*right, *wrong, longest]), longest + 1)
    return Outcomes(
        {n: right.get(n, none) for n in lengths},
        {n: wrong.get(n, none) for n in lengths},
        sum(live.values(), none) + lost,
    )
