"""A run directory opened to learn from: its events, what stands of them, and where they come from."""

import functools
import pathlib
from collections.abc import Iterator
from typing import Any, Self

import msgspec

from surefoot.runtime.config import RunConfig, dialect_of
from surefoot.runtime.decomposition_methods import is_loaded
from surefoot.runtime.forecast.basis import has_seams
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.port import JournalReader
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.journal.task_shape import task_without_code
from surefoot.runtime.report.glance import status_of
from surefoot.runtime.trace.abandoned import Abandoned
from surefoot.runtime.trace.events import Event, path_of
from surefoot.runtime.trace.examples import Provenance, digest_of, level_of, prompt_digest, verdict_of
from surefoot.runtime.trace.journal_events import events_of
from surefoot.runtime.trace.races import Race, races_in

SETTINGS = (
    "strategy", "rule", "state_by", "k", "red_flags", "seams", "seed", "temperature", "first_temperature",
    "max_reply_tokens", "modules", "fallback_model", "wordings", "structured", "keep_replies",
)  # fmt: skip
"""Options that answers depend on, and which replies were kept."""


class TracedRun:
    """A run that is read, as often as it takes; nothing is changed and none of its task's code is run.

    Args:
        directory: The run directory.

    Raises:
        RunDirectoryError: Not a run directory.
        JournalError: The journal cannot be read.
    """

    def __init__(self, directory: pathlib.Path) -> None:
        self.directory = directory
        self.config = read_config(directory)
        self.journal: JournalReader = open_journal(directory, write=False)
        self.status, _ = status_of(directory, self.journal)
        self.table = self.journal.meta("table") is not None
        told = msgspec.json.encode(self.config, order="sorted").decode()
        self.name = f"{directory.resolve().name}-{digest_of(told)[:8]}"
        self._settings = _settings(self.config)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.journal.close()  # type: ignore[attr-defined]

    @property
    def task(self) -> str:
        """Digest of the task with its options and inputs: runs that have the same do the same work."""
        options = msgspec.json.encode(self.config.task_options, order="sorted").decode()
        return digest_of(self.config.task, options)

    @property
    def plan_share(self) -> float:
        """Share of the decided questions that are decompositions."""
        counts = self.journal.totals
        asked = counts.steps + counts.decompositions
        return counts.decompositions / asked if asked > 0 else 0.0

    def events(self) -> Iterator[Event]:
        """Yield the events of the run in causal order."""
        return events_of(self.journal, self.config.rule)

    def told(self) -> Iterator[Race | Event]:
        """Yield questions with all that was answered to them, and the other events, in causal order."""
        return races_in(self.events())

    def races(self) -> Iterator[Race]:
        """Yield questions with all that was answered to them."""
        return (one for one in self.told() if isinstance(one, Race))

    @functools.cached_property
    def _abandoned(self) -> Abandoned:
        return Abandoned(self.journal)

    def stands(self, race: Race) -> bool:
        """Whether the run went on with the answer to a question."""
        asked = race.question
        return race.candidate is not None and self._abandoned.stands(path_of(asked.node), asked.part, asked.attempt)

    def refuted(self, race: Race) -> bool:
        """Whether a decomposition was given up for evidence that came after it was asked for."""
        asked = race.question
        return race.candidate is not None and self._abandoned.refuted(path_of(asked.node), asked.part, asked.attempt)

    def unverified(self) -> str:
        """Why nothing that the run planned counts as verified, in a few words; empty if what stands does."""
        if self.status != "solved":
            return f"the run is {self.status}"
        if not self.config.seams or not is_loaded(self.config.strategy):
            return "its promises were not checked"
        if not has_seams(self.config, task_without_code(self.journal, self.config)):
            return "nothing was promised"
        from surefoot.runtime.report.facts import facts_of  # with it comes the statistics library

        violations = facts_of(self.directory).certificate.violations
        return violations[0] if violations else ""

    def provenance(self, race: Race) -> Provenance:
        """Return where an example of one question comes from."""
        asked = race.question
        return Provenance(
            run=self.name, task=self.config.task, model=self.config.model, settings=self._settings, node=asked.node,
            part=asked.part, attempt=asked.attempt, number=asked.number, kind=asked.kind, role=asked.role,
            level=level_of(race), template=digest_of(asked.system), prompt=prompt_digest(race), events=race.ids,
            verdict=verdict_of(race), stands=self.stands(race),
        )  # fmt: skip

    def origin(self) -> dict[str, Any]:
        """Return what every event of the run has in common: the run, its task, its model and its settings."""
        return {"run": self.name, "task": self.config.task, "model": self.config.model, "settings": self._settings}


def _settings(config: RunConfig) -> dict[str, Any]:
    found = {name: getattr(config, name) for name in SETTINGS}
    # Text, so that a file of examples has one type in each column, whichever runs it is made from.
    return {"dialect": dialect_of(config), **{name: "" if one is None else str(one) for name, one in found.items()}}
