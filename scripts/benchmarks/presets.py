"""What each difference between the published planner and ours costs and brings, with modules that err alike.

Each suite is solved by both presets, and by each preset without one of its own parts. All rows have the same simulated
modules, which err in the same share of their answers whatever they are shown: so the rows compare what the planner does
with right and wrong answers, not how a model answers with more in its prompt. What more text costs stands beside it.

    python -m surefoot.scripts.benchmarks.presets [--error 0.05] [--k 1] [--repeats 5] [--suite hanoi3 ...]
"""

import argparse
import json
import pathlib
import sys
import tempfile
from typing import Any

from surefoot.decompose.modular_planner.settings import OURS, PUBLISHED
from surefoot.scripts.commands.bench import bench

SUITES = ("hanoi3", "detour", "revaluation", "transfer")
OF_CASTLES = ("phases", "description")
"""Parts of the published planner that change nothing elsewhere."""


def methods(suite: str) -> list[str]:
    """Both presets, and each without every part that matters in a suite, in the order of the table."""
    published = [name for name in PUBLISHED if name not in OF_CASTLES or _matters(suite, name)]
    ours = [name for name in OURS if name != "recovery" or suite.startswith("hanoi")]
    return ["paper", *(f"paper-{name}" for name in published), "surefoot", *(f"surefoot-{name}" for name in ours)]


def _matters(suite: str, name: str) -> bool:
    return (suite in ("detour", "revaluation")) if name == "phases" else suite == "transfer"


def run_suite(suite: str, directory: pathlib.Path, options: list[str]) -> list[dict[str, Any]]:
    """Run a suite's rows and return them as ``surefoot bench`` writes them down."""
    rows = [part for method in methods(suite) for part in ("--method", method)]
    place = directory / suite
    bench.main([suite, "--run-dir", str(place), "--address", "none", *options, *rows], standalone_mode=False)
    found: list[dict[str, Any]] = json.loads((place / "bench.json").read_text())["rows"]
    return [row for row in found if row["method"] in methods(suite)]


def table(suite: str, rows: list[dict[str, Any]]) -> str:
    """A suite's rows as a Markdown table; a row without a part is compared with its whole preset."""
    whole = {row["method"]: row for row in rows}
    lines = [f"**{suite}**, {rows[0]['problems']} plans a row", "", f"| {' | '.join(HEAD)} |", "|---|---|---|---|---|"]
    for row in rows:
        preset, _, part = row["method"].partition("-")
        change = f"{row['solved_percent'] - whole[preset]['solved_percent']:+.0f}" if part else ""
        solved = f"{row['solved_percent']:.0f} % ({row['low_percent']:.0f} to {row['high_percent']:.0f})"
        calls, words = f"{row['calls_per_problem']:.0f}", f"{row['tokens_in_per_problem']:,.0f}"
        told = (row["method"].replace("-", " without "), solved, change, calls, words)
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines)


HEAD = ("planner", "solved, 95 % interval", "points", "calls", "words read")


def main(arguments: list[str]) -> None:
    """Run all suites and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--error", type=float, default=0.05)
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--suite", action="append", choices=SUITES)
    asked = parser.parse_args(arguments)
    options = ["--model", f"simulated:p_error={asked.error}", "--dialect", "chat", "--k", str(asked.k)]
    with tempfile.TemporaryDirectory() as place:
        found = [
            table(suite, run_suite(suite, pathlib.Path(place), [*options, "--repeats", str(asked.repeats)]))
            for suite in asked.suite or SUITES
        ]
    print("\n\n".join(found))


if __name__ == "__main__":
    main(sys.argv[1:])
