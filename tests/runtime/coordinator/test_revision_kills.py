"""A run whose plan is revised, killed after every single commit: what must be the same in the end, and what may differ.

The plan, its versions and every committed step of the last versions are the same. A kill drops work that is under way:
where it was work that rests on what evidence refuted meanwhile, the run that goes on never does it, so steps of parts
that were given up may be fewer; and chains side by side go on in another order, so that more or fewer steps come
between evidence and a revision. ``SAME`` are the measures of level switching that nothing of this touches.
"""

import contextlib
import pathlib
import shutil
import sqlite3
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import gates
from surefoot.decompose.plan import Path
from surefoot.decompose.revision import VersionChain
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.journal.file import crc_of
from surefoot.runtime.journal.plan_versions import version_chains
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import REVISED, Counts
from surefoot.runtime.trace.level_reader import levels_in

pytestmark = [pytest.mark.usefixtures("prompt_commits"), pytest.mark.slow]

NewRun = Callable[..., Any]
Place = tuple[Path, str, int]
TASK = {"gates": 5, "disks": 2, "towers": 1, "world": 3}
WAYS = [
    pytest.param(values, revise, id=f"{name}-{revise}")
    for name, values in (("one", {"segment_steps": 1024}), ("many", {"segment_steps": 3}))
    for revise in ("at-once", "end-of-pass")
]
"""All in one segment; and every part a segment of its own, planned by the coordinator."""
SAME = (
    *("decompositions", "evidence", "unanswered", "revisions", "stability"),
    *("replaced", "depth", "depths", "thrash", "sketches", "refined", "refined_share"),
)


class Ended(msgspec.Struct):
    """What a run came to, as far as no kill may change it.

    Attributes:
        plan: Of the last versions.
        chains: The versions of every revised plan.
        levels: The measures named in ``SAME``.
        committed: Steps in the journal, without those of parts that were given up.
    """

    plan: Any
    chains: dict[Path, VersionChain]
    levels: dict[str, Any]
    committed: dict[Place, int]


class Counting(SimulatedModel):
    """Keeps the stride of every draw: one number for each step."""

    def __init__(self) -> None:
        super().__init__(gates.answers, Profile(p_error=0.05))
        self.strides: set[int] = set()

    def reply(self, request: Request, draw: int) -> Reply:
        self.strides.add(draw // MAX_DRAWS)
        return super().reply(request, draw)


def committed(run: Any) -> dict[Place, int]:
    """Steps that the journal holds of every attempt of every chain and decomposition."""
    known: dict[Place, int] = {}
    with contextlib.closing(run.journal()) as journal:
        for segment in journal.begun():
            for record in (one for payload in journal.payloads(segment) for one in unpack(payload)):
                if record.part in ("run", "split"):
                    place = (record.path, record.part, record.attempt)
                    known[place] = max(known.get(place, 0), record.first + len(record.entries))
    return known


def steps(places: dict[Place, int]) -> set[int]:
    return {draws_of(place) // MAX_DRAWS + number for place, count in places.items() for number in range(count)}


def ended(run: Any) -> Ended:
    with contextlib.closing(run.journal()) as journal:
        chains, levels = version_chains(journal), levels_in(journal, run.config.rule)
    revisions = [(path, one.trigger) for path, chain in chains.items() for one in chain.versions[1:]]
    given_up = {(*path, element) for path, trigger in revisions if trigger for element in trigger.dropped}
    lasting = {
        place: count
        for place, count in committed(run).items()
        if not any(place[0][:length] in given_up for length in range(len(place[0]) + 1))
    }
    return Ended(run.plan(), chains, {name: getattr(levels, name) for name in SAME}, lasting)


async def unbroken(run: Any, folder: pathlib.Path) -> list[pathlib.Path]:
    """Let a run end, and return what a kill after each of its commits leaves behind."""
    kills: list[pathlib.Path] = []

    def kill(counts: Counts, wall_s: float) -> None:
        kills.append(folder / f"killed{len(kills)}")
        shutil.copytree(run.directory, kills[-1])

    assert await run.session(Counting(), on_progress=kill) == "solved"
    return kills


@pytest.mark.parametrize(("values", "revise"), WAYS)
async def test_a_kill_after_every_commit_changes_nothing(
    new_run: NewRun, tmp_path: pathlib.Path, values: Any, revise: str
) -> None:
    values = {"k": 3, "flush_steps": 1, "revise": revise, **values}
    run = new_run("gates", TASK, **values)
    kills = await unbroken(run, tmp_path)
    expected, whole = ended(run), committed(run)
    assert expected.levels["revisions"] == (4 if revise == "at-once" else 1)
    assert len(kills) > 10
    for copy in kills:
        killed, model = new_run("gates", TASK, **values), Counting()
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        held = committed(killed)
        assert await killed.session(model) == "solved"
        assert not model.strides & steps(held), "a committed step was asked again"
        assert steps(held) <= steps(committed(killed)) <= steps(whole), "lost, or of a part that the whole run lacks"
        assert ended(killed) == expected
        assert killed.totals.steps == run.totals.steps


@pytest.mark.parametrize("revise", ["at-once", "end-of-pass"])
async def test_where_chains_come_one_after_the_other_every_measure_is_the_same(
    new_run: NewRun, tmp_path: pathlib.Path, revise: str
) -> None:
    """Steps, switches and latency too: in one segment with one chain under way a kill changes the order of nothing."""
    values = {"k": 3, "flush_steps": 1, "revise": revise, "segment_steps": 1024, "chains_in_flight": 1}
    run = new_run("gates", TASK, **values)
    kills = await unbroken(run, tmp_path)
    with contextlib.closing(run.journal()) as journal:
        expected = levels_in(journal, run.config.rule)
    assert expected.revisions == (4 if revise == "at-once" else 1)
    for copy in kills[::3]:
        killed = new_run("gates", TASK, **values)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        assert await killed.session(Counting()) == "solved"
        with contextlib.closing(killed.journal()) as journal:
            assert levels_in(journal, run.config.rule) == expected


@pytest.mark.parametrize(("values", "revise"), WAYS)
async def test_without_its_revisions_a_journal_is_told_apart(
    new_run: NewRun, tmp_path: pathlib.Path, values: Any, revise: str
) -> None:
    """The placebo. Where the last revisions alone are forgotten, their evidence, which is held, may make them again."""
    values = {"k": 3, "flush_steps": 1, "revise": revise, **values}
    run, forgot, told = new_run("gates", TASK, **values), list[pathlib.Path](), list[pathlib.Path]()
    kills = await unbroken(run, tmp_path)
    expected = ended(run)
    for copy in kills:
        killed = new_run("gates", TASK, **values)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        if forget(killed.directory / "journal.sqlite"):
            forgot.append(copy)
            if not await same(killed, expected):
                told.append(copy)
    assert kills[-1] in told
    assert 2 * len(told) > len(forgot)


async def same(run: Any, expected: Ended) -> bool:
    """Whether a run goes on to that end; one whose journal cannot be read does not."""
    try:
        await run.session(Counting())
        return ended(run) == expected
    except JournalError:
        return False


def forget(path: pathlib.Path) -> int:
    """Take the ``revised`` records out of a journal; how many there were."""
    forgotten = 0
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for number, segment, payload in db.execute("SELECT id, segment, payload FROM batch").fetchall():
            records = unpack(payload)
            left = [record for record in records if record.part != REVISED]
            if len(left) < len(records):
                forgotten += len(records) - len(left)
                payload = pack(left)
                db.execute(
                    "UPDATE batch SET payload = ?, crc = ? WHERE id = ?", (payload, crc_of(segment, payload), number)
                )
    return forgotten
