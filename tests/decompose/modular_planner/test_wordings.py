"""The modules' questions in several wordings: alike in facts and answer form, with examples that are right."""

import itertools
import pathlib
import random
import re
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import digit_hanoi, graph, pddl, questions
from surefoot.decompose.answer_keys.modules import Asked, Exact, module_answers, read_chat
from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.modular_planner.modular_task import MODULES
from surefoot.decompose.modular_planner.wording import LABELS, MODULE_WORDS, WORDINGS
from surefoot.decompose.modular_planner.world import World
from surefoot.decompose.step import Prompt, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_lists import DigitLists
from surefoot.decompose.tasks.graph_navigation import GraphNavigation
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.decompose.tasks.question_wordings import LABELS as QUESTION_LABELS
from surefoot.decompose.tasks.questions import Part, Questions
from surefoot.decompose.tasks.rooms import Rooms
from surefoot.decompose.tasks.strips import StripsWorld

FILE = (pathlib.Path(__file__).parents[2] / "data" / "questions.json").read_text()
TASKS: dict[str, tuple[Task, Any]] = {
    "digit-hanoi": (DigitHanoi(), digit_hanoi.answers),
    "graph": (GraphNavigation(question="revaluation"), graph.answers),
    "own-graph": (GraphNavigation(edges="1-2 2-3 3-4 4-1"), graph.answers),
    "blocksworld": (PddlPlanning(breadth=2, instances=1), pddl.answers),
    "mystery": (PddlPlanning(generate="mystery", instances=1), pddl.answers),
    "logistics": (PddlPlanning(generate="logistics", instances=1), pddl.answers),
    "questions": (Questions(file=FILE), questions.answers_of({"file": FILE})),
}


def steps_of(name: str, count: int = 40) -> list[Step]:
    """Questions of one problem: of every module that the task has, in states along a random walk."""
    task, key = TASKS[name]
    if isinstance(task, Questions):
        return asked_of_a_file(task, key)
    problem = task.problem_of_run()  # type: ignore[attr-defined]
    world, state, goal = problem.world, problem.start, problem.goal
    exact, dice = rules_of(world), random.Random(name)
    steps = []
    for _ in range(count):
        action = dice.choice(exact.actions(state))
        blocked = dice.choice([action, *exact.other_actions(state)])
        rejected = (actor.Rejected(blocked, world.rules[0]),) if dice.random() < 0.5 else ()
        steps += [
            actor.step(actor.ActorFacts(world, state, goal, 2, rejected)),
            monitor.step(monitor.MonitorFacts(world, state, dice.choice([action, blocked]))),
            predictor.step(predictor.PredictorFacts(world, state, action)),
            evaluator.step(evaluator.EvaluatorFacts(world, state, goal)),
            orchestrator.step(orchestrator.OrchestratorFacts(world, state, goal)),
            task_decomposer.step(task_decomposer.DecomposerFacts(world, state, goal, 1)),
        ]
        state = exact.after(state, action)
    if isinstance(world, Rooms):  # where an action names the next state and nothing is split
        steps = [step for step in steps if step.kind not in ("predict", "subgoal")]
    return steps


def asked_of_a_file(task: Questions, key: Any) -> list[Step]:
    steps = [task.sample_step(number) for number in range(40)]
    for number in range(1, 4):
        problem = msgspec.structs.replace(task, number=number).problem_of_run()
        split = task.decomposition_step(problem, (problem.start,))
        assert split is not None
        texts = task.parse(split, key(task.prompt(split, "chat")).right[0], "chat")
        assert isinstance(texts, str)
        goal = Part(texts.split("\n")[0])
        state, answers = task.begin(goal, ()), iter(["a first try", "no", "a second try", "yes"])
        while isinstance(step := task.next_step(goal, state), Step):
            steps.append(step)
            state = task.advance(goal, state, next(answers))
    return steps


def rules_of(world: World) -> Exact:
    if isinstance(world, DigitLists):
        return digit_hanoi.DigitRules(world.numbers)
    if isinstance(world, Rooms):
        return graph.RoomRules(world)
    assert isinstance(world, StripsWorld)
    return pddl.StripsRules(world)


@pytest.mark.parametrize("name", TASKS)
def test_every_wording_shows_the_same_facts_and_asks_for_the_same_form(name: str) -> None:
    task, key = TASKS[name]
    assert task.wordings == 3
    seen = set()
    for step in steps_of(name, 8):
        prompts = [task.prompt(step, "chat", wording) for wording in range(task.wordings)]
        answers = [key(prompt) for prompt in prompts]  # read off the text: a fact left out gives several answers
        assert len({prompt.user for prompt in prompts}) == len({prompt.system for prompt in prompts}) == 3
        assert answers.count(answers[0]) == 3
        candidate = task.parse(step, answers[0].right[0], "chat")
        assert isinstance(candidate, str)
        seen.add(step.kind)
    assert len(seen) >= 4


@pytest.mark.parametrize("name", TASKS)
def test_the_wording_is_counted_round_and_is_not_for_compact(name: str) -> None:
    task, _ = TASKS[name]
    for step in steps_of(name, 1):
        assert task.prompt(step, "chat") == task.prompt(step, "chat", 0) == task.prompt(step, "chat", task.wordings)
        assert task.prompt(step, "compact", 1) == task.prompt(step, "compact")


@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("wording", range(3))
def test_what_is_fixed_comes_first(name: str, wording: int) -> None:
    """Along a problem, each module's system message stays the same, and the user message has facts and nothing else."""
    task, _ = TASKS[name]
    prompts: dict[str, list[Prompt]] = {}
    for step in steps_of(name):
        prompts.setdefault(step.kind, []).append(task.prompt(step, "chat", wording))
    labels = {names[wording] for names in (LABELS if name != "questions" else QUESTION_LABELS).values()}
    for kind, shown in prompts.items():
        assert len({prompt.system for prompt in shown}) == 1, kind
        assert len({prompt.user for prompt in shown}) > 1, kind
        for line in "\n".join(prompt.user for prompt in shown).splitlines():
            assert line.split(":")[0].split(" (")[0] in labels
    if name != "questions":  # a server's cache holds the domain for all modules
        world = task.problem_of_run().world  # type: ignore[attr-defined]
        assert all(shown[0].system.startswith(world.description()) for shown in prompts.values())


def worlds() -> list[World]:
    blocks = PddlPlanning().problem_of_run().world
    mystery = PddlPlanning(generate="mystery").problem_of_run().world
    post = PddlPlanning(generate="logistics").problem_of_run().world
    assert isinstance(post, StripsWorld)
    types = {name.split("_")[0]: kinds for name, kinds in post.objects}
    places = [("office", types["location"]), ("depot", types["location"])]
    things = [("t1", types["truck"]), ("p1", types["package"]), ("p2", types["package"]), ("c1", types["city"])]
    at_home = tuple(("in-city", place, "c1") for place, _ in places)
    tree = GraphNavigation(question="transfer").problem_of_run().world
    return [
        DigitLists(3),
        GraphNavigation().problem_of_run().world,
        msgspec.structs.replace(tree, edges=((1, 2), (1, 3), (2, 4), (2, 5), (3, 6), (3, 7)), chests=((4, 56),)),
        Rooms(((1, 2), (2, 3), (2, 4)), examples="elsewhere"),
        msgspec.structs.replace(blocks, objects=tuple((name, ("block", "object")) for name in ("red", "blue"))),
        msgspec.structs.replace(mystery, objects=tuple((name, ("object",)) for name in ("x", "y"))),
        msgspec.structs.replace(post, objects=(*places, *things), always=at_home),
    ]


def examples_of(text: str) -> list[tuple[str, str]]:
    """Facts and answer of each example in a text."""
    found = re.split(r"^(?=(?:Current state|State): )", text, flags=re.MULTILINE)
    return [(one, one) for one in found if re.match("(?:Current state|State): ", one)]


@pytest.mark.parametrize("world", worlds(), ids=lambda world: f"{type(world).__name__} {getattr(world, 'domain', '')}")
@pytest.mark.parametrize("wording", range(WORDINGS))
def test_worked_examples_are_right(world: World, wording: int) -> None:
    """By the exact rules of the domain; examples that say that they are of another domain are not this one's."""
    kinds = {"Actor": "propose", "Monitor": "check", "Predictor": "predict", "Evaluator": "value"}
    kinds |= {"Orchestrator": "reached", "TaskDecomposer": "subgoal"}
    assert set(kinds) == set(MODULE_WORDS)
    checked = 0
    for role, kind in kinds.items():
        text = world.example(role, wording)
        if "In another domain" in text or ("In another castle" in text and world.example(role) != text):
            continue
        for shown, said in examples_of(text):
            numbers = len(set(re.findall(r"\d", shown.splitlines()[0])))
            own = DigitLists(numbers) if isinstance(world, DigitLists) else world
            asked = read_chat(Prompt(shown, f"You are the {role} of a planner"), own)
            facts = facts_of(role, own, asked)
            candidate = MODULES[kind].parse(facts, said, "chat")
            assert isinstance(candidate, str), (role, said)
            assert right(role, candidate, asked, rules_of(own)), (role, said)
            checked += 1
    assert checked >= 6 or wording == 1 or isinstance(world, Rooms)


def facts_of(role: str, world: Any, asked: Asked) -> Any:
    state, goal = asked.state, asked.goal
    if role == "Actor":
        return actor.ActorFacts(world, state, goal, 2)
    if role == "Monitor":
        return monitor.MonitorFacts(world, state, asked.action)
    if role == "Predictor":
        return predictor.PredictorFacts(world, state, asked.action)
    if role == "TaskDecomposer":
        return task_decomposer.DecomposerFacts(world, state, goal)
    kinds: Any = {"Evaluator": evaluator.EvaluatorFacts, "Orchestrator": orchestrator.OrchestratorFacts}
    return kinds[role](world, state, goal)


def right(role: str, candidate: str, asked: Asked, exact: Exact) -> bool:
    if role == "Actor":
        return candidate.split("; ")[0] == exact.ranked(asked.state, asked.goal)[0]
    if role == "Monitor":
        rule = exact.broken(asked.state, asked.action)
        return candidate == (f"no {rule}" if rule else "yes")
    if role == "Predictor":
        return candidate == exact.after(asked.state, asked.action)
    if role == "Evaluator":
        return int(candidate) == exact.distance(asked.state, asked.goal)
    if role == "Orchestrator":
        return candidate == ("yes" if exact.met(asked.state, asked.goal) else "no")
    return 0 < exact.distance(candidate, asked.goal) < exact.distance(asked.state, asked.goal)


def test_a_right_answer_is_told_from_a_wrong_one() -> None:
    """The placebo's arm of the test above: the key's own mistakes do not pass."""
    exact, world = digit_hanoi.DigitRules(3), DigitLists(3)
    for role, state in itertools.product(("Monitor", "Predictor", "Evaluator"), ("01/2/-", "1/0/2")):
        asked = Asked(role, state, "-/-/012", "1AC")
        kind = {"Monitor": "check", "Predictor": "predict", "Evaluator": "value"}[role]
        for wrong in module_answers(asked, exact, world, "chat").wrong:
            candidate = MODULES[kind].parse(facts_of(role, world, asked), wrong, "chat")
            assert not right(role, candidate, asked, exact)
