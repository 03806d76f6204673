"""Castles by facts: ways through every pair of rooms, what can be asked so, and each module's cut."""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.graph import RoomRules, answers
from surefoot.decompose.modular_planner.actor import ActorFacts, Rejected
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.monitor import MonitorFacts
from surefoot.decompose.step import Flag
from surefoot.decompose.tasks import room_cuts
from surefoot.decompose.tasks.castles import CASTLES, N7TREE, edges_of
from surefoot.decompose.tasks.graph_navigation_micro import SHOWN, GraphNavigationMicro
from surefoot.decompose.tasks.room_cuts import doors_back
from surefoot.decompose.tasks.rooms import Rooms
from surefoot.runtime import api
from tests.decompose.modular_planner.driving import drive, run

TREE = Rooms(edges_of(N7TREE))
RULES = RoomRules(TREE)
TASK = GraphNavigationMicro(graph="n7tree", start=4, goal=7)


def decided(cut: Any) -> Any:
    return run(cut, TASK.right_fact)[0]


def test_right_facts_lead_from_every_room_to_every_other_by_the_shortest_way() -> None:
    for start in range(1, 8):
        for goal in (room for room in range(1, 8) if room != start):
            task = GraphNavigationMicro(graph="n7tree", start=start, goal=goal)
            done, asked = drive(task, task.problem_of_run(), task.right_fact)
            assert done.output["ended"] == "accepted"
            assert len(done.output["plan"]) == RULES.distance(str(start), str(goal))
            assert {step.kind for step in asked} == {"door"}


def test_every_room_but_the_first_has_one_door_back() -> None:
    assert doors_back(TREE) == ((2, 1), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3))
    assert doors_back(Rooms(((9, 4), (4, 2)))) == ((4, 2), (9, 4))
    for lacking in (
        Rooms(((1, 2), (2, 3), (3, 1))), Rooms(((1, 2), (3, 4))), Rooms(((1, 2),), locked=((1, 2),)),
        Rooms(((1, 2),), one_way=((2, 3),)),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="without a circle"):
            doors_back(lacking)


def test_the_monitor_knows_the_doors_of_both_rooms() -> None:
    for here in range(1, 8):
        for there in (room for room in range(1, 8) if room != here):
            action = f"{here}-{there}"
            broken = RULES.broken(str(here), action)
            assert decided(room_cuts.check(MonitorFacts(TREE, str(here), action))) == (
                f"no {broken}" if broken else "yes"
            )
    assert decided(room_cuts.check(MonitorFacts(TREE, "1", "2-4"))) == "no room"
    assert run(room_cuts.check(MonitorFacts(TREE, "4", "4-2")), lambda _: "5")[0] == "no door"  # it fails closed


def test_the_actor_follows_the_way_back_from_the_goal() -> None:
    def proposed(state: str, goal: str, breadth: int = 1, *rejected: str) -> Any:
        refused = tuple(Rejected(one, "visited") for one in rejected)
        return decided(room_cuts.propose(ActorFacts(TREE, state, goal, breadth, refused)))

    assert proposed("1", "7") == "1-3"
    assert proposed("4", "7") == "4-2"
    assert proposed("2", "4", 2) == "2-4; 2-1"
    assert proposed("2", "4", 1, "2-4") == "2-1"
    assert proposed("4", "7", 1, "4-2") == "none"
    assert run(room_cuts.propose(ActorFacts(TREE, "4", "7", 1)), lambda _: "4")[0] == "4-7"  # the Monitor's to refuse


def test_the_evaluator_measures_where_both_ways_back_meet_and_says_nothing_where_they_do_not() -> None:
    for state in "1234567":
        for goal in "1234567":
            found = decided(room_cuts.value(EvaluatorFacts(TREE, state, goal)))
            assert found == str(RULES.distance(state, goal))
    assert run(room_cuts.value(EvaluatorFacts(TREE, "4", "7")), lambda step: str(step.reads.room))[0] is None


def test_the_list_of_doors_is_shown_in_full_and_rooms_are_read_by_their_form() -> None:
    for number in range(20):
        step = TASK.sample_step(number)
        shown = TASK.prompt(step, "micro")
        assert shown.raw
        assert len(shown.user.splitlines()) == SHOWN * 6 + 1
        known = answers(shown)
        assert TASK.parse(step, known.right[0], "micro") == TASK.right_fact(step)
        assert {TASK.parse(step, wrong, "micro") for wrong in known.wrong} <= set("1234567")
        assert isinstance(TASK.parse(step, " horse", "micro"), Flag)  # no room of this castle
        assert isinstance(TASK.parse(step, "left", "micro"), Flag)
    assert TASK.prompt(step, "micro", 1) != shown


def test_what_cannot_be_asked_for_by_single_doors_is_refused_in_a_line() -> None:
    for options in (
        {},
        {"graph": "n16cluster"},
        {"graph": "n7tree", "preset": "paper"},
        {"graph": "n7tree", "method": "cot"},
    ):
        with pytest.raises(ValueError, match="--dialect chat"):
            GraphNavigationMicro(**{"start": 1, "goal": 5, **options})  # type: ignore[arg-type]
    assert "n13line" in CASTLES
    with pytest.raises(ValueError, match="13 rooms are too many"):
        GraphNavigationMicro(graph="n13line", start=1, goal=5)


def test_a_run_by_looks_finds_the_way(tmp_path: pathlib.Path) -> None:
    options: dict[str, Any] = {"graph": "n7tree", "start": 4, "goal": 7, "dialect": "micro", "address": "none"}
    found = api.run("graph", "simulated:p_error=0.05", rule="looks", run_dir=tmp_path / "run", **options)
    assert (found.status, found.output["plan"]) == ("solved", ["4-2", "2-1", "1-3", "3-7"])
