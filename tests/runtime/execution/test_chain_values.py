"""What a node may ask for: its output at once, tool calls, and sub-plans that the task's own code gives."""

import asyncio
import contextlib
import pathlib
from typing import Any

import pytest

from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.task import Task
from surefoot.runtime import api
from surefoot.runtime.execution.priority_semaphore import Slot
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import Finished
from surefoot.runtime.session.answers import plan_of
from surefoot.runtime.session.run import Run
from surefoot.runtime.worker import worker
from surefoot.scripts.commands.verify import ReadSteps, judged
from tests.data.own.values import Fan, Join, Nested, Ready, answers, names, verify
from tests.runtime.execution.attempts import Session
from tests.runtime.execution.models import QUIET, Counted

BAD = ("after: 2", "after: 4")
"""Prompts to which no reply can be read, where a test wants failures."""


def unreadable(text: str, nth: int) -> str | None:
    return "no number" if text in BAD else None


def run(task: Task, directory: pathlib.Path, model: Counted | None = None, **options: Any) -> Run:
    return api.run(task, model or Counted(answers), run_dir=directory, **{**QUIET, **options})


def read_back(run: Run, task: Task) -> Verification:
    """What the referee says of the plan as it is read back from the journal."""
    journal = open_journal(run.run_dir, write=False)
    try:
        return judged(verify, task, ReadSteps(plan_of(journal, read_config(run.run_dir), task)))
    finally:
        journal.close()


@pytest.mark.parametrize(
    "task",
    [
        Ready(),
        Nested(depth=0),
        Nested(depth=1),
        Nested(depth=3),
        Nested(depth=1, by_root=True),
        Nested(depth=3, by_root=True),
        Fan(),
        Fan(in_chain=True),
        Fan(may_fail=True),
    ],
    ids=repr,
)
@pytest.mark.parametrize("chains_in_flight", [1, 16])
def test_the_output_is_what_the_task_says(task: Any, chains_in_flight: int, tmp_path: pathlib.Path) -> None:
    """With one place for chains as well: a chain that waits for its sub-plan does not keep its place."""
    found = run(task, tmp_path / "r", chains_in_flight=chains_in_flight)
    assert found.status == "solved", found.message
    assert found.output == task.wanted()
    assert read_back(found, task) == Verification(True, True, found.counts.calls)


async def test_without_stepping_aside_a_sub_plan_would_wait_for_its_own_chain(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The placebo: a chain that keeps its place while its children need one."""
    monkeypatch.setattr(Slot, "aside", lambda slot: contextlib.nullcontext())
    monkeypatch.setattr(worker, "STOP_GRACE_S", 0.1)  # nothing comes that could be waited for
    task = Nested(depth=1)
    running = asyncio.ensure_future(
        api.run_async(task, Counted(answers), run_dir=tmp_path / "r", chains_in_flight=1, **QUIET)
    )
    for _ in range(300):
        await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("leaf_steps", ["auto", 1, 5])
@pytest.mark.parametrize("segment_steps", [1, 1024])
def test_a_voted_split_with_a_merge_that_asks_nothing(
    leaf_steps: Any, segment_steps: int, tmp_path: pathlib.Path
) -> None:
    """However short the parts are said to be, and whether the coordinator or a worker splits: one result."""
    task, model = Join(), Counted(names)
    found = run(task, tmp_path / "r", model, leaf_steps=leaf_steps, segment_steps=segment_steps)
    assert (found.status, found.output) == ("solved", "green square")
    assert sorted(text for text, _ in model.asked) == ["name colour", "name shape", "split all"]
    assert read_back(found, task) == Verification(True, True, 2)


def test_a_node_that_is_done_at_once_asks_nothing(tmp_path: pathlib.Path) -> None:
    model = Counted(answers)
    found = run(Ready(), tmp_path / "r", model)
    assert (found.output, model.asked, found.counts.steps) == ("nothing to ask", [], 0)
    assert list(found.steps()) == []


@pytest.mark.parametrize("task", [Nested(depth=2), Nested(depth=2, by_root=True), Fan(), Fan(in_chain=True)], ids=repr)
def test_resumed_after_every_question(task: Any, tmp_path: pathlib.Path) -> None:
    """A session that ends after any number of questions is gone on with; none is asked twice."""
    whole = Counted(answers)
    run(task, tmp_path / "whole", whole)
    assert len(set(whole.asked)) == len(whole.asked) > 3
    for cut in range(len(whole.asked)):
        first, second = Counted(answers, cut), Counted(answers)
        assert run(task, tmp_path / str(cut), first).status == "paused"
        found = api.resume(tmp_path / str(cut), task=task, model=second)
        assert (found.status, found.output) == ("solved", task.wanted())
        assert sorted(first.asked + second.asked) == sorted(whole.asked)
        assert read_back(found, task) == Verification(True, True, len(whole.asked))


@pytest.mark.parametrize("task", [Nested(depth=2), Nested(depth=2, by_root=True), Fan(), Fan(in_chain=True)], ids=repr)
async def test_a_segment_goes_on_after_every_batch(step_runner: Any, task: Any) -> None:
    """Killed between any two batches: the answer is the same, and what the journal holds is not asked again."""
    whole = Session(step_runner, task, answers)
    assert await whole.run([]) == Finished(task.wanted())
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner, task, answers)
        assert await resumed.run(whole.batches[:cut]) == Finished(task.wanted())
        held = sum(record.k > 0 for batch in whole.batches[:cut] for record in batch)
        assert resumed.model.asked == whole.model.asked[held:]
        assert [record for batch in resumed.batches for record in batch] == [
            record for batch in whole.batches[cut:] for record in batch
        ]


@pytest.mark.parametrize("in_chain", [False, True])
def test_a_failure_of_a_child_that_may_fail_is_a_value(in_chain: bool, tmp_path: pathlib.Path) -> None:
    task, model = Fan(may_fail=True, in_chain=in_chain), Counted(answers, say=unreadable)
    found = run(task, tmp_path / "r", model)
    assert (found.status, found.output) == ("solved", [1, 2, None, 4, None])
    assert found.counts.failed_nodes == len(BAD)
    asked = [text for text, _ in model.asked]
    assert all(asked.count(text) > 1 for text in BAD), "an unreadable reply was not asked again"
    read = read_back(found, task)
    assert read.valid
    assert read.steps == 3


@pytest.mark.parametrize("in_chain", [False, True])
def test_without_leave_to_fail_one_child_fails_the_run(in_chain: bool, tmp_path: pathlib.Path) -> None:
    """The placebo of the test above."""
    found = run(Fan(in_chain=in_chain), tmp_path / "r", Counted(answers, say=unreadable))
    assert found.status == "failed"
    assert found.message


@pytest.mark.parametrize("in_chain", [False, True])
def test_a_failure_is_not_asked_again_on_resume(in_chain: bool, tmp_path: pathlib.Path) -> None:
    task = Fan(parts=8, may_fail=True, in_chain=in_chain)
    first = Counted(answers, say=unreadable)
    run(task, tmp_path / "whole", first)
    total = len(first.asked)
    early, late = Counted(answers, total - 2, unreadable), Counted(answers, say=unreadable)
    assert run(task, tmp_path / "r", early, chains_in_flight=1).status == "paused"
    found = api.resume(tmp_path / "r", task=task, model=late)
    assert found.output == [1, 2, None, 4, None, 6, 7, 8]
    assert found.counts.failed_nodes == len(BAD)
    assert not {text for text, _ in late.asked} & set(BAD)


def test_three_thousand_children(tmp_path: pathlib.Path) -> None:
    task = Fan(parts=3000)
    found = run(task, tmp_path / "r", flush_steps=64)
    assert found.output == task.wanted()
    assert found.counts.calls == found.counts.steps == 3000
    assert read_back(found, task).reached_goal


def test_three_thousand_children_inside_a_chain(tmp_path: pathlib.Path) -> None:
    task = Fan(parts=3000, in_chain=True)
    found = run(task, tmp_path / "r", flush_steps=64)
    assert found.output == task.wanted()
    assert read_back(found, task).reached_goal


@pytest.mark.parametrize("by_root", [False, True])
@pytest.mark.parametrize("wrong", ["after: 1", "after: 4"])
def test_a_chain_with_sub_plans_is_run_again_at_its_seam(by_root: bool, wrong: str, tmp_path: pathlib.Path) -> None:
    """The first answer below a promise is wrong: its chain is run again, with sub-plans of its own, and reads back."""
    task = Nested(depth=2, by_root=by_root, promised=True)
    model = Counted(answers, say=lambda text, nth: "7" if text == wrong and not nth else None)
    found = run(task, tmp_path / "r", model)
    assert (found.status, found.output) == ("solved", task.wanted())
    assert found.counts.seam_retries >= 1
    read = read_back(found, task)
    assert read.reached_goal
    unbroken = run(task, tmp_path / "s")
    assert (found.counts.steps, read.steps) == (unbroken.counts.steps, read_back(unbroken, task).steps)


@pytest.mark.parametrize("cut", range(1, 12))
@pytest.mark.parametrize("wrong", ["after: 1", "after: 4"])
def test_resumed_while_a_chain_is_run_again(cut: int, wrong: str, tmp_path: pathlib.Path) -> None:
    task = Nested(depth=2, promised=True)
    first = Counted(answers, cut, say=lambda text, nth: "7" if text == wrong and not nth else None)
    if run(task, tmp_path / "r", first, chains_in_flight=1).status == "solved":
        return
    second = Counted(answers)
    found = api.resume(tmp_path / "r", task=task, model=second)
    assert found.output == task.wanted()
    # A suspect is one step, with its question and the vote upon it: in between nothing of it is journalled.
    assert len(set(first.asked) & set(second.asked)) <= 1
    assert read_back(found, task).reached_goal
    unbroken = run(task, tmp_path / "s", chains_in_flight=1)
    assert found.counts.steps == unbroken.counts.steps


class Open(Counted):
    """Says how many questions were open at once."""

    now = most = 0

    async def ask(self, request: Request) -> list[Reply]:
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(200):
            await asyncio.sleep(0)
        self.now -= 1
        return await super().ask(request)


@pytest.mark.parametrize("in_chain", [False, True])
def test_independent_parts_are_asked_together(in_chain: bool, tmp_path: pathlib.Path) -> None:
    """As many as the worker has places for chains, whether the coordinator or a chain has the parts run."""
    model = Open(answers)
    found = run(Fan(parts=100, in_chain=in_chain), tmp_path / "r", model, chains_in_flight=32, flush_steps=64)
    assert found.status == "solved"
    assert model.most == 32
