"""Which way of decomposing a question is cheapest: a chain, a graph, or votes on whole answers.

What decides is how deep and how wide the question's work is, and how often a model errs in one operation
(arXiv 2505.21825: where each step needs the one before, no number of parallel short answers makes up for a chain).

- *Whole*: answers to the whole question are voted on. One reply does all operations, and is right with probability
  ``(1 - error) ** parts``: few parts or a model that hardly errs.
- *Chain*: one part after the other, each voted on. Nothing is planned; as many questions wait for each other as there
  are parts.
- *Graph*: a plan is written down and voted on, and parts that do not need each other are asked at once: wide work.

Costs are words written, words read at a quarter of that, as servers charge for them, and waiting: a question that waits
for another one costs ``WAIT`` words more.
Leads are such that all parts together are right with probability ``TARGET``. The closed forms are a gambler's ruin
against the likeliest of ``RIVALS`` wrong answers; ``surefoot/scripts/benchmarks/advisor.py`` holds them against draws.
"""

import collections
import itertools
import math
from collections.abc import Sequence

import msgspec

ASKED, PART, ANSWER = 60, 15, 5
"""Words of a question besides what it is about, of one part of a question, and of an answer."""
READ = 0.25
"""What a word costs that is read, where one that is written costs 1."""
WAIT = 200
"""What it costs that a question waits for another one: a call takes about as long as so many words take to write."""
RIVALS = 3
"""Wrong answers over which mistakes are spread."""
TARGET = 0.99
ONE_SHOT = 8
"""Steps that follow from each other's answers and may be done in one short answer; attempts at deeper ones may agree
and be wrong together, as no attempt has done the steps."""
MOST_BALLOTS = 40
"""Votes on one question, at most: beyond, it counts as not decided."""
ERRORS = tuple(10 ** (-4 + step / 10) for step in range(34))
"""Error rates that are thought possible where none is known: 0.01 % to 20 %."""
WHOLE, CHAIN, GRAPH = "whole", "chain", "graph"


class Shape(msgspec.Struct, frozen=True):
    """How a question's work hangs together.

    Attributes:
        parts: Operations in all, each small enough to be asked alone; at least 1.
        depth: Most of them that need each other, one after the other.
        stated: Whether all parts can be written down before any of them is answered.
    """

    parts: int
    depth: int
    stated: bool = True


class Advice(msgspec.Struct, frozen=True):
    """What is cheapest, and why.

    Attributes:
        way: ``whole``, ``chain`` or ``graph``.
        costs: Of each way that would come to a right answer, in words.
        why: The reason on one line, for people.
    """

    way: str
    costs: dict[str, float]
    why: str


def advise(shape: Shape, error: float, words: int, program: bool = True) -> Advice:
    """Return the cheapest way to answer a question.

    Args:
        shape: Of its work.
        error: How often a model errs in one operation, from 0 to below 1.
        words: Of the question with its context.
        program: Whether the order of the parts is known to code (``--method program``); else each next part is asked
            for, by a question that shows all that came before.
    """
    found = {
        WHOLE: _whole(shape, error, words) if shape.stated or shape.depth <= ONE_SHOT else None,
        # One part is the question itself.
        CHAIN: _chain(shape, error, words, program) if shape.parts > 1 else None,
        GRAPH: _graph(shape, error, words) if shape.stated and shape.parts > 1 else None,
    }
    costs = {way: cost for way, cost in found.items() if cost is not None}
    # Where nothing would come to a right answer, the smallest questions come nearest.
    way = min(costs, key=costs.__getitem__) if costs else CHAIN
    return Advice(way, costs, _why(way, shape, error, costs))


def error_by(attempts: Sequence[str], parts: int) -> float:
    """Return how often one operation errs, from single attempts at a whole question, nothing known of what is right.

    The median of what the attempts leave possible, all orders of magnitude being as likely as each other before: an
    attempt is right with probability ``(1 - error) ** parts``, any of the answers may be the right one, and wrong ones
    are spread over ``RIVALS``. Attempts that agree speak for few errors, attempts that do not for many.
    """
    sums = list(itertools.accumulate(likely_errors(attempts, parts)))
    return next(error for error, reached in zip(ERRORS, sums, strict=True) if 2 * reached >= sums[-1])


def likely_errors(attempts: Sequence[str], parts: int) -> list[float]:
    """Return how likely attempts make each of ``ERRORS``, up to a factor; see ``error_by``."""
    counts = collections.Counter(attempts).values()
    likely = []
    for error in ERRORS:
        right = (1 - error) ** parts
        wrong = (1 - right) / RIVALS
        one_is = sum(right**count * wrong ** (len(attempts) - count) for count in counts)
        likely.append(one_is + wrong ** len(attempts))
    return likely


def sure_of(way: str, attempts: Sequence[str], shape: Shape, words: int, program: bool = True) -> float:
    """Return the probability that a way is the cheapest, by what attempts leave possible of the error; from 0 to 1.

    Arguments are those of ``advise``, with attempts at the whole question in the place of the error.
    """
    likely = likely_errors(attempts, shape.parts)
    chosen = (advise(shape, error, words, program).way for error in ERRORS)
    held = sum(weight for one, weight in zip(chosen, likely, strict=True) if one == way)
    return held / sum(likely)


def votes(right: float, questions: int) -> tuple[float, float] | None:
    """Return mean ballots of a question and mean rounds, at the lead that keeps so many questions right together.

    A round is what is asked at once: as many ballots as the lead first, then one after the other. ``None`` where right
    answers are not ahead of the likeliest wrong one, or not soon enough.
    """
    rival = (1 - right) / RIVALS
    if right <= rival:
        return None
    lost = (1 - TARGET) / questions
    lead = 1 if RIVALS * rival <= lost else max(1, math.ceil(math.log(RIVALS / lost) / math.log(right / rival)))
    ballots = lead / (right - rival)
    return None if ballots > MOST_BALLOTS else (ballots, 1 + ballots - lead)


def question_cost(read: float, written: float = ANSWER) -> float:
    """Return what one ballot costs, in words."""
    return READ * (ASKED + read) + written


def _whole(shape: Shape, error: float, words: int) -> float | None:
    found = votes((1 - error) ** shape.parts, 1)
    return None if found is None else found[0] * question_cost(words) + found[1] * WAIT


def _chain(shape: Shape, error: float, words: int, program: bool) -> float | None:
    parts = shape.parts
    found = votes(1 - error, parts if program else 2 * parts + 1)
    if found is None:
        return None
    ballots, rounds = found
    cost = parts * (ballots * question_cost(PART) + rounds * WAIT)
    if program:
        return cost
    # Every next question is asked for by one that shows all parts so far, with their answers.
    shown = parts * parts * PART
    return cost + (parts + 1) * (ballots * question_cost(words, PART) + rounds * WAIT) + ballots * READ * shown


def _graph(shape: Shape, error: float, words: int) -> float | None:
    found = votes(1 - error, shape.parts + 2)
    if found is None:
        return None
    ballots, rounds = found
    plan = question_cost(words, PART * shape.parts)
    solve = question_cost(words + 2 * PART * shape.parts)
    # A level is done when the last of its parts is: the slowest of many takes a few rounds more.
    wide = shape.parts / shape.depth
    slowest = rounds + math.log(wide) * min(1.0, rounds - 1) if wide > 1 else rounds
    parts = shape.parts * ballots * question_cost(PART)
    return parts + ballots * (plan + solve) + (2 * rounds + shape.depth * slowest) * WAIT


def _why(way: str, shape: Shape, error: float, costs: dict[str, float]) -> str:
    told = [f"about {shape.parts:,} steps, of which {shape.depth:,} wait for each other"]
    if not shape.stated:
        told.append("later ones follow from the answers to earlier ones")
    told.append(f"one goes wrong in about {error:.1%}")
    if not shape.stated and shape.depth > ONE_SHOT:
        told.append("no short answer does so many")
    elif WHOLE not in costs:
        told.append("answers to the whole question would win no vote")
    priced = ", ".join(f"{one} {cost:,.0f}" for one, cost in costs.items())
    return f"{way}: {'; '.join(told)}; words and waiting: {priced or 'none would come to an answer'}"
