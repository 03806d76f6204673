"""The planner's questions on digit lists for the bundled model, with replies that show their work.

Lists of 4 numbers are never asked about, so that the suite of 80 such problems stays unseen; those of 3 numbers have
27 states, and a model that is trained on them has seen them all. Nothing that decides imports this file.
"""

import random
import re
from typing import Final

from surefoot.decompose.answer_keys import digit_hanoi
from surefoot.decompose.modular_planner import actor, evaluator, monitor, orchestrator, predictor, task_decomposer
from surefoot.decompose.modular_planner.actor import Rejected
from surefoot.decompose.step import Prompt, Step
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi
from surefoot.decompose.tasks.digit_lists import DigitLists, all_states
from surefoot.decompose.tasks.hanoi_states import third

MODULES: Final = ("propose", "check", "predict", "value", "reached", "subgoal")
SIZES: Final = (3, 5)
"""Numbers in the lists of questions to train on."""

Pair = tuple[str, str]
"""Prompt and right reply."""


def question(rng: random.Random, module: str, numbers: int | None = None) -> Pair:
    """Draw a module's question in a random state of digit lists, and its reply with the work shown.

    The Evaluator is not asked where a number would move twice: its work cannot say that. The TaskDecomposer names a
    sub-goal also where it is the state or the goal itself, which the planner takes for none.
    """
    numbers = numbers or rng.choice((3, 5, 5))
    rules, world = digit_hanoi.DigitRules(numbers), DigitLists(numbers)
    state, goal = situation(rng, rules)
    if module == "reached" and rng.random() < 0.35:
        state = goal
    while module in ("propose", "subgoal") and state == goal:
        state, goal = situation(rng, rules)
    prompt = DigitHanoi().prompt(step(rng, module, rules, state, goal), "compact")
    right = digit_hanoi.answers(prompt).right[0]
    answer = right.replace(" ", "") if module == "value" else right
    shown = tops(prompt.user) if module == "check" else work(module, world, state, goal)
    if module == "value" and shown.split(" ")[-1] != answer:
        return question(rng, module, numbers)
    if module == "subgoal" and f" not {shown}" not in prompt.user:
        answer = shown
    return prompt.user, " = ".join(filter(None, (shown, answer)))


def renamed(rng: random.Random, pair: Pair) -> Pair:
    """Rename the disks of a question on 3 numbers to three of five names; other questions stay as they are.

    With disks 5, 4 and 2 in it, a reply has to take its words from the prompt: what a model learns from 3 and 5 disks
    alone is to begin with 5 where there is a 5, and else with 3.
    """
    names = sorted(rng.sample("12345", 3))
    if re.search(r"\b[45][abc]\b", pair[0]) or pair[0].startswith("value"):
        return pair
    return tuple(re.sub(r"\b([123])(?=[abc])", lambda found: names[int(found[1]) - 1], text) for text in pair)  # type: ignore[return-value]


def situation(rng: random.Random, rules: digit_hanoi.DigitRules) -> tuple[str, str]:
    """Draw a state and a goal pursued there: the final one, or a sub-goal of this or another state."""
    states = all_states(rules.numbers)
    state, goal = rng.choice(states), f"-/-/{''.join(map(str, range(rules.numbers)))}"
    draw = rng.random()
    if draw < 0.6:
        goal = next(iter(rules.subgoals(state if draw < 0.5 else rng.choice(states), goal)), goal)
    if rng.random() < 0.15:
        state = goal
    for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
        state = rules.after(state, rng.choice(rules.actions(state)))
    return state, goal


def step(rng: random.Random, module: str, rules: digit_hanoi.DigitRules, state: str, goal: str) -> Step:
    """Make the step by which a module is asked about a state and a goal."""
    world = DigitLists(rules.numbers)
    if module == "value":
        return evaluator.step(evaluator.EvaluatorFacts(world, state, goal))
    if module == "reached":
        return orchestrator.step(orchestrator.OrchestratorFacts(world, state, goal))
    legal = rules.actions(state)
    if module == "predict":
        return predictor.step(predictor.PredictorFacts(world, state, rng.choice(legal)))
    if module == "check":
        action = rng.choice(mistakes(rng, rules, state) if rng.random() < 0.6 else legal)
        return monitor.step(monitor.MonitorFacts(world, state, action))
    if module == "subgoal":
        failed = tuple(rng.sample(all_states(rules.numbers), rng.choice((0, 0, 0, 1, 2))))
        right = rules.subgoals(state, goal)
        failed += right if rng.random() < 0.1 else ()
        return task_decomposer.step(task_decomposer.DecomposerFacts(world, state, goal, 1, failed))
    rejected = rng.sample(legal, rng.choice((0, 0, 0, 1, 1, min(2, len(legal)), len(legal))))
    rejected += rng.sample(rules.other_actions(state), rng.choice((0, 0, 0, 1, 2)))
    breadth = rng.choice((2, 2, 2, 2, 2, 2, 1, 3, 8))
    rng.shuffle(rejected)
    return actor.step(actor.ActorFacts(world, state, goal, breadth, tuple(Rejected(a, "visited") for a in rejected)))


def mistakes(rng: random.Random, rules: digit_hanoi.DigitRules, state: str) -> list[str]:
    """Moves that break a rule in a state; mostly those of a number from where it stands."""
    lists = dict(zip("ABC", state.split("/"), strict=True))
    every, draw = rules.other_actions(state), rng.random()
    there = [move for move in every if move[0] in lists[move[1]]]
    covered = [move for move in there if rules.broken(state, move) == ("rule1" if draw < 0.4 else "rule2")]
    return covered if covered and draw < 0.75 else there if there and draw < 0.9 else every


def work(module: str, world: DigitLists, state: str, goal: str) -> str:
    """The work that a module's reply shows before its answer.

    The Actor names, from the largest disk to the smallest, the peg where each must be before the next larger one can
    move. The Evaluator adds to each the moves that it has cost so far: a disk i that is elsewhere costs 2^(i - 1).
    The TaskDecomposer gathers what is smaller than the largest disk that is elsewhere.
    """
    here, there = (Prompt(world.say_state(one, "compact")).user.split(" ") for one in (state, goal))
    pegs, wanted = [word[-1] for word in here], [word[-1] for word in there]
    first = next((i for i, (peg, other) in enumerate(zip(pegs, wanted, strict=True)) if peg != other), len(pegs))
    places, costs = wanted[: first + 1], [0] * first
    if first < len(pegs):
        aside = third(pegs[first], wanted[first])
        rest, moves = towards(pegs[first + 1 :], aside)
        costs += [1 + sum(towards(wanted[first + 1 :], aside)[1]), *moves]
        places += rest
    size = len(pegs)
    if module == "subgoal":
        kept = [*pegs[: first + 1], *([aside] * (size - first - 1) if first < size else [])]
        return " ".join(f"{size - i}{peg}" for i, peg in enumerate(kept))
    if module == "propose":
        return " ".join(f"{size - i}{peg}" for i, peg in enumerate(places))
    if module == "value":
        return " ".join(f"{size - i}{peg} {sum(costs[: i + 1])}" for i, peg in enumerate(places))
    return ""


def tops(prompt: str) -> str:
    """The Monitor's work: the smallest disk where a move begins and where it ends, ``-`` where none stands."""
    move, _, disks = prompt.partition(" ")[2].partition(" in ")
    return " ".join(next((w for w in disks.split(" ")[::-1] if w[-1] == peg), "-") for peg in move[-2:])


def towards(pegs: list[str], target: str) -> tuple[list[str], list[int]]:
    """Where each disk must be for all to come to one peg, and its moves; from the largest disk to the smallest."""
    places, moves = [], []
    for i, peg in enumerate(pegs):
        places.append(target)
        moves.append(0 if peg == target else 2 ** (len(pegs) - 1 - i))
        target = target if peg == target else third(peg, target)
    return places, moves
