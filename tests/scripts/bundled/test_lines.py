"""Lessons as numbers: made ahead by several processes, each its own, in turn."""

import random

from surefoot.scripts.bundled.lines import blocks, prepared
from surefoot.scripts.bundled.questions import lesson, vocabulary

NUMBER = {word: i for i, word in enumerate(vocabulary())}


def batches(seeds: list[int], count: int) -> list[list[list[int]]]:
    """The tokens of so many batches, a list of lines each."""
    made = prepared(lesson, NUMBER, seeds, 20, 1)
    next(made)
    found = [[line.tolist() for block in made.send(0.0) for line in block.tokens] for _ in range(count)]
    made.close()
    return found


def alone(seed: int, count: int) -> list[list[list[int]]]:
    """The same as one generator makes them."""
    rng = random.Random(seed)
    return [
        [line.tolist() for block in blocks(lesson(rng, 20, 0.0), NUMBER, 1) for line in block.tokens]
        for _ in range(count)
    ]


def test_makers_take_turns_and_each_goes_on_where_it_was() -> None:
    first, second = alone(1, 2), alone(2, 2)
    assert batches([1], 2) == first
    assert batches([1, 2], 4) == [first[0], second[0], first[1], second[1]]
    assert first[0] != first[1] != second[1]  # a placebo that begins anew, or has one generator for all, is seen
