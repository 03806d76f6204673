"""The leads of one run: read from its journal, chosen once from a pilot, learned anew as races are decided."""

from collections.abc import Callable, Mapping

import msgspec
import structlog

from decompose.task import Task
from runtime.config import RunConfig
from runtime.journal import Journal
from runtime.leads import Forecast, Pilot, choose_leads, explain_leads, forecast, with_rules
from runtime.segment_runner import Leads


class RunLeads:
    """Holds the leads that are in force.

    Args:
        config: The run's configuration.
        task: The task.
        journal: Open for writing.

    Attributes:
        chosen: The leads; ``None`` until they are chosen. An earlier session may have done that.
        pilot: What the pilot saw, if there was one.
    """

    def __init__(self, config: RunConfig, task: Task, journal: Journal) -> None:
        self._config, self._task, self._journal = config, task, journal
        self._log = structlog.get_logger().bind(run=str(journal.path.parent))
        leads, pilot = journal.meta("leads"), journal.meta("pilot")
        self.chosen = msgspec.convert(leads, Leads) if leads else None
        self.pilot = msgspec.convert(pilot, Pilot) if leads and pilot else None
        self._learned_from = 0

    def choose(self, pilot: Pilot | None, on_note: Callable[[str], None]) -> Leads:
        """Choose from ``--k`` or from a pilot, make it durable, and tell people why.

        Raises:
            ConfigurationError: The model is wrong too often for any lead to help.
        """
        # Leads may be chosen anew in a run that goes on after an accepted change; the plan's shape may not.
        kept = self._journal.meta("leaf_steps")
        config = self._config if kept is None else msgspec.structs.replace(self._config, leaf_steps=kept)
        root = self._task.root()
        leads = self.chosen = choose_leads(config, self._task, root, pilot)
        self.pilot = pilot
        expected = self._expected(leads, pilot)
        why = explain_leads(leads, pilot, expected, self._task.usual_steps(root.goal, root.inputs))
        self._journal.set_meta(leads=leads, pilot=pilot, forecast=expected, why=why)
        self._log.info("leads chosen", **msgspec.to_builtins(leads), pilot=msgspec.to_builtins(pilot), why=why)
        on_note(why)
        return leads

    def now(self, votes: Mapping[str, int]) -> Leads:
        """The leads, learned anew whenever twice as many sequential races were decided as the last time."""
        assert self.chosen is not None
        seen = sum(votes.values())
        if self.chosen.sequential and self.pilot is not None and seen >= 2 * max(50, self._learned_from):
            self._learned_from = seen
            self.chosen = with_rules(self._config, self._task, self._task.root(), self.chosen, self.pilot, votes)
            self._log.info("leads learned", races=seen, unguarded=self.chosen.unguarded)
        return self.chosen

    def _expected(self, leads: Leads, pilot: Pilot | None) -> Forecast | None:
        if pilot is None:
            return None
        valid_rate = pilot.ballots / (pilot.ballots + pilot.spoiled)
        return forecast(self._config, self._task, self._task.root(), leads, pilot.p_error, valid_rate)
