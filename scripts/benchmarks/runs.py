"""Runs the plans that a first user would try, from the command line, and prints one table.

    python -m surefoot.scripts.benchmarks.runs

Nothing is asserted.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import time
from typing import Any

import click
import msgspec
import rich.console
import rich.table


class Result(msgspec.Struct, frozen=True):
    """The result of one run of the command line.

    Attributes:
        ended: The JSON of ``surefoot run``.
        verified: The JSON of ``surefoot verify``; ``None`` without a plan.
        wall_s: Seconds of the whole command, the start of Python and Ray included.
    """

    ended: dict[str, Any]
    verified: dict[str, Any] | None
    wall_s: float

    @property
    def right(self) -> bool:
        """Whether the run was solved and the referee agrees."""
        return bool(self.verified and self.verified["valid"] and self.verified["reached_goal"])


def surefoot(*arguments: str) -> tuple[dict[str, Any], float]:
    """Run a command of ``surefoot``; return its JSON object and the seconds it took."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.strip():
        raise click.ClickException(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - started


def run(*arguments: str) -> Result:
    """Run a task and verify its plan, in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        directory = str(pathlib.Path(folder) / "run")
        ended, wall_s = surefoot("run", *arguments, "--run-dir", directory)
        verified = surefoot("verify", directory)[0] if ended["status"] == "solved" else None
        return Result(ended, verified, wall_s)


@click.command()
@click.option("--disks", default=10, show_default=True, help="Of the towers for the bundled model.")
@click.option("--seeds", default=20, show_default=True, help="Seeds of the simulated 12-disk chain.")
@click.option("--products", default=50, show_default=True, help="8-digit products for the bundled model.")
@click.option("--address", default="auto", show_default=True, help="For the towers; the rest runs without Ray.")
def main(disks: int, seeds: int, products: int, address: str) -> None:
    """Measure the runs that a first user would try, and print one table."""
    table = rich.table.Table("run", "right", "calls a step", "wall s (with start)", "seam retries", box=None)

    def row(name: str, results: list[Result]) -> None:
        rates = [r.ended["calls_per_step"] or 0.0 for r in results]
        table.add_row(
            name,
            f"{sum(r.right for r in results)} of {len(results)}",
            f"{sum(rates) / len(rates):.3f}",
            f"{sum(r.wall_s for r in results) / len(results):.1f}",
            f"{sum(r.ended['seam_retries'] for r in results)}",
        )

    tower = ("hanoi", "--disks", str(disks), "--address", address)
    row(f"{disks} disks, bundled, tree", [run(*tower)])
    row(f"{disks} disks, bundled, chain --k 3", [run(*tower, "--strategy", "chain", "--k", "3")])
    simulated = ("hanoi", "--disks", "12", "--model", "simulated:p_error=0.01", "--strategy", "chain")
    local = ("--address", "none", "--workers", "1")
    row(
        "12 disks, simulated p_error = 0.01, chain --k auto",
        [run(*simulated, *local, "--seed", str(seed)) for seed in range(seeds)],
    )
    row(
        "8-digit products, bundled, tree",
        [run("multiply", "--digits", "8", "--draw", str(draw), *local) for draw in range(products)],
    )
    rich.console.Console(width=120).print(table)


if __name__ == "__main__":
    main()
