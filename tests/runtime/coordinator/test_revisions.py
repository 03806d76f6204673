"""Plans that evidence revises, as whole runs: coupled, killed after every commit, and what is left of them."""

import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import gates
from surefoot.decompose.referees.gates import fault_at
from surefoot.decompose.tasks.gates import Gates, open_side
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.journal.plan_versions import version_chains
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Counts
from surefoot.runtime.trace.level_events import Levels
from surefoot.runtime.trace.level_reader import levels_in

pytestmark = pytest.mark.usefixtures("prompt_commits")

NewRun = Callable[..., Any]
SMALL = {"gates": 5, "disks": 2, "towers": 1, "world": 3}
WAYS = [{"segment_steps": 1024}, {"segment_steps": 3}]
"""All in one segment on one worker; and every part a segment of its own, planned by the coordinator."""


class Counting(SimulatedModel):
    """Keeps the number of every draw."""

    def __init__(self) -> None:
        super().__init__(gates.answers, Profile(p_error=0.05))
        self.draws: list[int] = []

    def reply(self, request: Request, draw: int) -> Reply:
        self.draws.append(draw)
        return super().reply(request, draw)


def begun(run: Any, **values: Any) -> Any:
    return run("gates", SMALL, k=3, flush_steps=1, **values)


def chains(run: Any) -> Any:
    journal = run.journal()
    try:
        return version_chains(journal)
    finally:
        journal.close()


def committed(run: Any) -> set[int]:
    """Strides of draw numbers of the steps that the journal holds."""
    journal = run.journal()
    known: dict[Any, int] = {}
    for key in journal.begun():
        for payload in journal.payloads(key):
            for record in unpack(payload):
                if record.part in ("run", "split"):
                    place = (record.path, record.part, record.attempt)
                    known[place] = max(known.get(place, 0), record.first + len(record.entries))
    journal.close()
    return {draws_of(place) // MAX_DRAWS + index for place, count in known.items() for index in range(count)}


def levels(run: Any) -> Levels:
    journal = run.journal()
    try:
        return levels_in(journal, run.config.rule)
    finally:
        journal.close()


def right(run: Any) -> bool:
    task, parts = Gates(**SMALL), run.plan()[1]
    return all(fault_at(task, gate, parts[2 * gate - 2 : 2 * gate]) is None for gate in range(1, task.gates + 1))


@pytest.mark.parametrize("values", WAYS)
async def test_evidence_revises_the_plan_until_it_fits_the_world(new_run: NewRun, values: Any) -> None:
    run = begun(new_run, **values)
    assert await run.session(Counting()) == "solved"
    assert right(run)
    [(path, chain)] = chains(run).items()
    assert path == ()
    shut = {one.assumption for one in chain.findings.evidence}
    assert shut
    assert all(one.value != open_side(3, int(one.name.split()[1])) for one in shut)
    assert run.totals.revisions == len(chain.versions) - 1 <= SMALL["gates"]


@pytest.mark.parametrize("values", WAYS)
async def test_what_a_run_shows_of_its_levels_tells_the_ways_apart(new_run: NewRun, values: Any) -> None:
    """At once nothing is done under what was refuted, and the rest is kept; at the end of a pass it is otherwise."""
    found = {}
    for when in ("at-once", "end-of-pass", "never"):
        run = new_run("gates", SMALL | {"disks": 5}, k=3, flush_steps=1, revise=when, **values)
        await run.session(Counting())
        found[when] = levels(run)
        assert found[when].revisions == run.totals.revisions
        assert found[when].evidence == run.totals.evidence
    once, late, never = found.values()
    assert (once.replaced, once.stability) == (0, 1.0)
    assert once.revisions > late.revisions == 1 > never.revisions == 0
    assert once.stale_steps == 0 < late.stale_steps


@pytest.mark.parametrize("values", WAYS)
async def test_a_fixed_plan_fails_where_a_guess_was_wrong(new_run: NewRun, values: Any) -> None:
    run = begun(new_run, revise="never", **values)
    assert await run.session(Counting()) == "failed"
    assert run.totals.revisions == 0


@pytest.mark.parametrize("values", WAYS)
async def test_killed_after_every_commit(new_run: NewRun, tmp_path: pathlib.Path, values: Any) -> None:
    """The same versions and the same plan, and no step is asked for again that the journal holds."""
    run, kills = begun(new_run, **values), list[pathlib.Path]()

    def kill(counts: Counts, wall_s: float) -> None:
        kills.append(tmp_path / f"killed{len(kills)}")
        shutil.copytree(run.directory, kills[-1])

    assert await run.session(Counting(), on_progress=kill) == "solved"
    for copy in kills[:: len(kills) // 8 + 1]:
        killed, model = begun(new_run, **values), Counting()
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        held = committed(killed)
        assert await killed.session(model) == "solved"
        assert not {draw // MAX_DRAWS for draw in model.draws} & held
        assert right(killed)
        assert killed.plan() == run.plan()
        assert chains(killed) == chains(run)
        assert killed.totals.steps == run.totals.steps
