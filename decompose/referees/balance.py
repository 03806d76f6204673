"""Independent check of a ledger's balance, for scoring finished runs. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.balance import Balance


def verify(task: Balance, plan: FinishedPlan) -> Verification:
    """Check each number of the counts, and the balance against Python's own sum."""
    count = 0
    for step in plan:
        if step.candidate != str(step.reads.value + 1):
            wrong = f"step {count}: {step.candidate} does not come after {step.reads.value}"
            return Verification(False, False, count, wrong)
        count += 1
    balance = str(sum(int(amount) for amount in task.booked()))
    reached = plan.output == balance
    return Verification(True, reached, count, None if reached else f"the balance is {balance}, not {plan.output}")
