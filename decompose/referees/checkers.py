"""Plays the moves of checker jumping, for scoring finished runs. Nothing that decides imports it."""

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.checkers import Checkers


def verify(task: Checkers, plan: FinishedPlan) -> Verification:
    """Play the places of a finished run on a real row; the rows that the model stated are not looked at."""
    count, done = task.checkers, 0
    row = [*"R" * count, "_", *"B" * count]
    for number, step in enumerate(plan):
        place, done = int(step.candidate.partition(" ")[0]), number + 1
        gap, here = row.index("_"), place - 1
        colour = row[here] if 0 <= here < len(row) else "_"
        distance = gap - here if colour == "R" else here - gap
        if colour == "_" or distance not in (1, 2) or (distance == 2 and row[(gap + here) // 2] in (colour, "_")):
            return Verification(False, False, number, f"move {number}: the checker at {place} cannot move")
        row[gap], row[here] = colour, "_"
    reached = row == [*"B" * count, "_", *"R" * count]
    return Verification(True, reached, done, None if reached else f"it ends with {''.join(row)}")
