"""Processes that run the console command and need not import what all of them import.

An interpreter that loads LiteLLM takes seconds, and the tests start hundreds. So a server process imports everything
once and forks: each fork is a process of its own with its own environment, folder, streams and signals, and becomes a
child of the process that asked for it, so that ``subprocess.Popen`` waits for it and kills it as for any other.

What an import does, or what Python reads as it starts, is not seen by such a process: tests of that start a real one.
"""

import atexit
import contextlib
import ctypes
import functools
import json
import os
import pathlib
import runpy
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

ROOT = pathlib.Path(__file__).parents[1]
PRELOADED = (
    "surefoot", "surefoot.runtime.api", "numpy", "scipy.optimize", "scipy.stats", "uvloop", "rich.progress", "jinja2",
    "surefoot.scripts.commands.progress", "surefoot.runtime.models.simulated", "surefoot.runtime.journal.journal",
)  # fmt: skip
"""Modules that most commands import; LiteLLM comes beside them."""
LONGEST = 1 << 17
"""Bytes of a request; longer ones, and what cannot be forked here, are started as usual."""
_SUBREAPER = 36  # prctl(2), PR_SET_CHILD_SUBREAPER: whose child a process becomes that is left without a parent


class Forked(subprocess.Popen[Any]):
    """A process of ``[sys.executable, SCRIPT or -m MODULE, ...]``, forked from the server where that is the same."""

    def _execute_child(self, args: Any, *rest: Any) -> None:
        (executable, preexec, _, pass_fds, cwd, env, *_), ends, new_session = rest[:9], rest[9:15], rest[20]
        request = _request(list(args), cwd, dict(os.environ if env is None else env), new_session)
        if executable or preexec or pass_fds or request is None:
            super()._execute_child(args, *rest)  # type: ignore[misc]
            return
        theirs = [ends[0], ends[3], ends[5]]
        self.pid = _fork(request, [number if end == -1 else end for number, end in enumerate(theirs)])
        self._child_created = True
        self._close_pipe_fds(*ends)  # type: ignore[attr-defined]


def run(arguments: list[str], timeout: float = 100, **options: Any) -> "subprocess.CompletedProcess[Any]":
    """``subprocess.run`` of a forked process; stdout and stderr are captured."""
    with Forked(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def _request(arguments: list[str], cwd: Any, environment: dict[str, str], new_session: bool) -> bytes | None:
    """What the server is told; ``None`` where only a process that starts from nothing does what is asked."""
    special = [name for name in environment if name.startswith(("PYTHON", "LITELLM"))]
    own = environment.get("PYTHONPATH", str(ROOT)) == str(ROOT) and set(special) <= {"PYTHONPATH"}
    script = arguments[1:2] != ["-m"] and not "".join(arguments[1:2]).endswith(".py")
    if not sys.platform.startswith("linux") or arguments[0] != sys.executable or script or not own:
        return None
    told = json.dumps([arguments[1:], os.fspath(cwd or os.getcwd()), environment, bool(new_session)]).encode()
    return told if len(told) < LONGEST else None


def _fork(request: bytes, streams: list[int]) -> int:
    """Have the server fork; the number of the new process, which is a child of this one."""
    server = _server()
    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)  # only now: this process adopts no others, such as those that Ray leaves
    try:
        socket.send_fds(server, [request], streams)
        return int(server.recv(64))
    finally:
        libc.prctl(_SUBREAPER, 0, 0, 0, 0)


@functools.cache
def _server() -> socket.socket:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, __file__, str(theirs.fileno())],
        env={name: value for name, value in environment.items() if not name.startswith("PYTEST")},
        pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd="/",
        start_new_session=True,
    )  # fmt: skip
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(asked: socket.socket) -> None:
    """Fork for each request, until nobody asks any more. A new process comes to its end in here."""
    while True:
        request, streams, _, _ = socket.recv_fds(asked, LONGEST, 3)
        if not request:
            return
        reader, writer = os.pipe()
        between = os.fork()  # ends at once, so that the process is left to whoever asked for it
        if between == 0:
            child = os.fork()
            if child:
                os.write(writer, b"%d" % child)
                os._exit(0)
            os.close(reader)
            os.close(writer)
            asked.close()
            _end(_become, *json.loads(request), streams)
        os.waitpid(between, 0)
        asked.send(os.read(reader, 64))
        for number in (reader, writer, *streams):
            os.close(number)


def _become(arguments: list[str], cwd: str, environment: dict[str, str], session: bool, streams: list[int]) -> None:
    """Be the process that was asked for, to its end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 256)
    if session:
        os.setsid()
    else:
        os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    if arguments[0] == "-m":
        sys.argv, sys.path[0] = arguments[1:], cwd
        sys.modules.pop(arguments[1], None)  # runpy would warn that it is there already
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = arguments, os.path.dirname(arguments[0])
        runpy.run_path(arguments[0], run_name="__main__")


def _end(work: Callable[..., None], *arguments: Any) -> NoReturn:
    """Work and end as Python does, but free nothing: to free what was imported takes longer than most commands."""
    code: Any = 0
    try:
        work(*arguments)
    except SystemExit as leaving:
        code = leaving.code
    except BaseException:  # noqa: BLE001 - printed as Python prints it, whatever it is
        sys.excepthook(*sys.exc_info())
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code if isinstance(code, int) else bool(code))


def _preload() -> None:
    import gc
    import importlib

    for name in PRELOADED:
        importlib.import_module(name)
    from surefoot.runtime.models import litellm_setup
    from surefoot.scripts.commands.cli import COMMANDS

    for entry in COMMANDS.values():
        importlib.import_module(f"surefoot.scripts.commands.{entry.place.partition(':')[0]}")
    litellm_setup.load()
    gc.freeze()


if __name__ == "__main__":
    connection = socket.socket(fileno=int(sys.argv[1]))
    _preload()
    _serve(connection)
