"""Parts of a plan are spread over workers by the time they take, and a session that goes on cuts the plan likewise."""

import pathlib
import shutil
import types
from typing import Any

import pytest

from surefoot.decompose.plan import Child, Expansion, Literal, Node, PlanStep, Ref
from surefoot.decompose.step import Dialect, Done, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.config import RunConfig
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.execution import sampling
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.payloads import unpack
from surefoot.runtime.records import Counts
from surefoot.runtime.report.questions import Questions
from surefoot.runtime.report.suspicious_steps import Place
from surefoot.runtime.worker.local_pool import LocalPool

pytestmark = pytest.mark.usefixtures("prompt_commits")
PARTS, STEPS = 6, 3
WHOLE = ["/"]
SPREAD = sorted(f"/{number}" for number in range(PARTS + 1))


class Parts(Task, frozen=True, kw_only=True):
    """Count on from six numbers by three steps each, and add up where that leads; code makes the parts."""

    def root(self) -> Node:
        return Node((), "all", ())

    def decomposition_step(self, goal: Any, inputs: tuple[Any, ...]) -> Expansion | None:
        parts = [Child("part", (Literal(100 * number),)) for number in range(PARTS)]
        add = Child("add", tuple(Ref(number) for number in range(PARTS)))
        return Expansion((*parts, add)) if goal == "all" else None

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return {"all": PARTS * STEPS, "part": STEPS}.get(goal, 1)

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return list(inputs)

    def next_step(self, goal: Any, state: Any) -> Step | Done:
        if goal != "part":
            return Done(sum(state))
        return Done(state[0]) if state[0] % 100 == STEPS else Step("next", Role.ACTOR, state[0])

    def advance(self, goal: Any, state: Any, candidate: str) -> Any:
        return [int(candidate)]

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"after {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str:
        return text

    def sample_step(self, number: int) -> Step:
        return Step("next", Role.ACTOR, 100 * (number % PARTS))


TASK, SUM = Parts(), sum(100 * number + STEPS for number in range(PARTS))


class Counter(Model):
    dialect: Dialect = "chat"

    def __init__(self) -> None:
        self.draws: list[int] = []

    async def ask(self, request: Request) -> list[Reply]:
        self.draws += request.draws
        number = int(request.prompt.user.split()[1])
        return [Reply(str(number + 1)) for _ in request.draws]


def clock(monkeypatch: pytest.MonkeyPatch, tick_s: float) -> None:
    """Let every sampled question take so long, in the eyes of the worker that asks it."""
    now = [1.8e9]

    def time() -> float:
        now[0] += tick_s
        return now[0]

    monkeypatch.setattr(sampling, "time", types.SimpleNamespace(time=time))


async def worked(directory: pathlib.Path, workers: int, **options: Any) -> tuple[str, Counts, list[int]]:
    """One session; its status, the run's totals, and the draws that were asked."""
    config = RunConfig(**{"task": "parts", "k": "auto", "address": "none", "flush_steps": 1, **options})
    asked = [Counter() for _ in range(workers)]
    if (directory / "journal.sqlite").exists():
        (directory / "run.toml").touch()
        journal = open_journal(directory, write=True)
    else:
        journal = create_journal(directory)
    pool = LocalPool(config, TASK, asked)
    try:
        status = await Coordinator(config, TASK, journal, pool).run()
        return status, journal.totals, [draw for model in asked for draw in model.draws]
    finally:
        await pool.close()
        journal.close()


def read_back(directory: pathlib.Path, **options: Any) -> tuple[list[str], list[PlanStep], Any, list[Step | None]]:
    """Segments of a finished run, its steps and output, and the question behind each of its records."""
    (directory / "run.toml").touch()
    journal = open_journal(directory, write=False)
    try:
        plan = journalled_plan(journal, RunConfig(task="parts", **options), TASK)
        segments = sorted(key for key in journal.segments() if key.startswith("/"))
        records = [record for key in segments for payload in journal.payloads(key) for record in unpack(payload)]
        places = [Place(one.path, "run", 0, one.first) for one in records if one.part == "run"]
        steps: list[PlanStep] = []
        reading = PlanReader(plan).steps()
        while True:
            try:
                steps.append(next(reading))
            except StopIteration as end:
                return segments, steps, end.value, [Questions(plan).find(place) for place in places]
    finally:
        journal.close()


@pytest.mark.parametrize(
    ("tick_s", "options", "segments", "working"),
    [
        (1.0, {}, SPREAD, 3),
        (1e-6, {}, WHOLE, 1),  # the whole run is worth no way to another worker
        (1e-6, {"segment_steps": 1024}, SPREAD, 3),  # placebo: a size by steps knows nothing of time
        (1e-6, {"k": 1}, SPREAD, 3),  # without a pilot nothing is known of time
    ],
)
async def test_slow_parts_are_spread_over_workers_and_quick_ones_are_not(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    tick_s: float,
    options: dict[str, Any],
    segments: list[str],
    working: int,
) -> None:
    clock(monkeypatch, tick_s)
    status, counts, _ = await worked(tmp_path, 3, **options)
    found, steps, output, asked = read_back(tmp_path, **options)
    assert (status, output, len(steps)) == ("solved", SUM, PARTS * STEPS)
    assert found == segments
    pilot = 0 if "k" in options else 7 * 3  # most answers of one worker
    assert sum(one.calls > pilot for one in counts.by_worker.values()) == working
    assert {step.reads for step in asked if step is not None} == {step.reads for step in steps}
    assert None not in asked


@pytest.mark.parametrize(("before_s", "after_s", "segments"), [(1.0, 1e-6, SPREAD), (1e-6, 1.0, WHOLE)])
async def test_a_killed_run_cuts_its_plan_as_it_had_chosen(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, before_s: float, after_s: float, segments: list[str]
) -> None:
    """Killed after each commit; the model is a thousand times as fast or slow afterwards, and workers more or fewer."""
    states: list[pathlib.Path] = []
    commit = open_journal.__globals__["Journal"].commit

    def copying(self: Any, *arguments: Any, **named: Any) -> Any:
        done = commit(self, *arguments, **named)
        states.append(pathlib.Path(shutil.copytree(self.run, tmp_path / f"killed{len(states)}")))
        return done

    (tmp_path / "run").mkdir()
    with monkeypatch.context() as watched:
        watched.setattr(open_journal.__globals__["Journal"], "commit", copying)
        clock(monkeypatch, before_s)
        assert (await worked(tmp_path / "run", 3))[0] == "solved"
    unbroken = read_back(tmp_path / "run")[1:3]
    clock(monkeypatch, after_s)
    chose = 0
    for state in states:
        (state / "run.toml").touch()
        journal = open_journal(state, write=False)
        known, steps = journal.meta("segments") is not None, journal.totals.steps
        journal.close()
        status, counts, draws = await worked(state, 2)
        found = read_back(state)
        assert (status, found[1:3]) == ("solved", unbroken)
        assert counts.steps == PARTS * STEPS
        if known:
            chose += 1
            assert found[0] == segments
            assert steps == PARTS * STEPS or draws
    assert chose > 3
