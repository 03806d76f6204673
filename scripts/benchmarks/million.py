"""Runs a long plan as a user would, kills it once with SIGKILL, resumes it, and prints what it took.

    python -m surefoot.scripts.benchmarks.million

Prints what it took, and which processes and threads the processor's time went to. In a worker the busiest thread is the
model's; the next is the event loop, which asks, reads, counts and journals.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import click

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.journal import open_journal

TICKS = os.sysconf("SC_CLK_TCK")
LOOK_S = 1.0
Used = dict[tuple[int, str, int], float]
"""Seconds of processor time by process, its name, and thread."""


def surefoot(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of ``surefoot`` to its end, with ``--json``."""
    return subprocess.run([*command(*words), "--json"], capture_output=True, text=True, check=False)


def command(*words: str) -> list[str]:
    """The command line that starts ``surefoot`` with some words."""
    return [sys.executable, "-m", "surefoot.scripts.commands.cli", *words]


def used_below(top: int) -> Used:
    """Processor seconds of every living thread of a process and its descendants."""
    parents: dict[int, int] = {}
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: Used = {}
    for process in parents:
        above = process
        while above not in (top, 0):
            above = parents.get(above, 0)
        with contextlib.suppress(OSError):
            if above == top:
                found |= _used_by(process)
    return found


def _used_by(process: int) -> Used:
    home = pathlib.Path(f"/proc/{process}")
    name = _named((home / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    found: Used = {}
    for thread in (home / "task").iterdir():
        fields = (thread / "stat").read_text().rpartition(")")[2].split()
        found[process, name, int(thread.name)] = (int(fields[11]) + int(fields[12])) / TICKS
    return found


def _named(line: str) -> str:
    if line.startswith("ray::RayWorker"):
        return "workers"
    if "surefoot.scripts.commands.cli" in line:
        return "coordinator"
    return "Ray"


def committed(run_dir: pathlib.Path) -> int:
    """Number of steps in a run's journal; 0 while there is none."""
    if not (run_dir / "journal.sqlite").exists():
        return 0
    try:
        journal = open_journal(run_dir, write=False)
    except JournalError:  # it is being created
        return 0
    try:
        return journal.totals.steps
    finally:
        journal.close()


def session(run_dir: pathlib.Path, *words: str, kill_at: int = 0) -> tuple[dict[str, Any], Used]:
    """Start or resume a run and kill it at a number of journalled steps; return its end and its processor time."""
    used: Used = {}
    errors = run_dir.with_name("errors")
    with (
        errors.open("w") as told,
        subprocess.Popen(
            [*command(*words), "--json"], stdout=subprocess.PIPE, stderr=told, text=True, start_new_session=True
        ) as process,
    ):
        while process.poll() is None:
            used |= used_below(process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_S)
            if kill_at and committed(run_dir) >= kill_at:
                os.killpg(process.pid, signal.SIGKILL)
                return {}, used
        out, _ = process.communicate()
    if not out.strip():
        raise click.ClickException(errors.read_text()[-500:])
    return json.loads(out.splitlines()[-1]), used


@click.command()
@click.option("--disks", default=20, show_default=True)
@click.option("--shown", type=click.Choice(["all", "tower"]), default="all", show_default=True)
@click.option("--model", default="bundled", show_default=True)
@click.option("--kill/--no-kill", default=True, show_default=True, help="Kill it halfway and resume it.")
def main(disks: int, shown: str, model: str, kill: bool) -> None:
    """Run the long plan, kill and resume it, verify it, and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        run_dir = pathlib.Path(folder) / "run"
        words = ("run", "hanoi", "--disks", str(disks), "--shown", shown, "--model", model, "--run-dir", str(run_dir))
        started = time.perf_counter()
        end, used = session(run_dir, *words, kill_at=2 ** (disks - 1) if kill else 0)
        if not end:
            print(f"killed with SIGKILL at {committed(run_dir):,} committed steps", flush=True)
            end, more = session(run_dir, "resume", str(run_dir))
            used |= more
        seconds = time.perf_counter() - started
        verified = surefoot("verify", str(run_dir))
        size = sum(file.stat().st_size for file in run_dir.glob("journal*"))
    if end.get("status") != "solved" or verified.returncode:
        raise click.ClickException(f"{end.get('status')}: {verified.stdout}{verified.stderr}")
    steps = end["steps"]
    print(f"{steps:,} steps, --shown {shown}, {model}: solved, valid by the referee")
    print(f"{end['wall_s']:.0f} s of work, {seconds:.0f} s in all; {end['calls_per_step']:.3f} calls a step", end="; ")
    print(f"{size / steps:.1f} bytes of journal a step; {end['seam_retries']} seam retries")
    _tell(used)


def _tell(used: Used) -> None:
    """Where the processor's time went. A process is a worker's if it was ever named so: Ray renames those it reuses."""
    workers = {process for process, name, _ in used if name == "workers"}
    used = {key: seconds for key, seconds in used.items() if key[1] == "workers" or key[0] not in workers}
    whole = sum(used.values())
    for name in ("workers", "coordinator", "Ray"):
        threads = [0.0, 0.0, 0.0]
        of_process: dict[int, list[float]] = {}
        for (process, kind, _), seconds in used.items():
            if kind == name:
                of_process.setdefault(process, []).append(seconds)
        for busy in of_process.values():
            for place, seconds in enumerate(sorted(busy, reverse=True)):
                threads[min(place, 2)] += seconds
        told = ", ".join(f"{seconds / whole:.0%}" for seconds in threads)
        print(f"  {name:12} {sum(threads) / whole:4.0%} of {whole:.0f} s of processor time", end="")
        print(f" (busiest threads, second, all others: {told})")


if __name__ == "__main__":
    main()
