"""An event loop whose clock stands still while something runs and jumps to the next timer when nothing does."""

import asyncio
import random
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("everything waits, and for no timer")
        self.now += max(0.0, timeout)
        return super().select(0)


class _Stalling(_Jumping):
    """Every now and then, some time passes in which nothing runs: ``stall_s`` in the mean, 0.1 s after the last."""

    def __init__(self, stall_s: float) -> None:
        super().__init__()
        self.stall_s, self.dice, self.next = stall_s, random.Random(5), 0.3

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(timeout)
        if self.now >= self.next:
            self.now += self.dice.uniform(0, 2 * self.stall_s)
            self.next = self.now + self.dice.expovariate(10)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """Seconds cost nothing in here: programs that only sleep run as fast as they compute, and always alike.

    Args:
        stall_s: Mean length of times in which nothing runs, as on a machine that has other things to do.
    """

    def __init__(self, stall_s: float = 0.0) -> None:
        self._jumping = _Stalling(stall_s) if stall_s else _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run_virtually(program: Coroutine[Any, Any, T], stall_s: float = 0.0) -> T:
    """What a program returns that is run on a virtual clock from second 0."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(stall_s)) as runner:
        return runner.run(program)


class Limited:
    """A server that answers after a while and takes ``rate`` requests a second; what comes too fast is refused.

    Args:
        rate: Requests a second.
        burst: Size of the bucket: requests that may come at once after a rest. Filled evenly.
        latency_s: Seconds to an answer, a fifth more or less.
        refusal_s: Seconds to a refusal.
        after_s: What it says in Retry-After.
    """

    def __init__(
        self, rate: float, burst: float, latency_s: float, refusal_s: float = 0.002, after_s: float | None = 1.0
    ) -> None:
        self.rate, self.burst, self.latency_s, self.refusal_s, self.after_s = rate, burst, latency_s, refusal_s, after_s
        self.level, self.filled, self.dice = burst, 0.0, random.Random(0)
        self.answered = self.refused = 0

    async def ask(self) -> bool:
        """Whether a request was answered, when it is."""
        now = asyncio.get_running_loop().time()
        self.level, self.filled = min(self.burst, self.level + (now - self.filled) * self.rate), now
        if self.level < 1:
            self.refused += 1
            await asyncio.sleep(self.refusal_s)
            return False
        self.level -= 1
        self.answered += 1
        await asyncio.sleep(self.latency_s * self.dice.uniform(0.8, 1.2))
        return True
