"""Turns the bundled model's lessons into numbers of words, in other processes and ahead of time."""

import math
import random
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from surefoot.runtime.models.bundled import END, START, STOP_PROMPT
from surefoot.scripts.bundled.questions import Pair

A_RANK: Final = 1_000_000
"""How far apart the seeds are of processes that make lessons."""

Lesson = Callable[[random.Random, int, float], list[Pair]]
Line = tuple[list[int], list[int], list[int], list[bool]]
"""Of each word its number, its question (0 for what all share), its position, and whether it is to be said."""


class Block(NamedTuple):
    """Lines of about one length as padded arrays, (batch, time) each; see `Line` for what each holds."""

    tokens: NDArray[np.int64]
    asked: NDArray[np.int64]
    places: NDArray[np.int64]
    said: NDArray[np.bool_]


def lines_of(pairs: Sequence[Pair], number: Mapping[str, int], share: bool) -> list[Line]:
    """Make one line of numbers for each question, or one for all questions that share the same facts.

    Facts are what stands before the last ``|`` of a prompt; they are shared where ``share`` says so.
    """
    shared: dict[tuple[str, int], list[list[tuple[str, bool]]]] = {}
    for count, (prompt, reply) in enumerate(pairs):
        facts, bar, asked = prompt.rpartition(" | ")
        told = [(word, False) for word in (*asked.split(" "), STOP_PROMPT)]
        told += [(word, True) for word in (*reply.split(" "), END)]
        shared.setdefault((facts + bar, 0 if bar and share else count), []).append(told)
    lines: list[Line] = []
    for (facts, _), asked_there in shared.items():
        start = [number[word] for word in (START, *facts.split())]
        shown = len(start)
        line: Line = (start, [0] * shown, list(range(shown)), [False] * shown)
        for question, said in enumerate(asked_there, 1):
            line[0].extend(number[word] for word, _ in said)
            line[1].extend([question] * len(said))
            line[2].extend(range(shown, shown + len(said)))
            line[3].extend(is_reply for _, is_reply in said)
        lines.append(line)
    return lines


def blocks(pairs: Sequence[Pair], number: Mapping[str, int], parts: int, share: bool = True) -> Iterator[Block]:
    """Yield questions and replies as padded blocks sorted by length; those without shared facts first."""
    lines = sorted(lines_of(pairs, number, share), key=lambda line: len(line[0]))
    told = [line for line in lines if line[1].count(0) > 1]
    for part in (*cut([line for line in lines if line[1].count(0) < 2], parts), *cut(told, parts)):
        longest = len(part[-1][0])
        tokens, asked, places, said = (
            np.array([row + [0] * (longest - len(row)) for row in rows]) for rows in zip(*part, strict=True)
        )
        yield Block(tokens, asked, places, said.astype(bool))


def cut(lines: Sequence[Line], parts: int) -> Iterator[Sequence[Line]]:
    """Cut lines into at most ``parts`` parts of equal size."""
    size = math.ceil(len(lines) / parts)
    for start in range(0, len(lines), size or 1):
        yield lines[start : start + size]


def prepared(
    lesson: Lesson, number: Mapping[str, int], seeds: Sequence[int], size: int, parts: int
) -> Generator[list[Block], float, None]:
    """Yield batches of ``size`` questions, made ahead by one process for each seed in turn.

    Is sent the share of the training that is done.
    """
    makers = len(seeds)
    with ProcessPoolExecutor(makers, get_context("spawn")) as pool:
        to_come: deque[Future[tuple[list[Block], random.Random]]] = deque()
        rngs, made, done = deque(random.Random(seed) for seed in seeds), list[Block](), 0.0
        while True:
            to_come.extend(pool.submit(_made, lesson, rng, size, done, number, parts) for rng in rngs)
            rngs.clear()
            done = yield made
            made, rng = to_come.popleft().result()
            rngs.append(rng)


def _made(
    lesson: Lesson, rng: random.Random, size: int, done: float, number: Mapping[str, int], parts: int
) -> tuple[list[Block], random.Random]:
    """A batch, and the generator after it."""
    return list(blocks(lesson(rng, size, done), number, parts)), rng
