"""Each module's reading: what is accepted, what is spoiled, what is never let through."""

import pytest

from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.step import Flag
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.strips import literals

WORLD = DigitLists(3)
START, GOAL = "01/2/-", "-/-/012"
CHECK = monitor.MonitorFacts(WORLD, START, "1AB")


@pytest.mark.parametrize(
    "text",
    [
        "valid = no", "rule = rule2\nvalid = no", "The move is not valid.", "This is not a valid move.", "invalid",
        "It cannot be done.", "valid = yes, but it is not valid", "valid = yes\nOn second thoughts it is invalid.",
        "VALID = NO", "That move is illegal",
    ],
)  # fmt: skip
def test_every_wording_of_a_no_blocks_the_move(text: str) -> None:
    said = monitor.parse(CHECK, text, "chat")
    assert isinstance(said, str)
    assert monitor.broken_rule(said) is not None


@pytest.mark.parametrize("text", ["", "valid", "hm", "The move is fine.", "valid = maybe", "yes", "???"])
def test_a_monitor_without_an_answer_is_spoiled_never_a_yes(text: str) -> None:
    assert isinstance(monitor.parse(CHECK, text, "chat"), Flag)


def test_the_monitor_names_the_rule() -> None:
    assert monitor.parse(CHECK, "2 lies there.\nrule = rule2\nvalid = no", "chat") == "no rule2"
    assert monitor.broken_rule("no rule2") == "rule2"
    assert monitor.parse(CHECK, "no rule1", "compact") == "no rule1"
    assert isinstance(monitor.parse(CHECK, "no rule9", "compact"), Flag)
    assert monitor.broken_rule(str(monitor.parse(CHECK, "It is not valid", "chat"))) == monitor.UNSTATED
    assert monitor.broken_rule("anything else") is not None


def test_the_monitor_lets_an_explicit_yes_through() -> None:
    assert monitor.broken_rule(str(monitor.parse(CHECK, "Both rules hold.\nvalid = yes", "chat"))) is None


@pytest.mark.parametrize("text", ["", "steps = about five", "steps = -1", "steps = 123456", "many", "steps = 2.5"])
def test_an_unreadable_evaluator_is_spoiled_never_a_number(text: str) -> None:
    assert isinstance(evaluator.parse(evaluator.EvaluatorFacts(WORLD, START, GOAL), text, "chat"), Flag)


def test_the_evaluator_reads_the_last_answer() -> None:
    facts = evaluator.EvaluatorFacts(WORLD, START, GOAL)
    assert evaluator.parse(facts, "steps = 3\nNo, more:\nsteps = 12", "chat") == "12"
    assert evaluator.parse(facts, "1 2", "compact") == "12"
    assert evaluator.check(evaluator.EvaluatorFacts(WORLD, GOAL, GOAL), "3") is not None


def test_the_predictor_takes_whole_states_only() -> None:
    facts = predictor.PredictorFacts(WORLD, START, "2BC")
    assert predictor.parse(facts, "next_state = A=[0, 1] B=[] C=[2]", "chat") == "01/-/2"
    for text in ("next_state = A=[0] B=[] C=[2]", "next_state = A=[1, 0] B=[] C=[2]", "A=[0,1]", ""):
        assert isinstance(predictor.parse(facts, text, "chat"), Flag)
    assert predictor.check(facts, START) == Flag("inconsistent", "the state did not change")


def test_a_legal_action_that_changes_nothing_can_be_predicted() -> None:
    """A truck may be driven to where it is: a flag on the right answer would spoil every ballot."""
    problem = PddlPlanning(generate="logistics", instance=3).problem_of_run()
    place = next(literal.split()[2][:-1] for literal in literals(problem.start) if literal.startswith("(at truck_0 "))
    facts = predictor.PredictorFacts(problem.world, problem.start, f"(drive-truck truck_0 {place} {place} city_0)")
    assert referee.judge(problem, (facts.action,)).valid
    assert predictor.check(facts, problem.start) is None


def test_the_actor_may_not_repeat_what_was_rejected() -> None:
    facts = actor.ActorFacts(WORLD, START, GOAL, 2, (actor.Rejected("1AB", "rule2"),))
    said = actor.parse(facts, "action = Move 2 from B to C\naction = Move 1 from A to B", "chat")
    assert said == "2BC; 1AB"
    assert actor.check(facts, said) is not None
    assert actor.check(facts, "2BC; 2BC") is not None
    assert actor.check(facts, "2BC; 1AC") is None
    assert isinstance(actor.parse(facts, "action = Move 7 from B to C", "chat"), Flag)
    assert actor.proposals(str(actor.parse(facts, "action = none", "chat"))) == ()


def test_a_subgoal_that_is_start_or_goal_is_none() -> None:
    facts = task_decomposer.DecomposerFacts(WORLD, START, GOAL)
    for state in (START, GOAL):
        assert task_decomposer.subgoals(state, facts) == ()
    assert task_decomposer.subgoals("0/12/-", facts) == ("0/12/-",)
    failed = task_decomposer.DecomposerFacts(WORLD, START, GOAL, 1, ("0/12/-",))
    assert task_decomposer.check(failed, "0/12/-") is not None


def test_the_orchestrator_says_yes_or_no() -> None:
    facts = orchestrator.OrchestratorFacts(WORLD, START, GOAL)
    assert orchestrator.parse(facts, "reached = No.", "chat") == "no"
    assert isinstance(orchestrator.parse(facts, "reached = perhaps yes", "chat"), Flag)


@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_a_prompt_is_a_function_of_what_its_step_reads(dialect: str) -> None:
    """Everything shown is in the facts, and each fact is shown: changing one changes the text."""
    steps = [
        (actor, actor.ActorFacts(WORLD, START, GOAL, 2), {"state": "0/12/-", "goal": "0/12/-", "breadth": 3}),
        (monitor, CHECK, {"state": "0/12/-", "action": "2BC"}),
        (predictor, predictor.PredictorFacts(WORLD, START, "2BC"), {"state": "0/12/-", "action": "2BA"}),
        (evaluator, evaluator.EvaluatorFacts(WORLD, START, GOAL), {"state": "0/12/-", "goal": "0/12/-"}),
        (orchestrator, orchestrator.OrchestratorFacts(WORLD, START, GOAL), {"state": "0/12/-", "goal": "0/12/-"}),
        (task_decomposer, task_decomposer.DecomposerFacts(WORLD, START, GOAL), {"failed": ("0/12/-",)}),
    ]
    import msgspec

    for module, facts, changes in steps:
        shown = module.prompt(facts, dialect)  # type: ignore[attr-defined]
        for name, value in changes.items():
            assert module.prompt(msgspec.structs.replace(facts, **{name: value}), dialect) != shown  # type: ignore[attr-defined]
