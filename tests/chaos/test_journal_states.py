"""A journal that is killed at any moment, again and again, against a list of what it had said was durable.

A state machine draws what happens. A kill is made of the bytes that lie on the disk at that moment: at a named place
of a commit; with the log written up to any byte, and with sectors of it missing, as after a loss of power; with any
of the pages copied by a checkpoint that was under way. The journal goes on from those bytes in a new place.
"""

import contextlib
import itertools
import os
import pathlib
import shutil
import tempfile
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.fault_points import FaultPoints
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.rows import Outcome, Write
from surefoot.runtime.journal.wal import HEADER
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contradicted, Counts, Finished, Record

Files = dict[str, bytes]
SECTOR, PAGE = 512, 4096
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
"""Where nothing waits for a disk: what is on it at each moment is drawn here."""
QUIET: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
    "phases": (Phase.generate,),  # making a failure small takes minutes: add Phase.shrink to look for its cause
    "report_multiple_bugs": False,
}
SEGMENTS = st.sampled_from(["", "0", "0.1", "money"])
ENDS = st.sampled_from([None, None, None, "finished", "contradicted"])
GROUPS = st.lists(st.tuples(SEGMENTS, st.integers(0, 6000), ENDS), min_size=1, max_size=4)
"""Segments of a group's batches, how many characters each holds, and how it ends."""


class Spy(FaultPoints):
    """Keeps the bytes on the disk when a place is reached for the n-th time."""

    def __init__(self, where: pathlib.Path, point: str, arrival: int) -> None:
        super().__init__()
        self._where, self._point, self._left = where, point, arrival
        self.files: Files | None = None

    def reach(self, point: str) -> None:
        self._left -= point == self._point
        if self._left == 0 and self.files is None:
            self.files = files_of(self._where)


def files_of(where: pathlib.Path) -> Files:
    """What a kill leaves of a journal; the shared memory beside it is made anew."""
    return {path.name: path.read_bytes() for path in where.iterdir() if not path.name.endswith("-shm")}


class JournalStates(RuleBasedStateMachine):
    """What a journal said was durable, and the journal itself."""

    def __init__(self) -> None:
        super().__init__()
        self._folder, self._places = pathlib.Path(tempfile.mkdtemp(prefix="states", dir=MEMORY)), itertools.count()
        self.where = self._place()
        self.journal = create_journal(self.where)
        self.kept: dict[str, list[bytes]] = {}
        self.ended: dict[str, Outcome] = {}
        self.meta: dict[str, Any] = {}
        self.totals, self._numbers = Counts(), itertools.count()

    def teardown(self) -> None:
        self.journal.close()
        shutil.rmtree(self._folder)

    def _place(self) -> pathlib.Path:
        where = self._folder / str(next(self._places))
        where.mkdir()
        return where

    def _writes(self, group: list[tuple[str, int, str | None]]) -> list[Write]:
        writes, ended = [], set(self.ended)
        for segment, size, how in group:
            number = next(self._numbers)
            end = None if segment in ended else {"finished": Finished(number), "contradicted": Contradicted((number,))}
            record = Record((number,), "run", 0, 0, 1, (f"{number} " + "x" * size,))
            counts = Counts(steps=1, calls=number, granted_calls=3, cost_usd=0.25, by_kind={})
            writes.append(Write(segment, Batch(pack([record]), counts, (end or {}).get(how or ""))))
            ended |= {segment} if writes[-1].outcome() else set()
        return writes

    def _believe(self, writes: list[Write]) -> None:
        for write in writes:
            self.kept.setdefault(write.segment, []).append(write.batch.payload)
            self.totals.add(write.batch.counts)
            if (outcome := write.outcome()) is not None:
                self.ended[write.segment] = outcome

    def _go_on(self, files: Files) -> None:
        """Let the process die, with these bytes on the disk, and open the journal again."""
        self.journal.close()
        shutil.rmtree(self.where)
        self.where = self._place()
        for name, data in files.items():
            (self.where / name).write_bytes(data)
        self.journal = open_journal(self.where, write=True)
        self.journal.check()

    @rule(group=GROUPS)
    def commit(self, group: Any) -> None:
        writes = self._writes(group)
        self.journal.commit(writes, 1.0)
        self._believe(writes)

    @rule(group=GROUPS, point=st.sampled_from(["before", "during", "written", "after"]), arrival=st.integers(1, 4))
    def killed_at_a_place(self, group: Any, point: str, arrival: int) -> None:
        writes = self._writes(group)
        arrival = min(arrival, len(writes)) if point == "during" else 1
        self.journal.faults = spy = Spy(self.where, f"commit.{point}", arrival)
        self.journal.commit(writes, 1.0)
        assert spy.files is not None
        if point == "after":
            self._believe(writes)
        self._go_on(spy.files)

    @rule(group=GROUPS, share=st.floats(0, 1), lost=st.sets(st.integers(0, 40), max_size=6))
    def killed_while_the_log_is_written(self, group: Any, share: float, lost: set[int]) -> None:
        """Up to any byte; of what was written, sectors are missing, as no sync had been waited for."""
        writes, before = self._writes(group), files_of(self.where)
        self.journal.commit(writes, 1.0)
        name = "journal.sqlite-wal"
        old, new = before.get(name, b""), files_of(self.where).get(name, b"")
        first = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        reached = first + int(share * (len(new) - first))
        reached = 0 if reached < HEADER else reached  # a log's header lies in one sector: it is written or not
        torn = bytearray(new[:reached] + old[reached:])
        for sector in lost:
            begin = (
                max(first, HEADER) // SECTOR + 1 + sector
            ) * SECTOR  # the header is synced before frames are written
            end = min(begin + SECTOR, reached)
            torn[begin:end] = old[begin:end].ljust(max(0, end - begin), b"\0")
        self._go_on({**before, name: bytes(torn)})
        if self.journal.totals.steps > self.totals.steps:  # then the group is there, and whole, or the invariant fails
            self._believe(writes)

    @rule(pages=st.sets(st.integers(0, 30)), truncated=st.booleans())
    def killed_in_a_checkpoint(self, pages: set[int], truncated: bool) -> None:
        """Some pages are in the main file already, or all of them and the log is cut to nothing."""
        before = files_of(self.where)
        self.journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        after = files_of(self.where)
        if truncated:
            self._go_on(after)
            return
        old, new = before["journal.sqlite"], after["journal.sqlite"]
        mixed = b"".join(
            (new if number in pages or len(old) <= number * PAGE else old)[number * PAGE : (number + 1) * PAGE]
            for number in range(-(-len(new) // PAGE))
        )
        self._go_on({**before, "journal.sqlite": mixed})

    @rule()
    def killed_while_nothing_happens(self) -> None:
        self._go_on(files_of(self.where))

    @rule(name=st.sampled_from(["status", "leads"]), value=st.text(max_size=20), during=st.booleans())
    def killed_while_a_value_is_set(self, name: str, value: str, during: bool) -> None:
        self.journal.faults = spy = Spy(self.where, "meta.during" if during else "meta.after", 1)
        self.journal.set_meta(**{name: value})
        assert spy.files is not None
        if not during:
            self.meta[name] = value
        self._go_on(spy.files)

    @rule()
    def ended_and_begun_again(self) -> None:
        self.journal.close()
        self.journal = open_journal(self.where, write=True)
        self.journal.check()

    @rule()
    def copied_without_the_log(self) -> None:
        """A copy of the main file alone holds everything, or says that it does not."""
        place = self._place()
        (place / "journal.sqlite").write_bytes(files_of(self.where)["journal.sqlite"])
        copy = open_journal(place, write=True)
        try:
            with contextlib.suppress(JournalError):
                copy.check()
                assert copy.totals == self.totals, "a copy that lacks commits says nothing"
        finally:
            copy.close()

    @invariant()
    def holds_what_it_said(self) -> None:
        """Every batch once and in order, every end, and everything that was spent."""
        assert self.journal.segments() == list(self.kept)
        assert {key: list(self.journal.payloads(key)) for key in self.kept} == self.kept
        assert self.journal.outcomes() == self.ended
        assert self.journal.totals == self.totals
        assert {name: self.journal.meta(name) for name in self.meta} == self.meta
        assert self.journal.missing == 0


def test_a_journal_that_is_killed_at_any_moment() -> None:
    run_state_machine_as_test(JournalStates, settings=settings(max_examples=25, stateful_step_count=12, **QUIET))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_a_journal_that_is_killed_at_very_many_moments() -> None:
    run_state_machine_as_test(JournalStates, settings=settings(max_examples=3000, stateful_step_count=30, **QUIET))


class Forgetful(JournalStates):
    """The placebo: a log that is cut off before its last commit, as if nobody had waited for it."""

    @rule(group=GROUPS)
    def commit(self, group: Any) -> None:
        before = files_of(self.where)
        super().commit(group)
        self._go_on(before)


def test_the_machine_sees_a_commit_that_was_not_waited_for() -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Forgetful, settings=settings(max_examples=25, stateful_step_count=12, **QUIET))
