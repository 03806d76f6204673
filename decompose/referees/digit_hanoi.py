"""Exact simulator of the digit lists, for scoring finished plans. Nothing that decides imports it."""

from collections import deque

from surefoot.decompose.modular_planner.planner import Problem
from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.digit_hanoi import DigitHanoi


def verify(task: DigitHanoi, plan: FinishedPlan) -> Verification:
    """Judge a finished digit-list plan by doing its moves on real lists."""
    # The output is known only once the steps were read to their end.
    for _ in plan:
        pass
    return judge(task.problem_of_run(), tuple(plan.output["plan"]))


def judge(problem: Problem, actions: tuple[str, ...]) -> Verification:
    """Simulate a digit-list plan; what the model said of states on the way is not looked at."""
    starts = zip("ABC", problem.start.split("/"), strict=True)
    lists = {name: [int(digit) for digit in part if digit != "-"] for name, part in starts}
    for count, action in enumerate(actions):
        number, source, target = tuple(action)
        if not lists[source] or lists[source][-1] != int(number):
            return Verification(False, False, count, f"move {count}: {number} is not the rightmost number of {source}")
        if lists[target] and max(lists[target]) > int(number):
            return Verification(False, False, count, f"move {count}: {target} holds a number larger than {number}")
        lists[target].append(lists[source].pop())
    reached = "/".join("".join(map(str, part)) or "-" for part in lists.values()) == problem.goal
    return Verification(True, reached, len(actions), None if reached else "the plan does not end at the goal")


def legal_actions(problem: Problem, state: str) -> list[str]:
    """Return every valid move of digit lists, for the random-legal row of a table."""
    lists = dict(zip("ABC", (part.replace("-", "") for part in state.split("/")), strict=True))
    return [
        f"{lists[a][-1]}{a}{b}"
        for a in "ABC"
        for b in "ABC"
        if a != b and lists[a] and (not lists[b] or lists[b][-1] < lists[a][-1])
    ]


def after(problem: Problem, state: str, action: str) -> str:
    """Return the lists that a valid move leads to."""
    number, source, target = tuple(action)
    lists = dict(zip("ABC", (part.replace("-", "") for part in state.split("/")), strict=True))
    lists[source], lists[target] = lists[source][:-1], lists[target] + number
    return "/".join(part or "-" for part in lists.values())


def at_goal(problem: Problem, state: str) -> bool:
    """Return whether digit lists meet the goal."""
    return state == problem.goal


def optimal(problem: Problem) -> int:
    """Return the fewest moves from start to goal, by breadth-first search."""
    seen, queue = {problem.start: 0}, deque([problem.start])
    while queue:
        state = queue.popleft()
        if state == problem.goal:
            return seen[state]
        for action in legal_actions(problem, state):
            reached = after(problem, state, action)
            if reached not in seen:
                seen[reached] = seen[state] + 1
                queue.append(reached)
    raise ValueError(f"{problem.name} cannot be solved")
