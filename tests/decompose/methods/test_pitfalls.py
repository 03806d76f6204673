"""Pitfalls of public systems (systems reference, section 14), each with the regression test that prevents it here.

Most are prevented by a test beside the method that could have them; this is the list, and those that belong to none.
"""

import ast
import importlib
import pathlib

import msgspec
import pytest

from surefoot.decompose.methods.asking import Asking, Goal, Turning, asked_next, settled
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.plan import Expansion
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Call, Done
from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods import worlds
from tests.decompose.methods.walking import Walk

REWOO, RUNS = "tests.decompose.methods.test_rewoo", "tests.runtime.session.test_rewoo_runs"
PLANS = "tests.runtime.execution.test_plan_runner"
PREVENTED = {
    "1 placeholder numbers of ten and more": (REWOO, "test_placeholders_of_more_than_one_figure_are_whole_numbers"),
    "2 several placeholders in one argument": (REWOO, "test_several_placeholders_in_one_input"),
    "3 a node raises and the scheduler hangs": (RUNS, "test_a_tool_that_raises_or_hangs_ends_the_question_in_one_line"),
    "4 self, circular and undefined dependencies": (
        REWOO, "test_plans_that_cannot_run_are_refused_before_anything_runs",
    ),
    "5 descendants retried after an ancestor failed": (
        RUNS, "test_a_failed_line_stops_what_reads_it_and_nothing_else",
    ),
    "6 errors returned as strings and aggregated": (REWOO, "test_a_line_whose_source_failed_asks_nothing"),
    "7 limits that model code can read or write": (
        "tests.decompose.methods.test_recursive", "test_limits_hold_whatever_cells_do",
    ),
    "8 child budget not reduced by the parent's spend": (
        "tests.decompose.methods.test_recursive", "test_limits_hold_whatever_cells_do",
    ),
    "9 an attempt to plan anew that raises is not charged": (
        PLANS, "test_an_attempt_to_plan_anew_that_raises_is_charged_like_any_other",
    ),
    "10 a new plan where a repair would do": (
        "tests.runtime.execution.test_segment_runner", "test_one_wrong_step_is_caught_at_the_seam_and_found",
    ),
    "10 a new plan keeps nothing of the old one": (
        PLANS, "test_a_broken_promise_is_asked_again_and_what_stood_apart_is_kept",
    ),
    "11 recursion advertised, single pass shipped": (
        "tests.decompose.methods.test_as_needed", "test_what_cannot_is_split_until_it_can",
    ),
    "12 a default returned from around validation": (
        "tests.decompose.methods.test_atom", "test_malformed_dependencies_are_a_red_flag",
    ),
    "15 parallelism documented, sequential executed": (
        RUNS, "test_a_plan_takes_as_long_as_its_longest_path",
    ),
    "16 documents and code disagree on concurrency": (
        RUNS, "test_as_many_run_beside_each_other_as_the_option_says",
    ),
    "17 paths that no example reaches": (
        "tests.runtime.session.test_methods", "test_every_way_of_mending_is_reached_by_an_ordinary_run",
    ),
    "19 judge ties favour index 0": ("tests.decompose.methods.test_atom", "test_the_judges_no_is_no_tie"),
    "20 no resume": ("tests.runtime.session.test_methods", "test_killed_at_every_journal_event"),
}  # fmt: skip
ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]
FOLDER = pathlib.Path(__file__).parents[3] / "decompose" / "methods"


HERE = {
    "13": "test_no_state_leaks_from_one_question_to_the_next",
    "14": "test_no_plan_is_changed_in_place",
    "18": "test_no_method_draws_lots_or_hides_an_error",
}


def test_every_pitfall_of_the_list_is_prevented() -> None:
    assert {name.split()[0] for name in PREVENTED} | set(HERE) == set(map(str, range(1, 21)))
    assert all(callable(globals()[name]) for name in HERE.values())


@pytest.mark.parametrize("pitfall", PREVENTED)
def test_a_pitfall_has_its_regression_test(pitfall: str) -> None:
    module, name = PREVENTED[pitfall]
    assert callable(getattr(importlib.import_module(module), name))


def problem(name: str, number: int = 1) -> Problem:
    """A small problem that a method takes."""
    if name == "modular":
        return worlds.Counting(first=4 + number, method=name)
    family = "ledger" if name.startswith("recursive") else "chains"
    return Generated(family=family, length=4, number=number, method=name)


@pytest.mark.parametrize("name", ASKING)
def test_no_state_leaks_from_one_question_to_the_next(name: str) -> None:
    """13: module state or mutable defaults: a question's prompts are the same whatever was asked before it."""
    if name.startswith("recursive"):
        pytest.skip("needs the sandbox; its state is a process that ends")

    def prompts(*numbers: int) -> list[str]:
        for number in numbers:
            walk = Walk(problem(name, number), lambda prompt: worlds.answers_of_all(prompt).right[0])
            walk.run()
        return [prompt.user for prompt in walk.prompts]

    assert prompts(2) == prompts(1, 3, 2)


@pytest.mark.parametrize("name", ASKING)
def test_no_plan_is_changed_in_place(name: str) -> None:
    """14: methods, goals and states are frozen; asking twice from one state gives one thing, and changes nothing."""
    method = METHODS[name](0)
    assert isinstance(method, Asking)
    with pytest.raises(AttributeError):
        method.leaf_steps = 3  # type: ignore[misc]
    task, goal = problem(name), Goal("", 0)
    goal = msgspec.structs.replace(goal, text=task.question())
    state = settled(method, task, goal, Turning(()))
    before = msgspec.msgpack.encode(state)
    first, second = (asked_next(method, task, goal, state) for _ in range(2))
    assert first == second
    assert msgspec.msgpack.encode(state) == before
    assert not isinstance(first, Done | Call | Expansion) or name == "program"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_no_method_draws_lots_or_hides_an_error(path: pathlib.Path) -> None:
    """18 and 12: no chance behind real names, and nothing that catches whatever comes."""
    tree = ast.parse(path.read_text())
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"random", "Random", "uuid", "time"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None
            assert ast.unparse(node.type) not in ("Exception", "BaseException"), node.lineno


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_methods_file_is_short(path: pathlib.Path) -> None:
    assert len(path.read_text().splitlines()) <= 250
