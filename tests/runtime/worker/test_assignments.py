"""Work goes to the worker that has the least of it, among those that may have it."""

import asyncio
from contextlib import ExitStack

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
