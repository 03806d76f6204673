"""A world of one's own in one file: the one that the page shows, solved, judged, and refused where it is not whole."""

import pathlib
import re
from typing import Any

import pytest

from surefoot.decompose.modular_planner import actor, monitor
from surefoot.decompose.modular_planner.world_task import OwnWorld, WorldTask
from surefoot.decompose.step import Prompt

PAGE = pathlib.Path(__file__).parents[3] / "docs" / "modular-agentic-planner.md"
_found = re.search(r"<!-- file jugs.py -->\n```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
assert _found is not None
SOURCE = _found[1]


@pytest.fixture(scope="module")
def jugs() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "jugs"}
    exec(compile(SOURCE, "jugs.py", "exec"), names)
    return names


def test_a_whole_world_takes_at_most_sixty_lines() -> None:
    assert len(SOURCE.splitlines()) <= 60


@pytest.mark.parametrize("dialect", ["chat", "compact"])
@pytest.mark.parametrize("preset", ["surefoot", "paper"])
def test_the_page_s_world_is_solved_by_six_modules(grow: Any, jugs: dict[str, Any], dialect: Any, preset: Any) -> None:
    task = jugs["Jugs"](preset=preset)
    problem = task.problem_of_run()
    output = grow(task, jugs["answers"], dialect, problem, (problem.start,))
    assert output["ended"] == "accepted"
    assert len(output["plan"]) == 7
    state = "0/0"
    for action in output["plan"]:
        state = jugs["moves"](state)[action]
    assert state == "4/0"


class Steps:
    """A finished plan without steps."""

    def __init__(self, *plan: str) -> None:
        self.output = {"plan": list(plan)}

    def __iter__(self) -> Any:
        return iter(())


def test_the_referee_takes_each_action_where_it_stands(jugs: dict[str, Any]) -> None:
    verify, task = jugs["verify"], jugs["Jugs"](wanted="2/3")
    assert verify(task, Steps("fill large", "pour large")).reached_goal
    short = verify(task, Steps("fill large"))
    assert (short.valid, short.reached_goal, short.first_error) == (True, False, "it ends in 5/0")
    wrong = verify(task, Steps("pour large"))
    assert (wrong.valid, wrong.first_error) == (False, "action 1: pour large is not possible in 0/0")


def test_the_key_reads_the_prompt_and_knows_what_is_wrong(jugs: dict[str, Any]) -> None:
    world, key = jugs["Jugs"].world(), jugs["answers"]
    for dialect in ("chat", "compact"):
        for action, verdict in (("fill large", "yes"), ("pour small", "no source")):
            facts = monitor.MonitorFacts(world, "0/0", action)
            known = key(monitor.prompt(facts, dialect))  # type: ignore[arg-type]
            assert monitor.parse(facts, known.right[0], dialect) == verdict  # type: ignore[arg-type]
        asked = actor.ActorFacts(world, "4/3", "4/0", 1, (actor.Rejected("fill large", "visited"),))
        first = key(actor.prompt(asked, dialect)).right[0]  # type: ignore[arg-type]
        assert actor.parse(asked, first, dialect) == "empty small"  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="not a module's question"):
        key(Prompt("what?"))


@pytest.mark.parametrize(("first", "why"), [("9/0", "first: '9/0' is not written as L/S"), ("", "first: ''")])
def test_a_start_that_is_no_state_is_refused(jugs: dict[str, Any], first: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        jugs["Jugs"](first=first)


def test_a_class_that_lacks_something_says_what() -> None:
    class Half(WorldTask, frozen=True, kw_only=True):
        about = "Something."

    with pytest.raises(ValueError, match="Half is not whole: its rules is missing"):
        Half()


@pytest.mark.parametrize("text", ["4/0.", " 4/0 ", "4/0"])
def test_states_are_read_with_or_without_a_full_stop(text: str) -> None:
    world = OwnWorld("", (("rule", "is kept."),), r"[0-9]/[0-9]", "go", goal="enough")
    assert world.read_state(text, "chat") == "4/0"
    assert world.read_state("enough", "chat") == "enough"
    assert world.read_state("[ 4/0 ]", "compact") == "4/0"
    assert world.read_state("4/0", "compact") is None
    assert world.read_state("4/0 or 5/0", "chat") is None
