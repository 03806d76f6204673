"""How long a plan takes on a number of places: it is scheduled in virtual time, as a run schedules it.

A place holds one decomposition or one chain until it is decided. What comes first in the plan gets the next free place.
Children of a decomposition wait for it. So a plan begins narrow, fills its places, and ends with the few chains that
were begun last or are run again: on many places that is most of its time.

Source: list scheduling (Graham, 1966), with the plan's order as priority.
"""

import heapq
import itertools
import random
import statistics
from collections.abc import Callable, Sequence

import msgspec

NODES = 6_000
"""Nodes of the plans that are scheduled; of larger ones a part that behaves alike is."""

FULL = 24
"""Chains for each place above which more of them only add what they take themselves."""

SEED = 0
MOST_DRAWN = 64
"""Times that a small plan is scheduled, with other chains run again each time; the mean of them is said."""


class ChainTimes(msgspec.Struct, frozen=True):
    """Chains that take their time alike.

    Attributes:
        count: How many there are.
        draw: Draws the seconds of one of them.
    """

    count: float
    draw: Callable[[random.Random], float]


class PlanTimes(msgspec.Struct, frozen=True):
    """A plan as it is scheduled: decompositions on levels, of which each has as many again, and chains below them.

    Attributes:
        splits: Decompositions.
        levels: That wait for each other.
        split_s: Seconds of one of them.
        refuted: Probability that one is wrong, 0 to 1.
        in_vain_s: Seconds until it is known to be wrong, and right: chains below it are run again and again meanwhile.
        chains: What is not split further: leaves below the last level, and others, such as single steps, below all.
    """

    splits: float
    levels: int
    split_s: float
    refuted: float
    in_vain_s: float
    chains: tuple[ChainTimes, ...]

    @property
    def nodes(self) -> float:
        """Number of decompositions and chains."""
        return self.splits + sum(one.count for one in self.chains)

    def halved(self) -> "PlanTimes":
        """Return a plan of a level less, and of half of everything."""
        chains = tuple(msgspec.structs.replace(one, count=one.count / 2) for one in self.chains)
        return msgspec.structs.replace(self, splits=self.splits / 2, levels=self.levels - 1, chains=chains)


def scheduled_s(plan: PlanTimes, width: int) -> float:
    """Compute the seconds that a plan takes with so many places, on average over what chance does to its chains.

    Args:
        plan: What there is to do.
        width: Places, 1 or more.
    """
    dice, places, beside = random.Random(SEED), float(width), 0.0
    while plan.nodes > NODES and plan.levels > 1:
        less = plan.halved()
        if sum(one.count for one in less.chains) > FULL * places:
            beside += _work_s(less, dice) / places  # places that are full take half as long for half as much
        elif places >= 2:
            places /= 2  # as deep and as full, and a level later
            beside += plan.split_s
        else:
            break
        plan = less
    times = max(1, min(MOST_DRAWN, int(NODES / max(1.0, plan.nodes))))
    return beside + statistics.fmean(_once(plan, round(places), dice) for _ in range(times))


def _work_s(plan: PlanTimes, dice: random.Random) -> float:
    """Seconds of all that a plan does, one after the other."""
    drawn = [(one.count, statistics.fmean(one.draw(dice) for _ in range(200))) for one in plan.chains]
    return plan.splits * plan.split_s + sum(count * mean for count, mean in drawn)


def _once(plan: PlanTimes, width: int, dice: random.Random) -> float:
    """Seconds of one schedule of a plan."""
    ready, running, children = _laid_out(plan, dice)
    now, free = 0.0, width
    while ready or running:
        while ready and free:
            _, number, seconds = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds, number))
            free -= 1
        now, number = heapq.heappop(running)
        free += 1
        for child in children.pop(number, ()):
            heapq.heappush(ready, child)
    return now


_Item = tuple[float, int, float]
"""Where a node comes in the plan, 0 to 1; its number; and the seconds that it takes."""


def _laid_out(
    plan: PlanTimes, dice: random.Random
) -> tuple[list[_Item], list[tuple[float, int]], dict[int, list[_Item]]]:
    """Return what may begin at once, what runs (nothing), and what each decomposition is waited for by."""
    numbers, children = itertools.count(), dict[int, list[_Item]]()
    above, everywhere, ready = list[_Item](), list[_Item](), list[_Item]()
    each = plan.splits / max(1, (1 << plan.levels) - 1)
    for level in range(plan.levels):
        count = max(1, round(each * (1 << level)))
        wrong = [plan.in_vain_s if dice.random() < plan.refuted else 0.0 for _ in range(count)]
        here = [(place / count, next(numbers), plan.split_s + more) for place, more in enumerate(wrong)]
        _hang(here, above, ready, children)
        above = here
        everywhere += here
    for chains in plan.chains:
        count = max(1, round(chains.count))
        here = [(place / count, next(numbers), chains.draw(dice)) for place in range(count)]
        _hang(here, above, ready, children)
        above = sorted(everywhere)
    heapq.heapify(ready)
    return ready, [], children


def _hang(here: Sequence[_Item], above: Sequence[_Item], ready: list[_Item], children: dict[int, list[_Item]]) -> None:
    """Share nodes out evenly among the decompositions above them; where there are none they may begin."""
    if not above:
        ready += here
        return
    for place, one in enumerate(here):
        children.setdefault(above[place * len(above) // len(here)][1], []).append(one)
