"""The pool on a Ray that starts late, loses workers, grows, and goes away; no process is started."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.segment import Segment
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.leads import Leads
from surefoot.runtime.records import Batch, Finished, Paused
from surefoot.runtime.worker import ray_members, ray_pool
from surefoot.runtime.worker.batch_stream import NO_WORKER
from surefoot.runtime.worker.control import AwaitRefusal, Done, Grant, Returned, ReturnLease, TakeFeedback
from surefoot.runtime.worker.ray_pool import RayPool
from surefoot.runtime.worker.worker_pool import PoolLost, WorkerLost
from tests.runtime.worker.fake_ray import FakeRay

Configured = Callable[..., RunConfig]
LEADS = Leads(1, 1, 3, 7)


@pytest.fixture
def ray() -> FakeRay:
    return FakeRay()


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set to let Ray's head go away."""
    event = asyncio.Event()

    async def until_gone(processes: object, encrypted: bool) -> str:
        await event.wait()
        return "its head at 127.0.0.1:1 no longer answers"

    monkeypatch.setattr(ray_pool, "until_gone", until_gone)
    monkeypatch.setattr(ray_pool, "check_nodes", lambda cluster, config: None)
    return event


@pytest.fixture
async def pool(configured: Configured, ray: FakeRay, gone: asyncio.Event) -> AsyncIterator[RayPool]:
    opened = open_pool(configured, ray)
    yield opened
    await opened.close()
    assert ray.was_shut_down


def open_pool(configured: Configured, ray: FakeRay, own: bool = True, **options: Any) -> RayPool:
    config = configured(options={"disks": 5}, model="simulated:latency_s=0.001", flush_steps=1, **options)
    return RayPool(config, open_task(config), ray.cluster(own))


async def ends(pool: RayPool) -> list[Batch]:
    return [batch async for batch in pool.run_segment(Segment(pool._members._task.root()), LEADS, ())]


async def begun(pool: RayPool, seen: list[Batch]) -> None:
    async for batch in pool.run_segment(Segment(pool._members._task.root()), LEADS, ()):
        seen.append(batch)


async def until(reached: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


async def test_segments_run_and_messages_are_answered(pool: RayPool) -> None:
    assert (await ends(pool))[-1].end == Finished("ccccc")
    assert await pool.tell(0, Grant("calls", 3.0)) == Done()
    assert await pool.tell(1, ReturnLease("usd")) == Returned(0.0, 0.0)
    assert len(await pool.tell_all(TakeFeedback())) == pool.size


async def test_work_waits_for_a_worker_that_starts_and_says_so(
    configured: Configured, ray: FakeRay, gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_pool, "SIGN_S", 0.01)
    monkeypatch.setattr(ray_members, "GATHER_S", 0.05)
    ray.starts = "starting"
    pool, seen = open_pool(configured, ray, worker_silence_s=0.05), list[Batch]()
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: len(seen) >= 10)  # longer than a worker may be silent
    assert {batch.events[0][0] for batch in seen} == {NO_WORKER}
    pool._config = msgspec.structs.replace(pool._config, worker_silence_s=60.0)  # it works for as long as it takes
    ray.actors[1].become("lives")
    await working
    assert seen[-1].end == Finished("ccccc")
    assert ray.actors[0].state == "starting"  # it is not replaced for its silence, and had no work to lose
    await pool.close()


async def test_work_begins_when_all_have_started(configured: Configured, ray: FakeRay, gone: asyncio.Event) -> None:
    ray.starts = "starting"
    pool = open_pool(configured, ray)
    working = asyncio.gather(ends(pool), ends(pool))
    await until(lambda: pool._members._tasks)
    ray.actors[0].become("lives")
    await until(lambda: pool._members.ready == {0})
    assert not ray.actors[0]._object._jobs
    ray.actors[1].become("lives")
    for batches in await working:
        assert batches[-1].end == Finished("ccccc")
    worked = {name for batches in await working for batch in batches for name in batch.counts.by_worker}
    assert worked == {"0", "1"}
    await pool.close()


async def test_a_worker_that_dies_while_it_starts_is_replaced_and_no_loss(
    configured: Configured, ray: FakeRay, gone: asyncio.Event
) -> None:
    ray.starts = "starting"
    pool, seen = open_pool(configured, ray, workers=1), list[Batch]()
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: pool._members._tasks)
    ray.actors[0].become("dead")
    await until(lambda: len(ray.actors) == 2)
    ray.actors[1].become("lives")
    await working  # no WorkerLost
    assert seen[-1].end == Finished("ccccc")
    await pool.close()


async def test_workers_that_can_never_start_end_the_run(
    configured: Configured, ray: FakeRay, gone: asyncio.Event
) -> None:
    ray.starts = "dead"
    pool = open_pool(configured, ray, workers=1, worker_losses=3)
    with pytest.raises(RunFailed, match="a worker could not start: the worker died"):
        await ends(pool)
    assert len(ray.actors) == 4
    await pool.close()


async def test_a_worker_that_dies_with_a_segment_is_a_loss_and_is_replaced(pool: RayPool, ray: FakeRay) -> None:
    seen: list[Batch] = []
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: seen)
    before = list(ray.actors)
    next(actor for actor in ray.actors if actor._object._jobs).become("dead")
    with pytest.raises(WorkerLost, match="the worker died"):
        await working
    assert len(ray.actors) == len(before) + 1
    await until(lambda: len(pool._members.ready) == pool.size)
    assert (await ends(pool))[-1].end == Finished("ccccc")


async def test_a_worker_that_hangs_is_a_loss_after_its_silence(
    configured: Configured, ray: FakeRay, gone: asyncio.Event
) -> None:
    pool, seen = open_pool(configured, ray, workers=1, worker_silence_s=0.2), list[Batch]()
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: seen)
    ray.actors[0].become("hangs")
    with pytest.raises(WorkerLost, match=r"no sign of life for 0\.2 s"):
        await working
    assert ray.actors[0].state == "dead"
    await pool.close()


async def test_a_message_that_waits_is_told_to_the_one_in_a_lost_ones_place(pool: RayPool, ray: FakeRay) -> None:
    await ends(pool)
    waiting = asyncio.create_task(pool.tell(0, AwaitRefusal()))
    await until(lambda: ray.actors[0]._object is not None)
    ray.actors[0].become("dead")
    assert await pool.tell(0, ReturnLease("calls")) == Returned()  # the reply that stands for a dead worker's
    await until(lambda: len(ray.actors) > pool.size and ray.actors[-1]._object is not None)
    ray.actors[-1]._object._refusal.set()
    assert await asyncio.wait_for(waiting, 5) == Done()


async def test_when_ray_is_gone_workers_that_live_send_what_they_have(pool: RayPool, gone: asyncio.Event) -> None:
    seen: list[Batch] = []
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: seen)
    gone.set()
    await working
    end = seen[-1].end
    assert isinstance(end, Paused)
    assert end.reason.startswith("Ray is gone (its head at 127.0.0.1:1 no longer answers)")
    await until(lambda: pool._cut is not None and pool._cut.done())
    with pytest.raises(PoolLost, match="Ray is gone"):
        await ends(pool)


async def test_when_ray_is_gone_with_its_workers_nothing_waits_for_them(
    pool: RayPool, ray: FakeRay, gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_pool, "LAST_BATCHES_S", 0.1)
    seen: list[Batch] = []
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: seen)
    for actor in ray.actors:
        actor.become("hangs")  # without its head, Ray does not say that they are dead
    gone.set()
    with pytest.raises(PoolLost, match="Ray is gone"):
        await working
    started = len(ray.actors)
    assert await pool.tell(0, ReturnLease("usd")) == Returned()
    assert len(ray.actors) == started  # none is started any more


async def test_a_worker_that_died_with_its_head_is_not_waited_for(
    pool: RayPool, ray: FakeRay, gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    monkeypatch.setattr(ray, "kill", lambda _: answered.wait(60))  # as Ray does while its head does not answer
    monkeypatch.setattr(ray_pool, "LAST_BATCHES_S", 0.1)
    seen: list[Batch] = []
    working = asyncio.create_task(begun(pool, seen))
    await until(lambda: seen)
    next(actor for actor in ray.actors if actor._object._jobs).become("dead")
    await until(lambda: pool._members._replacing.locked())  # its death is noticed before the head's
    gone.set()
    try:
        with pytest.raises(WorkerLost):
            await asyncio.wait_for(working, 20)
        with pytest.raises(PoolLost, match="Ray is gone"):
            await ends(pool)
    finally:
        answered.set()


async def test_a_node_that_joins_is_used(
    configured: Configured, ray: FakeRay, gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_members, "LOOK_S", 0.001)
    pool = open_pool(configured, ray, own=False, workers=None)
    assert pool.size == 2
    await ends(pool)
    ray.cores = 4
    await until(lambda: pool.size == 4 and len(pool._members.ready) == 4)
    await asyncio.gather(*(ends(pool) for _ in range(4)))
    assert all(actor._object is not None for actor in ray.actors)
    assert [actor._object.model.__class__.__name__ for actor in ray.actors] == ["SimulatedModel"] * 4
    await pool.close()


async def test_a_head_that_goes_away_while_a_run_leaves_is_not_waited_for(
    configured: Configured, ray: FakeRay, gone: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody watches any more; Ray's own calls wait for the head, for a minute and then for ever."""
    monkeypatch.setattr(ray_pool, "PART_S", 0.05)
    forever = threading.Event()
    monkeypatch.setattr(ray, "kill", lambda worker: forever.wait())
    pool = open_pool(configured, ray)
    assert isinstance((await ends(pool))[-1].end, Finished)
    async with asyncio.timeout(20):
        await pool.close()
    assert not ray.was_shut_down
    forever.set()
