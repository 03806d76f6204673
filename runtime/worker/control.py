"""Messages from the coordinator to a worker beside the work itself, and the replies to them.

Each message is one frozen value. In one process it is handed over as it is; between processes it travels as msgpack and
is decoded against the types below, so nothing is executed and an unknown message is refused.
"""

from typing import Any, ClassVar, Generic, TypeVar, cast

import msgspec

from surefoot.runtime.errors import SurefootError
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.budget_lease import Unit
from surefoot.runtime.models.limiter import Feedback, Quota
from surefoot.runtime.unreadable import UNREADABLE


class Done(msgspec.Struct, frozen=True, tag=True):
    """The reply to a message that asks for nothing: the worker has acted on it."""


class Shortage(msgspec.Struct, frozen=True, tag=True):
    """What calls of a worker wait for under a limit.

    Attributes:
        needs: What the first waiting call needs, in the unit asked about.
        wants: What all waiting calls need together.
    """

    needs: float
    wants: float


class Returned(msgspec.Struct, frozen=True, tag=True):
    """What a worker gave back of a budget lease.

    Attributes:
        taken: What it gave back, in the unit asked about.
        reserved: What calls under way still hold.
    """

    taken: float = 0.0
    reserved: float = 0.0


class SeenEndpoints(msgspec.Struct, frozen=True, tag=True):
    """What a worker saw at each endpoint, by the endpoint's name, since it was last asked."""

    by_name: dict[str, Feedback] = {}


Reply = Done | Shortage | Returned | SeenEndpoints
R = TypeVar("R", Done, Shortage, Returned, SeenEndpoints)


class Message(msgspec.Struct, Generic[R], frozen=True, tag=True):
    """One thing that a coordinator tells a worker; the type parameter is that of the reply.

    Attributes:
        waits: Whether the reply may take as long as the run. Then a replacement of a lost worker is asked instead.
        when_lost: The reply that stands for that of a worker that died before it answered.
    """

    waits: ClassVar[bool] = False
    when_lost: ClassVar[Any] = Done()


class Hello(Message[Done], frozen=True, tag=True):
    """Answer: the reply is a worker's first sign of life."""


class UseLeads(Message[Done], frozen=True, tag=True):
    """Decide steps that are not begun yet with these leads."""

    leads: Leads


class Stop(Message[Done], frozen=True, tag=True):
    """End every segment at its next step, and begin none of those still to come."""


class Grant(Message[Done], frozen=True, tag=True):
    """Put an amount into the worker's budget lease; an amount of 0 says that the run has no more."""

    unit: Unit
    amount: float


class ReturnLease(Message[Returned], frozen=True, tag=True):
    """Give back what the budget lease holds and no call has reserved."""

    when_lost: ClassVar[Any] = Returned()
    unit: Unit


class AwaitShortage(Message[Shortage], frozen=True, tag=True):
    """Answer as soon as calls wait for what a limit leaves."""

    waits: ClassVar[bool] = True
    unit: Unit


class AwaitRefusal(Message[Done], frozen=True, tag=True):
    """Answer as soon as a call was refused with HTTP 429 that began under the quota followed now."""

    waits: ClassVar[bool] = True


class TakeFeedback(Message[SeenEndpoints], frozen=True, tag=True):
    """Say what was seen at each endpoint since this was last asked."""

    when_lost: ClassVar[Any] = SeenEndpoints()


class FollowQuotas(Message[Done], frozen=True, tag=True):
    """Ask each endpoint, by its name, as fast as this worker's share of the run's rate allows."""

    quotas: dict[str, Quota]


class Durable(Message[Done], frozen=True, tag=True):
    """The first batches that a segment sent since it was sent to this worker are on the coordinator's disk.

    Attributes:
        segment_key: The segment; see ``surefoot.decompose.segment.segment_key``.
        batches: How many of its batches, signs of life not counted.
    """

    segment_key: str
    batches: int


class LetGo(Message[Done], frozen=True, tag=True):
    """End a segment now: its plan was revised, and nobody wants what it comes to.

    Attributes:
        segment_key: The segment; see ``surefoot.decompose.segment.segment_key``.
    """

    segment_key: str


AnyMessage = (
    LetGo
    | Hello
    | UseLeads
    | Stop
    | Grant
    | ReturnLease
    | AwaitShortage
    | AwaitRefusal
    | TakeFeedback
    | FollowQuotas
    | Durable
)

_encode = msgspec.msgpack.Encoder().encode
_decode_message = msgspec.msgpack.Decoder(AnyMessage).decode
_decode_reply = msgspec.msgpack.Decoder(Reply).decode


def encode(value: "Message[Any] | Reply") -> bytes:
    """Turn a message or a reply into the bytes that travel between processes."""
    return _encode(value)


def decode_message(data: bytes) -> AnyMessage:
    """Read a message that came from another process.

    Raises:
        SurefootError: The bytes are none of the messages that a worker knows.
    """
    try:
        message: AnyMessage = _decode_message(data)
        return message
    except UNREADABLE as error:
        raise SurefootError(f"a worker was told something it does not know: {error}") from error


def decode_reply(data: bytes, message: "Message[R]") -> R:
    """Read a worker's reply to a message.

    Raises:
        SurefootError: The bytes are no reply.
    """
    try:
        return cast(R, _decode_reply(data))
    except UNREADABLE as error:
        raise SurefootError(f"a worker's reply to {type(message).__name__} cannot be read: {error}") from error
