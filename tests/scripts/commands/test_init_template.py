"""What ``surefoot init`` writes: sound Python under any name, whose task adds up and whose referee can tell."""

import ast
import sys
from types import ModuleType
from typing import Any

import pytest

from surefoot.decompose.plan import PlanStep
from surefoot.decompose.step import Done, Flag
from surefoot.scripts.commands.init import class_name
from surefoot.scripts.commands.init_template import BLANK, TASK, TEST, filled

NAMES = ("totals", "word_count", "CLASSES", "MY_NAME", "NAME", "x")


class Plan(list[PlanStep]):
    """A finished plan as a referee is given it."""

    output: Any = None


def written(name: str, text: str = TASK) -> str:
    return filled(text, {"NAME": name, "CLASS": class_name(name)})


@pytest.fixture
def totals(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType("totals")
    monkeypatch.setitem(sys.modules, "totals", module)
    exec(compile(written("totals"), "totals.py", "exec"), module.__dict__)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_every_name_gives_a_module_with_the_class_and_its_functions(name: str) -> None:
    """Also a name that holds a blank's own name, which must not be filled in a second time."""
    tree = ast.parse(written(name))
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    assert defined == {class_name(name), "answers", "verify"}
    imports = [node for node in ast.parse(written(name, TEST)).body if isinstance(node, ast.ImportFrom)]
    assert [(one.module, [alias.name for alias in one.names]) for one in imports] == [(name, [class_name(name)])]


def test_no_blank_is_left_and_only_blanks_are_filled() -> None:
    for text in (TASK, TEST):
        assert not BLANK.search(written("totals", text))
        assert written("totals", text).count("totals") + written("totals", text).count("Totals") >= len(
            BLANK.findall(text)
        )
    assert "--model totals" not in written("totals")


def test_lines_are_no_longer_than_this_houses() -> None:
    assert max(map(len, written("totals").splitlines())) <= 120


def run_by_hand(module: ModuleType, numbers: str) -> Plan:
    """The plan of a task whose questions are answered by its own key."""
    task = module.Totals(numbers=numbers)
    root = task.root()
    state, plan = task.begin(root.goal, root.inputs), Plan()
    while not isinstance(asked := task.next_step(root.goal, state), Done):
        said = task.parse(asked, module.answers(task.prompt(asked, "chat")).right[0], "chat")
        assert task.check(asked, said) is None
        plan.append(PlanStep(asked.kind, asked.reads, said, state))
        state = task.advance(root.goal, state, said)
    plan.output = asked.output
    assert len(plan) <= task.size(root.goal, root.inputs)
    return plan


@pytest.mark.parametrize(("numbers", "total"), [("3 14 15", 32), ("-5 5", 0), ("7", 7), ("", 0)])
def test_the_task_adds_up(totals: ModuleType, numbers: str, total: int) -> None:
    plan = run_by_hand(totals, numbers)
    assert plan.output == total
    found = totals.verify(totals.Totals(numbers=numbers), plan)
    assert (found.valid, found.reached_goal, found.steps) == (True, True, len(plan))


def test_its_referee_sees_a_wrong_step_and_a_wrong_end(totals: ModuleType) -> None:
    task, plan = totals.Totals(numbers="1 2 3"), run_by_hand(totals, "1 2 3")
    step = plan[1]
    plan[1] = PlanStep(step.kind, step.reads, "99", step.state)
    found = totals.verify(task, plan)
    assert (found.valid, found.steps, found.first_error) == (False, 1, "1 + 2 is not 99")
    plan.output = 7
    assert not totals.verify(task, plan).reached_goal


@pytest.mark.parametrize("reply", ["", "seven", "7 8", "1" * 40])
def test_senseless_replies_are_discarded(totals: ModuleType, reply: str) -> None:
    task = totals.Totals(numbers="3 4")
    asked = task.next_step("total", task.begin("total", ((3, 4),)))
    assert isinstance(task.parse(asked, reply, "chat"), Flag)
    assert isinstance(task.check(asked, "-3"), Flag), "less than both that were added"
