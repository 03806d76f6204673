"""Compares a whole run through LiteLLM with a bare loop of ``litellm.acompletion``.

    python -m surefoot.scripts.benchmarks.litellm_run

Both ask one server, a process of its own on this machine, the same questions with the same number under way. They take
turns, in an order that changes, and are compared pair by pair: on a busy machine the next second is not like the last.
What a run costs outside litellm is measured without it: the same run with the recorded responses, which come at once.
"""

import asyncio
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.leads import LEAF_STEPS
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.litellm_setup import load
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.scripts.commands.cli import print_json


@contextmanager
def serving(latency_s: float) -> Iterator[str]:
    """Start a server that knows the task's answers and gives them after a delay; yield its base address."""
    command = [
        sys.executable,
        "-m",
        "surefoot.scripts.cluster.serve_model",
        "--model",
        f"simulated:latency_s={latency_s}",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.kill()


class Recorder:
    """Passes calls to LiteLLM, and keeps the arguments and the response of each."""

    def __init__(self, litellm: Any) -> None:
        self._litellm = litellm
        self.asked: list[dict[str, Any]] = []
        self.responses: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._litellm, name)

    async def acompletion(self, **arguments: Any) -> Any:
        """Make one call through LiteLLM and keep its arguments and response."""
        self.asked.append(arguments)
        response = await self._litellm.acompletion(**arguments)
        self.responses[json.dumps(arguments["messages"])] = response
        return response


class Replay(Recorder):
    """Gives LiteLLM's recorded responses at once, so that calls cost almost nothing."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(recorder._litellm)
        self.responses = recorder.responses

    async def acompletion(self, **arguments: Any) -> Any:
        """Return the response that was recorded for the same question."""
        await asyncio.sleep(0)
        return self.responses[json.dumps(arguments["messages"])]


def config_of(base: str, disks: int, at_once: int) -> RunConfig:
    """The configuration of a run that asks each step once, through LiteLLM."""
    return RunConfig(
        task="hanoi", task_options={"disks": disks}, model="openai/m", api_base=base, address="none", workers=1, k=1,
        calls_in_flight=at_once, price_in=1.0, price_out=1.0, leaf_steps=LEAF_STEPS,
    )  # fmt: skip


async def run(base: str, disks: int, at_once: int, recorder: Recorder | None = None) -> tuple[float, float, int]:
    """Measure one run in this process: its wall and CPU seconds, and its number of calls."""
    config = config_of(base, disks, at_once)
    task = open_task(config)
    pool = LocalPool(config, task)
    model: Any = pool._workers[0].model
    if recorder is not None:
        model._open().litellm = recorder
    with tempfile.TemporaryDirectory() as folder:
        journal = create_journal(pathlib.Path(folder))
        wall, cpu = time.perf_counter(), time.process_time()
        status = await Coordinator(config, task, journal, pool).run()
        spent = time.perf_counter() - wall, time.process_time() - cpu
        calls = journal.totals.calls
        journal.close()
    assert status == "solved", status
    await pool.close()
    return *spent, calls


async def bare(asked: Sequence[dict[str, Any]], at_once: int) -> tuple[float, float]:
    """Measure the recorded calls in a loop without Surefoot: wall and CPU seconds."""
    litellm, left = load(), iter(asked)

    async def chain() -> None:
        for arguments in left:
            await litellm.acompletion(**arguments)

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(chain() for _ in range(at_once)))
    return time.perf_counter() - wall, time.process_time() - cpu


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median of a sample, and two of its values that enclose the true median at about 95 % (sign test)."""
    ordered, n = sorted(values), len(values)
    outer = max(0, int((n - 1.96 * n**0.5) / 2))
    return statistics.median(ordered), ordered[outer], ordered[n - 1 - outer]


async def compare(base: str, disks: int, at_once: int, pairs: int, latency_s: float) -> dict[str, float]:
    """Compare a run with the bare loop pair by pair: ratios of calls/s, and milliseconds of CPU a call.

    ``speed_possible`` is the ratio of a run that takes no longer than its longest chain of calls, each of which needs
    the answer before it: the calls of the bare loop need nothing.
    """
    recorder = Recorder(load())
    await run(base, disks, at_once, recorder)
    replay = Replay(recorder)
    longest_s = open_task(config_of(base, disks, at_once)).outline(LEAF_STEPS).longest * latency_s
    ratios, own, theirs_ms, possible = [], [], [], []
    for pair in range(pairs):
        asked = recorder.asked
        if pair % 2:
            ours, theirs = await run(base, disks, at_once), await bare(asked, at_once)
        else:
            theirs, ours = await bare(asked, at_once), await run(base, disks, at_once)
        ratios.append((ours[2] / ours[0]) / (len(asked) / theirs[0]))
        possible.append(min(1.0, theirs[0] / longest_s) if longest_s else 1.0)
        theirs_ms.append(theirs[1] / len(asked) * 1e3)
        alone = await run(base, disks, at_once, replay)
        own.append(alone[1] / alone[2] * 1e3)
    found = {"calls": float(len(recorder.asked)), "litellm_cpu_ms_a_call": statistics.median(theirs_ms)}
    found["speed_possible"] = statistics.median(possible)
    for name, values in (("speed_ratio", ratios), ("own_cpu_ms_a_call", own)):
        found |= dict(zip((name, f"{name}_low", f"{name}_high"), interval(values), strict=True))
    return {name: round(value, 4) for name, value in found.items()}


@click.command()
@click.option("--disks", default=8, show_default=True, help="Size of the run: 2**disks - 1 steps.")
@click.option("--at-once", default=16, show_default=True, help="Calls under way.")
@click.option("--pairs", default=11, show_default=True, help="How often both are timed.")
@click.option("--latencies", default="0,0.1", show_default=True, help="Seconds the server takes to answer.")
def main(disks: int, at_once: int, pairs: int, latencies: str) -> None:
    """Measure at each server latency and print; the bare loop is the baseline."""
    configure_logs("none")
    found = {}
    for latency in latencies.split(","):
        with serving(float(latency)) as base:
            found[latency] = asyncio.run(compare(base, disks, at_once, pairs, float(latency)))
        print(f"latency {latency} s")
        for name, value in found[latency].items():
            print(f"  {name:<24} {value:>10}")
    print_json(found)


if __name__ == "__main__":
    main()
