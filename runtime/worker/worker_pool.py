"""What the coordinator may ask of its workers, wherever they run: in this process or on Ray."""

import os
from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from surefoot.decompose.segment import Segment
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Counts
from surefoot.runtime.worker.control import Message, R

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 30.0
"""Seconds before what a worker died with is sent again: after the first loss, and at most."""


class WorkerLost(Exception):
    """A worker died with a segment; what it had sent is in the journal, and the segment can be sent again."""


class PoolLost(Exception):
    """The workers are gone, and so is what could start others; the message says why. The run can be resumed."""


def back_off_s(losses: int) -> float:
    """Seconds to wait after so many losses in a row, 1 or more: doubled with each."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(losses - 1, 30))


class WorkerPool(Protocol):
    """Workers that take segments and are told, by number or all at once, what to do beside them.

    Attributes:
        origin: Where the workers run and how that was chosen, as one line for people; empty for this process.
    """

    origin: str

    @property
    def size(self) -> int:
        """Number of workers; they are numbered from 0."""
        ...

    def run_segment(self, segment: Segment, leads: Leads, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        """Run a segment on the worker that has the least to do.

        Raises:
            WorkerLost: The worker died.
        """
        ...

    def run_sample(self, numbers: Sequence[int], draws: int, attempt: int) -> AsyncIterator[Batch]:
        """Have the worker that has the least to do ask sampled steps, ``draws`` times each.

        Raises:
            WorkerLost: The worker died.
        """
        ...

    async def tell(self, worker: int, message: Message[R]) -> R:
        """Tell one worker something and return its reply; for a dead worker, the message's ``when_lost``.

        A message that ``waits`` is told again to the worker that takes a lost one's place.
        """
        ...

    async def tell_all(self, message: Message[R]) -> list[R]:
        """Tell every worker the same; their replies, by number."""
        ...

    async def tell_holder(self, segment_key: str, message: Message[R]) -> R:
        """Tell the worker that runs a segment; ``when_lost`` if no worker runs it."""
        ...

    def observe(self, counts: Counts, wall_s: float) -> None:
        """Export a run's totals where the workers' machine collects such figures; nothing where it does not."""
        ...

    async def close(self) -> None:
        """Release the workers and what they hold."""
        ...


def default_workers() -> int:
    """One worker for each core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
