"""The lead controller: chooses the leads of a run again at checkpoints, from everything that was seen so far.

What was chosen is journalled with the number of steps after which it holds. A resumed run reads it and goes on with
the same leads; verdicts do not depend on it, as every record of steps says which lead decided them.
"""

from collections.abc import Iterable, Mapping

import msgspec

from surefoot.decompose.task import Task
from surefoot.decompose.tasks.rows import RowTask
from surefoot.runtime.config import RunConfig
from surefoot.runtime.execution.levels import counted_in
from surefoot.runtime.forecast.estimates import Estimate, pooled_estimate
from surefoot.runtime.forecast.lead_choice import choose_again, next_checkpoint, seen_in, with_raised_lead
from surefoot.runtime.leads import LeadChange, Leads
from surefoot.runtime.records import Counts, Record


class LeadController:
    """Holds the leads of a run and chooses them again.

    Args:
        config: The run's configuration.
        task: The task.
        start: What was known before the run; ``None`` if leads were asked for.
        leads: Chosen from it.
        earlier: What an earlier session learned, in order.
        votes: Races of earlier sessions; see ``Counts``. The sequential rule is made from them anew.
    """

    def __init__(
        self,
        config: RunConfig,
        task: Task,
        start: Estimate | None,
        leads: Leads,
        earlier: Iterable[LeadChange] = (),
        votes: Mapping[str, int] | None = None,
    ) -> None:
        self._config, self._task, self.start, self.leads = config, task, start, leads
        self._stretches: list[tuple[int, float]] = []
        self._seen: tuple[int, float] = (0, 0.0)
        self._next = next_checkpoint(0)
        for known in earlier:
            self._note(known)
            self.leads = _with(self.leads, known)
        if leads.sequential and start is not None and votes:
            self.leads = choose_again(config, task, leads, pooled_estimate(start, self._stretches), votes)

    def look(self, totals: Counts, *, now: bool = False) -> LeadChange | None:
        """Choose the leads again if a checkpoint is passed, or ``now``; return the change, if there is one."""
        if self.start is None or not self._config.learn or not (now or self.passes(totals)):
            return None
        trials, errors = seen_in(totals)
        self._note(LeadChange(totals.steps, 0, 0, 0, trials, errors))
        estimate = pooled_estimate(self.start, self._stretches)
        self.leads = choose_again(self._config, self._task, self.leads, estimate, totals.votes)
        if isinstance(self._task, RowTask):
            self.leads = with_raised_lead(self._config, self.leads, totals)
        return told(self.leads, totals)

    def passes(self, totals: Counts) -> bool:
        """Return whether a checkpoint is passed at which the leads are chosen again."""
        return totals.steps >= self._next

    def _note(self, known: LeadChange) -> None:
        """Remember how much was seen up to here."""
        trials, errors = self._seen
        if known.fresh:
            self._stretches = []
        elif known.trials > trials:
            # A disputed race that was open counted as an error; it may have ended in another way to ask since.
            more = known.trials - trials
            self._stretches.append((more, min(float(more), max(0.0, known.errors - errors))))
        self._seen, self._next = (known.trials, known.errors), next_checkpoint(known.steps)


def fresh_start(leads: Leads, totals: Counts) -> LeadChange:
    """Make the note that a run goes on with leads from a new pilot, after an accepted change."""
    return msgspec.structs.replace(told(leads, totals), fresh=True, levels=counted_in(totals))


def record_of(known: LeadChange) -> Record:
    """Make the journal record of a change of leads."""
    return Record((), "leads", 0, known.steps, known.unguarded, (), learned=known)


def told(leads: Leads, totals: Counts) -> LeadChange:
    """Return what is journalled of leads that were chosen again."""
    trials, errors = seen_in(totals)
    numbers = (totals.steps, leads.guarded, leads.unguarded, leads.suspect)
    return LeadChange(*numbers, trials, errors, disputed=leads.disputed, plan=leads.plan)


def _with(leads: Leads, known: LeadChange) -> Leads:
    numbers = {name: getattr(known, name) for name in ("guarded", "unguarded", "suspect", "disputed")}
    return msgspec.structs.replace(leads, plan=known.plan or leads.plan, **numbers)
