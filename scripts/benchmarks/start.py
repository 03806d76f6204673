"""From the command to its end with one step: how long starting takes, beside a Python that does nothing.

    python -m surefoot.scripts.benchmarks.start --pairs 9 --against FOLDER
    python -m surefoot.scripts.benchmarks.start --pairs 4 --ray

``--against`` names another checkout. Its runs and those of this one take turns, so that a busy machine slows both; what
counts is the ratio. With ``--ray`` and no other checkout the ratio is to a program that starts Ray with two actors,
hears of both, and ends. Compiled files are kept apart from the sources, and made by a first run that is not counted.
"""

import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import NamedTuple

import click

HERE = pathlib.Path(__file__).resolve().parents[2]
RAY_ALONE = """
import ray

ray.init(address="local", num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)

@ray.remote
class Actor:
    def answer(self):
        return 1

actors = [Actor.remote() for _ in range(2)]
ray.get([actor.answer.remote() for actor in actors])
ray.shutdown()
"""
COMMAND = "from surefoot.scripts.commands.cli import main; main()"


class Took(NamedTuple):
    """What one process took.

    Attributes:
        wall_s: Seconds until it ended.
        cpu_s: Seconds of processor time, its children's included.
    """

    wall_s: float
    cpu_s: float


def took(arguments: Sequence[str], tree: pathlib.Path, cache: pathlib.Path) -> Took:
    """Run Python once with a checkout on its path and return what that took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(tree), "PYTHONPYCACHEPREFIX": str(cache)}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, cwd=cache, capture_output=True, check=True)
    wall_s, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Took(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def one_step(tree: pathlib.Path, place: pathlib.Path, with_ray: bool) -> Took:
    """Run a plan of one step with the bundled model."""
    with tempfile.TemporaryDirectory(dir=place) as run:
        where = ["--address", "local", "--workers", "2"] if with_ray else []
        return took(["-c", COMMAND, "run", "hanoi", "--disks", "1", "--run-dir", f"{run}/run", *where], tree, place)


def table(rounds: Sequence[Sequence[Took]], names: Sequence[str]) -> list[str]:
    """Return a line for each program with its medians, and the median of ratios over a Python that does nothing.

    Args:
        rounds: What each program took, a Python that does nothing first, in each round.
        names: What each program is called; the ratios are the last one's to the one before it.
    """
    lines = []
    for column, name in enumerate(names):
        wall_s, cpu_s = (statistics.median(one[column][part] for one in rounds) for part in (0, 1))
        lines.append(f"{name:<20} {wall_s:7.3f} s, {cpu_s:7.3f} s of processor time")
    if len(names) > 2:
        ratios = [
            statistics.median((one[-1][part] - one[0][part]) / (one[-2][part] - one[0][part]) for one in rounds)
            for part in (0, 1)
        ]
        lines.append(f"ratio of what is above a Python that does nothing: {ratios[0]:.2f}, {ratios[1]:.2f} of it")
    return lines


@click.command()
@click.option("--pairs", default=9, show_default=True, help="Rounds.")
@click.option("--against", type=click.Path(path_type=pathlib.Path, exists=True), help="Another checkout.")
@click.option("--ray", "with_ray", is_flag=True, help="Workers on a Ray that the run starts for itself.")
def main(pairs: int, against: pathlib.Path | None, with_ray: bool) -> None:
    """Print how long a run of one step takes, beside a Python that does nothing and beside another checkout."""
    trees = [tree.resolve() for tree in ([against] if against else [])] + [HERE]
    usual = [(name, ["-c", code]) for name, code in (("python -c pass", "pass"), ("Ray alone", RAY_ALONE))]
    usual = usual if with_ray else usual[:1]
    names = [*(name for name, _ in usual), *(["the other checkout"] if against else []), "a run of one step"]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        for tree in trees:
            one_step(tree, place, with_ray)
        rounds = [
            [
                *(took(arguments, HERE, place) for _, arguments in usual),
                *(one_step(tree, place, with_ray) for tree in trees),
            ]
            for _ in range(pairs)
        ]
    print("\n".join(table(rounds, names)))


if __name__ == "__main__":
    main()
