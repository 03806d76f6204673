"""A run that was broken off goes on where its journal ends: the same plan, and no committed step asked again.

What is asked is counted on the model's side. A journal copied right after a commit is, byte for byte, what a kill at
any moment before the next commit leaves behind; so one unbroken run gives as many killed ones as it has commits.
"""

import asyncio
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi, multiply
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Counts

pytestmark = pytest.mark.usefixtures("prompt_commits")

NewRun = Callable[..., Any]
KEYS = {"hanoi": hanoi.answers, "multiply": multiply.answers}
CASES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("hanoi", {"disks": 6}, {"strategy": "tree", "segment_steps": 7}),
    ("hanoi", {"disks": 6}, {"strategy": "tree", "segment_steps": 15, "flush_steps": 1, "red_flags": "none"}),
    ("hanoi", {"disks": 6}, {"strategy": "chain", "k": 3, "flush_steps": 3}),
    (
        "multiply",
        {"x": "9071", "y": "8650"},
        {"strategy": "tree", "k": 3, "leaf_steps": 1, "segment_steps": 1, "flush_steps": 2},
    ),
]


class Tracked(SimulatedModel):
    """Keeps the number of every draw, and may do something when so many have been asked."""

    def __init__(self, task: str, then: Callable[[int], None] = lambda asked: None) -> None:
        super().__init__(KEYS[task], Profile(p_error=0.04, p_format=0.04))
        self.draws: list[int] = []
        self.then = then

    def reply(self, request: Request, draw: int) -> Reply:
        self.draws.append(draw)
        self.then(len(self.draws))
        return super().reply(request, draw)


def committed(run: Any) -> set[int]:
    """Strides of draw numbers that belong to steps in the journal."""
    journal = run.journal()
    known: dict[Any, int] = {}
    for key in journal.begun():
        for payload in journal.payloads(key):
            for record in unpack(payload):
                if record.part == "replies":
                    continue
                place = (record.path, record.part, record.attempt)
                assert record.first == known.get(place, 0), "a stretch is there twice, or one is missing"
                known[place] = record.first + len(record.entries)
    journal.close()
    return {draws_of(place) // MAX_DRAWS + index for place, count in known.items() for index in range(count)}


def strides(model: Tracked) -> set[int]:
    assert len(set(model.draws)) == len(model.draws), "a draw was asked twice"
    return {draw // MAX_DRAWS for draw in model.draws}


@pytest.mark.parametrize(("task", "options", "values"), CASES)
async def test_killed_after_every_commit(
    new_run: NewRun, tmp_path: pathlib.Path, task: str, options: Any, values: Any
) -> None:
    run, model = new_run(task, options, **values), Tracked(task)
    kills: list[tuple[pathlib.Path, int]] = []

    def kill(counts: Counts, wall_s: float) -> None:
        copy = tmp_path / f"killed{len(kills)}"
        shutil.copytree(run.directory, copy)
        kills.append((copy, len(model.draws)))

    assert await run.session(model, on_progress=kill) == "solved"
    whole, chunk = set(model.draws), len(kills) // 12 + 1
    assert len(kills) >= 4
    for copy, asked in kills[::chunk]:
        killed, later = new_run(task, options, **values), Tracked(task)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        held, before = committed(killed), killed.journal()
        calls_before = before.totals.calls
        before.close()
        assert calls_before <= asked
        assert await killed.session(later) == "solved"
        assert not strides(later) & held, "a committed step was asked again"
        assert killed.plan() == run.plan()
        assert killed.totals.calls == calls_before + len(later.draws)
        assert killed.totals.steps == run.totals.steps
        if not run.totals.broken_promises:
            assert set(later.draws) == {draw for draw in whole if draw // MAX_DRAWS not in held}


@pytest.mark.parametrize(("task", "options", "values"), CASES)
@pytest.mark.parametrize("seed", range(3))
async def test_broken_off_again_and_again(new_run: NewRun, task: str, options: Any, values: Any, seed: int) -> None:
    """Cancelled in the middle of the 9th to 29th call of every session, until it is solved."""
    unbroken, alone = new_run(task, options, **values), Tracked(task)
    assert await unbroken.session(alone) == "solved"
    run, sessions, asked, lost, status = new_run(task, options, **values), 0, 0, 0, ""
    while status != "solved":
        sessions += 1
        assert sessions < 100
        held = committed(run) if sessions > 1 else set()
        model, last = Tracked(task), 9 + (seed * 31 + sessions * 17) % 21
        work = asyncio.create_task(run.session(model))
        model.then = lambda count, work=work, last=last: work.cancel() if count == last else None  # type: ignore[misc]
        try:
            status = await work
        except asyncio.CancelledError:
            status = "cancelled"
        after = committed(run)
        assert after >= held
        assert not strides(model) & held, "a committed step was asked again"
        in_flight = [draw for draw in model.draws if draw // MAX_DRAWS not in after]
        if values["strategy"] == "chain":
            # One chain: the steps that it holds back, and the race that was going on.
            assert len(in_flight) <= (run.config.flush_steps + 1) * (run.config.k + 4)
        asked, lost = asked + len(model.draws), lost + len(in_flight)
    assert sessions >= 3
    assert run.plan() == unbroken.plan()
    assert run.totals.steps == unbroken.totals.steps
    if not unbroken.totals.broken_promises:
        assert asked - len(alone.draws) == lost


@pytest.mark.parametrize("max_calls", [4, 10, 40])
async def test_a_pause_at_a_number_of_calls(new_run: NewRun, max_calls: int) -> None:
    """No session asks for more; what was decided is never asked again; more calls are given to go on.

    Races that the limit broke off are run again: their draws are the only ones that are asked twice.
    """
    run, alone, unbroken = new_run(segment_steps=7), Tracked("hanoi"), new_run(segment_steps=7)
    assert await unbroken.session(alone) == "solved"
    models, status, limit = [], "", 0
    while status != "solved":
        models.append(Tracked("hanoi"))
        held = committed(run) if len(models) > 1 else set()
        limit = run.totals.calls + max_calls
        status = await run.session(models[-1], max_calls=limit)
        assert not strides(models[-1]) & held
        assert run.totals.calls == sum(len(model.draws) for model in models) <= limit
        assert len(models) < 100
        if status == "paused":
            assert run.message == f"--max-calls {limit} is reached"
            assert limit - run.totals.calls <= 3, "a pause comes when the next question does not fit"
    assert run.plan() == unbroken.plan()
    draws = [draw for model in models for draw in model.draws]
    assert set(draws) == set(alone.draws)
    assert len(draws) - len(alone.draws) <= 8 * len(models)


async def test_a_polite_pause_loses_nothing_that_is_in_flight(new_run: NewRun, planted: Any) -> None:
    """Segments in flight end at their next step, and all they decided is journalled: none is asked again."""
    run, first, second = new_run(segment_steps=7, flush_steps=1000), planted(hanoi.answers), planted(hanoi.answers)
    pausing: list[asyncio.Task[None]] = []

    def say(text: str, nth: int) -> None:
        if first.asked == 30:
            pausing.append(asyncio.create_task(run.coordinator.pause("interrupted")))

    first.say = say
    assert await run.session(first) == "paused"
    assert run.message == "interrupted"
    assert first.most > 3  # several segments were in flight
    assert run.totals.calls == first.asked
    assert await run.session(second) == "solved"
    assert first.asked + second.asked == 78
    assert not set(first.draws) & set(second.draws)


async def test_a_polite_pause_waits_for_slow_calls(new_run: NewRun, planted: Any) -> None:
    """One segment ends at once, another waits for its model: its answer is paid for, and it is journalled."""

    class Slow(planted):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(hanoi.answers)
            self.answer, self.waiting, self.answered = asyncio.Event(), 0, 0

        async def ask(self, request: Any) -> Any:
            if request.prompt.user == "move cw - bbbcc c":
                self.waiting += 1
                await self.answer.wait()
                self.answered += 1
            return await super().ask(request)

    run, model, later = new_run(segment_steps=7), Slow(), planted(hanoi.answers)
    releasing: list[asyncio.Task[None]] = []

    async def release() -> None:
        for _ in range(100):  # time enough to notice that other segments have ended
            await asyncio.sleep(0)
        model.answer.set()

    def pause(counts: Counts, wall_s: float) -> None:
        if model.waiting and not releasing and counts.steps > 10:
            releasing.append(asyncio.create_task(run.coordinator.pause("interrupted")))
            releasing.append(asyncio.create_task(release()))

    assert await run.session(model, on_progress=pause) == "paused"
    assert model.waiting == 1
    assert model.answered == 1, "a call in flight was given up"
    assert run.totals.calls == model.asked
    assert await run.session(later) == "solved"
    assert model.asked + later.asked == 78


async def test_a_pause_before_the_run_begins_asks_nothing(new_run: NewRun, planted: Any) -> None:
    run, model = new_run(), planted(hanoi.answers)
    work = asyncio.create_task(run.session(model))
    await asyncio.sleep(0)
    await run.coordinator.pause("interrupted")
    assert await work == "paused"
    assert model.asked <= 1
    assert await run.session(planted(hanoi.answers)) == "solved"


async def test_a_solved_run_asks_nothing_more(new_run: NewRun, planted: Any) -> None:
    run = new_run()
    assert await run.session(planted(hanoi.answers)) == "solved"
    plan, totals = run.plan(), run.totals
    nobody = planted(None)
    assert await run.session(nobody) == "solved"
    assert nobody.asked == 0
    assert (run.plan(), run.totals) == (plan, totals)


async def test_a_wrong_decomposition_and_a_kill_at_every_commit(
    new_run: NewRun, planted: Any, tmp_path: pathlib.Path
) -> None:
    """The coordinator's own decomposition is asked again; wherever that is interrupted, the plan can be read."""
    wrong = "5ab bbbbb a / 6ac cbbbb c / 5bc ccccc c"

    def say(text: str, nth: int) -> str | None:
        return wrong if text == "split 6ac aaaaa a" and nth == 0 else None

    values = {"red_flags": "none", "segment_steps": 7, "flush_steps": 1}
    run, kills = new_run(**values), []

    def kill(counts: Counts, wall_s: float) -> None:
        kills.append(tmp_path / f"killed{len(kills)}")
        shutil.copytree(run.directory, kills[-1])

    assert await run.session(planted(hanoi.answers, say), on_progress=kill) == "solved"
    assert run.totals.broken_promises >= 1
    steps = [step.candidate for step in run.plan()[0]]
    assert run.totals.steps == 63, "steps of the abandoned decomposition do not count"
    for copy in kills[1 :: len(kills) // 24 + 1]:  # the wrong decomposition is in the first commit
        killed = new_run(**values)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        assert await killed.session(planted(hanoi.answers)) == "solved"
        assert [step.candidate for step in killed.plan()[0]] == steps
        assert (killed.totals.steps, killed.totals.broken_promises) == (63, run.totals.broken_promises)
