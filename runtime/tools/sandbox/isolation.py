"""Finds by trial which isolation this machine offers."""

import msgspec

from surefoot.runtime.tools.sandbox.limits import Isolation, Sandbox
from surefoot.runtime.tools.sandbox.process import sandbox_process


class Found(msgspec.Struct, frozen=True):
    """The strongest isolation that a machine offers, and why none stronger is used.

    Attributes:
        isolation: The strongest that worked; ``NONE`` where none did.
        refused: For each that did not, what the machine said.
    """

    isolation: Isolation
    refused: dict[Isolation, str]

    @property
    def reason(self) -> str:
        """Why nothing stronger is used, in one line; empty where nothing was refused."""
        return "; ".join(f"{isolation.value}: {text}" for isolation, text in self.refused.items())


async def find_isolation(candidates: tuple[Isolation, ...] = (Isolation.NAMESPACES, Isolation.SECCOMP)) -> Found:
    """Try each kind of isolation with a process that runs nothing, the strongest first."""
    refused: dict[Isolation, str] = {}
    for isolation in candidates:
        why_not = await try_isolation(isolation)
        if why_not is None:
            return Found(isolation, refused)
        refused[isolation] = why_not
    return Found(Isolation.NONE, refused)


async def try_isolation(isolation: Isolation) -> str | None:
    """``None`` if this machine offers an isolation, else one line that says what it refused."""
    async with sandbox_process(Sandbox(isolation)) as process:
        return await process.isolate()
