"""All that a run, its plan and its report read or write goes through the port: any database could stand there."""

import ast
import pathlib
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.configuration_drift import admit
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.port import JournalReader, JournalStore
from surefoot.runtime.report.gather import gather
from surefoot.runtime.worker.local_pool import LocalPool
from tests.runtime.journal.in_memory import InMemoryJournal

RUNTIME = pathlib.Path(__file__).parents[3] / "runtime"


async def session(journal: JournalStore, config: RunConfig, model: Any) -> str:
    pool = LocalPool(config, open_task(config), [model])
    try:
        return await Coordinator(config, open_task(config), journal, pool).run()
    finally:
        await pool.close()


def steps(journal: JournalReader, config: RunConfig) -> list[str]:
    reader = PlanReader(journalled_plan(journal, config, open_task(config)))
    return [step.candidate for step in reader.steps()]


async def test_a_plan_runs_pauses_and_is_read_on_another_journal(
    new_run: Any, planted: Any, tmp_path: pathlib.Path
) -> None:
    run = new_run(k=2)
    journal = InMemoryJournal()
    admit(journal, tmp_path, run.config, run.task)
    model = planted(hanoi.answers)
    assert await session(journal, msgspec.structs.replace(run.config, max_calls=40), model) == "paused"
    assert 0 < journal.totals.steps < 63
    # The placebo: a journal that forgets has everything asked again.
    forgetful = planted(hanoi.answers)
    assert await session(InMemoryJournal(), run.config, forgetful) == "solved"
    resumed = planted(hanoi.answers)
    assert await session(journal, run.config, resumed) == "solved"
    assert resumed.asked < forgetful.asked
    assert await run.session(planted(hanoi.answers)) == "solved"
    assert steps(journal, run.config) == [step.candidate for step in run.plan()[0]]
    opened = run.journal()
    try:
        assert gather(journal).voted == gather(opened).voted
        assert journal.totals.steps == opened.totals.steps == 63
    finally:
        opened.close()


@pytest.mark.parametrize("path", sorted(RUNTIME.rglob("*.py")), ids=lambda path: str(path.relative_to(RUNTIME)))
def test_only_the_journals_room_names_the_class(path: pathlib.Path) -> None:
    """Others open a journal by its directory, and know it as a reader or a store from then on."""
    if path.parent.name == "journal":
        return
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    inside = {f"surefoot.runtime.journal.{one}" for one in ("file", "wal", "durable_mark")}
    assert not {node.module for node in found} & inside
    assert "Journal" not in {alias.name for node in found for alias in node.names}
