"""``surefoot stop``: asks a run that goes on in another process to stop, as Ctrl-C does once."""

import os
import pathlib
import re
import signal
import time
from collections.abc import Iterator

import click
import msgspec

from surefoot.runtime.errors import ConfigurationError, SurefootError
from surefoot.runtime.journal.lock import is_locked
from surefoot.runtime.report.glance import Glance, glance, is_run
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import FAILED, OK, print_json, quoted

LOOK_EVERY_S = 0.1
HOLDS = re.compile(r"^lock:.*\bFLOCK\b.*\bWRITE\b", re.MULTILINE)
"""What Linux says in ``/proc/PID/fdinfo`` of an open file whose exclusive lock is held."""


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--wait", "wait_s", type=click.FloatRange(0), default=60.0, show_default=True, metavar="SECONDS",
              help="How long to wait until it has stopped; 0 for only asking.")  # fmt: skip
@json_option
def stop(run_dir: pathlib.Path, wait_s: float, as_json: bool) -> int:
    """Ask a run that goes on in another process to stop: steps in flight are journalled, and it can be resumed."""
    if not is_run(run_dir):
        raise ConfigurationError(f"{run_dir} is not a run directory: it has no run.toml")
    pid = ask_to_stop(run_dir)
    stopped = pid is None or wait_until_free(run_dir, wait_s)
    found = glance(run_dir)
    if as_json:
        print_json({**msgspec.to_builtins(found), "pid": pid, "stopped": stopped})
    else:
        print(_told(found, pid, stopped))
    return OK if stopped or not wait_s else FAILED


def _told(found: Glance, pid: int | None, stopped: bool) -> str:
    name = quoted(found.run_dir)
    if pid is None:
        return f"{name} is not running: it is {found.status}"
    if not stopped:
        return f"process {pid} was asked to stop {name} and is still at it; surefoot show {name} looks again"
    resume = f"; surefoot resume {name} goes on" if found.status == "paused" else ""
    return f"{name} has stopped: it is {found.status}{resume}"


def ask_to_stop(directory: pathlib.Path) -> int | None:
    """Send SIGTERM to the process that writes to a run directory, which a run takes as a polite Ctrl-C.

    Returns:
        The number of the process; ``None`` if the run does not go on.

    Raises:
        SurefootError: The process cannot be found or asked from here.
    """
    if not is_locked(directory):
        return None
    pid = holder_of(directory)
    if pid is None:
        if not is_locked(directory):
            return None
        raise SurefootError(
            f"{directory} is being written to by a process that cannot be seen from here: it runs on another machine, "
            "for another user or in another container; stop it there with Ctrl-C"
        )
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return None
    except PermissionError as error:
        raise SurefootError(f"process {pid}, which runs {directory}, belongs to another user") from error
    return pid


def holder_of(directory: pathlib.Path) -> int | None:
    """Number of the process that holds the writer's lock of a run directory, found by the lock itself.

    A number that was written down may belong to another process by now; what the kernel says of open files does not
    lie. Works where there is a ``/proc``.
    """
    places = [os.stat(path) for path in (directory / "lock", directory) if path.exists()]
    wanted = {(place.st_dev, place.st_ino) for place in places}
    for pid, descriptor in _open_files():
        try:
            place = os.stat(f"/proc/{pid}/fd/{descriptor}")
            if (place.st_dev, place.st_ino) not in wanted:
                continue
            said = pathlib.Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text()
        except OSError:
            continue  # the process has ended, or closed the file, meanwhile
        if HOLDS.search(said):
            return pid
    return None


def _open_files() -> Iterator[tuple[int, str]]:
    """Number of the process and of the descriptor of every open file that can be seen, this process left out."""
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    for name in names:
        if not name.isdigit() or int(name) == os.getpid():
            continue
        try:
            descriptors = os.listdir(f"/proc/{name}/fd")
        except OSError:
            continue
        for descriptor in descriptors:
            yield int(name), descriptor


def wait_until_free(directory: pathlib.Path, seconds: float) -> bool:
    """Wait until no process writes to a run directory; return whether that happened within so many seconds."""
    end = time.monotonic() + seconds
    while is_locked(directory):
        if time.monotonic() >= end:
            return False
        time.sleep(LOOK_EVERY_S)
    return True
