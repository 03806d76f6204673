"""Answers that a task takes for the same, though their texts differ."""

from collections.abc import Sequence
from functools import partial

from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task
from surefoot.voting.ballot import Ballot
from surefoot.voting.representatives import FieldRepresentatives, Representatives


def alike(task: Task, step: Step, said: Sequence[str | Flag], ballots: Sequence[Ballot]) -> list[str | Flag]:
    """Return answers with each candidate replaced by the first earlier one of its race that is the same answer.

    Where fields are voted on one by one, each of them is replaced by itself.

    Args:
        task: Says what is the same (``same``, ``same_field``).
        step: The question.
        said: Candidates and red flags, in the order drawn.
        ballots: Of the race, cast before.
    """
    fields = task.voted_fields(step)
    into: Representatives | FieldRepresentatives = Representatives(partial(task.same, step))
    if fields:
        into = FieldRepresentatives(partial(task.same_field, step), fields)
    for ballot in ballots:
        if ballot.candidate is not None:
            into.join(ballot.candidate)
    return [into.join(one) if isinstance(one, str) else one for one in said]
