"""The console command with a simulated model that writes down, before it answers, every draw it is asked for.

``CHAOS_LOG`` names the append-only log of 8-byte draw numbers: the model's side of the account. ``CHAOS_KILL_AT=N``
kills the process when it is asked for the N-th draw of this session. Workers of Ray
get the same treatment from ``site/sitecustomize.py``. ``CHAOS_LIES`` lets two draws in five be one of
``lies.LIES``, and names a file for the prompts that were shown. ``CHAOS_RAY_KILL`` lists, by commas, the commits
after which the coordinator itself has Ray kill a worker.
"""

import os
import pathlib
import resource
import signal
import struct

import msgspec

from surefoot.runtime.models.port import Reply, Request, Stop
from surefoot.runtime.models.simulated import SimulatedModel
from surefoot.runtime.records import Counts
from tests.chaos.lies import LIES


def patch(path: str, kill_at: int, prompts: str) -> None:
    """Let every simulated model of this process do as it is told."""
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    answer = SimulatedModel.ask
    asked = 0

    async def ask(self: SimulatedModel, request: Request) -> list[Reply]:
        nonlocal asked
        os.write(log, struct.pack(f"<{len(request.draws)}q", *request.draws))
        asked += len(request.draws)
        _run_out_of_memory_once()
        if kill_at and asked >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        replies = await answer(self, request)
        return _lie(request, replies, prompts) if prompts else replies

    SimulatedModel.ask = ask  # type: ignore[method-assign]


def _run_out_of_memory_once() -> None:
    """The first that finds the file named by ``CHAOS_MEMORY`` removes it and has no memory left."""
    marker = os.environ.get("CHAOS_MEMORY", "")
    if marker and os.path.exists(marker):
        os.unlink(marker)
        held = int(pathlib.Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (held + 2**26, resource.RLIM_INFINITY))
        bytearray(2**30)


def _lie(request: Request, replies: list[Reply], prompts: str) -> list[Reply]:
    with open(prompts, "ab") as file:
        file.write(msgspec.json.encode(request.prompt) + b"\n")
    told = []
    for draw, reply in zip(request.draws, replies, strict=True):
        number = (draw * 2654435761) % 2**32
        if number % 5 < 2:
            text, stop = LIES[number // 5 % len(LIES)], Stop.REFUSED if number % 7 == 0 else Stop.END
            reply = Reply(text, stop, 1, 3)
        told.append(reply)
    return told


def _kill_through_ray(commits: set[int]) -> None:
    from surefoot.runtime.worker.ray_pool import RayPool

    observe, seen = RayPool.observe, 0

    def observed(self: RayPool, counts: Counts, wall_s: float) -> None:
        nonlocal seen
        seen += 1
        if seen in commits:
            self._ray.kill(self._members[seen % self.size])
        observe(self, counts, wall_s)

    RayPool.observe = observed  # type: ignore[method-assign]


def patch_from_environment() -> None:
    """As the environment says."""
    patch(os.environ["CHAOS_LOG"], int(os.environ.get("CHAOS_KILL_AT") or 0), os.environ.get("CHAOS_LIES", ""))


if __name__ == "__main__":
    from surefoot.scripts.commands.cli import main

    patch_from_environment()
    if os.environ.get("CHAOS_RAY_KILL"):
        _kill_through_ray(set(map(int, os.environ["CHAOS_RAY_KILL"].split(","))))
    main()
