"""Every question of a finished plan is found behind its place, also those of sub-plans that a chain asked for."""

import pathlib
from collections import Counter
from typing import Any

import pytest

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.journalled_plan import journalled_plan
from surefoot.runtime.journal.plan_reader import PlanReader
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.payloads import unpack
from surefoot.runtime.report.questions import Questions
from surefoot.runtime.report.suspicious_steps import Place
from tests.data.own.values import Fan, Join, Nested, answers, names
from tests.runtime.execution.models import QUIET, Counted


def looked_up(directory: pathlib.Path, task: Task) -> tuple[list[Step | None], list[Any]]:
    """The questions behind the records of a run, and what the plan's steps read; results of sub-plans have none."""
    journal = open_journal(directory, write=False)
    try:
        plan = journalled_plan(journal, read_config(directory), task)
        questions = Questions(plan)
        places = [
            Place(record.path, record.part, record.attempt, record.first + number)
            for segment in journal.segments()
            for payload in journal.payloads(segment)
            for record in unpack(payload)
            if record.part == "run" and record.k > 0
            for number in range(len(record.entries))
        ]
        return [questions.find(place) for place in places], [step.reads for step in PlanReader(plan).steps()]
    finally:
        journal.close()


@pytest.mark.parametrize(
    ("task", "key"),
    [
        (Nested(depth=1), answers),
        (Nested(depth=3), answers),
        (Nested(depth=2, by_root=True), answers),
        (Fan(), answers),
        (Fan(in_chain=True), answers),
        (Join(), names),
    ],
    ids=lambda one: one.__name__ if callable(one) else repr(one),
)
@pytest.mark.parametrize("segment_steps", [1, 1024])
def test_every_voted_question_is_found(task: Task, key: Any, segment_steps: int, tmp_path: pathlib.Path) -> None:
    run = api.run(task, Counted(key), run_dir=tmp_path / "r", **{**QUIET, "segment_steps": segment_steps})
    assert run.status == "solved", run.message
    found, reads = looked_up(tmp_path / "r", task)
    assert None not in found
    assert Counter(repr(step.reads) for step in found if step is not None) == Counter(map(repr, reads))


def test_the_prompts_of_a_sub_plan_are_kept_like_others(tmp_path: pathlib.Path) -> None:
    model = Counted(answers)
    options = {**QUIET, "keep_replies": "all"}
    run = api.run(Fan(in_chain=True), model, run_dir=tmp_path / "r", **options)
    prompts = Counter(step.prompt for step in run.steps() if step.ballots)
    assert prompts == Counter(text for text, _ in model.asked)
