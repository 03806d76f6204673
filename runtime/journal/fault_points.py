"""Named places at which a test may make this process fail; off unless the environment names one.

``SUREFOOT_FAULT="commit.during:3=kill"`` kills the process, as the kernel would, the third time it gets to
``commit.during``; several are separated by commas. The actions:

``kill``   SIGKILL to this process: nothing is cleaned up.
``hang``   the thread sleeps for an hour.
``full``   what SQLite says when the disk is full.
``io``     what SQLite says when the disk does not take what it is given.

The places stand where the order of two effects matters: before, in the middle of, and after each durable write.
"""

import os
import signal
import sqlite3
import time
from collections import Counter

import msgspec

from surefoot.runtime.errors import ConfigurationError

VARIABLE = "SUREFOOT_FAULT"

POINTS = (
    "create.before",
    "create.configured",
    "create.during",
    "create.after",
    "meta.before",
    "meta.during",
    "meta.after",
    "commit.before",
    "commit.during",
    "commit.written",
    "commit.after",
    "batch.received",
    "batch.awaited",
    "segment.ended",
    "finish.before",
    "finish.after",
)
"""Every place, in the order in which a run first gets to them."""

ACTIONS = ("kill", "hang", "full", "io")


class Fault(msgspec.Struct, frozen=True):
    """What happens at the ``arrival``-th time (1-based) that a place is reached."""

    point: str
    arrival: int
    action: str


def parse_faults(text: str) -> tuple[Fault, ...]:
    """``"commit.during:3=kill"`` as faults; a place without a number means its first time.

    Raises:
        ConfigurationError: There is no such place or action.
    """
    faults = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        place, _, action = part.partition("=")
        point, _, arrival = place.partition(":")
        if point not in POINTS or action not in ACTIONS or not (arrival or "1").isdigit():
            raise ConfigurationError(f"{VARIABLE}: {part!r} is not POINT:NUMBER=ACTION; the points are {POINTS}")
        faults.append(Fault(point, int(arrival or 1), action))
    return tuple(faults)


class FaultPoints:
    """Counts arrivals and fails where it was told to.

    Args:
        faults: None, usually.
    """

    def __init__(self, faults: tuple[Fault, ...] = ()) -> None:
        self._faults = {(fault.point, fault.arrival): fault.action for fault in faults}
        self._arrivals: Counter[str] = Counter()

    def reach(self, point: str) -> None:
        """Say that the process is at a place.

        Raises:
            sqlite3.OperationalError: As told to by ``full`` or ``io``.
        """
        if not self._faults:
            return
        self._arrivals[point] += 1
        action = self._faults.get((point, self._arrivals[point]))
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif action == "hang":
            time.sleep(3600)
        elif action == "full":
            raise sqlite3.OperationalError("database or disk is full")
        elif action == "io":
            raise sqlite3.OperationalError("disk I/O error")


def faults_from_environment() -> FaultPoints:
    """What the environment asks for; nothing, usually."""
    return FaultPoints(parse_faults(os.environ.get(VARIABLE, "")))
