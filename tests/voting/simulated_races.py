"""Runs of races with known truth. A step's shares are those of the right answer, a wrong one, and another wrong one."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import numpy as np

from surefoot.voting.alarms import Pattern
from surefoot.voting.ballot import Ballot
from surefoot.voting.race import Race, Won
from surefoot.voting.rule import Rule

Shares = tuple[float, float, float]
HARD: Shares = (0.56, 0.30, 0.14)
"""Step 10241 of the published run (MAKER, arXiv 2511.09030, sect. 5)."""
CANDIDATES = ("right", "wrong", "other")


class Ended(msgspec.Struct, frozen=True):
    """One contested race: the step's number, how it ended, and the first unspoiled ballots."""

    step: int
    right: bool
    pattern: Pattern
    opened: tuple[str, ...]


class Run(msgspec.Struct):
    """A run: races that were contested, one by one, and the others by number."""

    steps: int
    unanimous: int
    agreed_wrong: int
    calls: int
    contested: list[Ended]

    @property
    def wrong(self) -> int:
        return self.agreed_wrong + sum(not one.right for one in self.contested)

    def patterns(self, k: int) -> Counter[Pattern]:
        found = Counter(one.pattern for one in self.contested)
        found[Pattern(k, k, 0, 0)] += self.unanimous
        return found

    def lengths(self, k: int) -> Counter[int]:
        found = Counter(one.pattern.valid for one in self.contested)
        found[k] += self.unanimous
        return found

    def blocks(self, count: int = 16) -> list[tuple[int, int]]:
        each = -(-self.steps // count)
        hits = Counter(one.step // each for one in self.contested)
        return [(min(each, self.steps - i * each), hits[i]) for i in range(count)]


def easy(error: float) -> Shares:
    return (1 - error, error * 2 / 3, error / 3)


def simulate(
    rule: Rule, population: Sequence[tuple[Shares, int]], rng: np.random.Generator, spoiled: float = 0.0
) -> Run:
    """Race every step; those whose first ballots all agree are only counted."""
    first = Race(rule, 5000).fewest()
    run = Run(0, 0, 0, 0, [])
    for shares, count in population:
        limits = (1 - spoiled) * np.cumsum(shares)
        opening = np.minimum(3, np.searchsorted(limits, rng.random((count, first)), side="right"))
        alike = (opening == opening[:, :1]).all(axis=1) & (opening[:, 0] < 3)
        run.unanimous += int(alike.sum())
        run.agreed_wrong += int((alike & (opening[:, 0] > 0)).sum())
        run.calls += int(alike.sum()) * first
        for number in np.flatnonzero(~alike):
            run.contested.append(_race(rule, first, run.steps + int(number), opening[number], limits, rng))
            run.calls += run.contested[-1].pattern.valid + run.contested[-1].pattern.spoiled
        run.steps += count
    return run


def _race(
    rule: Rule, k: int, step: int, opening: Sequence[int], limits: Sequence[float], rng: np.random.Generator
) -> Ended:
    race = Race(rule, 5000)
    said: list[int] = [int(one) for one in opening]
    draw = 0
    while race.verdict is None:
        if draw == len(said):
            said += [min(3, int(one)) for one in np.searchsorted(limits, rng.random(16), side="right")]
        race.cast(Ballot(draw, None, "misformatted") if said[draw] == 3 else Ballot(draw, CANDIDATES[said[draw]]))
        draw += 1
    verdict = race.verdict
    assert isinstance(verdict, Won)
    valid = draw - race.spoiled
    pattern = Pattern(k, valid, valid - race.tally[verdict.candidate], race.spoiled)
    opened = tuple(CANDIDATES[one] for one in said[:draw] if one < 3)[:k]
    return Ended(step, verdict.candidate == CANDIDATES[0], pattern, opened)
