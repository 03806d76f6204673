"""Climbing: fewer questions than the search, no Evaluator's slip believed twice, votes only where they are needed."""

from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from surefoot.decompose.answer_keys.digit_hanoi import answers
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.modular_planner.planner import Planner, Problem
from surefoot.decompose.referees import digit_hanoi as referee
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from tests.decompose.modular_planner import driving

Answer = Callable[[Step], str]


class Searching(DigitHanoi, frozen=True, kw_only=True):
    """The placebo: the same preset, with the whole search in place of climbing."""

    def way(self, problem: Problem) -> Planner:
        way = MapTask.way(self, problem)
        assert isinstance(way, Planner)
        return Planner(msgspec.structs.replace(way.settings, hill_climb=False))


def exact(step: Step) -> str:
    task = DigitHanoi()
    return str(task.parse(step, answers(task.prompt(step, "compact")).right[0], "compact"))


def asked_by(task: DigitHanoi, answer: Answer = exact) -> tuple[int, Counter[str]]:
    """Problems solved, and questions by kind, over the suite."""
    solved, kinds = 0, Counter[str]()
    for problem in task.suite():
        done, asked = driving.drive(task, problem, answer)
        kinds.update(step.kind for step in asked)
        solved += referee.judge(problem, tuple(done.output["plan"])).reached_goal
    return solved, kinds


def test_an_action_takes_four_questions_where_the_search_takes_more() -> None:
    solved, climbing = asked_by(DigitHanoi())
    solved_by_search, searching = asked_by(Searching())
    assert solved == solved_by_search == 24
    moves = sum(referee.optimal(problem) for problem in DigitHanoi().suite())
    assert climbing["propose"] == climbing["check"] == climbing["predict"] == moves
    assert climbing.total() < 0.65 * searching.total()


@pytest.mark.parametrize("slip", [2, 3])
def test_an_evaluator_that_slips_where_it_matters_is_asked_again(slip: int) -> None:
    """The first value of each state on the shortest way is too large, so that the others look better."""
    task = DigitHanoi(problem=1, without="decomposer")
    problem = task.problem_of_run()
    way = set(driving.drive(task, problem, exact)[0].output["predicted"][1:-1])
    valued = Counter[str]()

    def slipping(step: Step) -> str:
        if step.kind != "value" or step.reads.state not in way:
            return exact(step)
        valued[step.reads.state] += 1
        return str(int(exact(step)) + slip * (valued[step.reads.state] == 1))

    done, _ = driving.drive(task, problem, slipping)
    assert len(done.output["plan"]) == referee.optimal(problem) == 7
    assert set(valued.values()) == {2}


def test_the_goal_is_noticed_where_the_evaluator_misses_it() -> None:
    """A goal that is not written like the state can be valued wrongly; the Orchestrator is asked all the same."""
    task = DigitHanoi(problem=16)
    problem = task.problem_of_run()
    done, asked = driving.drive(task, problem, lambda s: "2" if s.kind == "value" else exact(s))
    assert done.output["plan"] == ["2BC"]
    assert done.output["ended"] == "accepted"
    assert [step.kind for step in asked][-1] == "reached"


def test_votes_go_where_a_mistake_gets_into_the_plan() -> None:
    task, published = DigitHanoi(problem=1), DigitHanoi(problem=1, preset="paper")
    leads = {step.role: step.lead for step in driving.drive(task, task.problem_of_run(), exact)[1]}
    light = {Role.ACTOR, Role.EVALUATOR, Role.TASK_DECOMPOSER}
    assert leads == {role: 1 if role in light else None for role in Role}
    as_published = driving.drive(published, published.problem_of_run(), exact)[1]
    assert {step.role for step in as_published if step.lead == 1} == {Role.ACTOR}


def test_a_usual_run_is_what_leads_are_chosen_for() -> None:
    """The chain may go on for longer, but a plan as long as its cap takes about so many questions, and no more."""
    for preset in ("surefoot", "paper"):
        for without in ("", "search", "monitor", "decomposer"):
            task = DigitHanoi(problem=1, preset=preset, without=without)
            problem = task.problem_of_run()
            done, asked = driving.drive(task, problem, exact)
            for_an_action = len(asked) / len(done.output["plan"])
            usual = task.usual_steps(problem, (problem.start,))
            assert 0.5 * for_an_action <= usual / problem.cap <= 1.5 * for_an_action
            assert usual < task.size(problem, (problem.start,)) / 4
