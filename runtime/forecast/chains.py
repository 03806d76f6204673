"""How often a chain before a seam is run again: exact arithmetic on its length and the error rate of its steps.

A chain of ``n`` steps, each of which ends wrong with probability ``e``, returns its promise with probability
``(1 - e)^n``. If it does not, it is run again and the two runs are held against each other step by step. Where they
first differ, one of them is wrong: that step is raced again with the lead of a suspect. What lies before that step is
put right on the way, so only a mistake behind it makes the next run fail as well.

Assumption: steps go wrong independently, and a chain with a wrong step does not return its promise.
"""

import functools

import msgspec


class Retries(msgspec.Struct, frozen=True):
    """What a chain needs beyond its first run, on average.

    Attributes:
        runs: Further runs.
        suspects: Steps raced again.
    """

    runs: float
    suspects: float


@functools.lru_cache(maxsize=4096)
def retries_of(p_wrong: float, length: int) -> Retries:
    """Compute how often a chain is run again until its seam holds; see the module's docstring.

    Args:
        p_wrong: Probability that a step's race is won by a wrong answer, below 1.
        length: Steps of the chain.
    """
    if p_wrong <= 0:
        return Retries(0.0, 0.0)
    right = 1 - p_wrong
    # By the place of the first mistake, from the last step back: what is needed after a mistake in front of it.
    runs = suspects = 0.0
    for place in range(length - 1, -1, -1):
        at_place = 1 + runs, 1 + place * p_wrong + suspects
        runs = p_wrong * at_place[0] + right * runs
        suspects = p_wrong * at_place[1] + right * suspects
    return Retries(runs, suspects)


def most_retries(p_wrong: float, length: int, chains: int, most: int) -> float:
    """Compute the mean number of further runs of the chain, among many, that needs most of them.

    Args:
        p_wrong: Probability that a step's race is won by a wrong answer, below 1.
        length: Steps of each chain.
        chains: How many there are.
        most: Further runs that a chain is given.
    """
    right, found = 1 - p_wrong, 0.0
    first = [p_wrong * right**place for place in range(length)]  # where the first mistake of the last run is
    for _ in range(most):
        found += 1 - (1 - min(1.0, sum(first))) ** chains
        after, behind = [], 0.0
        for chance in first:
            after.append(behind * p_wrong)
            behind = behind * right + chance
        first = after
    return found
