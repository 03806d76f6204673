"""Asks for several steps of a chain at once, and hands them out one by one.

A chain takes a stated step only where it asks for exactly the question that the step answers, so that no step is
accepted in a state that no model stated. What a reply stated behind a red flag is never read. What stands behind a step
that was decided otherwise is left: the next question is asked from there.

With a lead of k, k replies are drawn and the steps on which all agree are taken. From the first at which they differ, k
fresh replies go on; where these differ at once, it is voted on alone. A right answer that comes with probability p wins
over a wrong one of probability q as p^k to q^k: as in a race to a lead of k (MAKER, arXiv 2511.09030, eq. 9).
"""

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.decompose.several_steps import ReadSteps, StatedStep
from surefoot.decompose.step import Flag, Step
from surefoot.runtime.execution.record_buffer import Key
from surefoot.runtime.execution.work import Work
from surefoot.runtime.records import SHARED, Record, tally
from surefoot.voting.alarms import Pattern

NARROWER = 2
"""How often the number of steps a call is halved when a chain was run again without getting further."""


class StepsAhead(msgspec.Struct):
    """Steps that the last replies stated and that the chain has not taken yet, the next one last.

    Attributes:
        stated: The steps.
        k: How many replies stated them.
    """

    stated: list[StatedStep] = []
    k: int = 1

    def fill(self, stated: Sequence[StatedStep], k: int) -> None:
        """Put the steps that new replies state in the place of what is left."""
        self.stated, self.k = list(reversed(stated)), k

    def take(self, step: Step, k: int) -> str | None:
        """Return the stated answer to a question that asks for a lead of ``k``.

        Where the chain asks for something else, or for another lead, all that is left is forgotten.
        """
        if self.stated and self.stated[-1].step == step and self.k == k:
            return self.stated.pop().candidate
        self.stated.clear()
        return None


class Narrowing(msgspec.Struct):
    """How far the runs of one chain have come, which decides how many there are and how much one call is asked for.

    The first runs of a chain whose calls are shared may differ at many steps: a run that got further than those before
    it, to a later first difference, does not count against the limit on runs.

    Attributes:
        retries: Runs after the first, beyond those that got further.
        steps_per_call: Steps that one question asks for; 1 for one at a time, where every run counts.
        furthest: The latest step at which a run first differed from the one before it.
        gained: Runs that got further.
        stalled: Runs that did not.
    """

    retries: int
    steps_per_call: int
    furthest: int = -1
    gained: int = 0
    stalled: int = 0

    def allows(self, attempt: int) -> bool:
        """Return whether a chain may be run for the given time, counted from 0."""
        return attempt <= self.retries + (self.gained if self.steps_per_call > 1 else 0)

    def note(self, previous: Sequence[str] | None, taken: Sequence[str]) -> None:
        """Take note of what a run took that broke its seam."""
        if previous is None:
            return
        pairs = enumerate(zip(previous, taken, strict=False))
        differs = next((place for place, (one, other) in pairs if one != other), -1)
        if differs > self.furthest:
            self.furthest, self.gained = differs, self.gained + 1
        else:
            self.stalled += 1

    @property
    def count(self) -> int:
        """Steps that one question of the next run asks for."""
        return max(1, self.steps_per_call >> NARROWER * self.stalled)


async def ask_ahead(
    work: Work, key: Key, index: int, goal: Any, state: Any, question: tuple[Step, int], draws: range
) -> tuple[StatedStep, ...]:
    """Ask for the next steps of a chain, and return those that all replies state alike; none if it is asked alone.

    Args:
        work: The segment that the chain belongs to.
        key: Node and attempt.
        index: Number of the first of the steps within its attempt.
        goal: The chain's.
        state: Where the chain stands.
        question: What it asks for there, and how many steps to ask for.
        draws: The draw numbers: as many replies as the lead of the steps.
    """
    step, count = question
    async with work.under_way():
        replies = await work.steps.ask_several(step, count, draws, key[2])
    reads, counts = [reply.read(goal, state) for reply in replies], work.counts
    counts.shared_replies += len(replies)
    for reply, read in zip(replies, reads, strict=True):
        if read.flag is not None and not isinstance(reply.said, Flag):
            tally(counts.red_flags, {read.flag.name: 1})
    stated = alike(reads)
    pattern = pattern_behind(reads, len(stated))
    if pattern is not None:  # or the run would learn from the steps at which replies agree, and from no other
        if key[2] % len(work.steps.variants) == 0:  # as all races are counted: in the first way to ask
            tally(counts.races, {str(pattern.k): 1})
            tally(counts.contested, {str(pattern): 1})
        counts.disagreements += pattern.dissent > 0
        counts.disputes += pattern.dissent > 0
    if stated:
        path, _, attempt = key
        work.buffer.add(Record(path, SHARED, attempt, index, len(stated), ()))
    if replies:
        work.keep_replies(key, step, index, draws[0], disputed=len(stated) < count)
    return stated


def alike(reads: Sequence[ReadSteps]) -> tuple[StatedStep, ...]:
    """Return the steps on which all replies agree from the first on: each was stated by all of them in one state.

    Up to the first difference every step is decided as if it had been asked alone and all ballots had named the same.
    """
    together = zip(*(read.stated for read in reads), strict=False)
    return tuple(said[0] for said in itertools.takewhile(lambda said: all(one == said[0] for one in said), together))


def pattern_behind(reads: Sequence[ReadSteps], place: int) -> Pattern | None:
    """Count what several replies state of the first step at which they differ; ``None`` if there is none, or one reply.

    Args:
        reads: What was read of the replies, of each at least ``place`` steps.
        place: Number of that step within the replies, 0-based.
    """
    named = Counter(read.stated[place].candidate for read in reads if len(read.stated) > place)
    valid, spoiled = named.total(), sum(len(read.stated) == place and read.flag is not None for read in reads)
    if len(reads) < 2 or not (valid or spoiled):
        return None
    dissent = valid - max(named.values(), default=0)
    return Pattern(len(reads), valid, dissent, spoiled) if dissent or spoiled else None
