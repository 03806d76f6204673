"""The lead controller of a run that shares its votes out among decompositions and single steps.

A pilot of both levels shares them out before the first step. At checkpoints, after as many steps as for leads that are
learned, what is left is shared out again by what the run saw (``runtime/forecast/rebalanced_votes.py``). Each
checkpoint is journalled with what was counted up to there, also where nothing changed, so that a resumed run has seen
the same and decides the same. No question is asked for it: what it costs are the run's own ballots.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.lead_controller import LeadController, told
from surefoot.runtime.execution.levels import CALLS, counted_in, done_in
from surefoot.runtime.execution.sampling import numbers_of_both
from surefoot.runtime.forecast.basis import outline_of
from surefoot.runtime.forecast.estimates import Sample, judge_pilot
from surefoot.runtime.forecast.rebalanced_votes import (
    Left,
    Levels,
    Shared,
    calls_of,
    faded,
    levels_of,
    rebalanced,
    rebalanced_again,
)
from surefoot.runtime.leads import LeadChange, Leads
from surefoot.runtime.records import Counts

STRETCH, PART = 32, 16
"""A checkpoint is so many steps after the one before, or such a part of all steps up to there, if that is more."""


class VoteRebalancer(LeadController):
    """Holds the leads of a run and shares its votes out again while it goes on.

    Args:
        config: The run's configuration, with ``--k N``.
        task: The task.
        leads: That the pilot chose.
        pilot: What it saw.
        pilot_calls: Calls that it took, which are no calls of the run's questions.
        earlier: What an earlier session noted at checkpoints, in order.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        leads: Leads,
        pilot: Levels,
        pilot_calls: int,
        earlier: Iterable[LeadChange] = (),
    ) -> None:
        self._pilot, self._checkpoints, self._saved = pilot, [{CALLS: pilot_calls}], 0.0
        super().__init__(config, task, None, leads, earlier)
        self._next = self._next if self._checkpoints[1:] else STRETCH
        self._outline = outline_of(config, task, leads.leaf_steps)

    def look(self, totals: Counts, *, now: bool = False) -> LeadChange | None:
        """Share the votes that are left out again if a checkpoint is passed, and return what is to be journalled."""
        if not self.passes(totals):
            return None
        counted = counted_in(totals)
        self._note(LeadChange(totals.steps, 0, 0, 0, 0, 0, levels=counted))
        plan, steps = done_in(counted)
        left = Left(max(0, self._outline.splits - plan), max(0, self._outline.steps - steps))
        seen = faded(self._pilot, self._checkpoints)
        self.leads = rebalanced_again(self.leads, self._asked, left, seen, self._saved)
        return msgspec.structs.replace(told(self.leads, totals), levels=counted)

    @property
    def _asked(self) -> int:
        assert self._config.k != "auto"
        return self._config.k

    def _note(self, known: LeadChange) -> None:
        """Remember how much was seen and saved up to here; a new pilot begins afresh."""
        super()._note(known)
        before, now = self._checkpoints[-1], known.levels
        self._checkpoints = [now] if known.fresh else [*self._checkpoints, now]
        if not known.fresh:
            done = zip(done_in(now), done_in(before), strict=True)
            questions = Left(*(max(0, after - earlier) for after, earlier in done))
            asked = calls_of(self._asked, questions, faded(self._pilot, self._checkpoints))
            self._saved += asked - (now.get(CALLS, 0) - before.get(CALLS, 0))
        self._next = known.steps + max(STRETCH, known.steps // PART)


async def shared_out(
    config: RunConfig,
    task: Task,
    leads: Leads,
    totals: Counts,
    ask_pilot: Callable[[Sequence[int]], Awaitable[list[Sample]]],
) -> tuple[Shared, Levels]:
    """Ask a pilot of decompositions and single steps, and share the votes out by what it saw.

    Args:
        config: The run's configuration.
        task: The task.
        leads: As asked for.
        totals: Of the run; the pilot's calls are in there once it was asked.
        ask_pilot: Has sampled steps asked.

    Raises:
        ConfigurationError: The task samples too few questions of one level.
    """
    outline = outline_of(config, task, leads.leaf_steps)
    seen = levels_of(judge_pilot(await ask_pilot(numbers_of_both(config, task)), totals), outline.split_kind)
    return rebalanced(leads, outline, seen), seen
