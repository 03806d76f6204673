"""Checks a way through gates against the world itself. Nothing that decides imports it."""

from typing import Any

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.gates import PEGS, Gates, open_side


def verify(task: Gates, plan: FinishedPlan) -> Verification:
    """Walk the way: every side that was taken is open, and every tower stands whole on its peg."""
    count = sum(1 for _ in plan)
    for gate, part in enumerate(_parts(task, plan.output), start=1):
        wrong = fault_at(task, gate, part)
        if wrong is not None:
            return Verification(False, False, count, f"gate {gate}: {wrong}")
    return Verification(True, True, count)


def _parts(task: Gates, output: Any) -> list[Any]:
    """What came into the camp, by gate: the side, and the peg and the moves of each tower."""
    width = 1 + task.towers
    return [output[first : first + width] for first in range(0, task.gates * width, width)]


def fault_at(task: Gates, gate: int, part: Any) -> str | None:
    """Return what is wrong with the work at one gate, or ``None``.

    Args:
        task: The task.
        gate: Number of the gate, from 1.
        part: The side that was taken, and for each tower the peg and the moves.
    """
    side, *towers = part or [None]
    if side != open_side(task.world, gate):
        return f"the {side} side is walled up"
    if len(towers) != task.towers:
        return f"{len(towers)} towers came instead of {task.towers}"
    for peg, moves in towers:
        if peg != PEGS[side] or not carried(task.disks, peg, moves):
            return f"a tower does not stand on {PEGS[side]}"
    return None


def carried(disks: int, goal: str, moves: list[str]) -> bool:
    """Return whether moves take a tower from A to a peg by the rules."""
    pegs: dict[str, list[int]] = {"A": list(range(disks, 0, -1)), "B": [], "C": []}
    for move in moves:
        disk, source, target = move.split()
        if pegs[source][-1:] != [int(disk)] or (pegs[target] and pegs[target][-1] < int(disk)):
            return False
        pegs[target].append(pegs[source].pop())
    return len(pegs[goal]) == disks
