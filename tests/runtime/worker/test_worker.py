"""A worker turns a segment into batches, the last of which says how it ended."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.segment import Segment
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.decomposition_methods import method_of
from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.execution.roles.role_runner import RoleRunner
from surefoot.runtime.execution.sampling import gathered
from surefoot.runtime.execution.step_runner import StepRunner
from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Batch, Counts, Failed, Finished, Paused
from surefoot.runtime.worker.control import Done, LetGo, Stop
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.worker import Worker
from surefoot.voting.ballot import Ballot

LEADS = Leads(1, 1, 3, 7)
Configured = Callable[..., RunConfig]


def worker(config: RunConfig, model: Any) -> Worker:
    return Worker(config, open_task(config), model)


async def batches(one: Worker, **options: Any) -> list[Batch]:
    return [batch async for batch in one.run_segment(Segment(one.task.root()), LEADS, **options)]


def totals(said: list[Batch]) -> Counts:
    counts = Counts()
    for batch in said:
        counts.add(batch.counts)
    return counts


def decided(said: list[Batch]) -> int:
    return sum(len(record.entries) for batch in said for record in unpack(batch.payload))


@pytest.mark.parametrize("flush_steps", [1, 5, 1000])
async def test_batches_are_sent_as_steps_are_decided(configured: Configured, planted: Any, flush_steps: int) -> None:
    model = planted(hanoi.answers)
    said = await batches(worker(configured(options={"disks": 5}, flush_steps=flush_steps), model))
    assert [batch.end for batch in said[:-1]] == [None] * (len(said) - 1)
    assert said[-1].end == Finished("ccccc")
    assert (totals(said).steps, totals(said).calls, decided(said)) == (31, model.asked, 31 + 3)
    assert len(said) == 34 // flush_steps + 1
    assert all(decided([batch]) <= flush_steps for batch in said)


async def test_a_segment_that_comes_back_is_not_asked_again(configured: Configured, planted: Any) -> None:
    config = configured(options={"disks": 5}, flush_steps=3)
    whole = await batches(worker(config, planted(hanoi.answers)))
    for cut in range(len(whole)):
        model = planted(hanoi.answers)
        rest = await batches(worker(config, model), journalled=tuple(batch.payload for batch in whole[:cut]))
        assert rest[-1].end == Finished("ccccc")
        assert decided(whole[:cut]) + decided(rest) == 34
        assert totals(whole[:cut]).steps + totals(rest).steps == 31
        assert model.asked == 34 - decided(whole[:cut])


async def test_a_stop_lets_every_segment_end_at_its_next_step(configured: Configured, planted: Any) -> None:
    model = planted(hanoi.answers)
    one = worker(configured(options={"disks": 5}), model)

    def say(text: str, nth: int) -> None:
        if model.asked == 10:
            stopping.append(asyncio.ensure_future(one.receive(Stop())))

    stopping: list[asyncio.Future[Done]] = []
    model.say = say
    first, second = await asyncio.gather(batches(one), batches(one))
    for said in (first, second):
        assert said[-1].end == Paused("stopped")
    assert decided(first) + decided(second) == model.asked == totals(first).calls + totals(second).calls
    late = await batches(one)  # what is sent to a stopped worker is not begun
    assert [batch.end for batch in late] == [Paused("stopped")]
    assert decided(late) == 0


async def test_an_outage_pauses_and_keeps_what_was_decided(configured: Configured, planted: Any) -> None:
    class Down(planted):  # type: ignore[misc]
        async def ask(self, request: Any) -> Any:
            if self.asked >= 9:
                raise ModelUnavailable("no answer for 600 s")
            return await super().ask(request)

    model = Down(hanoi.answers)
    said = await batches(worker(configured(options={"disks": 5}), model))
    assert said[-1].end == Paused("no answer for 600 s")
    assert decided(said) == totals(said).calls == model.asked


async def test_a_failure_is_a_record_and_a_defect_is_raised(configured: Configured, planted: Any) -> None:
    class Broken(planted):  # type: ignore[misc]
        error: Exception = ModelRejected("the key is wrong", model="m")

        async def ask(self, request: Any) -> Any:
            if self.asked >= 3:
                raise self.error
            return await super().ask(request)

    model = Broken(hanoi.answers)
    said = await batches(worker(configured(options={"disks": 5}), model))
    assert said[-1].end == Failed("ModelRejected", "the key is wrong", {"model": "m"})
    assert decided(said) == model.asked >= 3
    broken = Broken(hanoi.answers)
    broken.error = ZeroDivisionError("of the program")
    with pytest.raises(ZeroDivisionError):
        await batches(worker(configured(options={"disks": 5}), broken))


async def test_a_deadlock_carries_its_ballots(configured: Configured, planted: Any) -> None:
    turns = ["1ac caaaa", "1ab baaaa"]
    model = planted(hanoi.answers, lambda text, nth: turns[nth % 2] if text.endswith("- aaaaa") else None)
    config = configured(options={"disks": 5}, strategy="chain", max_ballots=4, ladder=False)
    one = worker(config, model)
    (batch,) = [batch async for batch in one.run_segment(Segment(one.task.root()), Leads(2, 2, 4))]
    assert isinstance(batch.end, Failed)
    assert batch.end.error == "StepDeadlocked"
    assert dict(batch.end.context["tally"]) == {"1ac caaaa": 2, "1ab baaaa": 2}  # type: ignore[call-overload]
    assert [name for name, _ in batch.events] == ["step deadlocked"]
    assert batch.counts.calls == 4


async def test_a_segment_that_nobody_listens_to_stops_asking(configured: Configured, planted: Any) -> None:
    model = planted(hanoi.answers)
    one = worker(configured(options={"disks": 6}, flush_steps=1), model)
    stream = one.run_segment(Segment(one.task.root()), LEADS)
    await anext(stream)
    await stream.aclose()
    asked = model.asked
    for _ in range(50):
        await asyncio.sleep(0)
    assert model.asked == asked
    assert len(asyncio.all_tasks()) == 1


def test_the_strategy_follows_the_configuration_and_the_leads(configured: Configured) -> None:
    assert method_of(configured(strategy="chain").strategy, LEADS.leaf_steps) == Chain()
    assert method_of(configured(strategy="tree").strategy, LEADS.leaf_steps) == Tree(7)


async def test_samples_are_the_same_however_they_are_shared_out(configured: Configured) -> None:
    config = configured(seed=4)
    task = open_task(config)

    async def sampled(workers: int) -> tuple[list[Sample], Counts]:
        models = [SimulatedModel(hanoi.answers, Profile(p_error=0.3, p_format=0.2)) for _ in range(workers)]
        samples, counts = await LocalPool(config, task, models).sample(range(100, 130), 3)
        return [msgspec.structs.replace(sample, seconds=0.0, ended=0.0, replies=()) for sample in samples], counts

    (alone, counts), (shared, counts_shared) = await sampled(1), await sampled(4)
    assert alone == shared
    assert [sample.number for sample in alone] == list(range(100, 130))
    assert {len(sample.ballots) for sample in alone} == {3}
    assert {sample.kind for sample in alone} >= {"move"}
    assert (counts.calls, counts.red_flags) == (counts_shared.calls, counts_shared.red_flags)
    assert counts.calls == 90
    assert len({tuple(b.candidate for b in sample.ballots) for sample in alone}) > 20  # not the same draws each time


def test_gathering_sorts_and_adds() -> None:
    parts = [([Sample(n, "move", (Ballot(0, "a"),))], Counts(calls=n)) for n in (5, 2, 9)]
    samples, counts = gathered(parts)
    assert [sample.number for sample in samples] == [2, 5, 9]
    assert counts.calls == 16


async def test_segments_go_to_the_worker_with_the_least_to_do(configured: Configured, planted: Any) -> None:
    config = configured(options={"disks": 5})
    models = [planted(hanoi.answers) for _ in range(3)]
    pool = LocalPool(config, open_task(config), models)
    assert pool.size == 3

    async def one() -> Any:
        return [b async for b in pool.run_segment(Segment(open_task(config).root()), LEADS, ())][-1].end

    assert await asyncio.gather(*(one() for _ in range(6))) == [Finished("ccccc")] * 6
    assert [model.asked for model in models] == [68] * 3
    assert await one() == Finished("ccccc")
    await pool.close()
    assert all(model.closed for model in models)


def test_roles_stand_between_only_where_one_has_settings_of_its_own(configured: Configured, planted: Any) -> None:
    def decider(**options: Any) -> type:
        return type(worker(configured(**options), planted(None)).step_runner())

    assert decider() is StepRunner
    assert decider(modules="Monitor.k=3") is RoleRunner
    assert decider(cache="modules") is RoleRunner


async def test_a_segment_that_is_let_go_ends_now_and_says_what_it_cost(configured: Configured, planted: Any) -> None:
    one = worker(configured(options={"disks": 5}, flush_steps=4), planted(hanoi.answers))
    said: list[Batch] = []
    async for batch in one.run_segment(Segment(one.task.root()), LEADS):
        said.append(batch)
        if len(said) == 1:
            assert await one.receive(LetGo("/7")) == Done()
        if len(said) == 2:
            await one.receive(LetGo("/"))
    assert said[-1].end == Paused("stopped")
    assert len(said) < 31 // 4
    assert totals(said).calls >= 8
