"""Sampled steps: what their times count."""

import math
from typing import Any

from surefoot.decompose.step import Role, Step
from surefoot.runtime.errors import QuestionRefused
from surefoot.runtime.execution.escalation.prompt_variants import FIRST
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.sampling import SampleRunner
from surefoot.runtime.execution.work import Work
from surefoot.voting.ballot import Ballot


async def test_questions_are_drawn_before_the_first_is_asked() -> None:
    """Else the time of drawing them would count as the model's, and a plan's speed would be too low."""
    order: list[str] = []

    class Asks:
        meter, variants = Meter(), (FIRST,)

        async def draw(self, step: Step, count: int, first: int) -> tuple[Ballot, ...]:
            order.append(f"asked {step.reads}")
            return tuple(Ballot(draw, "x") for draw in range(first, first + count))

    def question(number: int) -> Step:
        order.append(f"drawn {number}")
        return Step("move", Role.ACTOR, reads=number)

    steps: Any = Asks()
    work = Work(steps, RecordBuffer(100, math.inf))
    runner = SampleRunner(question, work, PrioritySemaphore(2))
    await runner.run(range(5), 3, 0)
    assert order == [*(f"drawn {n}" for n in range(5)), *(f"asked {n}" for n in range(5))]
    assert [record.path for record in work.take()] == [(n,) for n in range(5)]


async def test_a_question_that_is_refused_spoils_its_own_sample_only() -> None:
    class Asks:
        meter, variants = Meter(), (FIRST,)

        async def draw(self, step: Step, count: int, first: int) -> tuple[Ballot, ...]:
            if step.reads == 1:
                raise QuestionRefused("too long")
            return tuple(Ballot(draw, "x") for draw in range(count))

    steps: Any = Asks()
    work = Work(steps, RecordBuffer(100, math.inf))
    runner = SampleRunner(lambda number: Step("move", Role.ACTOR, reads=number), work, PrioritySemaphore(2))
    await runner.run(range(3), 2, 0)
    entries = {record.path[0]: record.entries[0] for record in work.take()}
    assert [entries[n].ballots[0].candidate for n in range(3)] == ["x", None, "x"]
    assert {ballot.spoiled_by for ballot in entries[1].ballots} == {"refused"}
