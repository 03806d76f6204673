"""A planner outside the process: started, read, killed, refused; and its plan in the answer key."""

import json
import os
import pathlib
import sys

import pytest

from surefoot.decompose.answer_keys.pddl import answers, answers_with
from surefoot.decompose.answer_keys.strips_plans import Plans
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.models.planning_engine import actions_in, command_of, outside_planner, plan_with
from surefoot.scripts.benchmarks.pddl_shapes import SHAPES, hanoi

DOMAIN, PROBLEM = hanoi(2)
PLAN = "(move d01 d02 p2)\n(MOVE d02 p1  p3) ; cost 1\n( move d01 p2 d02 )\n; cost = 3 (unit cost)\n"


def program(folder: pathlib.Path, text: str) -> str:
    """A planner of our own: a program that writes a plan, or does something else."""
    path = folder / "planner.py"
    path.write_text(f"import pathlib, sys, time\n{text}\n")
    return f"{sys.executable} {path} {{domain}} {{problem}} {{plan}}"


@pytest.fixture
def writes(tmp_path: pathlib.Path) -> str:
    return program(tmp_path, f"pathlib.Path(sys.argv[3]).write_text({PLAN!r})")


def test_a_plan_file_is_read_in_any_spelling() -> None:
    assert actions_in(PLAN) == ("(move d01 d02 p2)", "(move d02 p1 p3)", "(move d01 p2 d02)")
    assert actions_in("; nothing\n") == ()


def test_a_planner_s_plan_is_what_the_key_goes_by(writes: str) -> None:
    """The plan is a way on the second peg, which the key's own search would not have chosen by itself."""
    key = answers_with(outside_planner(writes, {"domain": DOMAIN, "problem": PROBLEM}))
    task = PddlPlanning(domain=DOMAIN, problem=PROBLEM, engine=writes)
    posed = task.problem_of_run()
    state, plan = task.begin(posed, (posed.start,)), []
    while isinstance(step := task.next_step(posed, state), Step):
        said = key(task.prompt(step, "compact")).right[0]
        plan += [said] if step.kind == "propose" else []
        state = task.advance(posed, state, str(task.parse(step, said, "compact")))
    assert plan == list(actions_in(PLAN))
    assert step.output["ended"] == "accepted"


def test_a_plan_that_does_not_lead_to_the_goal_is_not_believed(tmp_path: pathlib.Path) -> None:
    posed = read(DOMAIN, PROBLEM)
    for wrong in (("(move d02 p1 p3)",), ("(move d01 d02 p2)",), ()):
        plans = Plans(posed.world, lambda state, goal, wrong=wrong: wrong)  # type: ignore[misc]
        assert plans.next(posed.start, posed.goal).left == 3
    assert answers is not answers_with(lambda lines: None)


def test_states_off_the_way_are_led_back_to_it() -> None:
    posed = read(DOMAIN, PROBLEM)
    plans = Plans(posed.world, lambda state, goal: actions_in(PLAN) if state == posed.start else None)
    assert plans.next(posed.start, posed.goal).action == "(move d01 d02 p2)"
    off = plans.after(posed.start, "(move d01 d02 p3)")
    assert 0 < plans.next(off, posed.goal).left < 10


@pytest.mark.parametrize("text", ["sys.exit(3)", "pass", "raise ValueError('no')", "pathlib.Path(sys.argv[3]).mkdir()"])
def test_a_planner_that_finds_nothing_gives_no_plan(tmp_path: pathlib.Path, text: str) -> None:
    command = command_of(program(tmp_path, text))
    found = plan_with(command, DOMAIN, PROBLEM)
    assert not found


def test_a_planner_that_takes_too_long_is_killed(tmp_path: pathlib.Path) -> None:
    assert plan_with(command_of(program(tmp_path, "time.sleep(60)")), DOMAIN, PROBLEM, seconds=0.2) is None


def state_of(process: int) -> str:
    """The letter of a process's state in Linux; Z for one that is gone."""
    try:
        return pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
    except FileNotFoundError:
        return "Z"


def test_what_a_planner_started_is_killed_with_it(tmp_path: pathlib.Path) -> None:
    """As Fast Downward's script, which starts a translator and a search."""
    started = tmp_path / "started"
    text = (
        "import subprocess; child = subprocess.Popen(['sleep', '60'])\n"
        f"pathlib.Path({str(started)!r}).write_text(str(child.pid)); child.wait()"
    )
    seconds = 0.5
    while not started.exists() or not started.read_text():  # a machine under load may take longer to start it
        assert plan_with(command_of(program(tmp_path, text)), DOMAIN, PROBLEM, seconds) is None
        seconds *= 2
    child = int(started.read_text())
    for _ in range(1000):
        if state_of(child) == "Z":
            break
        os.sched_yield()
    assert state_of(child) == "Z"


@pytest.mark.parametrize(
    ("engine", "why"),
    [
        ("planner --fast", "needs {domain} and {problem}"),
        ("fast-downward", "not installed"),
        ("pyperplan", "not installed"),
    ],
)
def test_a_planner_that_cannot_be_run_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, engine: str, why: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=why) as error:
        command_of(engine)
    assert "\n" not in str(error.value)


def test_a_program_that_does_not_exist_is_said_in_one_line() -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        plan_with(command_of("/no/such/planner {domain} {problem}"), DOMAIN, PROBLEM)


def test_problems_of_a_collection_are_told_apart(writes: str) -> None:

    ferry = SHAPES["ferry"](1)
    pairs = [
        {"name": "a", "domain": DOMAIN, "problem": PROBLEM},
        {"name": "b", "domain": ferry[0], "problem": ferry[1]},
    ]
    of_world = outside_planner(writes, {"problems": json.dumps({"pairs": pairs})})
    posed = read(DOMAIN, PROBLEM)
    outside = of_world(posed.world.lines)
    assert outside is not None
    assert outside(posed.start, posed.goal) == actions_in(PLAN)
    assert outside(posed.start, "(on d01 d02)") is None
    assert of_world(("domain other",)) is None
