"""Tries Surefoot with the lowest and the newest versions of what it needs, on every Python that is there.

    python -m surefoot.scripts.benchmarks.versions --folder /tmp/versions [--python 3.11 --python 3.13] [--which lowest]

For each pair a virtual environment is made with uv (``pip install uv``), which can resolve to the lowest versions that
``pyproject.toml`` allows; only wheels are taken. Then small runs are made in it: of the bundled model, of a simulated
one on a Ray of its own, and of a model behind the server of this package through LiteLLM; a run is read back. What was
made is kept in the folder, and a row that stands in its ``table.jsonl`` is not tried again.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib
from typing import Literal

import click
import msgspec

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESOLUTIONS = {"lowest": "lowest-direct", "newest": "highest"}
Which = Literal["lowest", "newest"]
SMALL = ("run", "hanoi", "--disks", "4", "--k", "2", "--json")
CHECKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "bundled": ((*SMALL, "--address", "none", "--run-dir", "bundled"), ("verify", "bundled"), ("report", "bundled")),
    "ray": ((*SMALL, "--model", "simulated", "--address", "local", "--workers", "1", "--run-dir", "ray"),),
    "litellm": ((*SMALL, "--model", "openai/m", "--dialect", "chat", "--address", "none", "--run-dir", "litellm"),),
}
"""Commands of each check, in order."""
LONGEST_S = 300.0
"""Seconds that one command may take."""


class Row(msgspec.Struct, frozen=True):
    """What became of one environment.

    Attributes:
        python: Version asked for, such as ``3.12``.
        which: Whether the lowest or the newest versions were taken.
        versions: Of the packages that Surefoot names.
        checks: By name: empty if it held, else the last line that was said.
        fault: Why there is no environment; empty if there is one.
    """

    python: str
    which: str
    versions: dict[str, str] = {}
    checks: dict[str, str] = {}
    fault: str = ""


def needed(pyproject: str) -> list[str]:
    """Read the names of the packages that a ``pyproject.toml`` says are needed."""
    names = tomllib.loads(pyproject)["project"]["dependencies"]
    return [re.split(r"[<>=!~\[; ]", name)[0] for name in names]


def versions_in(listed: str, names: list[str]) -> dict[str, str]:
    """Read the versions of some packages out of what ``uv pip freeze`` says."""
    pairs = (line.strip().split("==") for line in listed.splitlines() if line.count("==") == 1)
    found = {name.lower().replace("_", "-"): version for name, version in pairs}
    return {name: found[name.lower()] for name in names if name.lower() in found}


def table(rows: list[Row]) -> str:
    """Format rows as a table: a line for each environment, a column for each package and check."""
    names = list(dict.fromkeys(name for row in rows for name in row.versions))
    lines = [
        " | ".join(["| Python", "versions", *CHECKS, *names]) + " |",
        "|---" * (2 + len(CHECKS) + len(names)) + "|",
    ]
    for row in rows:
        held = ["ok" if row.checks.get(name) == "" else row.checks.get(name, row.fault or "-") for name in CHECKS]
        lines.append(
            " | ".join([f"| {row.python}", row.which, *held, *(row.versions.get(n, "-") for n in names)]) + " |"
        )
    return "\n".join(lines)


def _run(command: list[str], **more: str) -> "subprocess.CompletedProcess[str]":
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    cwd = more.pop("cwd", None)
    return subprocess.run(
        command, cwd=cwd, env={**environment, **more}, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )


def _last(done: "subprocess.CompletedProcess[str]") -> str:
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return "" if done.returncode == 0 else f"exit {done.returncode}: {lines[-1][:200] if lines else ''}"


def made(uv: str, folder: pathlib.Path, python: str, which: str, checks: tuple[str, ...] = tuple(CHECKS)) -> Row:
    """Make one environment and try it; what became of it."""
    place = folder / f"{python.replace(os.sep, '_')}-{which}"
    shutil.rmtree(place, ignore_errors=True)
    interpreter = str(place / "bin" / "python")
    steps = (
        [uv, "venv", "--python", python, str(place)],
        [uv, "pip", "install", "--python", interpreter, "--only-binary", ":all:", "--resolution", RESOLUTIONS[which],
         "-r", str(ROOT / "pyproject.toml")],
    )  # fmt: skip
    for step in steps:
        if said := _last(_run(step)):
            return Row(python, which, fault=said)
    names = needed((ROOT / "pyproject.toml").read_text())
    listed = _run([uv, "pip", "freeze", "--python", interpreter]).stdout
    return Row(python, which, versions_in(listed, names), tried(interpreter, place / "runs", checks))


def tried(interpreter: str, folder: pathlib.Path, checks: tuple[str, ...] = tuple(CHECKS)) -> dict[str, str]:
    """Make the small runs with an interpreter; by check, what was said where one did not hold."""
    folder.mkdir()
    server = subprocess.Popen(
        [interpreter, "-m", "surefoot.scripts.cluster.serve_model", "--model", "simulated"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert server.stdout is not None
    address = server.stdout.readline().rpartition(" at ")[2].strip()
    found = {}
    try:
        for name in checks:
            for command in CHECKS[name]:
                at = ("--api-base", address) if name == "litellm" else ()
                base = [interpreter, "-m", "surefoot.scripts.commands.cli", *command, *at]
                key = {"OPENAI_API_KEY": "none"}
                found[name] = _last(_run(base, cwd=str(folder), PYTHONPATH=str(ROOT), **key))
                if found[name]:
                    break
    finally:
        server.terminate()
        server.wait()
    return found


@click.command()
@click.option("--folder", type=click.Path(path_type=pathlib.Path), required=True, help="where environments are kept")
@click.option("--python", "pythons", multiple=True, default=("3.11", "3.12", "3.13", "3.14"), help="versions")
@click.option("--which", "whiches", multiple=True, type=click.Choice(list(RESOLUTIONS)), default=tuple(RESOLUTIONS))
@click.option("--check", "checks", multiple=True, type=click.Choice(list(CHECKS)), default=tuple(CHECKS))
@click.option("--uv", default=shutil.which("uv") or "uv", help="uv's command")
def main(
    folder: pathlib.Path, pythons: tuple[str, ...], whiches: tuple[str, ...], checks: tuple[str, ...], uv: str
) -> None:
    """Try every pair that is not in the table yet, and print the table."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "table.jsonl"
    rows = [msgspec.json.decode(line, type=Row) for line in kept.read_text().splitlines()] if kept.exists() else []
    for python in pythons:
        for which in whiches:
            if any((row.python, row.which) == (python, which) for row in rows):
                continue
            began = time.monotonic()
            rows.append(made(uv, folder, python, which, checks))
            with kept.open("ab") as file:
                file.write(msgspec.json.encode(rows[-1]) + b"\n")
            print(f"{python} {which}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    print(table(rows))


if __name__ == "__main__":
    main()
