"""Makes the edits of a ledger itself, for scoring finished runs. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.ledger import Ledger, edited


def verify(task: Ledger, plan: FinishedPlan) -> Verification:
    """Compare the edited ledger, line by line, with the edits made by code."""
    lines, changes, count = list(task.text()), task.changes(), 0
    made = list(lines)
    for step in plan:
        count += 1
        if step.state.done < len(changes[step.state.line]):
            made[step.state.line] = step.candidate
    for line, edits in changes.items():
        for edit in edits:
            lines[line] = edited(lines[line], edit.field, edit.new)
    wrong = [number for number, (one, other) in enumerate(zip(lines, made, strict=True), 1) if one != other]
    return Verification(not wrong, not wrong, count, f"line {wrong[0]} is wrong" if wrong else None)
