"""What a journal says of a task to readers that run none of its code."""

import pytest

from surefoot.decompose.tasks.ask import AskedQuestion
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.questions import Questions
from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.checked_task import checked_class
from surefoot.runtime.journal.task_shape import RecordedTask, shape_of
from tests.data.own import faults, fetching, values


def test_only_what_has_a_referee_is_proposed_to_be_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shape_of(Hanoi(disks=3)).has_referee
    assert not shape_of(MapRows(question="{a}")).has_referee
    assert not shape_of(AskedQuestion(text="Why?")).has_referee
    assert not shape_of(fetching.Fetching()).has_referee
    monkeypatch.setattr(fetching, "verify", lambda task, plan: None, raising=False)
    assert shape_of(fetching.Fetching()).has_referee


def test_steps_are_those_of_the_table_or_of_the_plan() -> None:
    assert shape_of(MapRows(question="{a}", total_rows=12)).total_steps == 12
    assert shape_of(Hanoi(disks=3)).total_steps == 7


def test_of_a_question_nobody_knows_how_many_steps_it_takes() -> None:
    """By the limit at which a chain is stopped, it would be one of a million."""
    whole, plain = shape_of(Hanoi(disks=3)), shape_of(AskedQuestion(text="Why?"))
    assert (whole.open_ended, whole.expected_steps) == (False, 7)
    assert (plain.open_ended, plain.expected_steps) == (True, 0)
    assert shape_of(RecordedTask(shape=plain)).open_ended
    assert not shape_of(MapRows(question="{a}", total_rows=12)).open_ended
    assert not shape_of(checked_class(faults.Sound)()).open_ended, "one of somebody's own, with a size"
    assert shape_of(checked_class(values.Ready)()).open_ended, "and one without"
    file = '[{"question": "What is 1 + 1?", "answer": "2"}]'
    assert [shape_of(Questions(file=file, every=every)).open_ended for every in (False, True)] == [False, True]
