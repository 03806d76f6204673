"""Checks a dictionary's running sum by arithmetic. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.dictionary_sum import DictionarySum


def verify(task: DictionarySum, plan: FinishedPlan) -> Verification:
    """Add up the words' values and compare every turn."""
    values, total, count = task.values(), 0, 0
    for step in plan:
        total += values[task.word(count)]
        if step.candidate != str(total):
            return Verification(False, False, count, f"step {count}: the sum is {total}, not {step.candidate}")
        count += 1
    reached = count == task.turns and plan.output == total
    return Verification(
        True, reached, count, None if reached else f"the sum of {task.turns} words is not {plan.output}"
    )
