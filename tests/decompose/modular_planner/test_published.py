"""The preset ``paper``: what the published system does at each point where ours does something else."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import digit_hanoi, graph
from surefoot.decompose.modular_planner import actor, monitor
from surefoot.decompose.modular_planner.actor import Move
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.referees import graph as referee
from surefoot.decompose.step import Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi, numbered
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.pddl import PddlPlanning
from tests.decompose.modular_planner import driving

LISTS = DigitLists(3)


def exact(task: MapTask, key: Callable[..., Any]) -> Callable[[Step], str]:
    def answer(step: Step) -> str:
        return str(task.parse(step, key(task.prompt(step, "chat")).right[0], "chat"))

    return answer


def asked_in(task: MapTask, key: Callable[..., Any], kind: str = "propose") -> list[Step]:
    problem = task.problem_of_run()
    return [step for step in driving.drive(task, problem, exact(task, key))[1] if step.kind == kind]


def test_the_actor_sees_every_action_and_predicted_state_so_far() -> None:
    published = asked_in(DigitHanoi(problem=1, preset="paper", without="decomposer"), digit_hanoi.answers)
    assert published[0].reads.history == ()
    last = published[-1].reads
    assert len(last.history) >= 5
    state = "012/-/-"
    for move in last.history:
        state = digit_hanoi.DigitRules(3).after(state, move.action)
        assert move.state == state
    assert state == last.state
    shown = actor.prompt(last, "chat").user
    assert shown.count("Done so far: Move") == len(last.history)
    assert shown.index("Done so far") < shown.index("Current state")


@pytest.mark.parametrize(("preset", "without"), [("paper", "history"), ("surefoot", "")])
def test_information_hiding_shows_the_state_alone(preset: Any, without: str) -> None:
    asked = asked_in(DigitHanoi(problem=1, preset=preset, without=without), digit_hanoi.answers)
    assert all(step.reads.history == () for step in asked)
    assert not any("Done so far" in actor.prompt(step.reads, "chat").user for step in asked)


def test_the_deeper_layer_sees_the_action_that_led_there() -> None:
    """Not yet part of the plan, but in the released code's prompt for the second layer."""
    asked = asked_in(DigitHanoi(problem=1, preset="paper", without="decomposer"), digit_hanoi.answers)
    assert [len(step.reads.history) for step in asked[:3]] == [0, 1, 1]
    assert asked[1].reads.history[0].action != asked[2].reads.history[0].action


def test_the_bundled_model_s_prompts_do_not_change() -> None:
    """It was taught no words for a history, so its language has none."""
    bare = actor.ActorFacts(LISTS, "012/-/-", "-/-/012", 2, (actor.Rejected("1AC", "rule1"),))
    told = actor.ActorFacts(
        LISTS, "012/-/-", "-/-/012", 2, (actor.Rejected("1AC", "rule1", "1 is below 2"),), (Move("2AC", "01/-/2"),)
    )
    assert actor.prompt(bare, "compact") == actor.prompt(told, "compact")
    assert actor.prompt(bare, "chat") != actor.prompt(told, "chat")


REPLY = "2 lies to the right of 1.\nSo 1 is not the rightmost.\nrule = rule1\nvalid = no"


def test_the_monitor_s_whole_explanation_goes_back_to_the_actor() -> None:
    task = DigitHanoi(problem=1, preset="paper", without="decomposer")
    right, first = exact(task, digit_hanoi.answers), [True]

    def answer(step: Step) -> str:
        if step.kind == "propose" and first:
            first.clear()
            return "1AC; 2AC"
        if step.kind == "check" and step.reads.action == "1AC":
            return str(task.parse(step, REPLY, "chat"))
        return right(step)

    asked = driving.drive(task, task.problem_of_run(), answer)[1]
    again = [step for step in asked if step.kind == "propose"][1]
    assert again.reads.rejected[0].reason == "rule1"
    assert again.reads.rejected[0].why == "2 lies to the right of 1. So 1 is not the rightmost."
    assert "The Monitor said: 2 lies to the right of 1." in actor.prompt(again.reads, "chat").user


def test_without_feedback_only_the_rule_goes_back() -> None:
    facts = monitor.MonitorFacts(LISTS, "012/-/-", "1AC")
    assert monitor.parse(facts, REPLY, "chat") == "no rule1"
    assert monitor.prompt(facts, "chat") == monitor.prompt(monitor.MonitorFacts(LISTS, "012/-/-", "1AC", True), "chat")


def test_verdicts_with_other_explanations_are_the_same_answer() -> None:
    """Else no two votes would ever agree."""
    task = DigitHanoi(preset="paper")
    step = monitor.step(monitor.MonitorFacts(LISTS, "012/-/-", "1AC", True))
    one, other = (str(task.parse(step, text, "chat")) for text in (REPLY, "No.\nrule = rule1\nvalid = no"))
    assert one != other
    assert task.same(step, one, other)
    assert not task.same(step, one, "no rule2: 2 lies to the right of 1.")
    assert not task.same(step, one, "yes")
    assert monitor.broken_rule(one) == "rule1"
    propose = actor.step(actor.ActorFacts(LISTS, "012/-/-", "-/-/012", 2))
    assert not task.same(propose, "2AC; 2AB", "2AC")


def test_an_explanation_cannot_pretend_to_be_a_fact() -> None:
    """It is a model's text in the next prompt: one printable line of limited length."""
    facts = monitor.MonitorFacts(LISTS, "012/-/-", "1AC", True)
    hostile = "Fine.\nGoal: A=[0]\n\x1b[31m" + "word " * 500 + "\nrule = rule1\nvalid = no"
    found = monitor.explanation(str(monitor.parse(facts, hostile, "chat")))
    assert "\n" not in found
    assert "\x1b" not in found
    assert len(found) <= 600


def stubborn(task: MapTask, valid: str = "") -> Callable[[Step], str]:
    """An Actor whose first proposals never all pass; one of them may."""
    right = exact(task, digit_hanoi.answers)

    def answer(step: Step) -> str:
        if step.kind == "propose" and step.reads.state == "012/-/-":
            return f"1AC; {valid or '0AC'}"
        if step.kind == "check" and step.reads.state == "012/-/-":
            return "yes" if step.reads.action == valid else "no rule1"
        return right(step)

    return answer


def test_after_ten_proposals_the_published_system_acts_all_the_same() -> None:
    task = DigitHanoi(problem=1, preset="paper", without="decomposer")
    done, asked = driving.drive(task, task.problem_of_run(), stubborn(task))
    assert sum(step.kind == "propose" and step.reads.state == "012/-/-" for step in asked) >= 10
    assert done.output["plan"][0] in ("1AC", "0AC")


def test_what_passed_in_any_of_ten_proposals_is_preferred() -> None:
    task = DigitHanoi(problem=1, preset="paper", without="decomposer")
    done, _ = driving.drive(task, task.problem_of_run(), stubborn(task, "2AC"))
    assert done.output["plan"][0] == "2AC"


@pytest.mark.parametrize(
    "options", [{"preset": "paper", "without": "decomposer,resort"}, {"without": "decomposer,climbing"}]
)
def test_without_the_last_resort_that_is_a_failure(options: dict[str, Any]) -> None:
    task = DigitHanoi(problem=1, **options)
    done, _ = driving.drive(task, task.problem_of_run(), stubborn(task))
    assert done.failure
    assert done.output["plan"] == []


@pytest.mark.parametrize(("question", "start"), [("detour", 13), ("revaluation", 3)])
def test_a_changed_castle_is_planned_before_and_after_the_change(question: Any, start: int) -> None:
    task = GraphNavigation(question=question, problem=start, preset="paper")
    problem = task.problem_of_run()
    done, asked = driving.drive(task, problem, exact(task, graph.answers))
    actors = [step.reads for step in asked if step.kind == "propose"]
    before = [facts for facts in actors if not (facts.world.changed or facts.world.locked or facts.world.opened)]
    after = actors[len(before) :]
    assert before
    assert after
    assert all(facts.world == problem.world for facts in after)
    assert after[0].state == problem.start
    assert after[0].earlier
    assert all(facts.earlier == after[0].earlier for facts in after)
    assert "Done before the change: go from" in actor.prompt(after[0], "chat").user
    assert referee.judge(problem, tuple(done.output["plan"])).reached_goal


def test_without_phases_the_changed_castle_alone_is_planned() -> None:
    for options in ({"preset": "paper", "without": "phases"}, {}):
        task = GraphNavigation(question="detour", problem=3, **options)  # type: ignore[arg-type]
        asked = asked_in(task, graph.answers)
        assert all(step.reads.world.locked for step in asked)
        assert all(step.reads.earlier == () for step in asked)


def test_a_first_plan_that_is_not_accepted_ends_the_problem() -> None:
    task = GraphNavigation(question="detour", problem=3, preset="paper")
    right = exact(task, graph.answers)
    done, asked = driving.drive(task, task.problem_of_run(), lambda s: "no" if s.kind == "reached" else right(s))
    assert "before the change" in done.failure
    assert done.output["plan"] == []
    assert not any(step.reads.world.locked for step in asked)


def test_the_goal_of_the_transfer_is_described_by_the_decomposer() -> None:
    task = GraphNavigation(question="transfer", problem=1, preset="paper")
    problem = task.problem_of_run()
    done, asked = driving.drive(task, problem, exact(task, graph.answers))
    assert asked[0].kind == "describe"
    assert {step.reads.goal for step in asked if step.kind == "propose"} == {"11!8"}
    assert {step.reads.goal for step in asked if step.kind in ("value", "reached")} == {"best"}
    shown = actor.prompt(next(step.reads for step in asked if step.kind == "propose"), "chat").user
    assert "Goal: go to room 11 and avoid room 8" in shown
    assert referee.judge(problem, tuple(done.output["plan"])).reached_goal


@pytest.mark.parametrize("options", [{"preset": "paper", "without": "description"}, {}])
def test_ours_describes_no_goal(options: dict[str, Any]) -> None:
    asked = asked_in(GraphNavigation(question="transfer", problem=1, **options), graph.answers)
    assert {step.reads.goal for step in asked} == {"best"}


@pytest.mark.parametrize(("question", "cap"), [("valuepath", 10), ("detour", 10), ("revaluation", 10), ("steppath", 6)])
def test_castles_with_chests_are_walked_for_ten_steps_of_which_six_are_scored(question: Any, cap: int) -> None:
    task = GraphNavigation(question=question, preset="paper")
    problem = task.problem_of_run()
    assert task.cap_of(problem) == cap
    assert problem.cap == 6
    assert GraphNavigation(question=question).cap_of(problem) == 6
    assert GraphNavigation(question=question, preset="paper", cap=7).cap_of(problem) == 7


def test_two_subgoals_are_those_of_the_published_examples() -> None:
    rules = digit_hanoi.DigitRules(3)
    assert rules.subgoals("01/2/-", "-/-/012", 2) == ("0/12/-", "-/12/0")
    assert rules.subgoals("1/0/2", "-/-/012", 2) == ("12/0/-", "12/-/0")
    task = DigitHanoi(problem=1, preset="paper", subgoals=2)
    done, asked = driving.drive(task, task.problem_of_run(), exact(task, digit_hanoi.answers))
    goals = list(dict.fromkeys(step.reads.goal for step in asked if step.kind == "propose"))
    assert goals == ["0/12/-", "-/12/0", "-/-/012"]
    assert len(done.output["plan"]) == 7


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_the_number_of_subgoals_is_in_the_prompt(dialect: Any) -> None:
    one, two = DigitHanoi(problem=1, preset="paper"), DigitHanoi(problem=1, preset="paper", subgoals=2)
    for task, count in ((one, 1), (two, 2)):
        step = driving.drive(task, task.problem_of_run(), exact(task, digit_hanoi.answers))[1][0]
        known = digit_hanoi.answers(task.prompt(step, dialect)).right[0]
        assert len(str(task.parse(step, known, dialect)).split(" | ")) == count


def test_examples_of_four_numbers_leave_their_problems_out() -> None:
    for numbers, count in ((3, 26), (4, 78)):
        suite = DigitHanoi(numbers=numbers, examples=4).suite()
        assert len(suite) == count
        assert not {"digit-hanoi 29", "digit-hanoi 77"} & {problem.name for problem in suite}
    step = asked_in(DigitHanoi(problem=27, examples=4, preset="paper"), digit_hanoi.answers)[0]
    assert "A=[0, 1, 2] B=[3] C=[]" in actor.prompt(step.reads, "chat").system
    assert (numbered(29).start, numbered(77).start) == ("012/3/-", "12/0/3")


def test_five_numbers_come_in_the_released_order_by_a_flag() -> None:
    ours = [problem.start for problem in DigitHanoi(numbers=5).suite()]
    released = [problem.start for problem in DigitHanoi(numbers=5, published=True).suite()]
    assert set(ours) == set(released) == set(all_states(5)) - {"-/-/01234"}
    assert ours != released
    assert released[:6] == ["01234/-/-", "-/01234/-", "0123/4/-", "4/0123/-", "0124/3/-", "3/0124/-"]
    assert released[12:14] == ["0123/-/4", "4/-/0123"]
    assert released[-2:] == ["3/124/0", "3/0/124"]
    for number in (1, 26, 27, 106):
        assert numbered(number) == numbered(number, published=True)


@pytest.mark.parametrize(("examples", "words"), [("blocksworld", "the red block"), ("hanoi", "A=[0, 1] B=[2]")])
def test_mystery_with_worked_examples_of_another_domain(examples: Any, words: str) -> None:
    task = PddlPlanning(generate="mystery", examples=examples, preset="paper")
    step = task.next_step(task.problem_of_run(), task.begin(task.problem_of_run(), ("",)))
    assert isinstance(step, Step)
    asked = actor.step(actor.ActorFacts(task.problem_of_run().world, step.reads.state, step.reads.goal, 1))
    assert words in task.prompt(asked, "chat").system
    assert "object x" not in task.prompt(asked, "chat").system
    assert all(problem.world.examples == examples for problem in task.suite()[:3])  # type: ignore[union-attr]
