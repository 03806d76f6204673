"""Sampled steps: what their times count."""

import math
from collections.abc import AsyncIterator
from typing import Any

import pytest

from surefoot.decompose.step import Prompt, Role, Step
from surefoot.runtime.errors import ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.execution.escalation.prompt_variants import FIRST
from surefoot.runtime.execution.kept_replies import ReplyKeeper
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.sampling import SampleRunner, collected, gathered, numbers_in, samples_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.execution.work import Work
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contested, Counts, Failed, Finished, Paused, Record
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


def sample(number: int, *said: str, started: float = 0.0, ended: float = 0.0) -> Record:
    ballots = tuple(Ballot(draw, one) for draw, one in enumerate(said))
    return Record((number,), "sample", 0, 0, len(said), (Contested(len(said), ballots),), started=started, ended=ended)


def replies(number: int, *texts: str) -> Record:
    kept = KeptStep("move", "Actor", "", "ask", tuple(KeptReply(text, "", "x") for text in texts))
    return Record((number,), "replies", 0, 0, 0, (), kept=kept)


def question(number: int) -> Step:
    return Step(f"kind {number % 2}", Role.ACTOR, reads=number)


def test_samples_are_read_back_with_their_times_and_replies() -> None:
    found = samples_of(
        question, [pack([sample(3, "a", "b", started=10, ended=12)]), pack([replies(3, "said"), sample(1, "c")])]
    )
    assert [(one.number, one.kind, one.seconds, one.ended) for one in found] == [
        (1, "kind 1", 0, 0), (3, "kind 1", 2, 12),
    ]  # fmt: skip
    assert [[reply.text for reply in one.replies] for one in found] == [[], ["said"]]
    assert [ballot.candidate for ballot in found[1].ballots] == ["a", "b"]


def test_a_sample_that_came_twice_is_one() -> None:
    payloads = [pack([sample(3, "a")]), pack([sample(3, "a"), Record((3,), "worked", 0, 0, 0, ())])]
    assert [one.number for one in samples_of(question, payloads)] == [3]
    assert numbers_in(payloads) == {3}


async def batches(*made: Batch) -> AsyncIterator[Batch]:
    for one in made:
        yield one


async def test_a_share_is_collected_to_its_end() -> None:
    found, counts = await collected(question, batches(
        Batch(pack([sample(1, "a")]), Counts(calls=2)), Batch(b"", Counts(), alive=True),
        Batch(pack([sample(2, "b")]), Counts(calls=3), Finished(None)),
    ))  # fmt: skip
    assert [one.number for one in found] == [1, 2]
    assert counts.calls == 5


async def test_why_a_share_ended_early_is_raised() -> None:
    failed = Failed("ModelRejected", "no such key", {"model": "m"})
    with pytest.raises(ModelRejected, match="no such key"):
        await collected(question, batches(Batch(pack([]), Counts(), failed)))
    with pytest.raises(ModelUnavailable, match="gone"):
        await collected(question, batches(Batch(pack([]), Counts(), Paused("gone"))))


def test_shares_are_put_together_in_the_order_of_the_numbers() -> None:
    one = samples_of(question, [pack([sample(5, "a"), sample(1, "b")])])
    other = samples_of(question, [pack([sample(3, "c")])])
    found, counts = gathered([(one, Counts(calls=2)), (other, Counts(calls=1))])
    assert [sample.number for sample in found] == [1, 3, 5]
    assert counts.calls == 3


async def test_replies_to_a_sample_are_kept_where_answers_differ_and_where_one_alone_is_notable() -> None:
    class Asks:
        variants = (FIRST,)

        def __init__(self) -> None:
            self.meter = Meter(ReplyKeeper("disputed"))

        async def draw(self, step: Step, count: int, first: int) -> tuple[Ballot, ...]:
            said = "ab" if step.reads == 30 else "aa"
            for number in range(count):
                self.meter.replies.heard(first // MAX_DRAWS, step, Prompt("ask"), said[number], said[number])
            return tuple(Ballot(number, said[number]) for number in range(count))

    steps: Any = Asks()
    work = Work(steps, RecordBuffer(1000, math.inf))
    runner = SampleRunner(lambda number: Step("move", Role.ACTOR, reads=number), work, PrioritySemaphore(1))
    await runner.run([*range(20, 30), 31, 30], 2, 0)
    kept = {record.path[0]: record.kept for record in work.take() if record.kept is not None}
    assert 30 in kept
    assert [reply.text for reply in kept[30].replies] == ["a", "b"]
    assert 31 not in kept, "nothing about it is notable"
