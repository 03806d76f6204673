"""The gate: so many inside, the earliest in plan order next, nobody lost when somebody gives up."""

import asyncio
import random

import pytest

from surefoot.decompose.plan import Path
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Visits:
    """Tasks that enter a gate and stay until they are let out."""

    def __init__(self, slots: int, splits: int | None = None) -> None:
        self.semaphore = PrioritySemaphore(slots, splits)
        self.entered: list[Path] = []
        self.inside: dict[Path, asyncio.Event] = {}
        self.tasks: dict[Path, asyncio.Task[None]] = {}

    def arrive(self, path: Path, *, split: bool = False) -> None:
        self.tasks[path] = asyncio.create_task(self._visit(path, split))

    async def _visit(self, path: Path, split: bool) -> None:
        async with self.semaphore(path, split=split):
            self.entered.append(path)
            self.inside[path] = asyncio.Event()
            try:
                await self.inside[path].wait()
            finally:
                del self.inside[path]

    async def leave(self, path: Path) -> None:
        self.inside[path].set()
        await settle()

    async def empty(self) -> None:
        while self.inside:
            await self.leave(next(iter(self.inside)))


async def test_waiters_are_served_in_plan_order() -> None:
    visits = Visits(1)
    order: list[Path] = [(5,), (1, 2), (), (1,), (0, 9, 9), (1, 2, 0), (1024,), (2,)]
    visits.arrive((3,))
    await settle()
    for path in order:
        visits.arrive(path)
    await settle()
    await visits.empty()
    assert visits.entered == [(3,), *sorted(order)]


@pytest.mark.parametrize("slots", [1, 2, 7])
async def test_so_many_are_inside_and_no_more(slots: int) -> None:
    visits = Visits(slots)
    for number in range(20):
        visits.arrive((number,))
    await settle()
    for _ in range(20 - slots):
        assert len(visits.inside) == slots
        await visits.leave(next(iter(visits.inside)))
    await visits.empty()
    assert sorted(visits.entered) == [(number,) for number in range(20)]


async def test_a_slot_comes_back_when_its_holder_fails() -> None:
    semaphore = PrioritySemaphore(1)
    with pytest.raises(ValueError, match="inside"):
        async with semaphore((0,)):
            raise ValueError("inside")
    async with asyncio.timeout(5):
        async with semaphore((1,)):
            pass


async def test_a_waiter_that_gives_up_takes_nobodys_place() -> None:
    visits = Visits(1)
    for path in ((0,), (1,), (2,)):
        visits.arrive(path)
        await settle()
    visits.tasks[(1,)].cancel()
    await settle()
    await visits.leave((0,))
    assert visits.entered == [(0,), (2,)]


async def test_a_waiter_cancelled_in_the_moment_of_its_turn_hands_it_on() -> None:
    visits = Visits(1)
    for path in ((0,), (1,), (2,)):
        visits.arrive(path)
        await settle()
    visits.inside[(0,)].set()
    await asyncio.sleep(0)  # the turn has been given, and not yet been taken
    visits.tasks[(1,)].cancel()
    await settle()
    assert visits.entered == [(0,), (2,)]
    await visits.empty()
    async with asyncio.timeout(5):
        async with visits.semaphore((9,)):
            pass


async def test_only_some_of_those_inside_are_decompositions() -> None:
    """Where nobody else waits, places stay free, and the next who comes has one at once."""
    visits = Visits(4, splits=2)
    for number in range(4):
        visits.arrive((number,), split=True)
    await settle()
    assert visits.entered == [(0,), (1,)]
    visits.arrive((9,))
    await settle()
    assert visits.entered == [(0,), (1,), (9,)]
    await visits.leave((9,))
    assert visits.entered == [(0,), (1,), (9,)], "a leaf's place is none for a decomposition too many"
    await visits.leave((1,))
    await visits.leave((0,))
    assert visits.entered[3:] == [(2,), (3,)]
    await visits.empty()


@pytest.mark.parametrize(("splits", "expected"), [(None, [(0,), (1,), (2,), (3,)]), (1, [(0,), (1,), (3,), (2,)])])
async def test_a_leaf_passes_a_decomposition_too_many(splits: int | None, expected: list[Path]) -> None:
    """Plan order holds for the others; without a limit it holds for all."""
    visits = Visits(2, splits)
    visits.arrive((0,), split=True)
    visits.arrive((1,))
    await settle()
    visits.arrive((2,), split=True)
    visits.arrive((3,))
    await settle()
    await visits.leave((1,))
    await visits.leave((0,))
    assert visits.entered == expected
    await visits.empty()


async def test_a_plan_of_halves_is_split_downwards() -> None:
    """How many decompositions come before the first leaf, and before as many leaves as there are places."""

    async def decompositions(splits: int | None) -> tuple[int, int]:
        semaphore, leaves, splits_done = PrioritySemaphore(64, splits), list[int](), list[Path]()
        enough = asyncio.Event()

        async def node(path: Path) -> None:
            if len(path) == 10:
                async with semaphore(path):
                    leaves.append(len(splits_done))
                    if len(leaves) == 64:
                        enough.set()
                    await asyncio.Event().wait()
            async with semaphore(path, split=True):
                splits_done.append(path)
                await asyncio.sleep(0)
            await asyncio.gather(node((*path, 0)), node((*path, 1)))

        running = asyncio.create_task(node(()))
        await enough.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return leaves[0], leaves[-1]

    at_once, downwards = await decompositions(None), await decompositions(8)
    assert at_once[0] > 250, "every place is filled with a decomposition first"
    assert downwards[0] < 110
    assert downwards[1] < at_once[1] / 2


@pytest.mark.parametrize("seed", range(30))
async def test_no_slot_is_lost_or_made_whatever_is_cancelled(seed: int) -> None:
    rng = random.Random(seed)
    slots = rng.randint(1, 4)
    visits = Visits(slots, rng.randint(1, slots))
    for number in range(40):
        visits.arrive((number,), split=rng.random() < 0.5)
        if rng.random() < 0.5:
            await asyncio.sleep(0)
        if rng.random() < 0.4:
            visits.tasks[(rng.randint(0, number),)].cancel()
        if visits.inside and rng.random() < 0.4:
            rng.choice(list(visits.inside.values())).set()
        assert len(visits.inside) <= slots
    await settle()
    await visits.empty()
    await asyncio.gather(*visits.tasks.values(), return_exceptions=True)
    entries = [visits.semaphore((number,)) for number in range(slots)]
    async with asyncio.timeout(5):
        for entry in entries:
            await entry.__aenter__()
    late = asyncio.create_task(visits.semaphore((99,)).__aenter__())
    await settle()
    assert not late.done()
    late.cancel()
    for entry in entries:
        await entry.__aexit__(None, None, None)


async def test_a_place_that_is_given_away_meanwhile_is_taken_again() -> None:
    semaphore = PrioritySemaphore(1)
    inside: list[str] = []

    async def parent() -> None:
        async with semaphore((1,)) as slot:
            inside.append("parent")
            await asyncio.sleep(0)  # the others come to wait
            async with slot.aside(), semaphore((1, 0)):
                inside.append("child")
            assert slot.held
            inside.append("parent again")

    await asyncio.gather(parent(), *(_enter(semaphore, (number,), inside) for number in (0, 2)))
    assert inside == ["parent", "0", "child", "2", "parent again"]


async def _enter(semaphore: PrioritySemaphore, path: tuple[int, ...], inside: list[str]) -> None:
    async with semaphore(path):
        inside.append(str(path[0]))


@pytest.mark.parametrize("error", [ValueError, asyncio.CancelledError])
async def test_a_block_that_fails_aside_leaves_the_place_to_others(error: type[BaseException]) -> None:
    """Neither lost nor given back twice."""
    semaphore = PrioritySemaphore(1)
    with pytest.raises(error):
        async with semaphore((1,)) as slot, slot.aside():
            raise error
    async with semaphore((2,)):
        entering = asyncio.ensure_future(_enter(semaphore, (3,), []))
        await asyncio.sleep(0)
        assert not entering.done()
    await entering


async def test_being_cancelled_while_waiting_for_the_place_again() -> None:
    semaphore, ready = PrioritySemaphore(1), asyncio.Event()

    async def parent() -> None:
        async with semaphore((1,)) as slot, slot.aside():
            await ready.wait()

    running = asyncio.ensure_future(parent())
    await asyncio.sleep(0)
    async with semaphore((2,)):
        ready.set()
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        entering = asyncio.ensure_future(_enter(semaphore, (3,), []))
        await asyncio.sleep(0)
        assert not entering.done(), "the place was given back although it was not held"
    await entering
