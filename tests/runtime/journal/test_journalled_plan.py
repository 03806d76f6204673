"""A plan is read back with what its journal says it was split with, also between a change and the choice of leads."""

from typing import Any

import pytest

from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.segment import SegmentSize
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, JournalError
from surefoot.runtime.journal.journalled_plan import journalled_plan, leaf_steps_in, segment_size_in
from surefoot.runtime.leads import LEAF_STEPS, Leads
from tests.runtime.journal.in_memory import InMemoryJournal


def journal(**values: Any) -> InMemoryJournal:
    made = InMemoryJournal("r")
    made.set_meta(**values)
    return made


def config(**options: Any) -> RunConfig:
    return RunConfig(**{"task": "hanoi", "model": "simulated", **options})


@pytest.mark.parametrize(
    ("kept", "steps"),
    [
        ({"leads": Leads(1, 3, 5, 7)}, 7),
        ({"leads": Leads(1, 3, 5, 7), "leaf_steps": 15}, 7),
        ({"leads": None, "leaf_steps": 15}, 15),  # a change of the setup was accepted; leads are chosen next
        ({}, LEAF_STEPS),
    ],
)
def test_leaves_are_as_long_as_the_plan_was_split_with(kept: dict[str, Any], steps: int) -> None:
    made = journal(**kept)
    assert leaf_steps_in(made) == steps
    assert journalled_plan(made, config(), Hanoi(disks=5)).method == Tree(steps)


def test_the_rest_is_the_configurations() -> None:
    made, task = journal(leads=Leads(1, 3, 5, 7)), Hanoi(disks=5)
    plan = journalled_plan(made, config(strategy="chain", rule="first-to", segment_steps=99), task)
    assert (plan.journal, plan.task, plan.rule, plan.segments) == (made, task, "first-to", SegmentSize(99))
    assert plan.method == Chain()


def test_a_journal_that_says_something_else_of_its_leaves_is_damaged() -> None:
    with pytest.raises(JournalError, match="what its journal says of leads cannot be read"):
        leaf_steps_in(journal(leads={"guarded": "many"}))
    with pytest.raises(JournalError, match="what its journal says of leaf_steps cannot be read"):
        leaf_steps_in(journal(leaf_steps="long"))


def test_segments_are_as_large_as_the_run_chose_unless_somebody_named_a_size() -> None:
    chose = journal(segments=SegmentSize(7, timed=True))
    assert segment_size_in(chose, config()) == SegmentSize(7, timed=True)
    assert segment_size_in(chose, config(segment_steps=99)) == SegmentSize(99)
    assert segment_size_in(journal(), config()) == SegmentSize(1024, timed=False)  # a run that never made a pilot
    for forged in ({"steps": 0}, {"steps": "many"}, 7):
        with pytest.raises(JournalError, match="what its journal says of segments cannot be read"):
            segment_size_in(journal(segments=forged), config())


def test_a_method_that_nobody_loaded_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="--strategy"):
        journalled_plan(journal(), config(strategy="my_module:MyMethod"), Hanoi(disks=5))
