"""Plans run by the engine: in parallel, with failures that stop their readers only, and voted on as plans."""

import asyncio
import math
import pathlib
import random
from typing import Any

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.methods.rewoo import read_plan
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.segment import Segment
from surefoot.decompose.step import Prompt
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime import api
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.segment_runner import SegmentRunner
from surefoot.runtime.execution.work import Work
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import Finished
from tests.runtime.execution.hanoi_segments import USUAL_POLICY
from tests.runtime.execution.models import QUIET, Counted

TASK = Generated(method="rewoo")


def drawn(rng: random.Random, width: int, levels: int) -> str:
    """A plan of questions in levels, each reading one or two of the level above."""
    rows, above, number = [], [0], 0
    for _ in range(levels):
        level = []
        for _ in range(rng.randint(1, width)):
            number += 1
            reads = rng.sample(above, min(len(above), rng.randint(1, 2))) if above != [0] else []
            rows.append(f"#E{number} = Ask[q{number} {' '.join(f'#E{one}' for one in reads)}]")
            level.append(number)
        above = level
    return "\n".join(rows)


def key_of(plan: str) -> Any:
    def key(prompt: Prompt) -> Answers:
        return Answers((plan if prompt.user.startswith("Write a plan") else "Answer: 1",), ("Answer: 2",))

    return key


class Ticking(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to the next thing that is due as soon as nothing is ready: virtual seconds."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0]._when)  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


class Slow(Counted):
    """Takes one virtual second for each question."""

    async def ask(self, request: Request) -> list[Reply]:
        await asyncio.sleep(1)
        return await super().ask(request)


def makespan(make_steps: Any, plan: str, at_once: int) -> float:
    """Virtual seconds from the question to its answer."""

    async def run() -> float:
        steps = make_steps(TASK, Slow(key_of(plan)))
        steps.leads.follow(Leads(1, 1, 2))
        work = Work(steps, RecordBuffer(10_000, 1e9))
        runner = SegmentRunner(TASK, work, Tree(3), USUAL_POLICY, PrioritySemaphore(at_once))
        assert isinstance(await runner.run(Segment(TASK.root())), Finished)
        return asyncio.get_running_loop().time()

    with asyncio.Runner(loop_factory=Ticking) as runner:
        return runner.run(run())


def test_a_plan_takes_as_long_as_its_longest_path(step_runner: Any) -> None:
    """200 random plans of width 1 to 16, to the tick: plan, longest path, answer. The placebo: one line at a time."""
    rng, sequential_fails = random.Random(7), 0
    for _ in range(200):
        plan = drawn(rng, rng.randint(1, 16), rng.randint(1, 3))
        lines = read_plan(plan, ())
        depth: dict[int, int] = {}
        for line in lines:
            depth[line.number] = 1 + max((depth[one] for one in line.reads), default=0)
        longest = max(depth.values()) + 2
        assert makespan(step_runner, plan, at_once=256) == longest
        if len(lines) + 2 > longest + 1 and sequential_fails < 10:
            sequential_fails += makespan(step_runner, plan, at_once=1) > longest + 1
    assert sequential_fails == 10


@pytest.mark.parametrize("at_once", [1, 2, 3, 8, 100])
def test_as_many_run_beside_each_other_as_the_option_says(step_runner: Any, at_once: int) -> None:
    """Pitfall 16: ``--chains-in-flight`` is a number of questions at the same time, to the tick, and not a promise."""
    plan = "\n".join(f"#E{number} = Ask[q{number}]" for number in range(1, 9))
    # One node more, the question itself, waits for its lines and holds no place.
    assert makespan(step_runner, plan, at_once) == 2 + math.ceil(8 / at_once)


@pytest.mark.parametrize("seed", range(6))
def test_a_failed_line_stops_what_reads_it_and_nothing_else(seed: int, tmp_path: pathlib.Path) -> None:
    """Pitfalls 3, 5 and 6: the run ends, other lines come to their end, descendants are never asked."""
    rng = random.Random(seed)
    lines = read_plan(drawn(rng, 6, 4), ())
    bad = set(rng.sample([line.number for line in lines], rng.randint(1, 3)))
    stopped: set[int] = set()
    for line in lines:
        if set(line.reads) & (bad | stopped):
            stopped.add(line.number)
    names = {line.number: str(line.parts[0]).split()[0] for line in lines}
    plan = "\n".join(map(str, lines))
    unreadable = {f"Question: {names[number]}" for number in bad}

    def say(text: str, nth: int) -> str | None:
        asked = next((row.split()[1] for row in text.splitlines() if row.startswith("Question: q")), "")
        return "???" if f"Question: {asked}" in unreadable else None

    model = Counted(key_of(plan), say=say)
    found = api.run(TASK, model, run_dir=tmp_path / "r", max_ballots=2, **QUIET)
    asked = {row.split()[1] for text, _ in model.asked for row in text.splitlines() if row.startswith("Question: q")}
    assert asked == {names[line.number] for line in lines if line.number not in stopped}
    assert found.status == "failed"
    assert f"{len(bad | stopped)} of {len(lines)} lines failed" in found.message
    assert found.counts.failed_nodes == len(bad | stopped)


def test_a_tool_that_raises_or_hangs_ends_the_question_in_one_line(tmp_path: pathlib.Path) -> None:
    plan = "#E1 = calc[1 / 0]\n#E2 = calc[3 * 4]\n#E3 = Ask[What is #E1?]"
    task = Generated(method="rewoo", calculator=True)
    found = api.run(task, Counted(key_of(plan)), run_dir=tmp_path / "r", **QUIET)
    assert found.status == "failed"
    assert "2 of 3 lines failed" in found.message
    assert "division" in found.message or "zero" in found.message or "failed" in found.message
    assert found.counts.tool_calls == 2


def solved(directory: pathlib.Path, lead: int) -> int:
    """Questions of twelve that a planner answers rightly which errs in three plans of ten, each time otherwise."""
    right = 0
    for number in range(1, 13):
        task = Generated(family="chains", length=6, number=number, method="rewoo")
        modules = f"TaskDecomposer.model=simulated:p_error=0.3; TaskDecomposer.k={lead}"
        options = {**QUIET, "flush_steps": 64, "k": 1, "modules": modules, "seed": 5}
        found = api.run("problems", "simulated", run_dir=directory / str(number), number=number, family="chains",
                        length=6, method="rewoo", **options)  # fmt: skip
        right += found.status == "solved" and found.output == answer_of(task.question())
    return right


def test_plans_that_are_voted_on_are_right(tmp_path: pathlib.Path) -> None:
    """A lead of 4 against none: all of twelve, and about 70 % without votes."""
    assert solved(tmp_path / "voted", 4) == 12
    assert solved(tmp_path / "alone", 1) <= 10
