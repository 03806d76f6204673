"""Work that nobody wants any more: its worker is told, what it cost is kept, and its steps are not."""

import asyncio
from typing import Any

import pytest

from surefoot.runtime.coordinator.in_work import InWork, cost_of
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Batch, Counts, Finished, Record, Usage


class Work:
    """Pieces of work whose last batches come when they are let come."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.last: dict[str, asyncio.Future[Batch]] = {}
        self.in_work = InWork(self.tell)

    async def tell(self, key: str) -> None:
        self.told.append(key)

    def send(self, key: str, *path: int) -> "asyncio.Task[Batch]":
        self.last[key] = asyncio.get_running_loop().create_future()
        return asyncio.create_task(self.in_work.follow(key, path, self._until(key)))

    async def _until(self, key: str) -> Batch:
        return await self.last[key]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def batch(**counts: Any) -> Batch:
    records = [Record((0,), "run", 0, 0, 1, ("a", "b")), Record((), "worked", 0, 0, 0, (), worker="w", steps=2)]
    return Batch(pack(records), Counts(**counts), Finished("ab"), number=3)


async def test_the_last_batch_is_returned_and_nothing_told() -> None:
    work = Work()
    waiting = work.send("/1", 1)
    await settle()
    work.last["/1"].set_result(batch())
    assert (await waiting).end == Finished("ab")
    assert work.told == []
    await work.in_work.none_let_go()


async def test_work_below_a_node_is_let_go_at_once_and_other_work_is_not() -> None:
    work = Work()
    waiting = [work.send(key, *path) for key, path in (("/1", (1,)), ("/1.0#2", (1, 0)), ("/10", (10,)), ("/2", (2,)))]
    await settle()
    work.in_work.let_go((1,))
    assert [work.in_work.wants(key) for key in ("/1", "/1.0#2", "/10", "/2")] == [False, False, True, True]
    work.in_work.let_go((1,))
    await settle()
    assert work.told == ["/1", "/1.0#2"], "each once"
    for last in work.last.values():
        last.set_result(batch())
    await asyncio.gather(*waiting)
    assert work.in_work.wants("/1"), "it may be sent again"


async def test_who_stops_waiting_lets_go_and_the_work_still_says_what_it_cost() -> None:
    work = Work()
    waiting = work.send("/1", 1)
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not work.in_work.wants("/1")
    ending = asyncio.create_task(work.in_work.none_let_go())
    await settle()
    assert (work.told, ending.done()) == (["/1"], False)
    work.last["/1"].set_exception(RuntimeError("the worker died"))
    await ending


async def test_work_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from surefoot.runtime.coordinator import in_work

    monkeypatch.setattr(in_work, "LAST_S", 0.0)
    work = Work()
    waiting = work.send("/1", 1)
    await settle()
    waiting.cancel()
    await settle()
    await work.in_work.none_let_go()
    await settle()
    assert work.last["/1"].cancelled()


def test_of_a_batch_of_such_work_only_the_account_is_kept() -> None:
    spent = Usage(calls=4)
    found = cost_of(batch(steps=2, calls=4, cost_usd=0.5, evidence=1, races={"2": 2}, by_kind={"move": spent}))
    assert (found.end, found.number) == (None, 0), "no end: on resume it would be taken for one"
    assert found.counts == Counts(calls=4, cost_usd=0.5, by_kind={"move": spent})
    [worked] = unpack(found.payload)
    assert (worked.part, worked.worker, worked.steps) == ("worked", "w", 0)
