"""Independent check of a long multiplication, for scoring finished runs. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.decompose.tasks.multiply_micro import MultiplyMicro


def verify(task: Multiply | MultiplyMicro, plan: FinishedPlan) -> Verification:
    """Check each digit step by arithmetic, and the number against Python's own product."""
    count = 0
    for step in plan:
        facts = step.reads
        if step.kind in ("times", "plus"):
            x, y, carry = int(facts.x), int(facts.y), int(facts.carry)
            value = (x * y if step.kind == "times" else x + y) + carry
            if step.candidate != f"{value // 10} {value % 10}":
                return Verification(False, False, count, f"step {count}: {step.kind} {x} {y} {carry} is {value}")
        elif step.kind == "next" and step.candidate != str(facts.value + 1):
            return Verification(
                False, False, count, f"step {count}: {step.candidate} does not come after {facts.value}"
            )
        count += 1
    first, second = task.factors()
    reached = plan.output == str(int(first) * int(second))
    return Verification(True, reached, count, None if reached else f"{first} x {second} is not {plan.output}")
