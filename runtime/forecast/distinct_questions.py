"""How many distinct questions a plan asks: counted on questions that its task samples, without a model.

Assumption: sampled questions come as often as the plan's own. What a user's task samples may differ from what it asks,
so that whoever divides an error budget by this number also counts the questions that were met.
"""

from collections import Counter
from collections.abc import Hashable
from typing import Final, NamedTuple

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task

MOST_SAMPLED: Final = 2048
"""Questions that are sampled to count distinct ones; for longer plans it is extrapolated."""


class Distinct(NamedTuple):
    """The distinct questions of a plan, as far as they were sampled, and how many there are for one of those."""

    questions: dict[Hashable, Step]
    scale: float

    @property
    def number(self) -> float:
        """How many distinct questions a run asks."""
        return self.scale * len(self.questions)


def distinct_questions(task: Task, size: int, *, by_role: bool = True) -> Distinct:
    """Count the distinct questions among as many as a plan asks.

    A question that is sampled as often as it would come once in the plan counts whole, a rarer one in proportion.
    Where a plan asks more than are sampled, those that were not seen are extrapolated.

    The extrapolation from those sampled once and twice is that of Chao et al., "Rarefaction and extrapolation with Hill
    numbers" (2014), equation 9.

    Args:
        task: That samples.
        size: Questions of the plan.
        by_role: Whether a question that two modules ask counts twice, as modules with models of their own may answer
            it differently. Where all modules have the same, it has the same looks and the same verdict.
    """
    count = MOST_SAMPLED
    times: Counter[Hashable] = Counter()
    steps: dict[Hashable, Step] = {}
    for number in range(count):
        step = task.sample_step(number)
        key = (step.kind, step.role if by_role else "", repr(step.reads))
        times[key] += 1
        steps.setdefault(key, step)
    once, twice = (sum(n == wanted for n in times.values()) for wanted in (1, 2))
    unseen = (count - 1) / count * once * (once - 1) / (2 * (twice + 1))
    if size <= count or not unseen:
        return Distinct(steps, sum(min(1.0, n * size / count) for n in times.values()) / len(steps))
    left = (1 - once / (count * unseen + once)) ** (size - count)
    return Distinct(steps, 1 + unseen * (1 - left) / len(steps))
