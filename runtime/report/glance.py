"""What can be said of a run directory at a glance, from its own files and without the task's code."""

import pathlib
import time
from collections.abc import Iterator
from typing import Any

import msgspec

from surefoot.runtime.errors import SurefootError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.lock import is_locked
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.records import Counts

DEEPEST = 3
"""Folders below the given one in which runs are looked for."""

ANSWER = "answer"
"""The journal's name for what somebody's own task made of its finished plan; missing where it makes nothing of it."""
OUTPUT = "output"
"""The journal's name for what the root returned, as JSON; missing until a run is solved."""


class Glance(msgspec.Struct, frozen=True):
    """What one line of a list says of a run.

    Attributes:
        run_dir: The run directory.
        status: ``solved``, ``failed``, ``paused``, ``running``, or ``unreadable``.
        message: Why it is not solved, or cannot be read, in one line.
        task: Its name.
        model: Its name.
        answer: What the root returned, or ``None``.
        steps: Decided steps that stand.
        calls: Answers drawn from the model.
        cost_usd: ``None`` if the price of some call is unknown.
        wall_s: Seconds of work, over all sessions.
        started: When the run was made, in seconds since 1970.
        changed: When something was last written, likewise.
    """

    run_dir: str
    status: str
    message: str = ""
    task: str = ""
    model: str = ""
    answer: Any = None
    steps: int = 0
    calls: int = 0
    cost_usd: float | None = None
    wall_s: float = 0.0
    started: float = 0.0
    changed: float = 0.0


def is_run(directory: pathlib.Path) -> bool:
    """Whether a folder is a run directory."""
    return (directory / "run.toml").is_file()


def is_bench(directory: pathlib.Path) -> bool:
    """Whether a folder was made by ``surefoot bench``: it holds a run for each row of a table."""
    return (directory / "bench.json").is_file()


def glance(directory: pathlib.Path) -> Glance:
    """A run in short. What cannot be read is a result, too: one damaged run hides no other."""
    try:
        return _read(directory)
    except SurefootError as error:
        started, changed = _times(directory)
        return Glance(str(directory), "unreadable", str(error), started=started, changed=changed)


def _read(directory: pathlib.Path) -> Glance:
    config = read_config(directory, whole=False)
    journal = open_journal(directory, write=False)
    try:
        status, message = status_of(directory, journal)
        answer, totals, wall_s = answer_in(journal), journal.totals, journal.wall_s
    finally:
        journal.close()
    started, changed = _times(directory)
    return Glance(
        run_dir=str(directory),
        status=status,
        message=message,
        task=config.task,
        model=config.model,
        answer=answer,
        steps=totals.steps,
        calls=totals.calls,
        cost_usd=cost_of(totals),
        wall_s=round(wall_s, 3),
        started=started,
        changed=changed,
    )


def answer_in(journal: Any) -> Any:
    """Return the answer that a journal keeps: what the task made of its plan, or what the root returned."""
    made = journal.meta(ANSWER)
    return journal.meta(OUTPUT) if made is None else made["made"]


def status_of(directory: pathlib.Path, journal: Any) -> tuple[str, str]:
    """The status of a run and why it is not solved; a run whose process is gone counts as paused."""
    status, message = str(journal.meta("status") or "running"), str(journal.meta("message") or "")
    if is_locked(directory):
        return "running", ""
    if status == "running":
        return (
            "paused",
            "its process ended without a word: it was killed, or its disk was full",
        )
    return status, "" if status == "solved" else message


def cost_of(counts: Counts) -> float | None:
    """What the calls cost in USD; ``None`` if the price of some is unknown."""
    return None if counts.unpriced_calls else round(counts.cost_usd, 6)


def _times(directory: pathlib.Path) -> tuple[float, float]:
    """When the run was made and when it was last written to, in seconds since 1970."""
    times = []
    for name in ("run.toml", "journal.sqlite", "journal.sqlite-wal"):
        try:
            times.append((directory / name).stat().st_mtime)
        except OSError:
            continue
    return (min(times), max(times)) if times else (0.0, 0.0)


def runs_below(directory: pathlib.Path, deep: int = DEEPEST) -> Iterator[pathlib.Path]:
    """Run directories in a folder and the folders below it, or the folder itself; links are not followed."""
    if is_run(directory):
        yield directory
        return
    if deep < 0:
        return
    try:
        entries = sorted(directory.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink() and not entry.name.startswith("."):
            yield from runs_below(entry, deep - 1)


def age(seconds_since_1970: float, now: float | None = None) -> str:
    """How long ago something was, in its largest unit, such as ``3 h``; empty if it is not known."""
    if not seconds_since_1970:
        return ""
    seconds = max(0.0, (time.time() if now is None else now) - seconds_since_1970)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
