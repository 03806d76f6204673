"""A run whose coordinator is killed at any moment, again and again, against what its model was asked.

A state machine draws the moments: at any draw, at any named place, with the log of the last commit written up to any
byte; in between it pauses politely, and its limit on calls is raised. Every session is the real coordinator on the
real journal; only the processor is shared, so that the same machine does the same in every run.
"""

import asyncio
import itertools
import pathlib
import shutil
import tempfile
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.journal.fault_points import POINTS, FaultPoints
from surefoot.runtime.journal.journal import Journal, open_journal
from surefoot.runtime.journal.wal import HEADER
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Entry
from tests.chaos.harness import Step, draws, step_of
from tests.chaos.test_journal_states import MEMORY, QUIET, Files, files_of
from tests.runtime.conftest import Run, prompt_commits  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("prompt_commits")  # the same commits every time

SETTING = {"task": "hanoi", "task_options": {"disks": 5}, "model": "simulated", "k": 2, "address": "none", "workers": 2}
SIZES = {"leaf_steps": 3, "segment_steps": 7, "flush_steps": 2, "chains_in_flight": 3}
PLACES = [point for point in POINTS if not point.startswith("create") and point != "batch.awaited"]
LOG = "journal.sqlite-wal"
MORE = st.integers(0, 25)
"""Calls by which a session's limit is raised."""


class Asked(SimulatedModel):
    """Notes every draw before it answers; calls ``then`` with how many it was asked in this session."""

    def __init__(self, log: list[int]) -> None:
        super().__init__(hanoi.answers, Profile(p_error=0.06, p_format=0.04))
        self._log, self._asked = log, 0
        self.then = lambda asked: None

    def reply(self, request: Request, draw: int) -> Reply:
        self._log.append(draw)
        self._asked += 1
        self.then(self._asked)
        return super().reply(request, draw)


class Watch(FaultPoints):
    """Calls ``then`` with each place that is reached and how often it was."""

    def __init__(self, then: Any) -> None:
        super().__init__()
        self._then = then

    def reach(self, point: str) -> None:
        self._arrivals[point] += 1
        self._then(point, self._arrivals[point])


class Killable(Run):
    """A run in this process that can be stopped dead: what lies on the disk at that moment is all that is left."""

    def __init__(self, directory: pathlib.Path) -> None:
        super().__init__(directory, msgspec.convert({**SETTING, **SIZES}, RunConfig))
        self.watch = FaultPoints()

    def journal(self, *, write: bool = False) -> Journal:
        journal = super().journal(write=write)
        if write:
            journal.faults = self.watch
        return journal


def entries_in(directory: pathlib.Path) -> dict[Step, Entry]:
    """Every step in a journal; none is there twice, and those of one attempt come in order and without a gap."""
    journal = open_journal(directory, write=False)
    found: dict[Step, Entry] = {}
    try:
        for segment in journal.segments():
            for record in itertools.chain.from_iterable(map(unpack, journal.payloads(segment))):
                place = (record.path, record.part, record.attempt)
                assert not record.entries or not record.first or (*place, record.first - 1) in found, "a gap"
                for index, entry in enumerate(record.entries, record.first):
                    assert (*place, index) not in found, "twice"
                    found[*place, index] = entry
        return found
    finally:
        journal.close()


class RunStates(RuleBasedStateMachine):
    """A run, what was durable of it, and every draw that its model was ever asked for."""

    unbroken: Any = None

    def __init__(self) -> None:
        super().__init__()
        self._folder, self._places = pathlib.Path(tempfile.mkdtemp(prefix="runs", dir=MEMORY)), itertools.count()
        self.run = self._new()
        self.asked: list[int] = []
        self.kept: dict[Step, Entry] = {}
        self.limit, self.status = 30, ""

    def _new(self) -> Killable:
        directory = self._folder / str(next(self._places))
        directory.mkdir()
        return Killable(directory)

    def teardown(self) -> None:
        """Whatever happened, the run ends with the plan of a run to which nothing happened."""
        self.limit += 1000
        assert self._session(lambda model: None) == "solved"
        plan = self.run.plan()
        if RunStates.unbroken is None:
            self.asked, self.run = [], self._new()
            self._session(lambda model: None)
            RunStates.unbroken = self.run.plan()
        assert plan == RunStates.unbroken
        shutil.rmtree(self._folder)

    def _session(self, prepare: Any) -> str:
        """One session, to its end or until ``self._dead`` is set; then it goes on from those bytes elsewhere."""
        self._dead: Files | None = None
        model = Asked(self.asked)
        prepare(model)
        self.status = asyncio.run(self._until_dead(model))
        return self.status

    async def _until_dead(self, model: Asked) -> str:
        self._work = asyncio.create_task(self.run.session(model, max_calls=self.limit))
        await asyncio.wait([self._work])
        self.run.watch = FaultPoints()
        if self._dead is None:
            return self._work.result()
        dead, self._dead = self._dead, None
        shutil.rmtree(self.run.directory)
        self.run = self._new()
        for name, data in dead.items():
            (self.run.directory / name).write_bytes(data)
        del self.asked[self._asked_then :]
        return "killed"

    def _die(self, files: Files | None = None) -> None:
        """The process is gone from this moment: what it does until the loop stops is undone."""
        if self._dead is None:
            self._dead = files_of(self.run.directory) if files is None else files
            self._asked_then = len(self.asked)
            self._work.cancel()

    @precondition(lambda self: self.status != "solved")
    @rule(more=MORE, last=st.integers(1, 20))
    def killed_at_a_draw(self, more: int, last: int) -> None:
        self.limit += more

        def prepare(model: Asked) -> None:
            model.then = lambda asked: self._die() if asked == last else None

        self._session(prepare)

    @precondition(lambda self: self.status != "solved")
    @rule(more=MORE, place=st.sampled_from(PLACES), arrival=st.integers(1, 6))
    def killed_at_a_place(self, more: int, place: str, arrival: int) -> None:
        self.limit += more
        self.run.watch = Watch(lambda point, number: self._die() if (point, number) == (place, arrival) else None)
        self._session(lambda model: None)

    @precondition(lambda self: self.status != "solved")
    @rule(more=MORE, commit=st.integers(1, 12), share=st.floats(0, 1))
    def killed_while_the_log_is_written(self, more: int, commit: int, share: float) -> None:
        self.limit += more
        before: Files = {}

        def reached(point: str, number: int) -> None:
            if (point, number) == ("commit.before", commit):
                before.update(files_of(self.run.directory))
            if (point, number) == ("commit.after", commit):
                old, new = before.get(LOG, b""), files_of(self.run.directory).get(LOG, b"")
                written = int(share * len(new)) if share * len(new) >= HEADER else 0
                self._die({**before, LOG: new[:written] + old[written:]})

        self.run.watch = Watch(reached)
        self._session(lambda model: None)

    @precondition(lambda self: self.status != "solved")
    @rule(more=MORE, last=st.integers(1, 20))
    def paused_politely(self, more: int, last: int) -> None:
        self.limit += more
        pausing: list[Any] = []

        def prepare(model: Asked) -> None:
            def then(asked: int) -> None:
                if asked == last and self.run.coordinator is not None:
                    pausing.append(asyncio.ensure_future(self.run.coordinator.pause("stopped")))

            model.then = then

        assert self._session(prepare) in ("paused", "solved")

    @rule()
    def solved_and_begun_again(self) -> None:
        """A run that is solved asks nothing more; one that is not goes on within its limit."""
        solved, asked = self.status == "solved", len(self.asked)
        assert self._session(lambda model: None) in ("paused", "solved")
        assert not solved or (self.status, len(self.asked)) == ("solved", asked)

    @invariant()
    def nothing_is_forgotten_or_asked_again(self) -> None:
        if not (self.run.directory / "journal.sqlite").exists():
            return
        found = entries_in(self.run.directory)
        assert {step: found.get(step) for step in self.kept} == self.kept, "a committed step is lost or another one"
        later = {step_of(draw) for draw in self.asked[self._held_at() :]}
        assert not [step for step in self.kept if step_of(draws(step).start) in later], "a committed step asked again"
        journal = open_journal(self.run.directory, write=True)
        journal.check()
        totals = journal.totals
        journal.close()
        assert len(self.asked) <= totals.granted_calls <= self.limit, "what was spent is forgotten"
        self.kept, self._looked_at = found, len(self.asked)

    def _held_at(self) -> int:
        """How many draws had been asked when the last session ended."""
        return getattr(self, "_looked_at", 0)


def test_a_run_that_is_killed_at_any_moment() -> None:
    run_state_machine_as_test(RunStates, settings=settings(max_examples=10, stateful_step_count=8, **QUIET))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_run_that_is_killed_at_very_many_moments() -> None:
    run_state_machine_as_test(RunStates, settings=settings(max_examples=1000, stateful_step_count=20, **QUIET))


class Amnesiac(RunStates):
    """The placebo: after each kill the grants of the run are forgotten with its journal."""

    def _die(self, files: Files | None = None) -> None:
        super()._die({})


def test_the_machine_sees_a_run_that_starts_over() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Amnesiac, settings=settings(max_examples=10, stateful_step_count=8, **QUIET))
