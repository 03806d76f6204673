"""Who says what: the same line and numbers wherever they are shown."""

import pathlib

import pytest

from surefoot.decompose.division import Division
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.balance import Balance
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro
from surefoot.decompose.tasks.multiply_micro import MultiplyMicro
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render
from tests.runtime.simulated_runs import run


def test_one_line_says_all_of_it() -> None:
    told = Division(30, 20, "moves", {"a": "this", "b": "that"}, ("one thing",))
    assert told.facts_a_step == 1.5
    assert told.line() == (
        "mode micro: 30 facts for 20 moves, 1.50 facts a step; the model says this and that; code says one thing"
    )


@pytest.mark.parametrize(
    "task", [HanoiMicro(disks=5), MultiplyMicro(x="12", y="34"), Balance(amounts="7,99")], ids=repr
)
def test_what_the_model_says_is_every_kind_that_is_asked(task: Task) -> None:
    division = task.who_says()
    assert division is not None
    assert division.line() == task.mode()
    assert {task.sample_step(number).kind for number in range(200)} == set(division.model)
    assert division.facts == sum(chains.count * chains.length for chains in task.outline(31).chains)


def test_a_task_that_is_asked_as_published_divides_nothing() -> None:
    assert Hanoi(disks=3).who_says() is None
    assert Hanoi(disks=3).mode() == ""


def test_the_report_says_who_says_what(tmp_path: pathlib.Path) -> None:
    assert run(tmp_path / "micro", "p_error=0", disks=4, k=1, dialect="micro")[0] == "solved"
    facts = facts_of(tmp_path / "micro")
    page = render(facts)
    assert "Who says what" in page
    assert "which peg is the third" in page
    assert "where counts begin and end" in page
    assert facts.division is not None
    assert f"{facts.division.facts} facts for 15 moves" in page
    assert run(tmp_path / "chat", "p_error=0", disks=3, k=1)[0] == "solved"
    assert "Who says what" not in render(facts_of(tmp_path / "chat"))
