"""How many questions of a plan wait for each other, read from the journal: sums along chains, most over children."""

import pathlib
from typing import Any

import pytest

from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.session.answers import reader_of
from tests.data.own.values import Fan, Join, Nested, Ready, answers, names
from tests.runtime.execution.models import QUIET, Counted


@pytest.mark.parametrize(
    ("task", "key", "questions", "longest"),
    [
        (Ready(), answers, 0, 0),
        (Fan(parts=7), answers, 7, 1),  # children that do not read each other are asked at the same time
        (Fan(parts=7, in_chain=True), answers, 7, 1),
        (Join(), names, 2, 2),  # the split, which is no step of a chain, then both parts at once
        (Nested(depth=0), answers, None, None),
        (Nested(depth=2), answers, None, None),
    ],
    ids=lambda one: getattr(one, "__name__", repr(one)),
)
def test_questions_that_wait_for_each_other(
    task: Any, key: Any, questions: int | None, longest: int | None, tmp_path: pathlib.Path
) -> None:
    found = api.run(task, Counted(key), run_dir=tmp_path / "r", **QUIET)
    journal = open_journal(found.run_dir, write=False)
    try:
        reader = reader_of(journal, read_config(found.run_dir), task)
        count = sum(1 for _ in reader.steps())
    finally:
        journal.close()
    assert 0 <= reader.longest <= count
    if questions is not None:
        assert (count, reader.longest) == (questions, longest)
