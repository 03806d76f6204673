"""A sandboxed process seen from outside: starts it, reads what it writes, holds time and output, and kills it.

What holds the limits lies out here, where the code inside cannot reach it. Every end, a result included, kills the
whole process group.
"""

import asyncio
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import struct
import sys
import tempfile
from collections.abc import AsyncIterator
from typing import Any, Final, NamedTuple

import msgspec

from surefoot.runtime.tools.contract import FailureKind
from surefoot.runtime.tools.sandbox.inside import frames
from surefoot.runtime.tools.sandbox.limits import Sandbox

_START: Final = """
import importlib, os, sys, types
folder, name, channel = sys.argv[1:]
os.dup2(int(channel), 3)
os.closerange(4, 1024)
parts = name.split(".")
for count in range(1, len(parts)):
    package = types.ModuleType(".".join(parts[:count]))
    package.__path__ = [os.path.join(folder, *parts[:count])]
    sys.modules[package.__name__] = package
importlib.import_module(name).main()
"""
"""Imports the launcher without running the packages around it, whose imports are not installed inside."""

_ENVIRONMENT: Final = {"PYTHONHASHSEED": "0", "MALLOC_ARENA_MAX": "1"}
"""All of the environment: sets have one order in every run, and threads do not reserve 64 MB of address space each."""

_STARTING_S: Final = 30.0
"""Seconds that the launcher has to isolate itself; a loaded machine takes long to start a process."""
_DRAIN_S: Final = 2.0
"""Seconds in which the rest of the output is read once the process is dead."""
_CLEAN_UP_S: Final = 5.0
"""Seconds in which the launcher of a program may kill what the program started, before it is killed itself."""
_BUFFER_BYTES: Final = 1 << 16


class Stopped(NamedTuple):
    """Why a sandboxed process was killed from outside."""

    kind: FailureKind
    detail: str


class _Handshake(msgspec.Struct):
    """The launcher's first and only message, sent before any foreign code runs."""

    refused: str | None = None


class ChannelBroken(Exception):
    """A sandboxed process ended, or sent what is no message."""


class SandboxProcess:
    """A started process, its channel and its output.

    Attributes:
        output: What it wrote to standard output so far, at most the limit.
        errors: What it wrote to standard error.
        stopped: Why it was killed from outside, if it was; the first reason counts.
    """

    def __init__(self, process: asyncio.subprocess.Process, sandbox: Sandbox, folder: str, cleans_up: bool) -> None:
        self.output, self.errors = bytearray(), bytearray()
        self.stopped: Stopped | None = None
        self._process, self._sandbox, self._limits, self._folder = process, sandbox, sandbox.limits, folder
        self._cleans_up = cleans_up
        self._timer: asyncio.TimerHandle | None = None
        self._killing: asyncio.TimerHandle | None = None
        self._left_s = sandbox.limits.wall_s
        self._since = 0.0
        assert process.stdout is not None
        assert process.stderr is not None
        self._drains = [
            asyncio.ensure_future(self._drain(process.stdout, self.output)),
            asyncio.ensure_future(self._drain(process.stderr, self.errors)),
        ]

    async def connect(self, channel: socket.socket) -> None:
        """Take the outer end of the process's channel."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=channel)

    async def isolate(self) -> str | None:
        """Have the process isolate itself; ``None`` when it did, else one line that says what the machine refused."""
        loop = asyncio.get_running_loop()
        late = f"not started after {_STARTING_S:g} s"
        starting = loop.call_later(_STARTING_S, self.stop, FailureKind.TIMEOUT, late)
        try:
            await self.send(self._setup())
            answer = msgspec.json.decode(await self.receive(), type=_Handshake)
        except ChannelBroken:
            code = await self.wait()
            said = self.errors.decode(errors="replace").strip().rpartition("\n")[2]
            return self.stopped.detail if self.stopped else said or f"its process ended with code {code}"
        finally:
            starting.cancel()
        return answer.refused

    def _setup(self) -> dict[str, Any]:
        limits = {field: getattr(self._limits, field) for field in self._limits.__struct_fields__}
        return {
            "level": self._sandbox.isolation.value,
            "readable": self._sandbox.readable,
            "root": self._folder,
            **limits,
        }

    def start_clock(self) -> None:
        """Let the process's wall time, limited by ``wall_s``, run."""
        if self._left_s is not None:
            loop = asyncio.get_running_loop()
            detail = f"not done after {self._limits.wall_s:g} s"
            self._since = loop.time()
            self._timer = loop.call_later(max(0.0, self._left_s), self.stop, FailureKind.TIMEOUT, detail)

    def stop_clock(self) -> None:
        """Stop counting wall time while the process waits for something outside."""
        if self._timer is not None and self._left_s is not None:
            self._timer.cancel()
            self._left_s -= asyncio.get_running_loop().time() - self._since
            self._timer = None

    def stop(self, kind: FailureKind, detail: str) -> None:
        """Kill the process for a reason."""
        self.stopped = self.stopped or Stopped(kind, detail)
        if not self._cleans_up:
            self.kill()
        elif self._process.returncode is None:
            self._process.terminate()  # its launcher kills what has left the group, too; if it does not end, we do
            self._killing = self._killing or asyncio.get_running_loop().call_later(_CLEAN_UP_S, self.kill)

    def kill(self) -> None:
        """Kill the process and all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a dead group
            os.killpg(self._process.pid, signal.SIGKILL)

    async def send(self, message: Any) -> None:
        """Send one JSON message to the sandboxed process.

        Raises:
            ChannelBroken: The process is gone.
            TypeError, ValueError, RecursionError: The message is not JSON.
        """
        try:
            self._writer.write(frames.packed(message))
            await self._writer.drain()
        except ConnectionError as error:
            raise ChannelBroken from error

    async def receive(self) -> bytes:
        """Return the body of the process's next message; hostile.

        Raises:
            ChannelBroken: The process ended, or its message is longer than it may be, for which it was killed.
        """
        try:
            (length,) = struct.unpack(">I", await self._reader.readexactly(4))
            most = self._limits.output_bytes
            if most is not None and length > most:
                self.stop(FailureKind.OUTPUT_LIMIT, f"a message of {length:,} bytes, more than {most:,}")
                raise ChannelBroken
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ChannelBroken from error

    async def wait(self) -> int:
        """Kill what is left of the process, read its output, and return its exit code (128 + N after signal N)."""
        code = await self._process.wait()
        self.kill()
        await asyncio.wait(self._drains, timeout=_DRAIN_S)
        return 128 - code if code < 0 else code

    async def close(self) -> None:
        """Kill the process and let go of all that belongs to it."""
        self.stop_clock()
        lived = self._process.returncode is None
        self.stop(FailureKind.CRASHED, "given up")
        await self._process.wait()
        if self._killing is not None:
            self._killing.cancel()  # its number may soon be another's
        if hasattr(self, "_writer"):
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
        if lived:  # else its number may be another's by now
            self.kill()  # what holds the streams open
        await asyncio.wait(self._drains, timeout=_DRAIN_S)  # at their end the streams close, in this event loop
        for drain in self._drains:
            drain.cancel()
        await asyncio.wait(self._drains)

    async def _drain(self, stream: asyncio.StreamReader, kept: bytearray) -> None:
        most = self._limits.output_bytes
        while chunk := await stream.read(_BUFFER_BYTES):
            room = len(chunk) if most is None else max(0, most - len(self.output) - len(self.errors))
            kept += chunk[:room]
            if room < len(chunk):
                self.stop(FailureKind.OUTPUT_LIMIT, f"wrote more than {most:,} bytes")


@contextlib.asynccontextmanager
async def sandbox_process(sandbox: Sandbox, launcher: str = "launcher") -> AsyncIterator[SandboxProcess]:
    """Start a process that waits to be told how to isolate itself; it is killed when the block is left.

    Args:
        sandbox: How it is to be isolated, and its limits.
        launcher: Module, in ``inside``, whose ``main`` it runs.

    Raises:
        OSError: This machine cannot start another process.
    """
    folder = tempfile.mkdtemp(prefix="surefoot-")
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = await _started_or_ended(theirs, folder, launcher)
        held = SandboxProcess(process, sandbox, folder, cleans_up=launcher == "program_launcher")
        try:
            await held.connect(ours)
            yield held
        finally:
            await held.close()
    finally:
        ours.close()
        shutil.rmtree(folder, ignore_errors=True)


async def _started_or_ended(channel: socket.socket, folder: str, launcher: str) -> asyncio.subprocess.Process:
    """Start the process; whoever is cancelled meanwhile leaves none behind, which would outlive the event loop."""
    starting = asyncio.ensure_future(_started(channel, folder, launcher))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        process = await starting
        process.kill()
        await process.communicate()
        raise


async def _started(channel: socket.socket, folder: str, launcher: str) -> asyncio.subprocess.Process:
    package = __name__.rpartition(".")[0]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-s", "-S", "-X", "utf8", "-c", _START),
        *(_folder_of_packages(), f"{package}.inside.{launcher}", str(channel.fileno())),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        pass_fds=(channel.fileno(),),
        start_new_session=True,
        cwd=folder,
        env=_ENVIRONMENT,
    )


def _folder_of_packages() -> str:
    """The folder in which the outermost package of this module lies."""
    return str(pathlib.Path(__file__).absolute().parents[__name__.count(".")])
