"""Holds runs with several steps a call against runs with one step a call, in turn on the same machine.

    python -m surefoot.scripts.benchmarks.long_replies --disks 20 --pairs 1

Each run is a process of its own, solved from nothing and verified; its start is in what it took. The machine may be
shared: ratios within a pair count, and processor time more than time on the wall.
"""

import pathlib
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence

import click
import msgspec

from surefoot.runtime.logs import configure_logs
from surefoot.scripts.benchmarks.runs import surefoot


class Took(msgspec.Struct, frozen=True):
    """What one run took.

    Attributes:
        right: Whether it was solved and the referee agrees.
        processor_s: Seconds of processor time of the command and its workers.
        wall_s: Seconds of the whole command on the wall.
        calls_per_step: Answers a step.
        tokens: Prompt and reply tokens a step.
    """

    right: bool
    processor_s: float
    wall_s: float
    calls_per_step: float
    tokens: float


def took(disks: int, steps_per_call: str, options: Sequence[str]) -> Took:
    """Run a tower with so many steps a call, and verify the plan; the referee's time is left out."""
    with tempfile.TemporaryDirectory() as folder:
        directory = str(pathlib.Path(folder) / "run")
        command = ("run", "hanoi", "--disks", str(disks), "--steps-per-call", steps_per_call, *options)
        before, started = children_s(), time.perf_counter()
        ended, _ = surefoot(*command, "--run-dir", directory)
        wall_s, processor_s = time.perf_counter() - started, children_s() - before
        found = surefoot("verify", directory)[0] if ended["status"] == "solved" else {}
    right = bool(found.get("valid") and found.get("reached_goal"))
    tokens = (ended["tokens_in"] + ended["tokens_out"]) / max(1, ended["steps"])
    return Took(right, processor_s, wall_s, ended["calls_per_step"] or 0.0, tokens)


def children_s() -> float:
    """Processor seconds of all processes that this one started and that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@click.command()
@click.option("--disks", default=16, show_default=True)
@click.option("--pairs", default=3, show_default=True, help="Pairs of runs; every other one the other way round.")
@click.option("--model", default="bundled", show_default=True)
@click.option("--steps-per-call", default="auto", show_default=True, help="Of the runs that are held against one.")
@click.option("--minimize", default="calls", show_default=True, help="What their steps a call are chosen for.")
def main(disks: int, pairs: int, model: str, steps_per_call: str, minimize: str) -> None:
    """Run pairs, and print each with its ratios and their median."""
    configure_logs("none")
    options = ("--model", model, "--address", "none")
    ratios: list[tuple[float, float]] = []
    for number in range(pairs):
        found = {}
        for count in ("1", steps_per_call) if number % 2 == 0 else (steps_per_call, "1"):
            more = ("--minimize", minimize) if count != "1" else ()
            one = found[count] = took(disks, count, (*options, *more, "--seed", str(number)))
            print(
                f"{disks} disks, {count:>4} a call: {'right' if one.right else 'WRONG'}, {one.processor_s:.1f} s of a "
                f"processor, {one.wall_s:.1f} s, {one.calls_per_step:.3f} calls and {one.tokens:.2f} tokens a step",
                flush=True,
            )
        several, single = found[steps_per_call], found["1"]
        ratios.append((several.processor_s / single.processor_s, several.wall_s / single.wall_s))
        print(f"  processor time {ratios[-1][0]:.3f}, time {ratios[-1][1]:.3f} of one step a call", flush=True)
    processor, wall = (statistics.median(both) for both in zip(*ratios, strict=True))
    print(f"{steps_per_call} steps a call against one, {pairs} pairs: processor time {processor:.3f}, time {wall:.3f}")


if __name__ == "__main__":
    main()
