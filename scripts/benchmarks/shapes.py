"""Planning problems of the shapes of competition domains, solved by simulated modules that err in 2 % of their answers.

Twenty small instances of our own for each shape, with votes and without; and how many questions a second are answered
for a ten-disk Tower of Hanoi in PDDL, a plan of 1,023 actions.

    python -m surefoot.scripts.benchmarks.shapes [--error 0.02] [--k 3] [--instances 20] [--shape depots ...] [--speed]
"""

import argparse
import json
import pathlib
import sys
import tempfile
import time
from typing import Any

from surefoot.decompose.answer_keys.pddl import answers
from surefoot.decompose.modular_planner.modular_task import MapTask
from surefoot.decompose.step import Done
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.scripts.benchmarks.pddl_shapes import SHAPES, hanoi
from surefoot.scripts.commands.bench import bench

METHODS = ("surefoot", "surefoot-votes")


def collection(shape: str, instances: int) -> str:
    """The instances of a shape as one text, as ``--problems`` takes it."""
    pairs = [SHAPES[shape](seed) for seed in range(1, instances + 1)]
    told = [{"name": f"{shape} {n}", "domain": d, "problem": p} for n, (d, p) in enumerate(pairs, 1)]
    return json.dumps({"pairs": told})


def run_shape(shape: str, instances: int, options: list[str], directory: pathlib.Path) -> dict[str, dict[str, Any]]:
    """Run a shape's instances with votes and without; rows by method."""
    rows = [part for method in METHODS for part in ("--method", method)]
    given = [
        "pddl",
        "--problems",
        collection(shape, instances),
        "--run-dir",
        str(directory / shape),
        "--address",
        "none",
    ]
    bench.main([*given, *options, *rows], standalone_mode=False)
    found = json.loads((directory / shape / "bench.json").read_text())["rows"]
    return {row["method"]: row for row in found}


def line(shape: str, rows: dict[str, dict[str, Any]]) -> str:
    """A shape's row of the table."""
    voted, alone = (rows[method] for method in METHODS)
    shown = [f"{row['solved']} of {row['problems']}, {row['calls_per_problem']:.0f} calls" for row in (voted, alone)]
    return f"| {shape} | {' | '.join(shown)} |"


def speed(disks: int) -> tuple[int, float]:
    """Answer all questions of a Tower of Hanoi in PDDL by the key, as the simulated model does.

    Returns:
        Questions, and seconds of processor time: other work on the machine does not count.
    """
    domain, problem = hanoi(disks)
    task: MapTask = PddlPlanning(domain=domain, problem=problem, preset="surefoot")
    posed = task.problem_of_run()
    state, count, started = task.begin(posed, (posed.start,)), 0, time.process_time()
    while not isinstance(step := task.next_step(posed, state), Done):
        said = answers(task.prompt(step, "compact")).right[0]
        state, count = task.advance(posed, state, str(task.parse(step, said, "compact"))), count + 1
    assert len(step.output["plan"]) >= 2**disks - 1
    return count, time.process_time() - started


def main(arguments: list[str]) -> None:
    """Print the table of shapes, or the speed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--error", type=float, default=0.02)
    parser.add_argument("--k", type=int, default=3)
    parser.add_argument("--instances", type=int, default=20)
    parser.add_argument("--shape", action="append", choices=sorted(SHAPES))
    parser.add_argument("--speed", action="store_true", help="only how fast questions are answered")
    parser.add_argument("--disks", type=int, default=10)
    asked = parser.parse_args(arguments)
    if asked.speed:
        count, seconds = speed(asked.disks)
        told = f"{count:,} questions in {seconds:.2f} s of processor time"
        print(f"{asked.disks} disks: {told}, {count / seconds:,.0f} a second")
        return
    options = ["--model", f"simulated:p_error={asked.error}", "--k", str(asked.k)]
    lines = []
    with tempfile.TemporaryDirectory() as place:
        for shape in asked.shape or SHAPES:
            lines.append(line(shape, run_shape(shape, asked.instances, options, pathlib.Path(place))))
    print("| shape | with votes | without |\n|---|---|---|", *lines, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
