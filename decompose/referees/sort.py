"""Checks a sorted list against Python's own sorting. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.sort import Sort


def verify(task: Sort, plan: FinishedPlan) -> Verification:
    """Check every comparison, then the whole list."""
    count = 0
    for step in plan:
        one, other = map(int, step.reads.facts.split())
        if int(step.candidate) != min(one, other):
            return Verification(
                False, False, count, f"step {count}: {step.candidate} is not the smaller of {one}, {other}"
            )
        count += 1
    reached = plan.output == sorted(task.listed())
    return Verification(True, reached, count, None if reached else "the list is not in ascending order")
