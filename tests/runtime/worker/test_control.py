"""What a worker is told beside the work: the same from this process and as bytes from another one."""

import asyncio
import pickle
from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.segment import Segment, segment_key
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.errors import SurefootError
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.limiter import Feedback, Quota
from surefoot.runtime.worker import control
from surefoot.runtime.worker.control import AnyMessage, decode_message, decode_reply, encode
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.runtime.worker.ray_worker import RayWorker

MESSAGES: list[Any] = [
    control.Hello(),
    control.UseLeads(Leads(2, 3, 5)),
    control.Stop(),
    control.Grant("usd", 0.5),
    control.ReturnLease("calls"),
    control.AwaitShortage("usd"),
    control.AwaitRefusal(),
    control.TakeFeedback(),
    control.FollowQuotas({"there": Quota(1, 4, 2.5)}),
    control.Durable("/1.2", 7),
    control.LetGo("/1.2"),
]
REPLIES: list[Any] = [
    control.Done(),
    control.Shortage(1.0, 2.0),
    control.Returned(1.5, 0.5),
    control.SeenEndpoints({"there": Feedback(started=3, follows=Quota(0, 1, None))}),
]
Configured = Callable[..., RunConfig]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_is_the_same_after_the_wire(message: Any) -> None:
    assert decode_message(encode(message)) == message


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: type(reply).__name__)
def test_a_reply_is_the_same_after_the_wire(reply: Any) -> None:
    assert decode_reply(encode(reply), control.TakeFeedback()) == reply


def test_every_message_is_tried_here() -> None:
    assert {type(message) for message in MESSAGES} == set(get_args(AnyMessage))


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("what came over the wire was executed",))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        pickle.dumps(Harmful()),
        msgspec.msgpack.encode({"type": "Retire"}),
        msgspec.msgpack.encode({"type": "Grant", "unit": "usd", "amount": "all"}),
        msgspec.msgpack.encode({"type": "Grant", "unit": "gold", "amount": 1.0}),
        b"\x81" * 5000,
    ],
)
async def test_what_is_no_message_is_refused_and_never_executed(data: bytes, configured: Configured) -> None:
    config = configured(options={"disks": 5})
    worker = RayWorker(config, open_task(config))
    with pytest.raises(SurefootError, match="does not know"):
        await worker.receive_bytes(data)
    with pytest.raises(SurefootError, match="cannot be read"):
        decode_reply(data, control.Stop())


async def test_a_worker_on_ray_answers_what_one_in_this_process_answers(configured: Configured) -> None:
    config = configured(options={"disks": 5}, max_calls=10)
    worker = RayWorker(config, open_task(config))
    await worker.receive_bytes(encode(control.Grant("calls", 8.0)))
    await worker.leases["calls"].reserve(3.0)
    given = decode_reply(await worker.receive_bytes(encode(control.ReturnLease("calls"))), control.ReturnLease("calls"))
    assert given == control.Returned(5.0, 3.0)
    assert await worker.receive(control.ReturnLease("calls")) == control.Returned(0.0, 3.0)


async def test_the_holder_of_a_segment_is_told_how_much_of_it_is_durable(configured: Configured, planted: Any) -> None:
    config = configured(options={"disks": 5}, flush_steps=1)
    task = open_task(config)
    pool = LocalPool(config, task, [planted(hanoi.answers) for _ in range(3)])
    segments = [Segment(msgspec.structs.replace(task.root(), path=(number,))) for number in range(3)]
    streams = [pool.run_segment(segment, Leads(1, 1, 3, 7), ()) for segment in segments]
    await asyncio.gather(*(anext(stream) for stream in streams))  # type: ignore[call-overload]
    jobs = [worker._jobs[0] for worker in pool._workers]
    keys = [segment_key(segment.node.path) for segment in segments]
    assert [job.key for job in jobs] == keys
    waiting = [job.stream.durable() for job in jobs]
    number = jobs[1].stream._sent
    await pool.tell_holder(keys[1], control.Durable(keys[1], number - 1))
    assert not any(one.done() for one in waiting)
    await pool.tell_holder(keys[1], control.Durable(keys[1], number))
    assert [one.done() for one in waiting] == [False, True, False]
    for one in streams:
        await one.aclose()  # type: ignore[attr-defined]
    assert await pool.tell_holder(keys[1], control.Durable(keys[1], 99)) == control.Done()  # nobody runs it any more


async def test_workers_that_share_a_model_answer_once_for_what_they_share(configured: Configured) -> None:
    shared = configured(options={"disks": 5}, workers=2, max_calls=5)
    pool = LocalPool(shared, open_task(shared))
    first, second = pool._workers
    second.leases = first.leases
    second.model = first.model
    first.leases["calls"].grant(4.0)
    assert await pool.tell(1, control.ReturnLease("calls")) == control.Returned()
    assert await pool.tell(0, control.ReturnLease("calls")) == control.Returned(4.0, 0.0)
    assert await pool.tell(1, control.TakeFeedback()) == control.SeenEndpoints()
    await pool.close()
