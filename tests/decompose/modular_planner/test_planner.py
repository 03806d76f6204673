"""Algorithm 3: recovery from bad sub-goals, liars caught by scoring, ablations, pure replay."""

from collections.abc import Callable

import pytest

from surefoot.decompose.answer_keys.digit_hanoi import answers
from surefoot.decompose.referees import digit_hanoi as referee
from surefoot.decompose.step import Done, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi, numbered
from tests.decompose.modular_planner import driving

Answer = Callable[[Step], str]


def exact(task: DigitHanoi) -> Answer:
    def answer(step: Step) -> str:
        return str(task.parse(step, answers(task.prompt(step, "compact")).right[0], "compact"))

    return answer


def test_every_module_is_asked_and_the_plan_is_shortest() -> None:
    task = DigitHanoi(problem=1, preset="paper")
    done, asked = driving.drive(task, task.problem_of_run(), exact(task))
    assert {step.kind for step in asked} == {"propose", "check", "predict", "value", "reached", "subgoal"}
    assert len(done.output["plan"]) == 7
    assert done.output["ended"] == "accepted"


def test_deeper_layers_are_reused() -> None:
    """Two moves of the published loop ask the Actor 3 times for the first and twice for each later one."""
    task = DigitHanoi(problem=5, preset="paper", without="decomposer")
    done, asked = driving.drive(task, task.problem_of_run(), exact(task))
    moves = len(done.output["plan"])
    assert moves == 4
    per_move = sum(step.kind == "propose" for step in asked) / moves
    assert per_move < 3


def test_a_predictor_that_lies_is_caught_by_scoring() -> None:
    """It says the goal was reached at once; the planner believes it, the referee does not."""
    task = DigitHanoi(problem=1)
    problem = task.problem_of_run()
    right = exact(task)
    done, _ = driving.drive(task, problem, lambda s: problem.goal if s.kind == "predict" else right(s))
    assert done.failure == ""
    assert not referee.judge(problem, tuple(done.output["plan"])).reached_goal


def wrong_subgoal_first(task: DigitHanoi, never: str) -> Answer:
    """A TaskDecomposer that names a state, and an Orchestrator that never finds it reached."""
    right = exact(task)

    def answer(step: Step) -> str:
        if step.kind == "subgoal" and not step.reads.failed:
            return never
        if step.kind in ("reached", "value") and step.reads.goal == never:
            return "no" if step.kind == "reached" else "9"
        return right(step)

    return answer


def test_a_subgoal_that_cannot_be_reached_goes_back_up() -> None:
    task = DigitHanoi(problem=1)
    done, asked = driving.drive(task, task.problem_of_run(), wrong_subgoal_first(task, "2/0/1"))
    assert done.failure == ""
    assert referee.judge(task.problem_of_run(), tuple(done.output["plan"])).reached_goal
    assert [step.reads.failed for step in asked if step.kind == "subgoal"][:2] == [(), ("2/0/1",)]


def test_the_published_loop_does_not_recover() -> None:
    """The placebo arm of the recovery."""
    task = DigitHanoi(problem=1, preset="paper")
    done, _ = driving.drive(task, task.problem_of_run(), wrong_subgoal_first(task, "2/0/1"))
    assert done.failure


def test_a_dead_end_takes_the_last_action_back() -> None:
    """An Actor that proposes a bad move first and has nothing else left afterwards."""
    task = DigitHanoi(problem=24, without="decomposer", breadth=1)
    right = exact(task)
    first = [True]

    def answer(step: Step) -> str:
        if step.kind == "propose" and first:
            first.clear()
            return "2BA"
        if step.kind == "propose" and step.reads.state == "12/-/0":
            return "none"
        return right(step)

    problem = task.problem_of_run()
    assert problem.start == "1/2/0"
    done, _ = driving.drive(task, problem, answer)
    assert referee.judge(problem, tuple(done.output["plan"])).reached_goal
    assert done.output["plan"][0] != "2BA"


@pytest.mark.parametrize(
    ("ablation", "kind"),
    [("monitor", "check"), ("decomposer", "subgoal"), ("search", "value"), ("orchestrator", "reached")],
)
def test_an_ablation_silences_its_module(ablation: str, kind: str) -> None:
    for preset in ("paper", "surefoot"):
        task = DigitHanoi(problem=1, preset=preset, without=ablation)
        _, asked = driving.drive(task, task.problem_of_run(), exact(task))
        assert kind not in {step.kind for step in asked}
    full = DigitHanoi(problem=1)
    assert kind in {step.kind for step in driving.drive(full, full.problem_of_run(), exact(full))[1]}


def test_without_votes_every_step_asks_for_a_lead_of_one() -> None:
    task = DigitHanoi(problem=1, without="votes")
    assert {step.lead for step in driving.drive(task, task.problem_of_run(), exact(task))[1]} == {1}


def test_without_monitor_an_invalid_proposal_gets_into_the_plan() -> None:
    def plan(without: str) -> tuple[str, ...]:
        task = DigitHanoi(problem=1, without=without)
        right = exact(task)
        asked = [0]

        def answer(step: Step) -> str:
            asked[0] += step.kind == "propose"
            return "0AB; 1AC" if step.kind == "propose" and asked[0] == 1 else right(step)

        return tuple(driving.drive(task, task.problem_of_run(), answer)[0].output["plan"])

    problem = numbered(1)
    assert not referee.judge(problem, plan("monitor,decomposer")).valid
    assert referee.judge(problem, plan("decomposer")).valid


def test_unknown_ablations_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown ablation"):
        DigitHanoi(without="brain")


def test_next_step_is_pure() -> None:
    """Asked twice from the same thread it is the same step, and the thread is a value."""
    task = DigitHanoi(problem=3)
    problem, answer = task.problem_of_run(), exact(task)
    state = task.begin(problem, (problem.start,))
    while not isinstance(step := task.next_step(problem, state), Done):
        assert task.next_step(problem, state) == step
        after = task.advance(problem, state, answer(step))
        assert task.advance(problem, state, answer(step)) == after
        state = after


@pytest.mark.parametrize("method", ["zero-shot", "in-context", "cot", "debate", "tot", "best-of-n"])
@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_baselines_solve_with_an_exact_model(method: str, dialect: str) -> None:
    task = DigitHanoi(problem=5, method=method)
    problem = task.problem_of_run()

    def answer(step: Step) -> str:
        said = task.parse(step, answers(task.prompt(step, dialect)).right[0], dialect)  # type: ignore[arg-type]
        assert isinstance(said, str)
        return said

    done, asked = driving.drive(task, problem, answer)
    assert referee.judge(problem, tuple(done.output["plan"])).reached_goal
    count = {"debate": 6, "best-of-n": 10}.get(method, 1)
    assert method == "tot" or len(asked) == count
