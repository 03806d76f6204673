"""Faster planners outside this process, for the simulated model's answer key on PDDL problems.

No run decides by them. A planner is a program that reads a domain and a problem and writes a plan file. It is started
as a process of its own and never imported: its licence, its memory and its crashes stay its own.
"""

import functools
import importlib.util
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping

from surefoot.decompose.tasks.pddl_collections import texts_of
from surefoot.decompose.tasks.pddl_reader import read
from surefoot.runtime.errors import ConfigurationError

Outside = Callable[[str, str], tuple[str, ...] | None]
"""From a state and a goal to the actions of a plan, or ``None`` where there is none."""

SECONDS = 60.0
"""Time that a planner is given for one problem."""
LARGEST_PLAN = 4 << 20
"""Bytes of a plan file that are read."""

_ACTION = re.compile(r"\(\s*[^()]+?\s*\)")


def command_of(engine: str) -> list[str]:
    """Return a planner's command line, with ``{domain}``, ``{problem}`` and ``{plan}`` for the files.

    Args:
        engine: ``fast-downward`` (the package up-fast-downward), ``pyperplan``, or a command line.

    Raises:
        ConfigurationError: The planner is not installed, or the command names no files.
    """
    if engine == "fast-downward":
        found = importlib.util.find_spec("up_fast_downward")  # looks for the files, runs none of them
        if found is None or found.origin is None:
            raise ConfigurationError("--engine fast-downward: it is not installed; pip install up-fast-downward")
        script = pathlib.Path(found.origin).parent / "downward" / "fast-downward.py"
        return [sys.executable, str(script), "--plan-file", "{plan}", "--alias", "lama-first", "{domain}", "{problem}"]
    if engine == "pyperplan":
        if importlib.util.find_spec("pyperplan") is None:
            raise ConfigurationError("--engine pyperplan: it is not installed; pip install pyperplan")
        return [sys.executable, "-m", "pyperplan", "-s", "gbf", "-H", "hff", "{domain}", "{problem}"]
    words = shlex.split(engine)
    if not {"{domain}", "{problem}"} <= set(words):
        raise ConfigurationError(
            f"--engine {engine}: a command needs {{domain}} and {{problem}}, and {{plan}} if it is told"
        )
    return words


def plan_with(command: list[str], domain: str, problem: str, seconds: float = SECONDS) -> tuple[str, ...] | None:
    """Run a planner on a problem and return its plan; ``None`` if it finds none in the time, or fails.

    Args:
        command: As ``command_of`` returns it.
        domain: PDDL text.
        problem: PDDL text.
        seconds: After which the planner is killed.
    """
    with tempfile.TemporaryDirectory(prefix="surefoot-engine-") as folder:
        place = pathlib.Path(folder)
        files = {"domain": place / "domain.pddl", "problem": place / "problem.pddl", "plan": place / "plan"}
        files["domain"].write_text(domain)
        files["problem"].write_text(problem)
        words = [word.format_map(files) if word.startswith("{") else word for word in command]
        if not _ended(words, place, seconds):
            return None
        written = [place / "plan", place / "problem.pddl.soln"]
        found = next((path for path in written if path.is_file() and path.stat().st_size <= LARGEST_PLAN), None)
        return None if found is None else actions_in(found.read_text(errors="replace"))


def _ended(words: list[str], place: pathlib.Path, seconds: float) -> bool:
    """Run a planner in a folder; whether it came to its end in the time. If not, what it started ends with it."""
    quiet = subprocess.DEVNULL
    try:
        planner = subprocess.Popen(words, cwd=place, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    except OSError as error:
        raise ConfigurationError(f"--engine: {words[0]}: {error.strerror}") from error
    try:
        planner.wait(seconds)
    except BaseException as error:
        # Planners are scripts that start a translator and a search: to kill the script alone leaves these at work.
        os.killpg(planner.pid, signal.SIGKILL)
        planner.wait()
        if isinstance(error, subprocess.TimeoutExpired):
            return False
        raise
    return True


def actions_in(text: str) -> tuple[str, ...]:
    """Return the actions of a plan file, in order; what stands behind a semicolon is a remark."""
    told = "\n".join(line.partition(";")[0] for line in text.splitlines())
    return tuple(f"({' '.join(found[0].strip('() ').lower().split())})" for found in _ACTION.finditer(told))


def outside_planner(engine: str, options: Mapping[str, object]) -> Callable[[tuple[str, ...]], Outside | None]:
    """Return what gives an answer key the plans of a task's problems, each made when first asked for.

    Args:
        engine: See ``command_of``.
        options: Of the task, with the problems' texts.

    Raises:
        ConfigurationError: The planner cannot be run.
    """
    command = command_of(engine)
    domain, problem, problems = (options.get(name) for name in ("domain", "problem", "problems"))
    texts = texts_of(str(problems), str(domain) if domain else None) if problems else [(str(domain), str(problem))]

    @functools.lru_cache(maxsize=1)
    def known() -> dict[tuple[str, ...], tuple[str, str, str, str]]:
        found = {}
        for one, other in texts:
            try:
                posed = read(one, other)
            except ValueError:  # it has its own row, which says why
                continue
            found[posed.world.lines] = (one, other, posed.start, posed.goal)
        return found

    def of_world(lines: tuple[str, ...]) -> Outside | None:
        if lines not in known():
            return None
        one, other, start, goal = known()[lines]
        plan = functools.lru_cache(maxsize=1)(lambda: plan_with(command, one, other))
        return lambda state, wanted: plan() if (state, wanted) == (start, goal) else None

    return of_world
