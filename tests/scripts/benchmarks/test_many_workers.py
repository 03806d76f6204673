"""Virtual time, and simulated workers on a real coordinator: a few of them for some seconds."""

import asyncio
import pathlib
import time
import types
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.forecast.forecast import Forecast
from surefoot.runtime.forecast.segment_size import choose_segment_size
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.records import Batch, Counts, Finished
from surefoot.runtime.worker.worker_pool import WorkerLost
from surefoot.scripts.benchmarks import many_workers, virtual_loop
from surefoot.scripts.benchmarks.free_workers import Made, made_by_a_worker
from surefoot.scripts.benchmarks.many_workers import (
    BACK_AFTER_S,
    MODEL,
    PacedWorkers,
    Seen,
    Wanted,
    lines_of,
    main,
    steady_state,
    wrong_in,
)
from surefoot.scripts.benchmarks.virtual_loop import Deadlock, VirtualLoop, waited_for_processor_s


@pytest.fixture(scope="module")
def made() -> Made:
    smaller = {"task": "hanoi", "task_options": {"disks": 6}, "model": MODEL, "flush_steps": 20}
    return asyncio.run(made_by_a_worker(smaller, 1))


def in_virtual_time(body: Callable[[], Any]) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(body())


def test_an_hour_passes_at_once_and_in_order() -> None:
    async def body() -> tuple[list[str], float]:
        said: list[str] = []

        async def say(text: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            said.append(text)

        await asyncio.gather(say("b", 3600), say("a", 60), asyncio.to_thread(said.append, "at once"))
        return said, asyncio.get_running_loop().time()

    began = time.monotonic()
    said, ended = in_virtual_time(body)
    assert said == ["at once", "a", "b"]
    assert 3600 <= ended < 3600 + 60
    assert time.monotonic() - began < 60


def test_work_is_charged() -> None:
    async def body() -> tuple[float, float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        before = loop.time()
        while time.thread_time() - loop._began < 0.02:
            pass
        return before, loop.time(), loop.jumped

    before, after, jumped = in_virtual_time(body)
    assert after >= 0.02 > jumped
    assert after > before


def test_what_waits_in_another_thread_is_charged_but_not_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds, of which it worked three and waited two for a processor."""
    clocks = types.SimpleNamespace(clock_gettime=lambda clock: 10.0, CLOCK_MONOTONIC=1, thread_time=lambda: 3.0)
    with monkeypatch.context() as patched:
        patched.setattr(virtual_loop, "time", clocks)
        patched.setattr(virtual_loop, "waited_for_processor_s", lambda: 2.0)
        assert virtual_loop._elsewhere() == 5.0
    told = iter((100.0, 107.0))
    monkeypatch.setattr(virtual_loop, "_elsewhere", lambda: next(told))

    async def body() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        await asyncio.to_thread(list)
        return loop.waited, loop.jumped

    assert in_virtual_time(body) == pytest.approx((7.0, 7.0), abs=0.5)


def test_waiting_for_a_processor_is_read_where_it_is_told(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "schedstat"
    monkeypatch.setattr(virtual_loop, "SCHEDULED", told)
    assert waited_for_processor_s() == 0, "another system than Linux"
    told.write_text("7000000 2500000000 12\n")
    assert waited_for_processor_s() == 2.5


def test_where_nothing_is_due_nothing_hangs() -> None:
    async def body() -> None:
        await asyncio.Event().wait()

    loop = VirtualLoop()
    with pytest.raises(Deadlock):
        loop.run_until_complete(body())
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()


def test_an_error_of_another_thread_is_its_callers() -> None:
    async def body() -> None:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 / 0)

    in_virtual_time(body)


def pool(made: Made, workers: int) -> PacedWorkers:
    config = msgspec.convert({"task": "hanoi", "task_options": {"disks": 9}, "model": MODEL}, RunConfig)
    return PacedWorkers(config, open_task(config), made, workers)


def test_a_worker_does_one_thing_after_the_other_and_a_lost_one_nothing(made: Made) -> None:
    async def body() -> None:
        paced = pool(made, 1)
        worker, loop = paced._workers[0], asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(paced._make(worker, 0, 2.0), paced._make(worker, 0, 3.0))
        assert loop.time() - began == pytest.approx(5.0, abs=0.1)
        assert paced.busy_s == pytest.approx(5.0, abs=0.1)
        half_done = asyncio.create_task(paced._make(worker, 0, 4.0))
        await asyncio.sleep(1.0)
        paced.lose(0)
        with pytest.raises(WorkerLost):
            await half_done
        assert paced.busy_s == pytest.approx(6.0, abs=0.1), "what it had still to do is not done"
        again = loop.time()
        await paced._make(worker, 1, 1.0)
        assert loop.time() - again < BACK_AFTER_S + 1.1
        with pytest.raises(WorkerLost):
            await paced._make(worker, 0, 1.0)

    in_virtual_time(body)


def test_a_few_workers_wait_for_nobody_and_nothing_is_lost_with_them(
    made: Made, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(many_workers, "DISKS", 16)
    seen: Seen = in_virtual_time(lambda: steady_state(Wanted(2, 5.0, 2, 3.0, 1024), made, tmp_path))
    assert (seen.losses, seen.wrong) == (2, 0)
    assert seen.segments > 3
    assert seen.steps > 100
    assert -0.05 < seen.idle < 1


def test_a_batch_that_is_missing_or_there_twice_is_found(tmp_path: pathlib.Path) -> None:
    """The placebo of the count above."""
    journal = create_journal(tmp_path)
    for key, numbers in {"/0": (0, 1, 2), "/1": (0, 2), "/2": (0, 0, 1), "/3": (0, 1), "/4": (7,)}.items():
        for at, number in enumerate(numbers):
            end = Finished("x") if at == len(numbers) - 1 and key != "/4" else None
            journal.commit([Write(key, Batch(number.to_bytes(4, "big") + b"x", Counts(), end))], 1.0)
    journal.close()
    assert wrong_in(tmp_path, {"/0": 3, "/1": 3, "/2": 2, "/3": 3}) == (4, 3)


def test_segments_are_those_that_a_pilot_of_such_workers_chooses() -> None:
    """A step takes a worker 5 ms, so an answer comes every 5 us from a thousand of them."""
    wanted = Wanted(1000, 600.0, 60, 60.0)
    size, expected = (1 << many_workers.DISKS) - 1, Forecast(calls=float(1 << many_workers.DISKS), p_success=1.0)
    start = Estimate(60, 0, 0, 0.01, 0.05, seconds_per_answer=1 / (many_workers.STEPS_PER_S * wanted.workers))
    chosen = choose_segment_size(size, start, expected, wanted.workers).steps
    assert wanted.config().segment_steps == pytest.approx(chosen, rel=0.001)


@pytest.mark.parametrize(("segment_steps", "expected"), [(12_000, 200), (1024, 30), (31, 1)])
def test_a_batch_is_what_a_segment_makes_until_it_is_sent(segment_steps: int, expected: int) -> None:
    """Of 200 steps a second, 5, 33 and 1,025 segments share five seconds; a batch has a step at least."""
    assert Wanted(1000, 600.0, 60, 60.0, segment_steps).batch_steps() == expected


def test_what_is_printed_follows_from_what_was_seen() -> None:
    lines = lines_of(Seen(1000, 600.0, 120_000_000, 588_000.0, 300.0, 12.0, 60, 5000, 0, 1234.0))
    assert "200,000 a second; workers wait 2.0% of their time" in lines[0]
    assert "50% of the time, 2.50 us a step; its commits wait for the disk 2% of the time" in lines[1]
    assert "of 5,000 segments that ended 0 lack" in lines[2]


def test_the_command_at_its_smallest(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many_workers, "DISKS", 12)
    lines = printed(main, "--workers", "1", "--seconds", "2", "--losses", "1", "--warm-up", "2").splitlines()
    assert [line for line in lines if line.startswith("1 workers, 2 virtual seconds: ")]
