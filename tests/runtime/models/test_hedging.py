"""When a late call is asked again, and what comes of two calls for one ballot; on a virtual clock."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.models.hedging import first_of
from surefoot.runtime.models.late_answers import SEEN, hedge_after_s
from surefoot.runtime.models.litellm_errors import Transient
from surefoot.runtime.models.port import Reply
from surefoot.runtime.models.stopping import CallsStopped
from tests.runtime.models.virtual_time import run_virtually

DRAWS: dict[str, Callable[[random.Random], float]] = {
    "alike": lambda dice: dice.uniform(0.9, 1.1),
    "exponential": lambda dice: dice.expovariate(1.0),
    "a tail": lambda dice: 1.0 if dice.random() < 0.97 else 30.0,
    "a heavy tail": lambda dice: dice.lognormvariate(0, 2.2),
}


@pytest.mark.parametrize(("kind", "pays"), [("alike", 0), ("exponential", 0), ("a tail", 180), ("a heavy tail", 180)])
def test_it_pays_where_the_tail_is_long(kind: str, pays: int) -> None:
    """Of 200 samples, seeds 0 to 199; a tail of 3 % is at times not in a sample of 256, or is all there is late."""
    found = 0
    for seed in range(200):
        dice = random.Random(seed)
        found += hedge_after_s([DRAWS[kind](dice) for _ in range(2 * SEEN)]) is not None
    assert found >= pays if pays else found == 0


def test_nothing_is_said_from_few_latencies() -> None:
    assert hedge_after_s([1.0] * (SEEN - 2) + [100.0]) is None


def test_late_is_the_95th_percentile() -> None:
    assert hedge_after_s([*(float(one) / 100 for one in range(192)), *[50.0] * 8]) == 1.90


class Answers:
    """Calls that take so long each, and say their number, or fail."""

    def __init__(self, *seconds: float, fail: tuple[int, ...] = ()) -> None:
        self.seconds, self.fail, self.made, self.cancelled = seconds, fail, 0, 0

    async def call(self) -> list[Reply]:
        number = self.made
        self.made += 1
        try:
            await asyncio.sleep(self.seconds[number])
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if number in self.fail:
            raise Transient(f"failure {number}")
        return [Reply(f"answer {number}")]

    def first(self, may: bool = True) -> Reply:
        async def asking() -> Any:
            return await first_of(self.call, 1.0, lambda: may)

        (reply,) = run_virtually(asking())
        return reply


@pytest.mark.parametrize(
    ("answers", "text", "made", "extra", "failed", "cancelled"),
    [
        (Answers(0.5), "answer 0", 1, 0, 0, 0),
        (Answers(9.0, 0.5), "answer 1", 2, 1, 0, 1),
        (Answers(2.0, 5.0), "answer 0", 2, 1, 0, 1),
        (Answers(2.0, 1.0), "answer 0", 2, 1, 0, 0),  # both at once: the first is taken
        (Answers(2.0, 5.0, fail=(0,)), "answer 1", 2, 1, 1, 0),
        (Answers(5.0, 1.0, fail=(1,)), "answer 0", 2, 1, 1, 0),
    ],
)
def test_the_first_answer_counts_once(
    answers: Answers, text: str, made: int, extra: int, failed: int, cancelled: int
) -> None:
    reply = answers.first()
    assert (reply.text, reply.hedged_calls, reply.failed_calls) == (text, extra, failed)
    assert (answers.made, answers.cancelled) == (made, cancelled)


def test_a_call_that_may_not_be_made_is_not() -> None:
    """The placebo's arm: late, and waited for."""
    answers = Answers(9.0, 0.5)
    assert answers.first(may=False) == Reply("answer 0")
    assert answers.made == 1


def test_two_failures_are_counted_as_two() -> None:
    with pytest.raises(Transient, match="failure 0") as caught:
        Answers(2.0, 3.0, fail=(0, 1)).first()
    assert caught.value.calls == 2


def test_a_repetition_that_a_stop_kept_from_being_sent_is_not_counted() -> None:
    class Stops(Answers):
        async def call(self) -> list[Reply]:
            if self.made:
                raise CallsStopped("the run stops")
            return await super().call()

    reply = Stops(9.0).first()
    assert (reply.text, reply.hedged_calls, reply.failed_calls) == ("answer 0", 0, 0)
    with pytest.raises(Transient) as caught:
        Stops(9.0, fail=(0,)).first()
    assert caught.value.calls == 1


def test_cancelling_cancels_both() -> None:
    answers = Answers(99.0, 99.0)

    async def work() -> None:
        asking = asyncio.create_task(first_of(answers.call, 1.0, lambda: True))
        await asyncio.sleep(5)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    run_virtually(work())
    assert (answers.made, answers.cancelled) == (2, 2)
