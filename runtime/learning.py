"""Learns during the run: at checkpoints the leads are chosen again from everything that was seen so far.

What was chosen is journalled with the number of steps after which it holds. A resumed run reads it and goes on with
the same leads; verdicts do not depend on it, as every record of steps says which lead decided them.
"""

from collections.abc import Iterable, Mapping

import msgspec

from decompose.task import Task
from runtime.choosing import choose_again, next_checkpoint, seen_in
from runtime.config import RunConfig
from runtime.estimates import Estimate, learned
from runtime.leads import Leads, Learned
from runtime.records import Counts, Record


class Learner:
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
        earlier: Iterable[Learned] = (),
        votes: Mapping[str, int] | None = None,
    ) -> None:
        self._config, self._task, self._start, self.leads = config, task, start, leads
        self._stretches: list[tuple[int, float]] = []
        self._seen: tuple[int, float] = (0, 0.0)
        self._next = next_checkpoint(0)
        for known in earlier:
            self._note(known)
            self.leads = _with(self.leads, known)
        if leads.sequential and start is not None and votes:
            self.leads = choose_again(config, task, leads, learned(start, self._stretches), votes)

    def look(self, totals: Counts) -> Learned | None:
        """What was learned if a checkpoint is passed; ``leads`` are the new ones then."""
        if self._start is None or not self._config.learn or totals.steps < self._next:
            return None
        trials, errors = seen_in(totals)
        self._note(Learned(totals.steps, 0, 0, 0, trials, errors))
        estimate = learned(self._start, self._stretches)
        self.leads = choose_again(self._config, self._task, self.leads, estimate, totals.votes)
        return _told(self.leads, totals)

    def _note(self, known: Learned) -> None:
        """Remember how much was seen up to here."""
        trials, errors = self._seen
        if known.fresh:
            self._stretches = []
        elif known.trials > trials:
            self._stretches.append((known.trials - trials, known.errors - errors))
        self._seen, self._next = (known.trials, known.errors), next_checkpoint(known.steps)


def fresh_start(leads: Leads, totals: Counts) -> Learned:
    """The note that a run, begun before, goes on with leads from a new pilot."""
    return msgspec.structs.replace(_told(leads, totals), fresh=True)


def record_of(known: Learned) -> Record:
    """What the journal keeps."""
    return Record((), "leads", 0, known.steps, known.unguarded, (), learned=known)


def _told(leads: Leads, totals: Counts) -> Learned:
    trials, errors = seen_in(totals)
    return Learned(totals.steps, leads.guarded, leads.unguarded, leads.suspect, trials, errors)


def _with(leads: Leads, known: Learned) -> Leads:
    numbers = {"guarded": known.guarded, "unguarded": known.unguarded, "suspect": known.suspect}
    return msgspec.structs.replace(leads, **numbers)
