"""Workers that cost nothing: they hand a coordinator batches that a real worker made, as fast as it takes them."""

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import msgspec

from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.factory import answer_key
from surefoot.runtime.records import Batch, Counts, Finished
from surefoot.runtime.worker.control import Message, R
from surefoot.runtime.worker.worker import Worker

LEADS = Leads(1, 2, 3)
"""Those of the segment that a real worker runs."""

SMALLEST = 128
"""Bytes of a payload with one step, about."""


class Made(msgspec.Struct, frozen=True):
    """What a real worker made of one segment.

    Attributes:
        batches: In order, without the segment's end.
        steps: In all of them.
        processor_s: Processor time of the process that it took: the worker and its model.
    """

    batches: tuple[Batch, ...]
    steps: int
    processor_s: float


async def made_by_a_worker(options: dict[str, Any], segments: int) -> Made:
    """Have one worker run the whole plan of a configuration several times at once, each as one segment.

    Args:
        options: Of the run; they say which model is asked.
        segments: How many it runs at once, as a coordinator would give it.

    Returns:
        The batches of one of them, and the processor time of all divided by their number.
    """
    config = msgspec.convert({"address": "none", "workers": 1, **options}, RunConfig)
    task = open_task(config)
    worker, root = Worker(config, task), task.root()

    async def run(number: int) -> list[Batch]:
        segment = Segment(msgspec.structs.replace(root, path=(number,)))
        return [batch async for batch in worker.run_segment(segment, LEADS)]

    started = time.process_time()
    batches, *_ = await asyncio.gather(*map(run, range(segments)))
    took = (time.process_time() - started) / segments
    await worker.close()
    kept = tuple(msgspec.structs.replace(batch, end=None) for batch in batches if batch.counts.steps)
    return Made(kept, sum(batch.counts.steps for batch in kept), took)


class FreeWorkers:
    """A pool whose workers have the batches of each segment ready.

    Questions of how a node is split are answered from the task's answer key, each with one call. The pilot, if there is
    one, is asked of a real worker.

    Args:
        config: The run's configuration.
        task: The task.
        made: What batches look like.
        workers: How many there are.

    Attributes:
        batches: How many were handed out.
    """

    origin = ""

    def __init__(self, config: RunConfig, task: Task, made: Made, workers: int = 1) -> None:
        self.size, self.batches = workers, 0
        self._config, self._task, self._made = config, task, made
        self._key = answer_key(config.task, config.task_options)
        self._asked: Worker | None = None
        self._of_size = functools.cache(self._batches_of)

    def _batches_of(self, steps: int) -> tuple[Batch, ...]:
        """Return the batches of a segment of so many steps; only the last is smaller than a worker's."""
        found, number = [], 0
        while steps > 0:
            batch = self._made.batches[number % len(self._made.batches)]
            if batch.counts.steps > steps:
                races = dict.fromkeys(list(batch.counts.races)[:1], steps)
                counts = msgspec.structs.replace(batch.counts, steps=steps, races=races, contested={})
                size = max(SMALLEST, len(batch.payload) * steps // batch.counts.steps)
                batch = msgspec.structs.replace(batch, counts=counts, payload=batch.payload[:size])
            found.append(batch)
            steps, number = steps - batch.counts.steps, number + 1
        return tuple(found)

    def of(self, segment: Segment) -> tuple[Batch, ...]:
        """Return all batches of a segment, its end with the last."""
        node = segment.node
        if segment.split is None:
            *before, last = self._of_size(self._task.size(node.goal, node.inputs))
            return (*before, msgspec.structs.replace(last, end=Finished(node.promise)))
        step = self._task.decomposition_step(node.goal, node.inputs)
        assert isinstance(step, Step)
        answer = self._key(self._task.prompt(step, "compact")).right[0]
        candidate = self._task.parse(step, answer, "compact")
        counts = Counts(decompositions=1, calls=1, tokens_in=8, tokens_out=24)
        return (Batch(self._made.batches[0].payload[:SMALLEST], counts, Finished(candidate)),)

    async def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Hand out the batches of a segment, letting others have their turn in between."""
        for batch in self.of(segment):
            self.batches += 1
            yield batch
            await asyncio.sleep(0)

    async def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Ask sampled steps of a real worker."""
        self._asked = self._asked or Worker(self._config, self._task)
        async for batch in self._asked.sample(numbers, draws, attempt):
            yield batch

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Take note of nothing."""
        return cast(R, message.when_lost)

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Take note of nothing, once for each worker."""
        return [cast(R, message.when_lost)] * self.size

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Take note of nothing."""
        return cast(R, message.when_lost)

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export nothing."""

    async def close(self) -> None:
        """Close the worker that was asked the pilot's questions."""
        if self._asked is not None:
            await self._asked.close()
