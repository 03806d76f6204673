"""Measures runs over tables: how many rows come out wrong, and what a million rows take.

    python -m surefoot.scripts.benchmarks.rows accuracy|speed|memory

``accuracy`` asks 10,000 rows of a simulated model that errs in 2 % of its answers, alike on all rows or scattered over
hard and easy ones. ``speed`` asks a model that costs nothing, and holds the rows a second against the steps a second of
the tower of Hanoi, with the same model; ``memory`` compares the peaks of many and of few rows. Times are of the
processor, so that what else the machine does counts little.
"""

import asyncio
import json
import multiprocessing
import pathlib
import resource
import tempfile
import time
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import click
import msgspec

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.decompose.tasks.rows import KIND, RowTask
from surefoot.runtime import api
from surefoot.runtime.logs import configure_logs
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel

HARD_SHARE, HARD, EASY = 0.1, 0.155, 0.005
"""Of scattered rows so many are hard; the rates of both kinds, 2 % together."""
KINDS = {"alike": 0, "scattered": 4, "scattered, one rival": 1}
"""Kinds of tables, with the number of plausible wrong answers of a scattered row."""


class After(RowTask, frozen=True, kw_only=True):
    """Asks for the number after a row's number."""

    def row_step(self, row: Mapping[str, Any]) -> Step:
        """Make the step that asks about one row."""
        return Step(KIND, Role.ACTOR, row["number"])

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        """Show the number and nothing else."""
        return Prompt(str(step.reads))

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        """Read the number that a reply names."""
        return text if text.isdigit() else Flag("misformatted", text)


PLAUSIBLE = (2, 3, 4, 10)
"""What plausible wrong answers add to a number; the right one adds 1."""


def answers(prompt: Prompt, plausible: int = len(PLAUSIBLE)) -> Answers:
    """Return the number after, and so many that are plausible and wrong."""
    number = int(prompt.user)
    return Answers((str(number + 1),), tuple(str(number + more) for more in PLAUSIBLE[:plausible]))


class Scattered(SimulatedModel):
    """A simulated model that finds one row in ten hard."""

    def __init__(self, name: str, plausible: int = len(PLAUSIBLE)) -> None:
        key = partial(answers, plausible=plausible)
        super().__init__(key, Profile(), name=name)
        self._hard = SimulatedModel(key, Profile(p_error=HARD), name=name)
        self._easy = SimulatedModel(key, Profile(p_error=EASY), name=name)

    def reply(self, request: Request, draw: int) -> Reply:
        """Answer a row at its own rate: every tenth, the last digit of a hash of it, is hard."""
        hard = int(request.prompt.user) * 2654435761 % 2**32 < HARD_SHARE * 2**32
        return (self._hard if hard else self._easy).reply(request, draw)


class Free(Model):
    """Answers rightly and at once, whatever the task."""

    dialect: Dialect = "compact"

    def __init__(self, key: Any) -> None:
        self.key = key
        self.known: dict[str, str] = {}

    async def ask(self, request: Request) -> list[Reply]:
        """Give the right reply, for each draw."""
        text = request.prompt.user
        said = self.known.get(text)
        if said is None:
            said = self.key(request.prompt).right[0]
            if len(self.known) < 2**14:  # the tower's questions come back, those of rows do not
                self.known[text] = said
        await asyncio.sleep(0)
        return [Reply(said, tokens_in=8, tokens_out=2)] * len(request.draws)

    async def close(self) -> None:
        """Do nothing, as the model holds no resources."""


class Taken(msgspec.Struct, frozen=True):
    """Cost of one run: items, seconds of the processor and of the clock, and peak memory in MB."""

    items: int
    cpu_s: float
    wall_s: float
    peak_mb: float


def numbers(count: int) -> Iterator[dict[str, int]]:
    """Yield rows, one by one."""
    return ({"number": number} for number in range(count))


def map_rows(count: int) -> Taken:
    """Ask rows of a model that costs nothing, and write the results."""

    def work(folder: pathlib.Path) -> Any:
        run = api.map(numbers(count), After(), Free(answers), run_dir=folder, k=1, workers=1)
        assert run.write(folder / "output.jsonl") == count
        return run

    return _taken(work)


def climb(disks: int) -> Taken:
    """Move a tower with a model that costs nothing."""
    return _taken(lambda folder: api.run("hanoi", Free(hanoi.answers), disks=disks, run_dir=folder, k=1, workers=1))


def _taken(begin: Any) -> Taken:
    configure_logs("none")
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = time.process_time(), time.perf_counter()
        run = begin(pathlib.Path(folder) / "run")
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        assert run.status == "solved", run.message
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Taken(run.counts.steps, cpu, wall, peak)


def asked(options: dict[str, Any]) -> dict[str, Any]:
    """Ask rows of a simulated model; how many came out wrong, and what they took."""
    configure_logs("none")
    count, seed, scattered = options.pop("count"), options.pop("seed"), options.pop("scattered")
    model = (
        Scattered(f"m{seed}", scattered)
        if scattered
        else SimulatedModel(answers, Profile(p_error=0.02), name=f"m{seed}")
    )
    with tempfile.TemporaryDirectory() as folder:
        run = api.map(numbers(count), After(), model, run_dir=pathlib.Path(folder) / "run", seed=seed, **options)
        results = list(run.results())
        calls = run.counts.calls
    wrong = sum(one.answer != str(one.row + 1) and not one.error for one in results)
    return {"wrong": wrong, "failed": sum(bool(one.error) for one in results), "calls": calls / count}


@click.group()
def main() -> None:
    """Measure each part of the benchmark and print its lines."""


@main.command()
@click.option("--rows", default=10_000, show_default=True)
@click.option("--seeds", default=3, show_default=True)
@click.option("--rules", "--rule", default="sequential", show_default=True)
@click.option("--row-target", default=0.999, show_default=True)
def accuracy(rows: int, seeds: int, rules: str, row_target: float) -> None:
    """Count wrong rows and calls a row.

    Where a hard row has one plausible wrong answer, two ballots that agree mislead most often.
    """
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for rule in rules.split(","):
            for kind, scattered in KINDS.items():
                base = {"count": rows, "scattered": scattered, "rule": rule, "target": row_target}
                found = pool.map(asked, [{**base, "seed": seed} for seed in range(seeds)], chunksize=1)
                print(f"{rule:12} {kind:24} {json.dumps(found)}", flush=True)


@main.command()
@click.option("--rows", default=1_000_000, show_default=True)
@click.option("--few", default=10_000, show_default=True)
def memory(rows: int, few: int) -> None:
    """Compare the peaks of memory, each in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        small, large = pool.map(map_rows, [few, rows], chunksize=1)
    print(f"{small.items:,} rows: {small.peak_mb:.0f} MB; {large.items:,} rows: {large.peak_mb:.0f} MB, ", end="")
    print(f"{large.peak_mb / small.peak_mb:.2f} times; {_rate(large):,.0f} rows a second of the processor")


@main.command()
@click.option("--rows", default=2**17, show_default=True)
@click.option("--disks", default=17, show_default=True)
def speed(rows: int, disks: int) -> None:
    """Compare rows with steps, in turns."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        for _ in range(2):
            [tree] = pool.map(climb, [disks], chunksize=1)
            [table] = pool.map(map_rows, [rows], chunksize=1)
            print(f"{_rate(table):,.0f} rows and {_rate(tree):,.0f} steps a second of the processor", end="; ")
            print(f"{_rate(table) / _rate(tree):.2f} times", flush=True)


def _rate(taken: Taken) -> float:
    return taken.items / taken.cpu_s


if __name__ == "__main__":
    main()
