"""Stops what waits before a call: for a place, for money, or for its time to be asked again.

A run that stops sends nothing more. What a server has already is waited for, as it is paid: one question may be several
calls, of which some were sent, and what came of those is handed up with the error and counted.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from surefoot.runtime.errors import ModelUnavailable

T = TypeVar("T")


class CallsStopped(ModelUnavailable):
    """The run stops: what was not sent yet is not sent any more.

    The context has ``failed_calls``; ``unsent``, how many draws were certainly never asked for; and ``came``.
    """

    @property
    def came(self) -> dict[int, Any]:
        """What came all the same, by its place among the draws that were asked for."""
        came: dict[int, Any] = self.context.setdefault("came", {})
        return came

    @property
    def unsent(self) -> int:
        """How many draws were certainly never asked for."""
        return int(self.context.get("unsent", 0))

    def first(self, places: Sequence[int]) -> list[Any]:
        """Return what came of the first of some places, up to the first that is missing."""
        found = []
        for place in places:
            if place not in self.came:
                break
            found.append(self.came[place])
        return found


class Pausable:
    """A time in which a task waits before calls; what it does in between is not cut short."""

    def __init__(self, scope: asyncio.Timeout, waiting: set[asyncio.Timeout]) -> None:
        self._scope, self._waiting = scope, waiting
        waiting.add(scope)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """Enter around a call: a stop lets it come to its end."""
        self._waiting.discard(self._scope)
        try:
            yield
        finally:
            self._waiting.add(self._scope)


class StopSignal:
    """Tells whoever waits before a call of one model that the run stops.

    Args:
        name: The model's, for the message.

    Attributes:
        stopped: Whether it does.
    """

    def __init__(self, name: str) -> None:
        self.name, self.stopped = name, False
        self._waiting: set[asyncio.Timeout] = set()

    def stop(self) -> None:
        """Have all that waits end with ``CallsStopped``, and all that would be sent from now on."""
        self.stopped = True
        self.end_waiting()

    def end_waiting(self) -> None:
        """Have all that waits now end with ``CallsStopped``; what comes later may be sent."""
        waiting, self._waiting = self._waiting, set()
        for scope in waiting:
            scope.reschedule(asyncio.get_running_loop().time())

    def go_on(self) -> None:
        """Let calls be made again: another run begins with the same model."""
        self.stopped = False

    def check(self) -> None:
        """See that a call may be sent.

        Raises:
            CallsStopped: The run stops.
        """
        if self.stopped:
            raise self.error()

    def error(self, **context: Any) -> CallsStopped:
        """Return what a call ends with that was not answered, and is not sent again."""
        return CallsStopped(f"{self.name}: the run stops before it is asked", model=self.name, **context)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[Pausable]:
        """Enter around what waits before a call, or between two.

        Raises:
            CallsStopped: The run stops, or did.
        """
        self.check()
        scope = asyncio.timeout(None)  # a time-out that comes when it is told to
        pausable: Pausable | None = None
        try:
            async with scope:
                pausable = Pausable(scope, self._waiting)
                try:
                    yield pausable
                finally:
                    self._waiting.discard(scope)
        except TimeoutError:
            if not scope.expired():
                raise
            raise self.error() from None


async def all_of(calls: Sequence[Coroutine[Any, Any, T]]) -> list[T | CallsStopped]:
    """Await several calls at once, and return what came of each; one that was stopped leaves the others to their end.

    Raises:
        What the first of them raises that fails otherwise; the others are cancelled then.
    """

    async def one(call: Coroutine[Any, Any, T]) -> T | CallsStopped:
        try:
            return await call
        except CallsStopped as stopped:
            return stopped

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(call)) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


@contextmanager
def after(failed: int, came: Sequence[Any] = ()) -> Iterator[None]:
    """Enter around calls that are made after others, for the same draws: what those brought is handed up as well.

    Args:
        failed: How many of those failed.
        came: What came of those that did not, in the order of the draws.
    """
    try:
        yield
    except CallsStopped as stopped:
        stopped.context["failed_calls"] = stopped.context.get("failed_calls", 0) + failed
        stopped.context["unsent"] = 0 if failed else stopped.unsent
        stopped.context["came"] = {**dict(enumerate(came)), **stopped.came}
        raise


def joined(found: Mapping[tuple[int, ...], Sequence[T] | CallsStopped]) -> dict[int, T]:
    """Return what several calls brought, by place.

    Args:
        found: What came of each call, by the places that it was to fill, counted within all of them.

    Raises:
        CallsStopped: One of them was stopped; it has what came of all.
    """
    came: dict[int, T] = {}
    stopped: list[CallsStopped] = []
    for places, one in found.items():
        if isinstance(one, CallsStopped):
            stopped.append(one)
            came |= {place: one.came[at] for at, place in enumerate(places) if at in one.came}
        else:
            came |= dict(zip(places, one, strict=True))
    if not stopped:
        return came
    sums = {name: sum(one.context.get(name, 0) for one in stopped) for name in ("failed_calls", "unsent")}
    raise CallsStopped(stopped[0].message, **{**stopped[0].context, **sums, "came": came})
