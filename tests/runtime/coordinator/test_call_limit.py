"""``--max-calls`` over random stops: counted on the model's side, when a question arrives."""

import asyncio
import pathlib
import random
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import Journal, create_journal, open_journal
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.records import Counts
from surefoot.runtime.worker.control import Stop
from surefoot.runtime.worker.local_pool import LocalPool

pytestmark = pytest.mark.usefixtures("prompt_commits")

Configured = Callable[..., RunConfig]


class Counted(SimulatedModel):
    """Counts every draw before it answers, answered in the end or not."""

    asked = 0

    async def ask(self, request: Request) -> list[Reply]:
        Counted.asked += len(request.draws)
        for _ in range(random.Random(request.draws[0]).randrange(4)):
            await asyncio.sleep(0)
        return await super().ask(request)


def models(count: int) -> list[Counted]:
    return [Counted(answers, Profile(p_error=0.1, p_format=0.1)) for _ in range(count)]


async def session(config: RunConfig, journal: Journal, rng: random.Random, limited: bool) -> str:
    """To the run's end, or to a stop at a random moment: a polite one, or one that leaves what is on the disk."""
    task = open_task(config)
    pool = LocalPool(config, task, models(config.workers or 1))
    if not limited:
        for worker in pool._workers:
            worker.leases["calls"] = BudgetLease()
    working = asyncio.create_task(Coordinator(config, task, journal, pool).run())
    stop_at, polite = Counted.asked + rng.randrange(5, 120), rng.random() < 0.3
    while not working.done() and Counted.asked < stop_at:  # noqa: ASYNC110  (a kill comes at any moment)
        await asyncio.sleep(0)
    if not working.done() and not polite:
        directory, asked = journal.path.parent, Counted.asked
        shutil.copytree(directory, directory.with_name(directory.name + "+"))
        working.cancel()
        await asyncio.wait([working])
        Counted.asked = asked  # a process that is killed asks nothing more
        return "killed"
    if not working.done():
        await pool.tell_all(Stop())
    return await working


async def stopped_at_random(configured: Configured, seed: int, place: pathlib.Path, limited: bool) -> Any:
    """Draws asked for, the limit, the last totals, and how the sessions ended."""
    rng = random.Random(seed)
    limit = rng.choice((40, 110, 200, 400))
    config = configured(
        options={"disks": 6}, k=rng.choice((1, 2, "auto")), workers=rng.choice((1, 3)), segment_steps=7, seed=seed,
        max_calls=limit, chains_in_flight=rng.choice((2, 64)),
    )  # fmt: skip
    directory = place / str(seed)
    directory.mkdir()
    Counted.asked, ends = 0, []
    journal = create_journal(directory)
    for _ in range(6):
        ends.append(await session(config, journal, rng, limited))
        journal.close()
        if ends[-1] == "killed":
            directory = directory.with_name(directory.name + "+")
        journal = open_journal(directory, write=True)
        if ends[-1] == "solved" or "--max-calls" in (journal.meta("message") or ""):
            break
    totals = journal.totals
    journal.close()
    return Counted.asked, limit, totals, ends


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seeds", [range(25), pytest.param(range(25, 150), marks=pytest.mark.long)])
async def test_no_more_is_asked_than_the_limit_over_random_stops(
    seeds: range, configured: Configured, tmp_path: pathlib.Path
) -> None:
    seen, kills = set(), 0
    for seed in seeds:
        asked, limit, totals, ends = await stopped_at_random(configured, seed, tmp_path, limited=True)
        assert totals.calls <= asked <= totals.granted_calls <= limit, seed
        seen.add(ends[-1])
        kills += ends.count("killed")
    assert {"solved", "paused"} <= seen
    assert kills >= len(seeds) / 2


async def test_without_reservations_the_same_stops_overshoot(configured: Configured, tmp_path: pathlib.Path) -> None:
    """The placebo: the limit is looked at when batches arrive."""
    over = 0
    for seed in range(8):
        asked, limit, *_ = await stopped_at_random(configured, seed, tmp_path, limited=False)
        over += asked > limit
    assert over >= 1


async def test_calls_of_a_session_without_a_limit_count(new_run: Any) -> None:
    run = new_run(segment_steps=7)
    Counted.asked = 0
    pausing: list[Any] = []

    def pause(counts: Counts, wall_s: float) -> None:
        if counts.calls > 20 and not pausing:
            pausing.append(asyncio.create_task(run.coordinator.pause("enough")))

    assert await run.session(*models(1), on_progress=pause) == "paused"
    before = Counted.asked
    assert 20 < before == run.totals.calls
    assert await run.session(*models(2), max_calls=before + 10) == "paused"
    assert before + 7 <= Counted.asked == run.totals.calls <= before + 10
    assert await run.session(*models(1), max_calls=before) == "paused", "a limit below what was asked"
    assert Counted.asked <= before + 10
    assert await run.session(*models(2)) == "solved"
