"""What becomes of work whose worker dies: sent again with what arrived, ever later, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.segment import Segment
from surefoot.runtime.coordinator import dispatcher
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.coordinator.dispatcher import Telling
from surefoot.runtime.records import Batch
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.worker_pool import LONGEST_WAIT_S, PoolLost, WorkerLost, back_off_s

pytestmark = pytest.mark.usefixtures("prompt_commits")
NewRun = Callable[..., Any]


class Dying(LocalPool):
    """Workers that die as they are told to: before the first batch, or after so many."""

    dies: Callable[[str], int | None]
    error: type[Exception] = WorkerLost
    sent: list[tuple[str, int]]

    async def run_segment(self, segment: Segment, leads: Any, journalled: tuple[bytes, ...]) -> AsyncIterator[Batch]:
        async for batch in self._until(
            f"{segment.node.path}", super().run_segment(segment, leads, journalled), len(journalled)
        ):
            yield batch

    async def run_sample(self, numbers: Any, draws: int, attempt: int) -> AsyncIterator[Batch]:
        async for batch in self._until("sample", super().run_sample(numbers, draws, attempt), len(numbers)):
            yield batch

    async def _until(self, name: str, batches: AsyncIterator[Batch], told: int) -> AsyncIterator[Batch]:
        self.sent.append((name, told))
        left = self.dies(name)
        async with aclosing(batches):  # type: ignore[type-var]
            async for batch in batches:
                if left == 0:
                    raise self.error(f"{name} died")
                left = None if left is None else left - 1
                yield batch


class Session:
    """One session of a run whose workers die."""

    def __init__(self, run: Any, model: Any, dies: Callable[[str], int | None], **changes: Any) -> None:
        self.config = msgspec.structs.replace(run.config, **changes)
        self.run, self.waits, self.lines = run, [], []
        self.journal = run.journal(write=True)
        self.pool = Dying(self.config, run.task, [model])
        self.pool.dies, self.pool.sent = dies, []
        self.coordinator = Coordinator(self.config, run.task, self.journal, self.pool, on_wait=self.lines.append)

    async def work(self) -> str:
        try:
            return await self.coordinator.run()
        finally:
            self.message, self.totals = self.journal.meta("message") or "", self.journal.totals
            self.journal.close()


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are noted, and over at once."""
    asked: list[float] = []

    def noted(losses: int) -> float:
        asked.append(back_off_s(losses))
        return 0.0

    monkeypatch.setattr(dispatcher, "back_off_s", noted)
    return asked


async def test_what_a_worker_found_out_is_a_line_to_keep_and_nothing_that_is_waited_for(
    new_run: NewRun, planted: Any
) -> None:
    notes: list[str] = []
    session = Session(new_run(flush_steps=4), planted(hanoi.answers), lambda name: None)
    session.coordinator._dispatcher._tell = Telling(session.lines.append, notes.append)
    session.pool._workers[0]._said.facts.extend(["m: copies are no votes"] * 2)  # as if two workers had found it out
    assert await session.work() == "solved"
    assert (notes, session.lines) == (["m: copies are no votes"], [])


def test_waits_double_up_to_a_bound() -> None:
    waits = [back_off_s(losses) for losses in range(1, 2000)]
    assert waits[:4] == [0.25, 0.5, 1.0, 2.0]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT_S == max(waits)


async def test_a_pool_that_is_gone_pauses_the_run_at_once_and_what_arrived_is_kept(
    new_run: NewRun, planted: Any, no_waiting: list[float]
) -> None:
    run = new_run(segment_steps=15, leaf_steps=3, chains_in_flight=2, flush_steps=1)
    session = Session(run, planted(hanoi.answers), lambda name: 2)
    session.pool.error = PoolLost
    assert await session.work() == "paused"
    assert session.message.endswith(" died")
    assert no_waiting == [], "nothing is sent again"
    assert session.totals.steps > 0
    again = Session(run, planted(hanoi.answers), lambda name: None)
    assert await again.work() == "solved"


async def test_a_lost_segment_is_sent_again_with_what_arrived(
    new_run: NewRun, planted: Any, no_waiting: list[float]
) -> None:
    run, model = new_run(segment_steps=63, chains_in_flight=1, flush_steps=4), planted(hanoi.answers)
    session = Session(run, model, lambda name: 2)
    assert await session.work() == "solved"
    told = [journalled for _, journalled in session.pool.sent]
    assert told == sorted(told), "each sending knows what came before"
    assert len(told) > 5
    assert set(no_waiting) == {0.25}, "decided steps begin the count of losses anew"
    assert model.asked - 78 <= (4 + 4) * (len(told) - 1), "a batch that was held, and one that was on its way"
    assert any("died" in line and "again in" in line for line in session.lines)


async def test_the_bound_on_lost_work_is_the_setting(new_run: NewRun, planted: Any, no_waiting: list[float]) -> None:
    """The placebo: a worker that may hold more loses more."""
    run, model, deaths = new_run(segment_steps=63, chains_in_flight=1), planted(hanoi.answers), iter([1])
    session = Session(run, model, lambda name: next(deaths, None), flush_steps=24)
    assert await session.work() == "solved"
    assert model.asked - 78 > 4 + 4


@pytest.mark.parametrize("k", [1, "auto"])
async def test_work_that_kills_every_worker_pauses_the_run(
    new_run: NewRun, planted: Any, no_waiting: list[float], k: Any
) -> None:
    run = new_run(segment_steps=7, k=k)
    first = Session(run, planted(hanoi.answers), lambda name: 0, worker_losses=4)
    assert await first.work() == "paused"
    assert first.message.startswith("4 workers in a row died with")
    assert no_waiting[:3] == [0.25, 0.5, 1.0]
    again = Session(run, planted(hanoi.answers), lambda name: None)
    assert await again.work() == "solved"


async def test_a_pause_does_not_wait_for_a_wait(new_run: NewRun, planted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatcher, "back_off_s", lambda losses: 3600.0)
    session = Session(new_run(segment_steps=63), planted(hanoi.answers), lambda name: 0)
    working = asyncio.create_task(session.work())
    while not session.lines:  # noqa: ASYNC110
        await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await session.coordinator.pause("enough")
        assert await working == "paused"


async def test_a_worker_lost_in_the_pilot_costs_what_had_not_arrived(
    new_run: NewRun, planted: Any, no_waiting: list[float]
) -> None:
    deaths = iter([1, 2])
    run, model = new_run(k="auto", flush_steps=4, chains_in_flight=1), planted(hanoi.answers)
    session = Session(run, model, lambda name: next(deaths, None) if name == "sample" else None)
    assert await session.work() == "solved"
    assert [told for name, told in session.pool.sent if name == "sample"] == [20, 16, 8]
    lost = model.asked - session.totals.calls
    assert 0 < lost <= 2 * 3 * (4 + 1), "each death costs a batch of four steps and the one that was being asked"


async def test_a_kill_after_the_pilot_asks_none_of_it_again(
    new_run: NewRun, planted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    run, model, later = new_run(k="auto"), planted(hanoi.answers), planted(hanoi.answers)
    session = Session(run, model, lambda name: None)
    set_meta = session.journal.set_meta

    def killed(**values: Any) -> None:
        if "leads" in values:
            raise Killed
        set_meta(**values)

    monkeypatch.setattr(session.journal, "set_meta", killed)
    with pytest.raises(Killed):
        await session.work()
    assert model.asked == 60
    assert await run.session(later) == "solved"
    assert not set(model.draws) & set(later.draws)
    assert run.totals.calls == model.asked + later.asked


async def test_nothing_is_remembered_of_segments_that_ended(new_run: NewRun, planted: Any) -> None:
    """A plan of 2^30 steps has some three million of them."""
    session = Session(new_run(segment_steps=7, k="auto"), planted(hanoi.answers), lambda name: None)
    assert await session.work() == "solved"
    sends = session.coordinator._dispatcher
    assert len(session.pool.sent) > 8
    assert sends._begun <= {"pilot"}
    assert set(sends._arrived) <= {"pilot"}


async def test_a_resumed_run_takes_each_end_from_the_journal_once(new_run: NewRun, planted: Any) -> None:
    """Also after a kill just before its own end: nothing is sent, and nothing is remembered."""
    run = new_run(segment_steps=7)
    assert await Session(run, planted(hanoi.answers), lambda name: None).work() == "solved"
    again = Session(run, planted(hanoi.answers), lambda name: None)
    sends = again.coordinator._dispatcher
    begun = {key for key in sends._begun if key.startswith("/")}
    assert len(begun) > 8
    assert await again.work() == "solved"
    assert again.pool.sent == []
    assert not begun & sends._begun
