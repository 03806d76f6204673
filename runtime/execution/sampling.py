"""Asks sampled steps several times each, without a race: what pilots and measurements are made of.

A sampled step is journalled like any other: as a record of the part ``sample``, under its number.
"""

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence

import msgspec

from surefoot.decompose.several_steps import SampledChain, sampled_chain, written
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime import errors
from surefoot.runtime.cancelling import WholeGroup
from surefoot.runtime.config import RunConfig
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.work import Work
from surefoot.runtime.forecast.basis import outline_of
from surefoot.runtime.forecast.estimates import Sample, sample_numbers
from surefoot.runtime.forecast.rebalanced_votes import EACH, LOOKED_AT, pilot_of_both
from surefoot.runtime.forecast.replies_seen import steps_of
from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.leads import LEAF_STEPS
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Batch, Contested, Counts, Failed, Finished, Paused, Record
from surefoot.voting.ballot import Ballot
from surefoot.voting.red_flags import RedFlag

PART = "sample"


class SampleRunner:
    """Asks one worker's share of the sampled steps.

    Args:
        question: The sampled step of a number; see ``sampled_step``.
        work: Who asks, and where the records gather.
        semaphore: Limits what is asked at the same time.
    """

    def __init__(
        self, question: Callable[[int], Step | SampledChain], work: Work, semaphore: PrioritySemaphore
    ) -> None:
        self.question, self.work, self.semaphore = question, work, semaphore

    async def run(self, numbers: Sequence[int], draws: int, attempt: int) -> Finished:
        """Ask each of the steps ``draws`` times; another attempt draws other answers.

        Raises:
            ModelUnavailable, ModelRejected: From the model.
            SegmentStopped: The worker was asked to stop; what was asked by then is in the records.
        """
        questions = [(number, self.question(number)) for number in numbers]  # before, as it is no work of the model's
        async with WholeGroup() as group:
            for number, asked in questions:
                group.create_task(self._one(number, asked, draws, attempt))
        return Finished(None)

    async def _one(self, number: int, asked: Step | SampledChain, draws: int, attempt: int) -> None:
        work = self.work
        async with self.semaphore((number,)):
            await work.begin_step()
            key = ((number,), PART, attempt)
            async with work.under_way():
                began = time.time()
                ballots = await self._drawn(asked, draws, draws_of(key))
        entry, ended = Contested(draws, ballots), time.time()
        work.buffer.keep_sample(Record((number,), PART, attempt, 0, draws, (entry,), started=began, ended=ended))
        disputed = len({ballot.candidate for ballot in ballots}) > 1
        step = asked if isinstance(asked, Step) else asked.step
        work.keep_replies(key, step, 0, draws_of(key), disputed=disputed)

    async def _drawn(self, asked: Step | SampledChain, draws: int, first: int) -> tuple[Ballot, ...]:
        """Draw ballots for a step; a question that the server refuses has spoiled ones, and the others go on."""
        try:
            if isinstance(asked, Step):
                return await self.work.steps.draw(asked, draws, first)
            replies = await self.work.steps.ask_several(asked.step, asked.count, range(first, first + draws))
            reads = [reply.read(asked.goal, asked.state) for reply in replies]
            return tuple(Ballot(number, written(read)) for number, read in enumerate(reads))
        except errors.QuestionRefused:
            return tuple(Ballot(number, None, RedFlag.REFUSED) for number in range(draws))


def sampled_question(config: RunConfig, task: Task, number: int) -> Step | SampledChain:
    """The sampled step, or place in a chain, of a number.

    Raises:
        ValueError: The task does not word several steps at once.
    """
    count = steps_of(number)
    if count < 2:
        return sampled_step(config, task, number)
    found = sampled_chain(task, number, count)
    if found is None:
        raise ValueError(f"{type(task).__name__} asks for one step at a time")
    return found


def sampled_step(config: RunConfig, task: Task, number: int) -> Step:
    """The sampled step of a number as a run asks it: leaves of a tree may show less than one long chain does."""
    leaf_steps = LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps
    return method_of(config.strategy, leaf_steps).sample(task, number)


def numbers_of_both(config: RunConfig, task: Task) -> list[int]:
    """Return the sampled questions that the pilot of both levels asks.

    Raises:
        ConfigurationError: The task samples too few questions of one level.
    """
    leaf_steps = LEAF_STEPS if config.leaf_steps == "auto" else config.leaf_steps
    split_kind = outline_of(config, task, leaf_steps).split_kind
    return pilot_of_both(
        sample_numbers(config.seed, EACH * LOOKED_AT),
        lambda number: sampled_step(config, task, number).kind == split_kind,
    )


def samples_of(question: Callable[[int], Step | SampledChain], payloads: Iterable[bytes]) -> list[Sample]:
    """The samples that payloads hold, each once, in the order of their numbers."""
    found: dict[int, Sample] = {}
    replies: dict[int, tuple[KeptReply, ...]] = {}
    for payload in payloads:
        for record in unpack(payload):
            if record.part == "replies" and record.kept is not None:
                replies[record.path[0]] = record.kept.replies
            if record.part == PART:
                (number,), (entry,) = record.path, record.entries
                assert isinstance(entry, Contested)
                kind, seconds = question(number).kind, record.ended - record.started
                found[number] = Sample(number, kind, entry.ballots, seconds, record.ended)
    return [msgspec.structs.replace(found[n], replies=replies.get(n, ())) for n in sorted(found)]


def numbers_in(payloads: Iterable[bytes]) -> set[int]:
    """The numbers of the samples that payloads hold."""
    return {record.path[0] for payload in payloads for record in unpack(payload) if record.part == PART}


async def collected(
    question: Callable[[int], Step | SampledChain], batches: AsyncIterator[Batch]
) -> tuple[list[Sample], Counts]:
    """The samples of one worker's share, and what they cost.

    Raises:
        SurefootError: What ended the share early.
    """
    payloads, counts = [], Counts()
    async for batch in batches:
        counts.add(batch.counts)
        if not batch.alive:
            payloads.append(batch.payload)
        if isinstance(batch.end, Failed):
            raise getattr(errors, batch.end.error)(batch.end.message, **batch.end.context)
        if isinstance(batch.end, Paused):
            raise errors.ModelUnavailable(batch.end.reason)
    return samples_of(question, payloads), counts


def gathered(parts: Sequence[tuple[list[Sample], Counts]]) -> tuple[list[Sample], Counts]:
    """The samples of several workers in the order of their numbers, and what they cost together."""
    counts = Counts()
    for _, part in parts:
        counts.add(part)
    return sorted((s for samples, _ in parts for s in samples), key=lambda s: s.number), counts
