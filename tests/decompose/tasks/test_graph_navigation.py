"""The published graph questions, regenerated."""

import itertools
from typing import Any

import pytest

from surefoot.decompose.answer_keys.graph import FAR, RoomRules, answers
from surefoot.decompose.modular_planner import evaluator, monitor
from surefoot.decompose.referees import graph as referee
from surefoot.decompose.tasks import castles
from surefoot.decompose.tasks.graph_navigation import PAIRS, GraphNavigation
from surefoot.decompose.tasks.rooms import Rooms

VALUE = {1: 3, 2: 1, 3: 1, 4: 5, 5: 1, 6: 2, 7: 4, 9: 2, 10: 4, 11: 2, 12: 2, 13: 4, 14: 1}
DETOUR = {1: 4, 2: 1, 3: 1, 4: 4, 5: 1, 6: 2, 7: 4, 9: 2, 10: 4, 11: 2, 12: 2, 13: 3, 14: 1}
REVAL = {1: 3, 2: 5, 3: 2, 4: 1, 5: 5, 6: 1, 7: 2, 9: 1, 10: 2, 11: 4, 12: 1, 13: 2, 14: 5}
TO_1_AVOIDING_8 = {2: 2, 3: 5, 4: 2, 5: 2, 6: 4, 7: 1, 9: 4, 10: 1, 11: 1, 12: 4, 13: 1, 14: 2, 15: 3}


def lengths(task: GraphNavigation) -> dict[int, int | None]:
    return {int(problem.start): referee.optimal(problem) for problem in task.suite()}


def test_optimal_lengths_are_the_published_ones() -> None:
    shown = {start: steps for start, steps in VALUE.items() if start not in (1, 6)}
    assert lengths(GraphNavigation(question="valuepath")) == shown
    assert lengths(GraphNavigation(question="detour")) == DETOUR
    assert lengths(GraphNavigation(question="revaluation")) == REVAL
    transfer = GraphNavigation(question="transfer").suite()
    assert len(transfer) == 78
    to_one = [p for p in transfer if p.name.startswith("transfer 1/8 ")]
    assert {int(p.start): referee.optimal(p) for p in to_one} == TO_1_AVOIDING_8


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_step_paths_have_their_length(steps: int) -> None:
    problems = GraphNavigation(steps=steps).suite()
    assert len(problems) == 19
    assert {referee.optimal(problem) for problem in problems} == {steps}
    assert len(PAIRS[steps].split()) == 10


def test_a_wrong_chest_on_the_way_is_not_solved() -> None:
    problem = GraphNavigation(question="valuepath").suite()[2]
    assert problem.start == "4"
    through = referee.judge(problem, ("4-15", "15-9", "9-3", "3-8"))
    assert through.valid
    assert not through.reached_goal
    assert referee.judge(problem, ("4-7", "7-1", "1-11", "11-2", "2-8")).reached_goal
    assert not referee.judge(problem, ("4-8",)).valid
    assert not referee.judge(problem, ("7-1",)).valid


def test_after_the_detour_the_locked_door_is_invalid() -> None:
    problem = GraphNavigation(question="detour").suite()[0]
    assert not referee.judge(problem, ("1-11",)).valid
    assert referee.judge(problem, ("1-13", "13-11", "11-2", "2-8")).reached_goal


def test_seven_moves_are_too_many() -> None:
    problem = GraphNavigation(steps=2).suite()[0]
    back_and_forth = (f"{problem.start}-10", f"10-{problem.start}") if problem.start == "4" else ()
    assert referee.judge(problem, back_and_forth * 3).steps == len(back_and_forth) * 3


@pytest.mark.parametrize("question", ["steppath", "valuepath", "detour", "revaluation", "transfer"])
@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_the_key_reads_every_prompt(question: str, dialect: str) -> None:
    task = GraphNavigation(question=question)
    for number in range(60):
        step = task.sample_step(number)
        known = answers(task.prompt(step, dialect))  # type: ignore[arg-type]
        right = {task.parse(step, text, dialect) for text in known.right}  # type: ignore[arg-type]
        assert all(isinstance(candidate, str) for candidate in right)
        assert not right & {task.parse(step, text, dialect) for text in known.wrong}  # type: ignore[arg-type]


def test_graphs_of_ones_own_and_clear_errors() -> None:
    task = GraphNavigation(edges="1-2,2-3 3-4", start=1, goal=4)
    assert referee.optimal(task.problem_of_run()) == 3
    tree = GraphNavigation(graph="n7tree", start=3)
    assert referee.judge(tree.problem_of_run(), ("3-1", "1-2", "2-4")).reached_goal
    for wrong in ({"edges": "1-1"}, {"edges": "a-b"}, {"edges": ""}, {"chests": "8"}, {"start": 99}, {"problem": 500}):
        with pytest.raises(ValueError, match=r"edges|chests|room|problem"):
            GraphNavigation(**wrong)


def solved_by_key(task: GraphNavigation) -> tuple[str, ...]:
    """The way that the answer key goes."""
    problem = task.problem_of_run()
    assert isinstance(problem.world, Rooms)
    rules, state, plan = RoomRules(problem.world), problem.start, []
    while not rules.met(state, problem.goal) and rules.distance(state, problem.goal) < FAR:
        plan.append(rules.ranked(state, problem.goal)[0])
        state = rules.after(state, plan[-1])
    return tuple(plan)


@pytest.mark.parametrize(
    ("options", "plan"),
    [
        ({"question": "valuepath", "start": 5}, ("5-8",)),
        ({"question": "detour", "start": 6}, ("6-3", "3-8")),
        ({"question": "revaluation", "start": 5}, None),
        ({"question": "transfer", "start": 2}, None),
        ({"question": "valuepath", "chests": "8:10 15:50", "start": 14}, None),
        ({"question": "valuepath", "graph": "n7tree", "start": 3}, ("3-1", "1-2", "2-4")),
        ({"edges": "1-2 2-3 3-4 4-5", "chests": "2:5 5:40", "start": 1}, ("1-2",)),
        ({"edges": "1-2 2-3 3-4 4-5", "chests": "2:5 5:40", "start": 3}, ("3-4", "4-5")),
        ({"edges": "1-2 2-3 1-4", "chests": "3:-6 4:2", "start": 1}, ("1-4",)),
        ({"edges": "1-2 2-3 1-4 4-5 5-3", "chests": "2:-6 3:2", "start": 1}, ("1-4", "4-5", "5-3")),
        ({"edges": "1-2 2-3", "chests": "2:5", "start": 1, "goal": 3}, ("1-2", "2-3")),
        ({"edges": "1-2 2-3 1-4", "chests": "1:5 4:2"}, ("2-1",)),
        ({"edges": "1>2 2>3 3>1", "start": 2, "goal": 1}, ("2-3", "3-1")),
        ({"edges": "1-2 2-3 3-4 1>4", "start": 1, "goal": 4}, ("1-4",)),
        ({"edges": "1-2 2-3 3-4 1>4", "start": 4, "goal": 1}, ("4-3", "3-2", "2-1")),
        ({"graph": "n7line", "start": 6, "goal": 7}, ("6-4", "4-2", "2-1", "1-3", "3-5", "5-7")),
        ({"graph": "n13line", "chests": "12:10 13:50", "start": 10, "question": "valuepath"}, None),
        ({"graph": "n16cluster", "start": 1, "goal": 12}, None),
    ],
)
def test_each_combination_of_options_is_honoured(options: dict[str, Any], plan: tuple[str, ...] | None) -> None:
    task = GraphNavigation(**options)
    found = solved_by_key(task)
    assert plan is None or found == plan
    assert referee.judge(task.problem_of_run(), found).reached_goal
    assert referee.optimal(task.problem_of_run()) == len(found)
    assert task.suite() == [task.problem_of_run()]
    if "start" in options:
        assert task.problem_of_run().start == str(options["start"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"question": "valuepath", "problem": 4, "start": 5}, "problem: .* start"),
        ({"problem": 4, "chests": "8:5"}, "problem: .* chests"),
        ({"problem": 4, "graph": "n7tree"}, "problem: .* graph"),
        ({"question": "valuepath", "goal": 4}, "goal: valuepath is about chests"),
        ({"question": "detour", "edges": "1-2"}, "edges: detour is about the published castle"),
        ({"question": "transfer", "graph": "n7tree"}, "graph: transfer is about the published castle"),
        ({"question": "revaluation", "chests": "8:5"}, "chests: revaluation"),
        ({"question": "valuepath", "edges": "1-2"}, "chests: valuepath in a castle of your own"),
        ({"graph": "n7tree", "edges": "1-2"}, "graph: edges describe a castle of your own"),
        ({"question": "detour", "steps": 3}, "steps: the length belongs"),
        ({"steps": 3, "start": 3}, "steps: the length belongs"),
        ({"question": "valuepath", "start": 8}, "start: room 8 holds a chest"),
        ({"edges": "1-2", "chests": "3:4"}, "there is no room 3"),
        ({"edges": "1-2 2-3", "chests": "2:-4"}, "chests: none is worth collecting"),
        ({"edges": "1-2", "chests": "1:4 2:5"}, "chests: every room holds one"),
        ({"edges": "1-2", "chests": "1:4 1:5"}, "chests: room 1 is named twice"),
        ({"edges": "1-2 3-4", "start": 5}, "there is no room 5"),
        ({"edges": "١-2"}, "edges"),
    ],
)
def test_combinations_that_make_no_sense_are_refused_in_one_line(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said) as error:
        GraphNavigation(**options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_the_key_reads_losses(dialect: Any) -> None:
    task = GraphNavigation(edges="1-2 2-3 1-4", chests="3:-6 4:2", start=2)
    problem = task.problem_of_run()
    step = evaluator.step(evaluator.EvaluatorFacts(problem.world, "2", problem.goal))
    right = {task.parse(step, text, dialect) for text in answers(task.prompt(step, dialect)).right}
    assert right == {"2"}


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_a_door_one_way_is_none_back(dialect: Any) -> None:
    task = GraphNavigation(edges="1-2 2>3 3>1", start=1, goal=3)
    world = task.problem_of_run().world
    for action, rule in (("2-3", "yes"), ("3-2", "no door"), ("3-1", "yes"), ("1-3", "no door")):
        step = monitor.step(monitor.MonitorFacts(world, action[0], action))
        assert {task.parse(step, text, dialect) for text in answers(task.prompt(step, dialect)).right} == {rule}
    assert referee.judge(task.problem_of_run(), ("1-2", "2-3")).reached_goal
    assert not referee.judge(task.problem_of_run(), ("1-3",)).valid


def test_a_chest_that_is_worth_as_much_is_as_good() -> None:
    task = GraphNavigation(edges="1-2 2-3 1-4", chests="3:6 4:6", start=2)
    assert referee.judge(task.problem_of_run(), ("2-3",)).reached_goal
    assert referee.judge(task.problem_of_run(), ("2-1", "1-4")).reached_goal
    assert referee.optimal(task.problem_of_run()) == 1


def test_chests_that_cannot_be_reached_leave_the_goal_unreached() -> None:
    task = GraphNavigation(edges="1-2 3-4", chests="4:6", start=1)
    assert solved_by_key(task) == ()
    assert not referee.judge(task.problem_of_run(), ("1-2",)).reached_goal
    assert referee.optimal(task.problem_of_run()) is None


@pytest.mark.parametrize("preset", ["surefoot", "paper"])
def test_a_loss_is_not_walked_through_for_a_chest_behind_it(grow: Any, preset: Any) -> None:
    task = GraphNavigation(edges="1-2 2-3 3-4 4-5", chests="3:-6 4:2", start=1, preset=preset)
    problem = task.problem_of_run()
    assert "2-3" not in grow(task, answers, "compact", problem, (problem.start,))["plan"]
    assert referee.optimal(task.problem_of_run()) is None


OPTIONS: dict[str, tuple[Any, ...]] = {
    "question": ("steppath", "valuepath", "detour", "revaluation", "transfer"),
    "graph": (None, "n7tree", "n7line"),
    "edges": (None, "1>2 2-3 3>1", "1-2@50 2-3 1-3@20 3-4", "1-2 3-4"),
    "chests": (None, "2:5 5:40", "3:-6 4:2"),
    "start": (None, 1, 5, 99),
}


def test_every_combination_is_honoured_or_refused_in_one_line() -> None:
    honoured, refusals = 0, list[str]()
    for values in itertools.product(*OPTIONS.values()):
        options = {name: value for name, value in zip(OPTIONS, values, strict=True) if value is not None}
        try:
            task = GraphNavigation(**options)
        except ValueError as error:
            refusals.append(str(error))
            continue
        honoured += 1
        problem, plan = task.problem_of_run(), solved_by_key(task)
        assert problem.start == str(options.get("start", problem.start))
        world = problem.world
        assert isinstance(world, Rooms)
        if "chests" in options and options["question"] != "transfer":
            assert world.worths == dict(castles.chests_of(options["chests"])), options
        told = referee.judge(problem, plan)
        assert told.valid, options
        assert told.reached_goal or referee.optimal(problem) is None, options
        assert told.reached_goal or not world.worths.get(int(problem.start), 0), options
    assert honoured > 60
    assert len(refusals) > 400
    assert {len(said.splitlines()) for said in refusals} == {1}


CHANCY = {"edges": "1-2@20 2-4 1-3 3-5 5-4", "start": 1, "goal": 4}


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_a_door_that_seldom_opens_is_gone_around(grow: Any, dialect: Any) -> None:
    """Two rooms by a door that opens once in five attempts, or three by doors that always do."""
    for options, plan, attempts in (
        (CHANCY, ["1-3", "3-5", "5-4"], 3.0),
        ({**CHANCY, "edges": "1-2@80 2-4 1-3 3-5 5-4"}, ["1-2", "2-4"], 2.25),
        ({**CHANCY, "edges": "1-2@20 2-4"}, ["1-2", "2-4"], 6.0),
    ):
        task = GraphNavigation(**options)
        problem = task.problem_of_run()
        output = grow(task, answers, dialect, problem, (problem.start,))
        assert output["plan"] == plan
        assert output["expected_attempts"] == attempts
        assert referee.judge(problem, tuple(plan)).reached_goal
        assert referee.optimal(problem) is None


def test_every_castle_of_cogeval_can_be_walked(grow: Any) -> None:
    for name in ("n7tree", "n7line", "n13line", "n16cluster", "n21star"):
        task = GraphNavigation(graph=name, chests="2:10 3:50", question="valuepath")
        problem = task.problem_of_run()
        assert grow(task, answers, "compact", problem, (problem.start,))["ended"] == "accepted"
