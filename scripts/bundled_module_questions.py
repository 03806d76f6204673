"""Questions of the planner's modules for the bundled model: prompts and right replies in the ``compact`` dialect.

The replies are the answer keys' own. Lists of 4 numbers are never among them, so that the suite of 80 such problems
stays unseen. The lists of 3 numbers have 27 states and the published castle 15 rooms: a model that serves them has
seen them, and its card must say so. For the transfer to that castle it must be trained on other castles instead.

Nothing that decides imports this file.
"""

import random
from typing import Final

import msgspec

from decompose.answer_keys import digit_hanoi, graph
from decompose.map import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from decompose.map.actor import Rejected
from decompose.step import Role, Step
from decompose.tasks.digit_hanoi import DigitHanoi
from decompose.tasks.digit_lists import DigitLists, all_states
from decompose.tasks.graph_navigation import GraphNavigation, Question

Pair = tuple[str, str]
"""Prompt and right reply."""

MODULES: Final = ("propose", "check", "predict", "value", "reached", "subgoal")
WORDS: Final = (
    *MODULES, "yes", "no", "not", "none", "rule1", "rule2", "room", "door", "chest", "shut", "open", "worth",
    "best", "|", "10", "11", "12", "13", "14", "15", "48", "50",
)  # fmt: skip
"""Words that these questions add to the vocabulary: fewer than its spare entries."""
TRAINED_SIZES: Final = (3, 5)


def of_lists(rng: random.Random, module: str) -> Pair:
    """A module's question in a random state of 3 or 5 numbers; goals are sub-goals as often as the whole goal."""
    numbers = rng.choice(TRAINED_SIZES)
    world, states = DigitLists(numbers), all_states(numbers)
    rules = digit_hanoi.DigitRules(numbers)
    state, goal = rng.choice(states), f"-/-/{''.join(map(str, range(numbers)))}"
    if module in ("propose", "value", "reached") and rng.random() < 0.5:
        goal = next(iter(rules.subgoals(rng.choice(states), goal)), goal)
    if module == "reached" and rng.random() < 0.4:
        state = goal
    while module in ("propose", "subgoal") and state == goal:
        state = rng.choice(states)
    source, target = rng.sample("ABC", 2)
    action = f"{rng.randrange(numbers)}{source}{target}"
    legal = rules.actions(state)
    if module == "predict" or (module == "check" and rng.random() < 0.5):
        action = rng.choice(legal)
    rejected = tuple(Rejected(one, "visited") for one in rng.sample(legal, rng.choice((0, 0, 1))))
    steps: dict[str, Step] = {
        "propose": actor.step(actor.ActorFacts(world, state, goal, 2, rejected)),
        "check": monitor.step(monitor.MonitorFacts(world, state, action)),
        "predict": predictor.step(predictor.PredictorFacts(world, state, action)),
        "value": evaluator.step(evaluator.EvaluatorFacts(world, state, goal)),
        "reached": orchestrator.step(orchestrator.OrchestratorFacts(world, state, goal)),
        "subgoal": task_decomposer.step(task_decomposer.DecomposerFacts(world, state, goal)),
    }
    prompt = DigitHanoi().prompt(steps[module], "compact")
    return prompt.user, digit_hanoi.answers(prompt).right[0]


def of_rooms(rng: random.Random, module: str) -> Pair:
    """A module's question in a castle of a published question; there is no TaskDecomposer and no Predictor."""
    asked: tuple[Question, ...] = ("steppath", "valuepath", "detour", "revaluation", "transfer")
    task = GraphNavigation(question=rng.choice(asked), steps=rng.choice((2, 3, 4)))
    while True:
        step = task.sample_step(rng.getrandbits(32))
        if step.kind == module:
            if step.role is Role.ACTOR:
                step = msgspec.structs.replace(step, reads=msgspec.structs.replace(step.reads, breadth=2))
            prompt = task.prompt(step, "compact")
            return prompt.user, graph.answers(prompt).right[0]


def question(rng: random.Random, module: str, rooms: bool = False) -> Pair:
    """A prompt of a module and its right reply."""
    return of_rooms(rng, module) if rooms and module not in ("predict", "subgoal") else of_lists(rng, module)
