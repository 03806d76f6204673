"""The console command with a simulated model that writes down, before it answers, every draw it is asked for.

``CHAOS_LOG`` names the append-only log of 8-byte draw numbers: the model's side of the account. ``CHAOS_KILL_AT=N``
kills the process when it is asked for the N-th draw of this session.
"""

import os
import signal
import struct

from runtime.models.port import Reply, Request
from runtime.models.simulated import SimulatedModel
from scripts.cli import main


def _patch(path: str, kill_at: int) -> None:
    log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    answer = SimulatedModel.ask
    asked = 0

    async def ask(self: SimulatedModel, request: Request) -> list[Reply]:
        nonlocal asked
        os.write(log, struct.pack(f"<{len(request.draws)}q", *request.draws))
        asked += len(request.draws)
        if kill_at and asked >= kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return await answer(self, request)

    SimulatedModel.ask = ask  # type: ignore[method-assign]


if __name__ == "__main__":
    _patch(os.environ["CHAOS_LOG"], int(os.environ.get("CHAOS_KILL_AT", "0")))
    main()
