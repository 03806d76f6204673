"""What a module may answer is read back as it was meant, in every domain and both dialects; damaged replies are not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.modular_planner import whole_plan as plans
from surefoot.decompose.modular_planner.modular_task import MODULES
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Dialect, Flag
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.pddl import PddlPlanning

CASTLE: Any = GraphNavigation().problem_of_run().world
BLOCKS: Any = PddlPlanning().problem_of_run().world
NAMES = [name for name, _ in BLOCKS.objects]
DIALECTS: tuple[Dialect, ...] = ("chat", "compact")

digit_states = st.sampled_from(all_states(4))
digit_actions = st.builds(
    lambda number, pair: f"{number}{pair}", st.integers(0, 3), st.sampled_from(["AB", "AC", "BA", "BC", "CA", "CB"])
)
room_states = st.sampled_from([str(room) for room in CASTLE.rooms()])
room_actions = st.tuples(room_states, room_states).filter(lambda pair: pair[0] != pair[1]).map("-".join)
block = st.sampled_from(NAMES)
facts = st.one_of(
    st.builds("(on {} {})".format, block, block), st.builds("(clear {})".format, block), st.just("(handempty)")
)
block_states = st.sets(facts, max_size=6).map(lambda found: " ".join(sorted(found)))
block_actions = st.builds("(stack {} {})".format, block, block)

WORLDS: list[tuple[World, Any, Any]] = [
    (DigitLists(4), digit_states, digit_actions),
    (CASTLE, room_states, room_actions),
    (BLOCKS, block_states, block_actions),
]
by_world = pytest.mark.parametrize(("world", "states", "actions"), WORLDS, ids=["digits", "castle", "blocks"])
by_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def lines(name: str, said: list[str], dialect: Dialect) -> str:
    """A reply that names some values, behind an explanation."""
    if dialect == "compact":
        return " / ".join(said) or "-"
    return "I thought about it.\n" + "\n".join(f"{name} = {one}" for one in said or ["none"])


def test_blocksworld_knows_the_facts_that_are_drawn() -> None:
    assert {name for name, _ in BLOCKS.predicates} >= {"on", "clear", "handempty"}
    assert "stack" in {schema.name for schema in BLOCKS.schemas}


@by_world
@by_dialect
@given(data=st.data())
def test_states_and_actions_are_read_as_they_are_said(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    state, action = data.draw(states), data.draw(actions)
    assert world.read_state(world.say_state(state, dialect), dialect) == state
    assert world.read_action(world.say_action(action, dialect), dialect) == action


@by_world
@by_dialect
@given(data=st.data())
def test_a_state_with_something_behind_it_is_not_read(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    said = world.say_state(data.draw(states), dialect)
    for damage in (f"{said} and", f"so {said}", said[:-1] + "\x00"):
        assert world.read_state(damage, dialect) is None


@by_world
@by_dialect
@given(data=st.data())
def test_an_actor_s_proposals_come_back_in_order(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    state, goal = data.draw(states), data.draw(states)
    named = data.draw(st.lists(actions, max_size=3, unique=True))
    asked = actor.ActorFacts(world, state, goal, 3)
    reply = lines("action", [world.say_action(action, dialect) for action in named], dialect)
    candidate = actor.parse(asked, reply, dialect)
    assert isinstance(candidate, str)
    assert actor.proposals(candidate) == tuple(named)
    assert actor.check(asked, candidate) is None


@by_world
@by_dialect
@given(data=st.data())
def test_an_actor_may_not_name_more_than_asked_nor_anything_twice_or_again(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    named = data.draw(st.lists(actions, min_size=2, max_size=4, unique=True))
    reply = lines("action", [world.say_action(action, dialect) for action in named], dialect)
    state = data.draw(states)
    few = actor.ActorFacts(world, state, state, len(named) - 1)
    assert isinstance(actor.parse(few, reply, dialect), Flag)
    enough = actor.ActorFacts(world, state, state, 9, (actor.Rejected(named[-1], world.rules[0]),))
    again = actor.check(enough, str(actor.parse(enough, reply, dialect)))
    assert again == Flag("inconsistent", f"{named[-1]} was rejected before")
    twice = actor.check(few, "; ".join([named[0], named[1], named[0]]))
    assert twice == Flag("inconsistent", "the same action twice")


@by_world
@by_dialect
@given(data=st.data())
def test_one_action_that_cannot_be_read_spoils_the_whole_reply(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    """Placebo arm: the same reply without the damaged line is read."""
    state, named = data.draw(states), data.draw(st.lists(actions, min_size=1, max_size=2, unique=True))
    said = [world.say_action(action, dialect) for action in named]
    asked = actor.ActorFacts(world, state, state, 4)
    assert isinstance(actor.parse(asked, lines("action", said, dialect), dialect), str)
    assert isinstance(actor.parse(asked, lines("action", [*said, "jump about"], dialect), dialect), Flag)
    whole = plans.PlanFacts(world, state, state, 9)
    assert isinstance(plans.parse(whole, lines("action", said, dialect).split("\n", 1)[-1], dialect), str)
    damaged = lines("action", [*said, "jump about"], dialect).split("\n", 1)[-1]
    assert isinstance(plans.parse(whole, damaged, dialect), Flag)


@by_world
@by_dialect
@given(data=st.data())
def test_a_monitor_s_verdict_comes_back(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    asked = monitor.MonitorFacts(world, data.draw(states), data.draw(actions))
    rule = data.draw(st.sampled_from(["", *world.rules]))
    if dialect == "compact":
        reply = f"no {rule}" if rule else "yes"
    else:
        reply = f"rule = {rule}\nvalid = no" if rule else "Everything is as it should be.\nvalid = yes"
    candidate = monitor.parse(asked, reply, dialect)
    assert isinstance(candidate, str)
    assert monitor.broken_rule(candidate) == (rule or None)
    assert monitor.check(asked, candidate) is None


@by_world
@by_dialect
@given(data=st.data())
def test_a_predicted_state_comes_back_and_the_last_one_counts(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    before, first, last = data.draw(states), data.draw(states), data.draw(states)
    asked = predictor.PredictorFacts(world, before, data.draw(actions))
    reply = world.say_state(last, dialect)
    if dialect == "chat":
        reply = f"next_state = {world.say_state(first, dialect)}\nNo:\nnext_state = {reply}"
    assert predictor.parse(asked, reply, dialect) == last
    flagged = predictor.check(asked, before) is not None
    assert flagged == world.always_changes


@by_world
@by_dialect
@given(data=st.data(), steps=st.integers(0, evaluator.MOST))
def test_an_estimate_comes_back(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject, steps: int
) -> None:
    state, goal = data.draw(states), data.draw(states)
    asked = evaluator.EvaluatorFacts(world, state, goal)
    reply = " ".join(str(steps)) if dialect == "compact" else f"steps = 1\nMore.\nsteps = {steps}."
    candidate = evaluator.parse(asked, reply, dialect)
    assert candidate == str(steps)
    assert (evaluator.check(asked, candidate) is None) == (state != goal or steps == 0)


@by_dialect
@given(number=st.integers(evaluator.MOST + 1, 10**30))
def test_an_estimate_beyond_the_bound_is_no_estimate(dialect: Dialect, number: int) -> None:
    """A number of thousands of figures, which `int` refuses, is flagged like any other."""
    asked = evaluator.EvaluatorFacts(CASTLE, "1", "2")
    assert isinstance(evaluator.parse(asked, "9" * 10_000, "compact"), Flag)
    reply = str(number) if dialect == "compact" else f"steps = {number}"
    assert isinstance(evaluator.parse(asked, reply, dialect), Flag)


@by_dialect
@pytest.mark.parametrize(("said", "met"), [("yes", True), ("no", False), ("maybe", None), ("", None), ("yes no", None)])
def test_the_orchestrator_says_yes_or_no(dialect: Dialect, said: str, met: bool | None) -> None:
    asked = orchestrator.OrchestratorFacts(CASTLE, "1", "2")
    candidate = orchestrator.parse(asked, said if dialect == "compact" else f"reached = {said}", dialect)
    if met is None:
        assert isinstance(candidate, Flag)
    else:
        assert isinstance(candidate, str)
        assert (candidate == orchestrator.REACHED) is met
        assert orchestrator.check(asked, candidate) is None


@by_world
@by_dialect
@given(data=st.data())
def test_sub_goals_come_back_without_the_start_and_the_goal(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    start, goal = data.draw(states), data.draw(states)
    named = [*data.draw(st.lists(states.filter(bool), min_size=1, max_size=3, unique=True)), goal or start]
    if not all(named):
        return  # an empty state has no words of its own between two others
    asked = task_decomposer.DecomposerFacts(world, start, goal, 4)
    reply = lines("subgoal", [world.say_state(state, dialect) for state in named], dialect)
    candidate = task_decomposer.parse(asked, reply, dialect)
    assert isinstance(candidate, str)
    assert task_decomposer.subgoals(candidate, asked) == tuple(s for s in named if s not in (start, goal))


@by_world
@given(data=st.data())
def test_a_sub_goal_that_failed_before_is_flagged(world: World, states: Any, actions: Any, data: st.DataObject) -> None:
    start, goal, failed = data.draw(st.lists(states.filter(bool), min_size=3, max_size=3, unique=True))
    asked = task_decomposer.DecomposerFacts(world, start, goal, 1, (failed,))
    assert task_decomposer.check(asked, failed) == Flag("inconsistent", f"{failed} could not be reached before")
    assert task_decomposer.check(asked, task_decomposer.NONE) is None
    assert task_decomposer.check(task_decomposer.DecomposerFacts(world, start, goal), failed) is None


@by_world
@by_dialect
@given(data=st.data())
def test_a_whole_plan_comes_back_and_is_cut_at_its_cap(
    world: World, states: Any, actions: Any, dialect: Dialect, data: st.DataObject
) -> None:
    named = data.draw(st.lists(actions, min_size=1, max_size=6))
    cap = data.draw(st.integers(1, 6))
    state = data.draw(states)
    asked = plans.PlanFacts(world, state, state, cap)
    said = [world.say_action(action, dialect) for action in named]
    reply = " / ".join(said) if dialect == "compact" else "\n".join(f"action = {one}" for one in said)
    candidate = plans.parse(asked, reply, dialect)
    assert isinstance(candidate, str)
    assert plans.actions(candidate) == tuple(named[:cap])
    assert plans.check(asked, candidate) is None


@given(text=st.text(max_size=200))
@by_world
@by_dialect
def test_whatever_is_replied_is_read_or_flagged_and_never_raises(
    world: World, states: Any, actions: Any, dialect: Dialect, text: str
) -> None:
    start = {"DigitLists": "0123/-/-", "Rooms": "1", "StripsWorld": ""}[type(world).__name__]
    action = {"DigitLists": "3AB", "Rooms": "1-7", "StripsWorld": "(stack a b)"}[type(world).__name__]
    asked = {
        "propose": actor.ActorFacts(world, start, start, 2), "check": monitor.MonitorFacts(world, start, action),
        "predict": predictor.PredictorFacts(world, start, action),
        "value": evaluator.EvaluatorFacts(world, start, start),
        "reached": orchestrator.OrchestratorFacts(world, start, start),
        "subgoal": task_decomposer.DecomposerFacts(world, start, start),
        "plan": plans.PlanFacts(world, start, start, 3),
    }  # fmt: skip
    assert set(asked) == set(MODULES)
    for kind, told in asked.items():
        candidate = MODULES[kind].parse(told, text, dialect)
        if isinstance(candidate, Flag):
            assert candidate.name == "misformatted"
        else:
            MODULES[kind].check(told, candidate)
