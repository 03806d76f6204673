"""Exact simulator of Tower of Hanoi, for scoring finished plans. Nothing that decides imports it."""

from collections.abc import Iterator

from surefoot.decompose.referees.verification import FinishedPlan, Verification
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.hanoi_micro import HanoiMicro


def verify(task: Hanoi | HanoiMicro, plan: FinishedPlan) -> Verification:
    """Judge a finished Tower of Hanoi plan by doing its moves on real pegs.

    A plan in the ``micro`` dialect is one of answers: the moves that they lead to are judged.
    """
    pegs: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    pegs[task.start] = list(range(task.disks, 0, -1))
    count = 0
    for move in _moves(task, plan):
        disk, pair = int(move[:-2]), move[-2:]
        if not pegs[pair[0]] or pegs[pair[0]][-1] != disk:
            return Verification(False, False, count, f"step {count}: disk {disk} is not the top of peg {pair[0]}")
        if pegs[pair[1]] and pegs[pair[1]][-1] < disk:
            return Verification(False, False, count, f"step {count}: disk {disk} placed on a smaller one")
        pegs[pair[1]].append(pegs[pair[0]].pop())
        count += 1
    reached = len(pegs[task.goal]) == task.disks
    return Verification(True, reached, count, None if reached else "the plan ends before the goal state")


def _moves(task: Hanoi | HanoiMicro, plan: FinishedPlan) -> Iterator[str]:
    """The plan's moves, such as ``"3ca"``: disk 3 from c to a."""
    if isinstance(task, HanoiMicro):
        for disk, source, target in task.answer(None, iter(plan)):
            yield f"{disk}{'abc'[source]}{'abc'[target]}"
        return
    for step in plan:
        yield step.candidate.split(" ")[0]
