"""The template that ``surefoot init`` fills in: a task that adds up numbers, and its test."""

import re
from collections.abc import Mapping

BLANK = re.compile("NAME|CLASS")
"""What is filled in: the name of the module, and that of its class."""

TASK = '''\
"""A task of your own: adds up whole numbers, one small question a step. Change it piece by piece into yours.

    surefoot test NAME:CLASS                                    check it, without a model
    surefoot run NAME:CLASS --model simulated --address none    run it with its answer key as the model
    surefoot run NAME:CLASS --numbers "1 2 3"                   run it with the bundled model, or --model openai/...
"""

import re
from typing import Annotated

from msgspec import Meta

from surefoot import Answers, Done, Flag, Node, Prompt, Role, Step, Task, Verification


class CLASS(Task, frozen=True, kw_only=True):
    """Add up whole numbers."""

    # Fields are options of the command line: --numbers "1 2 3".
    numbers: Annotated[str, Meta(description="whole numbers, with blanks between them")] = "3 14 15 92 65"

    def root(self):
        # The whole job as one node: a name for the goal, and what is known at the start.
        return Node((), "total", (tuple(int(one) for one in self.numbers.split()),))

    def size(self, goal, inputs):
        # Most steps it can take: a run is stopped there.
        return len(inputs[0])

    def begin(self, goal, inputs):
        # The state before the first step: the total so far, and what is left to add.
        return (0, inputs[0])

    def next_step(self, goal, state):
        # The next question, or Done with the output. "reads" holds every fact that the question may show.
        total, rest = state
        if not rest:
            return Done(total)
        return Step("add", Role.ACTOR, reads=(total, rest[0]))

    def prompt(self, step, dialect, wording=0):
        # How the question is put to a model. It sees this and nothing else.
        one, other = step.reads
        return Prompt(f"What is {one} + {other}? Reply with the number and nothing else.")

    def parse(self, step, text, dialect):
        # A reply becomes a candidate in one canonical form, so that equal answers agree; or it is discarded.
        if not re.fullmatch(r"-?[0-9]{1,18}", text.strip()):
            return Flag("misformatted", text)
        return str(int(text))

    def check(self, step, candidate):
        # Optional: what is wrong on the face of it is discarded, too. None says that nothing is.
        one, other = step.reads
        if int(candidate) < min(one, other, one + other):
            return Flag("inconsistent", f"{candidate} is less than both {one} and {other}")
        return None

    def advance(self, goal, state, candidate):
        # The state after the answer that won.
        _, rest = state
        return (int(candidate), rest[1:])


def answers(prompt):
    """Right and plausible wrong replies to a prompt: what the simulated model and surefoot test answer with."""
    one, other = (int(number) for number in re.findall(r"-?[0-9]+", prompt.user))
    return Answers(right=(str(one + other),), wrong=(str(one + other + 1), str(one + other + 10)))


def verify(task, plan):
    """Check a finished plan without any model; surefoot verify calls it, a run never does."""
    steps, first_error = 0, None
    for step in plan:
        one, other = step.reads
        if first_error is None and step.candidate != str(one + other):
            first_error = f"{one} + {other} is not {step.candidate}"
        steps += first_error is None
    right = plan.output == sum(int(number) for number in task.numbers.split())
    return Verification(valid=first_error is None, reached_goal=right, steps=steps, first_error=first_error)
'''

TEST = '''\
"""Tests of the task in NAME.py: run them with pytest."""

import json
import pathlib
import subprocess
import sys

import surefoot
from NAME import CLASS

HERE = pathlib.Path(__file__).parent


def command(*arguments):
    """Run a command of surefoot in this folder; its exit code and what it says with --json."""
    line = [sys.executable, "-m", "surefoot.scripts.commands.cli", *arguments, "--json"]
    done = subprocess.run(line, cwd=HERE, capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout.splitlines()[-1])


def test_the_task_keeps_what_a_run_relies_on():
    code, found = command("test", "NAME:CLASS")
    assert code == 0, [check for check in found["checks"] if check["state"] == "failed"]


def test_a_model_that_errs_is_outvoted(tmp_path):
    # One answer in ten is wrong; answers must lead by three to be believed.
    run = surefoot.run(
        CLASS(numbers="1 2 3 4"), model="simulated:p_error=0.1", k=3, address="none", run_dir=tmp_path / "run"
    )
    assert run.status == "solved", run.message
    assert run.output == 10
    code, verdict = command("verify", str(tmp_path / "run"))
    assert code == 0, verdict
'''


def filled(text: str, names: Mapping[str, str]) -> str:
    """Return a template with its blanks filled in, whatever the names themselves contain.

    Args:
        text: ``TASK`` or ``TEST``.
        names: What stands for ``NAME`` and for ``CLASS``.
    """
    return BLANK.sub(lambda blank: names[blank[0]], text)
