"""An event loop whose clock is charged the processor time of its work, and jumps where there is nothing to do."""

import asyncio
import selectors
import time
from collections.abc import Callable
from typing import Any


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
    """

    def __init__(self) -> None:
        self.jumped, self._began = 0.0, time.thread_time()
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
        done, began, worked = self.create_future(), time.perf_counter(), time.thread_time()

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
        waited = time.perf_counter() - began - (time.thread_time() - worked)
        self.call_later(max(0.0, waited), settle, *outcome)
        return done
