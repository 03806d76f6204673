"""An event loop whose clock is charged the processor time of its work, and jumps where there is nothing to do."""

import asyncio
import pathlib
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

SCHEDULED = pathlib.Path("/proc/thread-self/schedstat")
"""Where Linux tells how long a thread has run, and how long it waited for a processor, both in nanoseconds."""


def waited_for_processor_s() -> float:
    """Seconds that this thread could have run and did not, as others had the processor; 0 where nobody tells."""
    try:
        return int(SCHEDULED.read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Deadlock(RuntimeError):
    """Everything waits, and no timer is set: nothing would ever happen again."""


class _NothingElse(selectors.SelectSelector):
    """Looks at no file: where the loop would sleep, its clock jumps."""

    def __init__(self, jump: Callable[[float], None]) -> None:
        super().__init__()
        self._jump = jump

    def select(self, timeout: float | None = None) -> list[Any]:
        """Jump over the time that the loop would sleep.

        Raises:
            Deadlock: It would sleep for ever.
        """
        if timeout is None:
            raise Deadlock("everything waits, and nothing is due")
        if timeout > 0:
            self._jump(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs one coroutine in virtual time; what would be done in other threads is charged as well.

    Attributes:
        jumped: Seconds that nothing was done in.
        waited: Seconds that what would be done in other threads neither worked nor waited for a processor: those of its
            disk.
    """

    def __init__(self) -> None:
        self.jumped, self.waited, self._began = 0.0, 0.0, time.thread_time()
        super().__init__(_NothingElse(self._jump))

    def _jump(self, seconds: float) -> None:
        self.jumped += seconds

    @property
    def charged(self) -> float:
        """Seconds of processor time since the loop was made."""
        return time.thread_time() - self._began

    def time(self) -> float:
        """Seconds since the loop was made: those worked, and those jumped over."""
        return self.jumped + self.charged

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Call a function at once; what it waited for, such as a disk, passes before its future is done."""
        done, before = self.create_future(), _elsewhere()

        def settle(error: BaseException | None, result: Any) -> None:
            if done.cancelled():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)

        try:
            outcome: tuple[BaseException | None, Any] = (None, func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever awaits the future
            outcome = (error, None)
        waited = max(0.0, _elsewhere() - before)
        self.waited += waited
        self.call_later(waited, settle, *outcome)
        return done


def run_virtually(program: Coroutine[Any, Any, T]) -> T:
    """Return what a program returns that is run in virtual time, which all clocks show that it looks at."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        with _clocks_of(loop):
            return runner.run(program)


@contextmanager
def _clocks_of(loop: VirtualLoop) -> Iterator[None]:
    """Have the clocks of this process show the time of a loop, which does not look at them itself."""
    kept = {name: getattr(time, name) for name in ("time", "monotonic", "perf_counter")}
    began = time.time()
    for name in kept:
        setattr(time, name, lambda: began + loop.time())
    try:
        yield
    finally:
        for name, clock in kept.items():
            setattr(time, name, clock)


def _elsewhere() -> float:
    """A clock that stands still while this thread works or waits for a processor."""
    return time.clock_gettime(time.CLOCK_MONOTONIC) - time.thread_time() - waited_for_processor_s()
