"""Work goes to the worker that has the least of it, among those that may have it."""

import asyncio
import random
from contextlib import AbstractContextManager, ExitStack

import pytest

from surefoot.runtime.worker.assignments import Assignments


def test_the_least_busy_gets_the_next_and_holds_its_segment() -> None:
    assignments = Assignments(2)
    with ExitStack() as stack:
        chosen = [stack.enter_context(assignments.least_busy(f"/{number}")) for number in range(4)]
        assert chosen == [0, 1, 0, 1]
        assert [assignments.holder(f"/{number}") for number in range(5)] == [0, 1, 0, 1, None]
    assert assignments.holder("/0") is None


def test_a_worker_that_only_starts_gets_nothing_and_one_that_joined_the_next() -> None:
    assignments = Assignments(1)
    with assignments.least_busy(among={0}) as first:
        assignments.grow(3)
        with assignments.least_busy(among={0}) as second, assignments.least_busy(among={0, 2}) as third:
            assert (first, second, third) == (0, 0, 2)
    assignments.grow(1)  # never fewer
    with assignments.least_busy(among={2}) as last:
        assert last == 2


async def test_idle_is_when_the_last_one_is_done() -> None:
    assignments = Assignments(2)
    with assignments.least_busy():
        idle = asyncio.create_task(assignments.until_idle())
        await asyncio.sleep(0)
        assert not idle.done()
    await asyncio.wait_for(idle, 5)


def test_workers_get_as_much_work_each_not_as_many_pieces() -> None:
    """Every second piece takes ten times as long. Placebo: alike, they would all go to the second worker."""
    assignments, by_number = Assignments(2), Assignments(2)
    costs = [1.0, 10.0] * 6
    with ExitStack() as stack:
        chosen = [stack.enter_context(assignments.least_busy(cost=cost)) for cost in costs]
        alike = [stack.enter_context(by_number.least_busy()) for _ in costs]
    shares = [sum(cost for cost, worker in zip(costs, chosen, strict=True) if worker == one) for one in (0, 1)]
    assert max(shares) - min(shares) <= 10
    assert alike == [0, 1] * 6


async def test_what_rounding_leaves_of_costs_keeps_no_worker_busy() -> None:
    assignments = Assignments(2)
    with ExitStack() as stack:
        for cost in (0.1, 0.2, 0.3):
            stack.enter_context(assignments.least_busy(among={0}, cost=cost))
    with assignments.least_busy() as first, assignments.least_busy() as second:
        assert (first, second) == (0, 1)
    await asyncio.wait_for(assignments.until_idle(), 5)


@pytest.mark.parametrize("seed", range(3))
def test_the_choice_is_that_of_a_look_at_every_worker(seed: int) -> None:
    """Thousands of pieces that begin and end in any order, on workers that join; the heap of workers stays small."""
    rng, assignments, workers = random.Random(seed), Assignments(5), 5
    under_way: list[tuple[AbstractContextManager[int], int, float]] = []
    for turn in range(3000):
        if turn % 500 == 499:
            workers += 1
            assignments.grow(workers)
        if under_way and rng.random() < 0.47:
            piece, _, _ = under_way.pop(rng.randrange(len(under_way)))
            piece.__exit__(None, None, None)
            continue
        costs = [sum(cost for _, at, cost in under_way if at == number) for number in range(workers)]
        among = set(rng.sample(range(workers), rng.randint(1, workers))) if rng.random() < 0.5 else None
        cost = float(rng.choice([1, 7, 1024]))
        piece = assignments.least_busy(among=among, cost=cost)
        chosen = piece.__enter__()
        assert chosen == min(sorted(among or range(workers)), key=costs.__getitem__)
        under_way.append((piece, chosen, cost))
        assert len(assignments._by_cost) <= 4 * workers + 64
    assert len(under_way) > 10, "some were under way all the time"


def test_nobody_to_choose_from_is_an_error() -> None:
    with pytest.raises(ValueError, match="none of 2 workers"), Assignments(2).least_busy(among={7}):
        pass
