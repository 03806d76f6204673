"""Simulated prompt landscapes with 24 features that are on or off, as published simulations of the method have them.

A template is 6 features of the instruction, 8 of segments and 10 of tokens; an edit flips one or two of one scale. A
reply is right with probability sigmoid(bias + w x + x P x); a query is 20 Bernoulli calls.
"""

import functools
import itertools
import math
import random
from collections.abc import Callable, Sequence

import msgspec
import numpy
from numpy.typing import NDArray

from surefoot.decompose.wordings.edit import SCALES, Edit, Scale
from surefoot.runtime.tuning.latent import Lesson
from surefoot.runtime.tuning.searches import Search
from surefoot.runtime.tuning.space import Outcome, Record

COUNT, CALLS = 24, 20
PARTS: dict[Scale, range] = {"instruction": range(6), "segment": range(6, 14), "token": range(14, COUNT)}
Template = frozenset[int]


class Flags:
    """The space of templates, perhaps with the edits of some scales only."""

    start: Template = frozenset()

    def __init__(self, scales: Sequence[Scale] = SCALES) -> None:
        self.scales = scales

    def edits(self, template: Template, scale: Scale) -> tuple[Edit, ...]:
        return flips(scale) if scale in self.scales else ()

    def edited(self, template: Template, edit: Edit) -> Template:
        return template ^ {edit.at, edit.to}

    def drawn(self, below: Callable[[int], int]) -> Template:
        dense = below(1000)
        every = [number for scale in self.scales for number in PARTS[scale]]
        return frozenset(number for number in every if below(1000) < dense)

    def features(self, template: Template) -> frozenset[str]:
        return named(template)


@functools.lru_cache(2**16)
def named(template: Template) -> frozenset[str]:
    return frozenset(f"{number:02}" for number in template)


@functools.cache
def flips(scale: Scale) -> tuple[Edit, ...]:
    single = [Edit(scale, "flip", "", one, one) for one in PARTS[scale]]
    return (*single, *(Edit(scale, "flip", "", a, b) for a, b in itertools.combinations(PARTS[scale], 2)))


class Landscape(msgspec.Struct):
    """How often a template is answered rightly."""

    bias: float
    weights: NDArray[numpy.float64]
    pairs: NDArray[numpy.float64]

    def right(self, template: Template) -> float:
        x = numpy.zeros(COUNT)
        x[list(template)] = 1.0
        return 1 / (1 + math.exp(-(self.bias + self.weights @ x + x @ self.pairs @ x)))

    def asked(self, template: Template, dice: random.Random) -> Outcome:
        p = self.right(template)
        return Outcome(sum(dice.random() < p for _ in range(CALLS)), CALLS)


def easy(seed: int, count: int = 1) -> list[Landscape]:
    """Related tasks of the easy profile: 0.8 of their weights are shared draws, 0.2 their own."""
    dice = numpy.random.default_rng(seed)
    there = numpy.triu(dice.random((COUNT, COUNT)) < 0.06, 1)
    weights, pairs = dice.normal(0.05, 0.55, COUNT), dice.normal(0, 0.6, (COUNT, COUNT))

    def task() -> Landscape:
        own = 0.8 * pairs + 0.2 * dice.normal(0, 0.35, (COUNT, COUNT))
        return Landscape(-1.2, 0.8 * weights + 0.2 * dice.normal(0, 0.55, COUNT), own * there)

    return [task() for _ in range(count)]


def trap(seed: int, count: int = 1) -> list[Landscape]:
    """Related tasks of the trap profile: each half of four pairs across scales hurts, and each whole pair helps."""
    dice = numpy.random.default_rng(seed)
    halves = list(zip(dice.choice(6, 4, replace=False), 6 + dice.choice(8, 4, replace=False), strict=True))

    def task() -> Landscape:
        weights, pairs = numpy.zeros(COUNT), numpy.zeros((COUNT, COUNT))
        for one, other in halves:
            weights[one], weights[other] = dice.normal(-0.8, 0.1, 2)
            pairs[one, other] = dice.normal(2.2, 0.2)
        return Landscape(-1.0, weights, pairs)

    return [task() for _ in range(count)]


def searched(
    search: Search, landscape: Landscape, queries: int, seed: int, space: Flags | None = None, shuffled: bool = False
) -> list[Record[Template]]:
    """Let a search ask so many queries; ``shuffled`` is the placebo: it is shown the outcomes in another order."""
    space, dice, records = space or Flags(), random.Random(f"calls {seed}"), list[Record[Template]]()
    while len(records) < queries:
        chosen = search.propose(space, shown(records, seed) if shuffled else records, seed)
        if chosen is None:
            break
        records.append(Record(chosen, landscape.asked(chosen, dice)))
    return records


def shown(records: Sequence[Record[Template]], seed: int) -> list[Record[Template]]:
    """Records with their outcomes in a random order."""
    outcomes = [record.outcome for record in records]
    random.Random(f"shuffled {seed} {len(records)}").shuffle(outcomes)
    return [Record(record.candidate, outcome) for record, outcome in zip(records, outcomes, strict=True)]


def error(
    search: Search, landscape: Landscape, queries: int, seed: int, space: Flags | None = None, shuffled: bool = False
) -> float:
    """True error rate of the template that a search ranks first."""
    records = searched(search, landscape, queries, seed, space, shuffled)
    best = search.ranked(space or Flags(), shown(records, seed) if shuffled else records, seed)[0]
    return 1 - landscape.right(best)


def lessons(landscapes: Sequence[Landscape], queries: int, weight: float, seed: int) -> tuple[Lesson, ...]:
    """Random queries about other tasks."""
    dice, space = random.Random(f"lessons {seed}"), Flags()
    drawn = [(landscape, space.drawn(dice.randrange)) for landscape in landscapes for _ in range(queries)]
    return tuple(Lesson(space.features(one), landscape.asked(one, dice), weight) for landscape, one in drawn)
