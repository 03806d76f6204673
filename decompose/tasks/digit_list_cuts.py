"""The modules of digit lists cut into facts: which list is the third, and which number comes next.

See `surefoot.decompose.tasks.digit_hanoi_micro` for who says what, and
`surefoot.decompose.modular_planner.fact_modules` for what a cut is.
"""

from collections.abc import Generator, Mapping

from surefoot.decompose.modular_planner.actor import NONE, ActorFacts
from surefoot.decompose.modular_planner.evaluator import EvaluatorFacts
from surefoot.decompose.modular_planner.fact_modules import Cut
from surefoot.decompose.modular_planner.monitor import VALID, MonitorFacts
from surefoot.decompose.modular_planner.orchestrator import OrchestratorFacts
from surefoot.decompose.modular_planner.predictor import PredictorFacts
from surefoot.decompose.modular_planner.task_decomposer import DecomposerFacts
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.counting import REPLY_TOKENS, Number
from surefoot.decompose.tasks.hanoi_micro import Pair

LISTS = "ABC"

Asking = Generator[Step, str, str | None]


def third(one: str, other: str, role: Role) -> Step:
    """Ask for a module which list is neither of two."""
    return Step("third", role, Pair(one, other), REPLY_TOKENS)


def check(facts: MonitorFacts) -> Asking:
    """The Monitor: the first rule that a move breaks, the second by counting."""
    lists, (number, source, target) = _lists(facts.state), tuple(facts.action)
    if lists[source][-1:] != number:
        return "no rule1"
    top = lists[target][-1:]
    if not top:
        return VALID
    count, numbers = int(number), len(_places(facts.state))
    for _ in range(numbers):
        count = int((yield Step("next", Role.MONITOR, Number(count), REPLY_TOKENS)))
        if count == int(top):
            return "no rule2"
        if not 0 <= count < numbers:
            break
    return VALID


def propose(facts: ActorFacts) -> Asking:
    """The Actor: the last number in the way of the first that is out of place, to where it makes way; or elsewhere."""
    at, wanted = _places(facts.state), _places(facts.goal)
    aim, move = "", None
    for number in range(len(at)):
        target = aim or wanted[number]
        if at[number] == target:
            continue
        move = (number, at[number], target)
        if number + 1 < len(at):
            aim = yield third(at[number], target, Role.ACTOR)
    if move is None:
        return NONE
    number, source, target = move
    refused = {one.action for one in facts.rejected}
    found = [] if target == source else [f"{number}{source}{target}"]
    if len(found) < facts.breadth or set(found) & refused:
        found.append(f"{number}{source}{(yield third(source, target, Role.ACTOR))}")
        last = len(at) - 1
        found += [f"{last}{at[last]}{name}" for name in LISTS]
    kept = [one for one in dict.fromkeys(found) if one not in refused and one[1] != one[2]]
    return "; ".join(kept[: facts.breadth]) or NONE


def predict(facts: PredictorFacts) -> Asking:
    """The Predictor: by code. A move that leaves a list out of order has no state that could be written."""
    lists, (number, source, target) = _lists(facts.state), tuple(facts.action)
    if number not in lists[source]:
        return None
    after = {**lists, source: lists[source].replace(number, "")}
    after[target] += number
    if list(after[target]) != sorted(after[target]):
        return None
    return _state(after)
    yield


def value(facts: EvaluatorFacts) -> Asking:
    """The Evaluator: the moves between two states, by the recursion of the puzzle."""
    at, wanted = _places(facts.state), _places(facts.goal)
    return str((yield from _distance(at, wanted)))


def reached(facts: OrchestratorFacts) -> Asking:
    """The Orchestrator: by code."""
    return "yes" if facts.state == facts.goal else "no"
    yield


def subgoal(facts: DecomposerFacts) -> Asking:
    """The TaskDecomposer: the first number out of place where it belongs, and all behind it on the third list."""
    at, wanted = _places(facts.state), _places(facts.goal)
    first = next((number for number in range(len(at)) if at[number] != wanted[number]), None)
    if first is None:
        return NONE
    aside = yield third(at[first], wanted[first], Role.TASK_DECOMPOSER)
    lists = dict.fromkeys(LISTS, "")
    for number in range(len(at)):
        lists[aside if number > first else wanted[number]] += str(number)
    named = _state(lists)
    return NONE if named in (*facts.failed, facts.state, facts.goal) else named


CUTS: Mapping[str, Cut] = {
    "check": check,
    "propose": propose,
    "predict": predict,
    "value": value,
    "reached": reached,
    "subgoal": subgoal,
}
"""How each module is cut, by kind of question."""


def _distance(at: list[str], wanted: list[str]) -> Generator[Step, str, int]:
    """Moves from one state to another: all behind the first number out of place go aside, and come back."""
    for number in range(len(at)):
        if at[number] == wanted[number]:
            continue
        if number + 1 == len(at):
            return 1
        aside = yield third(at[number], wanted[number], Role.EVALUATOR)
        there = yield from _to_one(at[number + 1 :], aside)
        back = yield from _to_one(wanted[number + 1 :], aside)
        return there + 1 + back
    return 0


def _to_one(at: list[str], target: str) -> Generator[Step, str, int]:
    """Moves that bring numbers to one list."""
    moves = 0
    for number, place in enumerate(at):
        if place != target:
            moves += 2 ** (len(at) - number - 1)
            if number + 1 < len(at):
                target = yield third(place, target, Role.EVALUATOR)
    return moves


def _lists(state: str) -> dict[str, str]:
    return {name: part.replace("-", "") for name, part in zip(LISTS, state.split("/"), strict=True)}


def _state(lists: dict[str, str]) -> str:
    return "/".join(lists[name] or "-" for name in LISTS)


def _places(state: str) -> list[str]:
    """The list on which each number stands, from number 0 on."""
    where = {int(digit): name for name, part in _lists(state).items() for digit in part}
    return [where[number] for number in sorted(where)]
