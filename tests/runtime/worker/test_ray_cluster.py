"""Workers on Ray: a cluster of our own, and a running one whose nodes have no checkout on their disk."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from types import ModuleType

import pytest

from surefoot.runtime.worker import ray_cluster

pytestmark = pytest.mark.ray

ROOT = pathlib.Path(__file__).parents[3]

# Takes the checkout away from an interpreter, also where it is installed in editable form.
WITHOUT_CHECKOUT = """
import sys
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path[:] = [path for path in sys.path if "editable" not in path]
"""

OWN_TASK = '''
from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.plan import Node
from surefoot.decompose.step import Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task


class Countdown(Task, frozen=True, kw_only=True):
    """Count down to zero."""

    start: int = 20

    def root(self):
        return Node((), "zero", (self.start,), promise=0)

    def next_step(self, goal, state):
        return Done(0) if state == 0 else Step("next", Role.ACTOR, state)

    def advance(self, goal, state, candidate):
        return int(candidate)

    def prompt(self, step, dialect):
        return Prompt(f"before {step.reads}")

    def parse(self, step, text, dialect):
        return text if text.isdigit() else Flag("misformatted", text)


def answers(prompt):
    number = int(prompt.user.split()[1])
    return Answers((str(number - 1),), (str(number),))
'''


@pytest.fixture
def short_folder() -> Iterator[pathlib.Path]:
    """Ray's sockets need a short path; and a cluster of somebody else's must not be found."""
    with tempfile.TemporaryDirectory(prefix="sf", dir="/tmp", ignore_cleanup_errors=True) as folder:
        yield pathlib.Path(folder)


def surefoot(folder: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, in an environment whose Ray clusters live in the folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "RAY_TMPDIR": str(folder / "ray"),
        "RAY_AUTH_MODE": "disabled",
    }
    (folder / "ray").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110)


@pytest.fixture
def bare_cluster(short_folder: pathlib.Path) -> Iterator[str]:
    """The address of a running cluster whose processes cannot import Surefoot from a disk."""
    bare = short_folder / "bare"
    bare.mkdir()
    (bare / "sitecustomize.py").write_text(WITHOUT_CHECKOUT)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("RAY_")},
        "PYTHONPATH": str(bare),
        "RAY_AUTH_MODE": "disabled",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    found = subprocess.run([sys.executable, "-c", "import surefoot"], cwd=bare, env=environment, capture_output=True)
    assert found.returncode != 0, "placebo: the cluster's interpreter must not find the checkout"
    ray = str(pathlib.Path(sys.executable).parent / "ray")
    start = [ray, "start", "--head", f"--port={port}", "--num-cpus=2", "--include-dashboard=false", "--block"]
    temporary = f"--temp-dir={short_folder / 'head'}"
    head = subprocess.Popen(
        [*start, temporary], cwd=bare, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    with head:
        assert head.stdout is not None
        next(line for line in head.stdout if "Ray runtime started" in line)
        yield f"127.0.0.1:{port}"
        # The head's children are in its process group, and nobody else's Ray is.
        os.killpg(head.pid, signal.SIGKILL)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("model", "steps_per_call", "disks", "calls", "a_step"),
    [("simulated:p_error=0.02", "1", 9, 200, 2.0), ("bundled", "auto", 12, 150, 0.25)],
)
def test_a_cluster_of_our_own_solves_and_survives_a_resume(
    short_folder: pathlib.Path, model: str, steps_per_call: str, disks: int, calls: int, a_step: float
) -> None:
    """Also where one reply of the bundled model states many steps: in the second part they are at least four a call."""
    options = ["--model", model, "--steps-per-call", steps_per_call, "--workers", "2", "--segment-steps", "64"]
    options += ["--address", "local", "--json", "--run-dir", "here", "--max-calls", str(calls)]
    done = surefoot(short_folder, "run", "hanoi", "--disks", str(disks), *options)
    assert done.returncode == 3, done.stderr
    paused = json.loads(done.stdout.splitlines()[-1])
    more = surefoot(short_folder, "resume", "here", "--max-calls", "1000000", "--json")
    assert more.returncode == 0, more.stderr
    solved = json.loads(more.stdout.splitlines()[-1])
    assert solved["steps"] == 2**disks - 1
    assert solved["calls"] - paused["calls"] < a_step * (solved["steps"] - paused["steps"])
    assert surefoot(short_folder, "verify", "here").returncode == 0


@pytest.mark.timeout(240)
def test_a_running_cluster_needs_no_checkout(short_folder: pathlib.Path, bare_cluster: str) -> None:
    (short_folder / "mine.py").write_text(OWN_TASK)
    for number, task in enumerate((["hanoi", "--disks", "7"], ["mine:Countdown", "--start", "40"])):
        options = ["--model", "simulated:p_error=0.01", "--address", bare_cluster, "--run-dir", f"run{number}"]
        done = surefoot(short_folder, "run", *task, *options, "--k", "3", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout.splitlines()[-1])["status"] == "solved"


def test_a_folder_that_python_found_twice_travels_once() -> None:
    twice = ModuleType("twice")
    twice.__path__ = ["/a/twice", "/a/twice"]
    assert ray_cluster._parcel(twice) == "/a/twice"
    for module in (json, pathlib):
        assert ray_cluster._parcel(module) is module
    twice.__path__ = ["/a/twice", "/b/twice"]  # Ray refuses it in a line of its own
    assert ray_cluster._parcel(twice) is twice
