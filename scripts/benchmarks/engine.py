"""Which problems of a folder have a plan by the answer key itself, and which by a faster planner (``--engine``).

Each problem is a process of its own with a limit of time, so that one that is hard costs no more than that. A planner's
plan counts only if it leads to the goal by our referee.

    python -m surefoot.scripts.benchmarks.engine FOLDER [--engine fast-downward] [--seconds 60] [--names A,B]
"""

import argparse
import pathlib
import subprocess
import sys
import time
from collections.abc import Iterator

from surefoot.decompose.answer_keys.strips_plans import Plans
from surefoot.decompose.referees import pddl as referee
from surefoot.decompose.tasks.pddl import PddlPlanning
from surefoot.runtime.models.planning_engine import command_of, plan_with

OWN = "our own key"
"""What is measured where no planner is named."""


def pairs(folder: pathlib.Path) -> Iterator[tuple[str, pathlib.Path, pathlib.Path]]:
    """Yield name, domain and problem of each pair ``NAME.domain.pddl`` and ``NAME.problem.pddl`` of a folder."""
    for domain in sorted(folder.glob("*.domain.pddl")):
        name = domain.name.removesuffix(".domain.pddl")
        yield name, domain, folder / f"{name}.problem.pddl"


def plan_of(domain: str, problem: str, engine: str, seconds: float) -> tuple[str, ...] | str:
    """Return a plan that leads to the goal, or why there is none."""
    try:
        posed = PddlPlanning(domain=domain, problem=problem).problem_of_run()
    except ValueError as error:
        return f"not read: {error}"
    if engine:
        found = plan_with(command_of(engine), domain, problem, seconds)
        if found is None:
            return "no plan"
    else:
        plans, state, steps = Plans(posed.world), posed.start, []  # type: ignore[arg-type]
        while (following := plans.next(state, posed.goal)).action is not None:
            steps.append(following.action)
            state = plans.after(state, following.action)
        found = tuple(steps)
    told = referee.judge(posed, found)
    return found if told.reached_goal else f"no plan ({told.first_error})"


def measured(name: str, domain: pathlib.Path, problem: pathlib.Path, engine: str, seconds: float) -> tuple[str, float]:
    """Return the words for one problem (``plan of N`` or why there is none), and the seconds that it took."""
    started = time.monotonic()
    command = [sys.executable, "-m", __spec__.name, "--one", str(domain), str(problem), "--engine", engine]
    # A planner has a limit of its own, by which it is ended whole; what asks it must outlive that.
    limit = 3 * seconds + 60 if engine else seconds + 20
    try:
        done = subprocess.run([*command, "--seconds", str(seconds)], capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return "time is up", time.monotonic() - started
    said = done.stdout.strip().splitlines() or [f"failed: {done.stderr.strip().splitlines()[-1:]}"]
    return said[-1], time.monotonic() - started


def main(arguments: list[str]) -> None:
    """Print a line for each problem, and how many have a plan."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--engine", default="", help="fast-downward, pyperplan, or a command; default: our own key")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--names", default="", help="only these problems, by commas")
    parser.add_argument("--one", nargs=2, type=pathlib.Path)
    asked = parser.parse_args(arguments)
    if asked.one:
        domain, problem = (path.read_text(errors="replace") for path in asked.one)
        found = plan_of(domain, problem, asked.engine, asked.seconds)
        print(found if isinstance(found, str) else f"plan of {len(found)}")
        return
    wanted = set(filter(None, asked.names.split(",")))
    solved, unsolved = 0, []
    for name, domain, problem in pairs(asked.folder):
        if wanted and name not in wanted:
            continue
        said, seconds = measured(name, domain, problem, asked.engine, asked.seconds)
        print(f"{name}: {said}, {seconds:.1f} s", flush=True)
        solved += said.startswith("plan of")
        if not said.startswith(("plan of", "not read")):
            unsolved.append(name)
    print(f"{asked.engine or OWN}: {solved} solved, {len(unsolved)} read without a plan: {','.join(unsolved)}")


if __name__ == "__main__":
    main(sys.argv[1:])
