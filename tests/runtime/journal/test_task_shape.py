"""What a journal says of a task to readers that run none of its code."""

import pytest

from surefoot.decompose.tasks.ask import AskedQuestion
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.journal.task_shape import shape_of
from tests.data.own import fetching


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
