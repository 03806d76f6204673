"""Measures where a run's time goes, in ratios within one run.

    python -m surefoot.scripts.benchmarks.throughput

- the whole runtime against the bundled model alone, making the same replies in one batch loop
- the tree against the published chain with the same model, a step
- two workers against one
- a simulated model with one second latency against the lower bound
- peak memory of the coordinator on a long and on a short plan, and its growth over the first minutes of 2^26 steps

The machine may be shared: every ratio compares two things measured in turn.
"""

import asyncio
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any

import click
import msgspec
import uvloop
from scipy.stats import linregress

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.coordinator.coordinator import Coordinator
from surefoot.runtime.journal.journal import create_journal
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.bundled import ABREAST, START, STOP_PROMPT, BundledModel, opening_of
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.worker.local_pool import LocalPool
from surefoot.scripts.benchmarks.runs import surefoot


class Recorder(Model):
    """A bundled model that keeps every request it was asked."""

    def __init__(self) -> None:
        self.inner, self.requests = BundledModel(), []  # type: tuple[BundledModel, list[Request]]
        self.dialect = self.inner.dialect

    async def ask(self, request: Request) -> list[Reply]:
        """Ask the bundled model, and keep the request."""
        self.requests.append(request)
        return await self.inner.ask(request)

    async def close(self) -> None:
        """Close the bundled model behind the recorder."""
        await self.inner.close()


async def run_in_process(options: dict[str, Any], models: list[Model] | None) -> tuple[float, int, int]:
    """Run a plan in this process with its journal on disk; return its seconds, steps and calls."""
    config = msgspec.convert({"address": "none", **options}, RunConfig)
    task = open_task(config)
    pool = LocalPool(config, task, models)
    with tempfile.TemporaryDirectory() as folder:
        journal = create_journal(pathlib.Path(folder))
        started = time.perf_counter()
        status = await Coordinator(config, task, journal, pool).run()
        seconds = time.perf_counter() - started
        counts = journal.totals
        journal.close()
    await pool.close()
    if status != "solved":
        raise click.ClickException(f"{options} ended {status}")
    return seconds, counts.steps, counts.calls


def alone(requests: list[Request], batch: int) -> float:
    """Measure the seconds that the bundled model takes for the same prompts in one loop of full batches."""
    generator = BundledModel()._runs.generator
    lots: dict[tuple[str, ...], list[tuple[list[str], int]]] = defaultdict(list)
    for request in requests:
        words = request.prompt.user.split(" ")
        opening = opening_of(words)
        lots[opening] += [([*words[len(opening) :], STOP_PROMPT], request.max_tokens)] * len(request.draws)
    started = time.perf_counter()
    for opening, asked in lots.items():
        for first in range(0, len(asked), batch):
            prompts, limits = zip(*asked[first : first + batch], strict=True)
            generator.generate_batch(
                prompts,
                static_prompt=[START, *opening],
                max_length=max(limits),
                include_prompt_in_result=False,
                return_end_token=True,
                sampling_topk=0,
            )
    return time.perf_counter() - started


def against_the_model_alone(disks: int, rounds: int) -> None:
    """Compare the whole runtime with the bundled model alone."""
    ratios = []
    for _ in range(rounds):
        recorder = Recorder()
        whole, steps, calls = uvloop.run(run_in_process({**hanoi(disks), "workers": 1}, [recorder]))
        bare = alone(recorder.requests, ABREAST)
        ratios.append(bare / whole)
        alone_us, whole_us = bare / calls * 1e6, whole / steps * 1e6
        print(f"  {steps:,} steps: whole runtime {whole_us:.0f} us a step, model alone {alone_us:.0f} us a call")
    print(f"steps/s of the runtime vs the bundled model alone: {statistics.median(ratios):.2f} (aim 0.8)")


def tree_against_chain(disks: int, rounds: int) -> None:
    """Compare a tree with a chain: wall time and calls a step, in one process and as a user runs it."""
    in_process: dict[str, list[float]] = {shown: [] for shown in ("all", "tower")}
    times: dict[str, list[float]] = {shown: [] for shown in in_process}
    calls: list[float] = []
    chain = {**hanoi(disks), "strategy": "chain", "k": 3, "workers": 1}
    for _ in range(rounds):
        chain_s, _, chain_calls = uvloop.run(run_in_process(chain, None))
        chain_wall_s = wall_s(disks, "--strategy", "chain", "--k", "3")
        for shown in in_process:
            tree_s, _, tree_calls = uvloop.run(run_in_process({**hanoi(disks, shown), "workers": 1}, None))
            in_process[shown].append(tree_s / chain_s)
            calls.append(tree_calls / chain_calls)
            times[shown].append(wall_s(disks, "--shown", shown) / chain_wall_s)
    for shown in in_process:
        told, bare = statistics.median(times[shown]), statistics.median(in_process[shown])
        print(f"wall time a step, tree --shown {shown} vs chain --k 3, {disks} disks: {told:.3f} (aim 0.2)")
        print(f"  the same with one worker and no Ray: {bare:.3f}")
    print(f"calls a step, tree vs chain --k 3, {disks} disks: {statistics.median(calls):.3f} (aim 0.4)")


def wall_s(disks: int, *options: str, cores: int = 0) -> float:
    """Seconds that a run with Ray works, its start left out; on a number of cores, 0 for all."""
    usable = os.sched_getaffinity(0)
    if cores:
        os.sched_setaffinity(0, sorted(usable)[:cores])
    try:
        with tempfile.TemporaryDirectory() as folder:
            done, _ = surefoot("run", "hanoi", "--disks", str(disks), *options, "--run-dir", f"{folder}/run")
    finally:
        os.sched_setaffinity(0, usable)
    return float(done["wall_s"])


def two_workers_against_one(disks: int, rounds: int) -> None:
    """Compare two workers on two cores with one worker on one core, and with one that may use both."""
    alone, spread = [], []
    for _ in range(rounds):
        both = wall_s(disks, "--workers", "2")
        alone.append(wall_s(disks, "--workers", "1", cores=1) / both)
        spread.append(wall_s(disks, "--workers", "1") / both)
    print(f"two workers on two cores vs one on one, {disks} disks: {statistics.median(alone):.2f} times (aim 1.7)")
    print(
        f"  vs one that uses both, its model in one thread and its Python in another: {statistics.median(spread):.2f}"
    )


def against_the_bound(disks: int, in_flight: int) -> None:
    """Compare a run whose model takes a second with its lower bound: calls over width, or the longest chain."""
    leaf = 7  # Each leaf is a chain that waits a second a step: longer ones leave places empty at the end.
    options = {
        **hanoi(disks), "model": "simulated:latency_s=1", "workers": 1, "k": 1, "leaf_steps": leaf,
        "chains_in_flight": in_flight,
    }  # fmt: skip
    seconds, _, calls = uvloop.run(run_in_process(options, None))
    longest = disks - leaf.bit_length() + leaf
    bound = max(calls / in_flight, longest)
    took = f"{seconds:.0f} s, bound {bound:.0f} s"
    print(f"1 s latency, {in_flight} in flight, {disks} disks: {took}: {seconds / bound:.2f} (aim 1.3)")


def memory(small: int, large: int) -> None:
    """Compare the coordinator's peak memory on a long and on a short plan, with a model that costs nothing."""
    peaks = []
    for disks in (small, large):
        command = [
            sys.executable,
            "-m",
            "surefoot.scripts.benchmarks.throughput",
            "--only",
            "peak",
            "--disks",
            str(disks),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peaks.append(json.loads(done.stdout.splitlines()[-1]))
    small_mb, large_mb = (found / 1e3 for found in peaks)
    ratio = large_mb / small_mb
    print(f"peak memory: 2^{small} steps {small_mb:.0f} MB, 2^{large} steps {large_mb:.0f} MB: {ratio:.2f} (aim 1.5)")


def peak(disks: int) -> None:
    """Run one plan in this process and print its peak memory in kilobytes."""
    uvloop.run(run_in_process(at_no_cost(disks), None))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def growth(disks: int, seconds: float) -> None:
    """Measure how the memory of one process grows with the steps of a plan too long to end."""
    seen = uvloop.run(_watched({**at_no_cost(disks), "max_wall_s": seconds}))
    late = [(steps, kb) for steps, kb in seen if steps > seen[-1][0] / 3]
    slope = linregress([steps for steps, _ in late], [kb for _, kb in late])
    print(
        f"of 2^{disks} steps the first {late[-1][0]:,}: {late[0][1] / 1e3:.1f} MB after {late[0][0]:,} steps, ", end=""
    )
    print(f"{late[-1][1] / 1e3:.1f} at the end; slope {slope.slope * 1e3:.2f} MB a million steps (aim 0)")


def at_no_cost(disks: int) -> dict[str, Any]:
    """Options of a run whose few distinct questions the simulated model answers from memory."""
    return {**hanoi(disks, "tower"), "model": "simulated", "workers": 1, "k": 1}


def resident_kb() -> int:
    """Resident memory of this process now, in kilobytes."""
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


async def _watched(options: dict[str, Any]) -> list[tuple[int, int]]:
    """(steps, kilobytes of resident memory) once a second during a run that is paused by its time limit."""
    config = msgspec.convert({"address": "none", **options}, RunConfig)
    task, seen = open_task(config), []
    pool = LocalPool(config, task, None)
    with tempfile.TemporaryDirectory() as folder:
        journal = create_journal(pathlib.Path(folder))
        run = asyncio.create_task(Coordinator(config, task, journal, pool).run())
        while not run.done():
            await asyncio.wait([run], timeout=1)
            seen.append((journal.totals.steps, resident_kb()))
        journal.close()
    await pool.close()
    return seen


def hanoi(disks: int, shown: str = "all") -> dict[str, Any]:
    """Options of a Hanoi run of so many disks."""
    return {"task": "hanoi", "task_options": {"disks": disks, "shown": shown}}


@click.command()
@click.option("--disks", default=14, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--seconds", default=120.0, show_default=True, help="Of the run whose growth is watched.")
@click.option("--only", type=click.Choice(["alone", "chain", "workers", "latency", "memory", "growth", "peak"]))
def main(disks: int, rounds: int, seconds: float, only: str | None) -> None:
    """Measure the parts that ``--only`` names, or all, and print them."""
    configure_logs("none")
    if only == "peak":
        peak(disks)
        return
    if only in (None, "alone"):
        against_the_model_alone(disks, rounds)
    if only in (None, "chain"):
        tree_against_chain(disks, rounds)
    if only in (None, "workers"):
        two_workers_against_one(disks + 2, rounds)
    if only in (None, "latency"):
        against_the_bound(16, 1000)
    if only in (None, "memory"):
        memory(10, 20)
    if only in (None, "growth"):
        growth(26, seconds)


if __name__ == "__main__":
    main()
