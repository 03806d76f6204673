"""Plans carried by a small general model, one fact a question: how many come out right, and what they take.

``python -m surefoot.scripts.benchmarks.small_model --disks 5 --runs 20`` runs towers at temperature 1 with leads chosen
by a pilot, with single answers, and with single answers of which no chain is repeated; ``--task multiply --digits 4``
takes products. With ``--keep FOLDER`` every run stays there: one that was cut off, even killed, goes on when the same
command is given again, and one that came to its end is read and not repeated. ``--looks FILE`` keeps looks for all
runs: each counts and pays as if it were alone, and only its seconds say nothing. ``--rate`` compares the calls a second
of a run with those of a bare loop over the same questions, in pairs taken in turns.
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
from surefoot.runtime.errors import SurefootError
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import Standing, read_config, standing
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.port import Model, Request
from surefoot.scripts.benchmarks.kept_looks import KeptLooks
from surefoot.scripts.commands.verify import verification

SETTINGS: dict[str, dict[str, Any]] = {
    "k auto": {"k": "auto"},
    "k 1": {"k": 1},
    "k 1, no chain repeated": {"k": 1, "seam_retries": 0},
    "looks": {"rule": "looks"},
    "one look": {"rule": "looks", "k": 1},
}
ENDED = ("solved", "failed")


class Problem(msgspec.Struct, frozen=True):
    """What every run of a set solves; random factors and entries differ by the run's seed.

    Attributes:
        task: Its name.
        options: Options of the task.
        drawn: Option that takes the seed of the run; empty if all runs solve the same.
    """

    task: str
    options: dict[str, Any]
    drawn: str = ""

    def options_of(self, seed: int) -> dict[str, Any]:
        """Return the task's options for the run of a seed."""
        return {**self.options, self.drawn: seed} if self.drawn else dict(self.options)

    @property
    def name(self) -> str:
        """Name for folders and lines."""
        return "-".join([self.task, *(f"{value}" for value in self.options.values())])


class Tally(msgspec.Struct):
    """Results of a number of runs with the same settings.

    Attributes:
        right: Runs that the referee found right.
        calls: Model calls without the pilot's.
        steps: Questions decided.
        predicted: Calls that the forecasts of the runs expected; 0 where nothing was forecast.
        sure: Sum of the forecasts' probabilities of a run without error.
        seconds: Wall time of all runs, over all sessions.
    """

    right: int = 0
    runs: int = 0
    calls: int = 0
    steps: int = 0
    predicted: float = 0.0
    sure: float = 0.0
    seconds: float = 0.0

    def line(self, name: str) -> str:
        """Return the results as one line."""
        text = (
            f"{name}: {self.right} of {self.runs} right; {self.calls / max(1, self.steps):.2f} calls a fact, "
            f"{self.calls / max(1, self.runs):.0f} a run"
        )
        if self.predicted:
            text += f", forecast {self.predicted / self.runs:.0f} and {self.sure / self.runs:.3f} right"
        return f"{text}; {self.seconds / max(1, self.runs):.1f} s a run"


def solve(place: pathlib.Path, problem: Problem, model: str | Model, seed: int, options: dict[str, Any]) -> Standing:
    """Run a problem to its end, or go on with what an earlier session left of it; one at its end is only read."""
    own = model if isinstance(model, Model) else None
    if not (place / "run.toml").exists():
        api.run(
            problem.task, model, run_dir=place, temperature=1.0, seed=seed, address="none",
            **problem.options_of(seed), **options,
        )  # fmt: skip
    elif standing(place).status not in ENDED:
        api.resume(place, model=own)
    return standing(place)


def tally(problem: Problem, model: str | Model, seeds: range, options: dict[str, Any], keep: pathlib.Path) -> Tally:
    """Run a problem once for each seed and let the referee judge each run."""
    found = Tally()
    for seed in seeds:
        place = keep / f"{problem.name}-{'-'.join(map(str, options.values()))}-{seed}"
        try:
            ended = solve(place, problem, model, seed, options)
        except SurefootError as error:  # such as a pilot after which no lead can be chosen: that run is not right
            print(f"  seed {seed}: {error}", flush=True)
            found.runs += 1
            continue
        if ended.status not in ENDED:
            print(f"  seed {seed}: {ended.status}, {ended.steps} facts; the same command goes on", flush=True)
            break
        calls, sure = _predicted(place)
        right = ended.status == "solved" and verification(place, read_config(place)).reached_goal
        found.runs, found.right = found.runs + 1, found.right + right
        found.calls, found.steps = found.calls + ended.calls - ended.pilot_calls, found.steps + ended.steps
        found.predicted, found.sure = found.predicted + calls, found.sure + sure
        found.seconds += ended.wall_s
        print(
            f"  seed {seed}: {'right' if right else ended.status}, {ended.steps} facts, {ended.calls} calls, "
            f"{ended.wall_s:.0f} s {ended.message}".rstrip(),
            flush=True,
        )
    return found


def _predicted(place: pathlib.Path) -> tuple[float, float]:
    """Calls without the pilot's, and the probability of no error, that a run expected; 0 where nothing was forecast."""
    journal = open_journal(place, write=False)
    try:
        forecast = journal.meta("forecast") or {}
        return float(forecast.get("calls", 0.0)), float(forecast.get("p_success", 0.0))
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


def main(argv: list[str] | None = None) -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--task", choices=("hanoi", "multiply", "balance"), default="hanoi")
    parser.add_argument("--disks", type=int, default=5)
    parser.add_argument("--digits", type=int, default=4)
    parser.add_argument("--entries", type=int, default=500)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first", type=int, default=0, help="seed of the first run")
    parser.add_argument("--settings", choices=SETTINGS, action="append")
    parser.add_argument("--keep", type=pathlib.Path, help="folder in which runs stay, to be gone on with")
    parser.add_argument("--rate", type=int, default=0, metavar="PAIRS")
    parser.add_argument("--looks", type=pathlib.Path, help="file in which looks are kept for all runs of all sets")
    given = parser.parse_args(argv)
    model: str | Model = given.model
    if given.looks:
        one = RunConfig(task=given.task, model=given.model, temperature=1.0)
        model = KeptLooks(open_model(one), given.looks)
    if given.rate:
        pairs = rate(given.model, given.disks, 4, given.rate)
        print(f"a run's calls/s by a bare loop's: median {statistics.median(a / b for a, b in pairs):.2f}")
        return
    problem = {
        "hanoi": Problem("hanoi", {"disks": given.disks}),
        "multiply": Problem("multiply", {"digits": given.digits}, drawn="draw"),
        "balance": Problem("balance", {"entries": given.entries}, drawn="draw"),
    }[given.task]
    seeds = range(given.first, given.first + given.runs)
    for name in given.settings or SETTINGS:
        with tempfile.TemporaryDirectory() as folder:
            print(f"{problem.name}, {name}", flush=True)
            found = tally(problem, model, seeds, SETTINGS[name], given.keep or pathlib.Path(folder))
        print(found.line(f"{problem.name}, {name}"), flush=True)


if __name__ == "__main__":
    main()
