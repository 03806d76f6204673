"""The next version of a sub-plan that a chain asked for: the chain is told what was found, and asks again."""

from collections.abc import Sequence
from typing import Any

import msgspec

from surefoot.decompose.assumptions import Findings, told
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.step import Done, Step
from surefoot.decompose.task import Task


def next_version(task: Task, node: Node, answers: Sequence[str], findings: Findings) -> Expansion | None:
    """Return the sub-plan that a chain asks for once it is told what was found against the last one.

    The chain is begun with ``Findings`` among its inputs replaced, is given the answers that it had, and asks again.
    One without ``Findings`` among its inputs asks for the same again.

    Args:
        task: The task.
        node: The chain's.
        answers: Those before the sub-plan, as the journal keeps them: texts of steps, JSON of everything else.
        findings: What was found.

    Returns:
        The sub-plan, or ``None`` where the chain asks for something else there.
    """
    goal = node.goal
    state: Any = task.begin(goal, told(node.inputs, findings))
    asked = task.next_step(goal, state)
    for answer in answers:
        if isinstance(asked, Done):
            return None
        state = task.advance(goal, state, answer if isinstance(asked, Step) else msgspec.json.decode(answer))
        asked = task.next_step(goal, state)
    return asked if isinstance(asked, Expansion) else None
