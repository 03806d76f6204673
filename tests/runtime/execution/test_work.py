"""What the journal says of a piece of work, and who waits for whom before a step begins."""

import asyncio
import math
from typing import Any

import pytest

from surefoot.decompose.step import Flag, Prompt, Role, Step
from surefoot.runtime.errors import AwaitsReview, JournalError, StepDeadlocked
from surefoot.runtime.execution.in_flight import InFlight
from surefoot.runtime.execution.kept_replies import ReplyKeeper
from surefoot.runtime.execution.meter import Meter
from surefoot.runtime.execution.policy import StepPolicy
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.reviews import Reviews, for_review, reviewed
from surefoot.runtime.execution.work import WAITS, SegmentStopped, Work
from surefoot.runtime.models.port import Reply
from surefoot.runtime.models.stopping import CallsStopped
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import ASIDE, PERSON, REVIEWED, Contested, Record, Usage
from surefoot.voting.alarms import Kind, Raised
from surefoot.voting.ballot import Ballot

STEP = Step("move", Role.ACTOR, ("A",))
ENTRY = Contested(2, (Ballot(0, "a"), Ballot(1, "b")))
PLACE = ((0, 1), 0, 3)
KEY = ((0, 1), "run", 0)


class Decides:
    """Decides every step as it is told, or fails."""

    def __init__(self, outcome: Any = ("a", "a"), read: Any = None) -> None:
        self.outcome, self.read = outcome, read
        self.meter, self.variants = Meter(ReplyKeeper("all")), (None,)
        self.asked: list[tuple[Any, ...]] = []
        self.policy = StepPolicy()

    async def decide(self, *arguments: Any) -> Any:
        self.asked.append(arguments)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def judge(self, step: Step, reply: Reply) -> Any:
        return reply.text if self.read is None else self.read


def work(outcome: Any = ("a", "a"), read: Any = None, review: bool = False) -> Any:
    return Work(Decides(outcome, read), RecordBuffer(1000, math.inf), review)  # type: ignore[arg-type]


def undecided() -> StepDeadlocked:
    return StepDeadlocked("no candidate led", entry=ENTRY, tally=(("a", 1), ("b", 1)))


def test_the_journal_is_read_into_what_each_part_is_for() -> None:
    found = work()
    found.load([
        pack([Record((0,), "run", 0, 0, 1, ("a", "b")), Record((0,), "run", 1, 0, 1, ("a",))]),
        pack([Record((0,), "run", 0, 1, 1, ("b", "c")), Record((1,), "split", 0, 0, 3, ("x",))]),
        pack([Record((2,), "rows", 0, 0, 1, ("r", "s"), (7, 3)), Record((2,), "rows", 0, 0, 1, ("t",), (9,))]),
        pack([Record((3,), "failed", 0, 0, 0, ("{}",)), Record((4,), "intent", 2, 5, 0, ("key",))]),
        pack([Record((5,), "sample", 0, 0, 3, ()), Record((0,), "broken", 1, 0, 0, ())]),
    ])  # fmt: skip
    assert found.journalled == {
        ((0,), "run", 0): ["a", "b", "c"], ((0,), "run", 1): ["a"], ((1,), "split", 0): ["x"], ((0,), "broken", 1): [],
    }  # fmt: skip
    assert found.standing == {(0,): 3}, "the longest of a node's runs"
    assert found.rows == {(2,): {7, 3, 9}}
    assert found.failed == {(3,): "{}"}
    assert found.intents == {"key": (2, 5)}


def test_steps_that_are_missing_are_an_error_of_the_journal() -> None:
    with pytest.raises(JournalError, match="steps 0 to 1 are missing"):
        work().load([pack([Record((0,), "run", 0, 2, 1, ("c",))])])


@pytest.mark.parametrize("review", [True, False])
def test_a_step_that_waits_for_a_person_keeps_the_runs_before_it(review: bool) -> None:
    """Without a person the chain is run as if nothing had been put aside."""
    found = work(review=review)
    found.load([pack([for_review(((0, 1), 2, 3), 5, ENTRY)])])
    assert found.reviews.waits(((0, 1), 2, 3)) == review
    attempts = {attempt for path, part, attempt in found.journalled if (path, part) == ((0, 1), "run")}
    assert attempts == ({0, 1, 2} if review else set())


async def test_a_step_begins_at_once_where_there_is_room() -> None:
    await asyncio.wait_for(work().begin_step(), 1)


async def test_no_step_begins_while_too_much_waits_to_become_durable() -> None:
    found = work()
    found.room.clear()
    began = asyncio.ensure_future(found.begin_step())
    await asyncio.sleep(0)
    assert not began.done()
    found.room.set()
    await began


async def test_who_stops_waits_for_what_is_being_asked() -> None:
    found = work()
    found.stopping = True
    async with found.under_way():
        stopped = asyncio.ensure_future(found.begin_step())
        for _ in range(3):
            await asyncio.sleep(0)
        assert not stopped.done()
    with pytest.raises(SegmentStopped):
        await stopped


async def test_a_question_that_was_not_sent_lets_the_others_come_to_their_end() -> None:
    found, answered = work(), asyncio.Event()

    async def asked() -> None:
        async with found.under_way():
            await answered.wait()

    async def not_sent() -> None:
        async with found.under_way():
            raise CallsStopped("the run stops")

    other, stopped = asyncio.ensure_future(asked()), asyncio.ensure_future(not_sent())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not stopped.done(), "an error now would cancel what others are asked"
    answered.set()
    with pytest.raises(SegmentStopped):
        await stopped
    assert other.done()


async def test_what_is_under_way_is_counted_until_the_last_has_ended() -> None:
    counter, ended = InFlight(), asyncio.Event()
    await counter.none()

    async def wait() -> None:
        await counter.none()
        ended.set()

    with counter:
        waiting = asyncio.ensure_future(wait())
        with counter:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not ended.is_set()
    await waiting
    with counter:  # after it was empty once, it counts on
        again = asyncio.ensure_future(counter.none())
        await asyncio.sleep(0)
        assert not again.done()
    await again


async def test_decided_steps_are_what_the_decider_says() -> None:
    found = work(("a", "a"))
    assert await found.decide(KEY, STEP, 3, 2, 4096 * 9) == ("a", "a")
    assert found.steps.asked == [(STEP, 2, 4096 * 9, 0)]
    assert found.take() == []


async def test_an_undecided_step_is_kept_with_its_ballots_and_said_in_the_log() -> None:
    found = work(undecided())
    with pytest.raises(StepDeadlocked) as raised:
        await found.decide(KEY, STEP, 3, 2, 0)
    assert raised.value.context["path"] == [0, 1]
    assert (raised.value.context["place"], raised.value.context["k"]) == (PLACE, 2)
    (record,) = found.take()
    assert record == Record((0, 1), "undecided", 0, 3, 2, (ENTRY,))
    assert found.take_events() == (
        ("step deadlocked", {"node": "0.1", "kind": "move", "k": 2, "tally": (("a", 1), ("b", 1))}),
    )
    assert found.take_events() == ()


async def test_an_alarm_is_a_line_in_the_log() -> None:
    raised = Contested(2, ENTRY.ballots, way="another wording", raised=(Raised(Kind.DISAGREEMENT, 0.001, 0.01),))
    found = work(("a", raised))
    await found.decide(((), "split", 0), STEP, 0, 2, 0)
    ((event, context),) = found.take_events()
    assert event == "alarm"
    assert context == {
        "node": "root", "part": "split", "step": 0, "raised": ["disagreement"], "way": "another wording",
    }  # fmt: skip
    quiet = work(("a", ENTRY))
    await quiet.decide(KEY, STEP, 0, 2, 0)
    assert quiet.take_events() == ()


async def test_replies_to_a_step_are_kept_under_its_place() -> None:
    found = work()
    found.steps.meter.replies.heard(9, STEP, Prompt("ask"), "said", "a")
    await found.decide(((0, 1), "run", 2), STEP, 3, 2, 9 * 4096)
    (record,) = found.take()
    assert (record.path, record.part, record.attempt, record.first) == ((0, 1), "replies", 2, 3)
    assert record.kept is not None
    assert [one.text for one in record.kept.replies] == ["said"]


async def test_a_step_that_waits_is_not_asked_again() -> None:
    found = work(review=True)
    found.put_aside(PLACE, 2, ENTRY)
    with pytest.raises(StepDeadlocked, match="waits for a person"):
        await found.decide(KEY, STEP, 3, 2, 0)
    assert found.steps.asked == []


async def test_what_a_person_answered_is_taken_without_asking() -> None:
    found = work(review=True)
    found.load([pack([for_review(PLACE, 2, ENTRY), reviewed(PLACE, 2, ENTRY, "b")])])
    candidate, entry = await found.decide(KEY, STEP, 3, 2, 0)
    assert candidate == "b"
    assert (entry.decided, entry.way, entry.ballots) == ("b", PERSON, ENTRY.ballots)
    assert found.steps.asked == []


def test_a_step_is_put_aside_once() -> None:
    found = work(review=True)
    found.put_aside(PLACE, 2, ENTRY)
    found.put_aside(PLACE, 2, ENTRY)
    assert found.counts.put_aside == 1
    assert found.take() == [Record((0, 1), ASIDE, 0, 3, 2, (ENTRY,))]


async def test_a_run_with_a_person_puts_an_undecided_step_aside() -> None:
    found, error = work(undecided(), review=True), undecided()
    error.context |= {"place": PLACE, "k": 2}
    with pytest.raises(AwaitsReview, match=WAITS):
        await found.wait_for_person(error)
    assert not found.stopping  # what does not rest on it goes on
    assert found.reviews.waits(PLACE)


async def test_a_run_without_a_person_does_not() -> None:
    found, error = work(undecided()), undecided()
    error.context |= {"place": PLACE, "k": 2}
    await found.wait_for_person(error)
    assert not found.stopping
    assert found.take() == []
    wanted = work(review=True)
    await wanted.wait_for_person(undecided())  # nobody knows where it stands: an earlier session's
    assert not wanted.stopping


def answers(answer: str | None, read: Any = None) -> Any:
    held = Reviews(wanted=True)
    if answer is not None:
        held.load(reviewed(PLACE, 2, ENTRY, answer))
    return held.answer_to(STEP, PLACE, Decides(read=read))  # type: ignore[arg-type]


def test_an_answer_that_no_ballot_named_is_read_as_a_reply_would_be() -> None:
    assert answers(None) is None
    assert answers("b")[0] == "b"
    candidate, entry = answers(" C ", read="c")
    assert (candidate, entry.decided) == ("c", "c")
    before = Contested(2, (), before=(Ballot(0, "z"),))
    held = Reviews(wanted=True)
    held.load(reviewed(PLACE, 2, before, "z"))
    found = held.answer_to(STEP, PLACE, Decides(read="other"))  # type: ignore[arg-type]
    assert found is not None
    assert found[0] == "z", "named on a lower level"


def test_an_answer_that_cannot_be_read_is_a_persons_mistake() -> None:
    with pytest.raises(AwaitsReview, match=r"node 0\.1, step 4 cannot be read: illegal no such peg"):
        answers("D", read=Flag("illegal", "no such peg"))


def test_the_last_answer_counts_and_only_where_the_step_was_put_aside() -> None:
    held = Reviews(wanted=True)
    held.load(for_review(PLACE, 2, ENTRY))
    assert held.waits(PLACE)
    for answer in ("a", "b"):
        held.load(reviewed(PLACE, 2, ENTRY, answer))
    assert held.answered[PLACE].decided == "b"
    assert not held.waits(PLACE)
    assert not Reviews(wanted=True).waits(PLACE)
    held.load(Record((0,), REVIEWED, 0, 0, 2, ("damaged",)))
    assert ((0,), 0, 0) not in held.answered


async def test_what_was_decided_is_made_durable_where_somebody_keeps_it() -> None:
    found = work()
    await found.made_durable()  # nobody does: nothing to wait for
    done = asyncio.get_running_loop().create_future()
    sent: list[str] = []
    found.connect(lambda: sent.append("batch"), asyncio.Event(), lambda: done)
    waiting = asyncio.ensure_future(found.made_durable())
    await asyncio.sleep(0)
    assert not waiting.done()
    done.set_result(None)
    await waiting
    found.buffer.flush()
    assert sent == ["batch"]
    assert not found.room.is_set()


def test_money_is_put_on_steps_only_where_somebody_asks_for_it() -> None:
    meter = Meter()
    meter.spend(7, 0.5)
    assert meter.spent(7) == 0.0
    meter.by_step = True
    meter.spend(7, 0.5)
    meter.spend(7, 0.25)
    meter.spend(8, 1.0)
    assert meter.spent(7) == 0.75
    assert meter.spent(7) == 0.0, "asked once"
    assert meter.spent(8) == 1.0


def test_counts_that_are_taken_are_the_callers_and_hold_what_was_used() -> None:
    meter = Meter()
    meter.counts.steps += 2
    meter.usage.book("move", "m", Reply("x", tokens_in=5, tokens_out=2, cost_usd=0.5))
    taken = meter.take()
    assert (taken.steps, taken.calls, taken.tokens_in, taken.cost_usd) == (2, 1, 5, 0.5)
    assert taken.by_kind == {"move": Usage(calls=1, tokens_in=5, tokens_out=2, cost_usd=0.5)}
    meter.counts.steps += 1
    assert (taken.steps, meter.take().steps) == (2, 1)
