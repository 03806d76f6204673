"""Towers carried by a small general model, one fact a question: how many come out right, and what they take.

``python -m surefoot.scripts.benchmarks.small_model --disks 5 --runs 20`` runs them at temperature 1 with leads chosen
by a pilot, with single answers, and with single answers of which no chain is repeated; ``--rate`` compares the calls a
second of a run with those of a bare loop over the same questions, in pairs taken in turns.
"""

import argparse
import asyncio
import pathlib
import statistics
import tempfile
import time
from typing import Any

import msgspec

from surefoot.decompose.step import Step
from surefoot.decompose.task import Task
from surefoot.runtime import api
from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Request
from surefoot.scripts.commands.verify import verification

SETTINGS: dict[str, dict[str, Any]] = {
    "k auto": {"k": "auto"},
    "k 1": {"k": 1},
    "k 1, no chain repeated": {"k": 1, "seam_retries": 0},
}


class Towers(msgspec.Struct):
    """Results of a number of runs with the same settings.

    Attributes:
        right: Runs that the referee found right.
        calls: Model calls without the pilot's.
        steps: Questions decided.
        predicted: Calls that the forecasts of the runs expected; 0 where nothing was forecast.
        seconds: Wall time of all runs.
    """

    right: int = 0
    runs: int = 0
    calls: int = 0
    steps: int = 0
    predicted: float = 0.0
    seconds: float = 0.0


def towers(model: str, disks: int, runs: int, options: dict[str, Any]) -> Towers:
    """Run towers with seeds of their own and let the referee judge each."""
    found = Towers()
    for seed in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / "run"
            began = time.monotonic()
            ended = api.run(
                "hanoi", model, run_dir=place, disks=disks, temperature=1.0, seed=seed, address="none", **options
            ).standing
            found.seconds += time.monotonic() - began
            found.runs += 1
            found.calls += ended.calls - ended.pilot_calls
            found.steps += ended.steps
            found.predicted += _predicted(place)
            if ended.status == "solved":
                found.right += verification(place, read_config(place)).reached_goal
        print(
            f"  seed {seed}: {ended.status}, {ended.steps} facts, {ended.calls} calls {ended.message}".rstrip(),
            flush=True,
        )
    return found


def _predicted(place: pathlib.Path) -> float:
    """Calls that a run was expected to need when it began, without the pilot's; 0 where nothing was forecast."""
    journal = open_journal(place, write=False)
    try:
        return float((journal.meta("forecast") or {}).get("calls", 0.0))
    finally:
        journal.close()


def rate(model: str, disks: int, lead: int, pairs: int) -> list[tuple[float, float]]:
    """Calls a second of a run and of a bare loop that asks as many questions for as many answers, pair by pair."""
    config = RunConfig(task="hanoi", task_options={"disks": disks}, model=model, temperature=1.0)
    found = []
    for seed in range(pairs):
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder) / "run"
            ended = api.run(
                "hanoi", model, run_dir=place, disks=disks, temperature=1.0, seed=seed, k=lead, address="none"
            ).standing
        calls, seconds = asyncio.run(_bare(config, open_task(config), lead, ended.steps))
        found.append((ended.calls / ended.wall_s, calls / seconds))
        print(f"  pair {seed}: {found[-1][0]:.1f} and {found[-1][1]:.1f} calls/s", flush=True)
    return found


async def _bare(config: RunConfig, task: Task, lead: int, questions: int) -> tuple[int, float]:
    """Ask so many questions one after the other, ``lead`` answers each: the calls and the seconds, loading included."""
    root = task.root()
    step = task.next_step(root.goal, task.begin(root.goal, root.inputs))
    assert isinstance(step, Step)
    began = time.monotonic()
    model = open_model(config)
    for number in range(questions):
        step = task.sample_step(number)
        prompt = task.prompt(step, "micro")
        draws = tuple(range(number * lead, number * lead + lead))
        await model.ask(Request(prompt, draws, 1.0, step.max_reply_tokens, 0, raw=prompt.raw, stop=prompt.stop))
    seconds = time.monotonic() - began
    await model.close()
    return questions * lead, seconds


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--disks", type=int, default=5)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--settings", choices=SETTINGS, action="append")
    parser.add_argument("--rate", type=int, default=0, metavar="PAIRS")
    given = parser.parse_args()
    if given.rate:
        pairs = rate(given.model, given.disks, 4, given.rate)
        print(f"a run's calls/s by a bare loop's: median {statistics.median(a / b for a, b in pairs):.2f}")
        return
    for name in given.settings or SETTINGS:
        print(f"{given.disks} disks, {name}", flush=True)
        t = towers(given.model, given.disks, given.runs, SETTINGS[name])
        print(
            f"{given.disks} disks, {name}: {t.right} of {t.runs} right; {t.calls / max(1, t.steps):.2f} calls a fact, "
            f"{t.calls / t.runs:.0f} a run, forecast {t.predicted / t.runs:.0f}; {t.seconds / t.runs:.1f} s a run",
            flush=True,
        )


if __name__ == "__main__":
    main()
