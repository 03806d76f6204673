"""``surefoot review``: a person answers the steps of a run that stayed undecided."""

import pathlib
import sys
from collections import Counter
from contextlib import nullcontext
from typing import Any

import click
import msgspec

from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.plain_files import open_named
from surefoot.runtime.session.mapping import open_run
from surefoot.runtime.session.review import Waiting, checked_answer, give_answers, put_aside_in
from surefoot.runtime.unreadable import UNREADABLE
from surefoot.scripts.commands.options import json_option
from surefoot.scripts.commands.output import OK, print_json, printable, quoted
from surefoot.scripts.commands.steps import described

LARGEST = 64 << 20
"""Bytes of the largest file of answers that is read."""
HELP = "a number takes that answer, =TEXT gives another one, Enter skips, q ends"


class Answered(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer of a file: which step it is to, by its row or by its node and number, and what it says."""

    answer: str
    row: int | None = None
    node: str | None = None
    number: int | None = None
    attempt: int = 0

    def is_to(self, one: Waiting) -> bool:
        """Whether a waiting step is the one that is meant."""
        node, attempt, number = one.name
        if self.row is not None:
            return one.step.row == self.row and self.node in (None, node) and self.number in (None, number)
        return (self.node, self.attempt, self.number) == (node, attempt, number)

    @property
    def place(self) -> str:
        """The step as it was named."""
        if self.row is not None:
            return f"row {self.row}"
        return f"node {self.node}, number {self.number}, attempt {self.attempt}"


@click.command()
@click.argument("run_dir", type=click.Path(path_type=pathlib.Path))
@click.option("--again", is_flag=True, help="Also steps that have been answered: the last answer counts.")
@click.option(
    "--answers",
    type=click.Path(path_type=pathlib.Path),
    metavar="FILE",
    help="Take answers from a file of JSON, or - for stdin.",
)
@json_option
def review(run_dir: pathlib.Path, again: bool, answers: pathlib.Path | None, as_json: bool) -> int:
    """Show the steps of a run that wait for a person, with ballots and replies, and take answers.

    Steps wait in a run that was started, or resumed, with --review. An answer is one of those that were voted for, or
    one of your own, written as the model would reply. surefoot resume goes on with it and asks nothing again.
    """
    waiting = put_aside_in(run_dir, again=again or answers is not None)
    given: list[tuple[Waiting, str]] = []
    if answers is not None:
        given = _from_file(answers, waiting)
    elif not as_json:
        given = _from_person(run_dir, waiting)
    if given:
        give_answers(run_dir, given)
        waiting = put_aside_in(run_dir, again=again)
    open_ones = [one for one in waiting if one.answered is None]
    if as_json:
        shown = [told(one) for one in waiting if again or one.answered is None]
        print_json({"run_dir": str(run_dir), "answered": len(given), "waiting": len(open_ones), "steps": shown})
        return OK
    steps = "step" if len(given) == 1 else "steps"
    print(f"{len(given):,} {steps} answered, {len(open_ones):,} {'waits' if len(open_ones) == 1 else 'wait'}")
    if not open_ones and open_run(run_dir).status != "solved":
        print(f"next      surefoot resume {quoted(run_dir)}")
    return OK


def told(one: Waiting) -> dict[str, Any]:
    """A step that waits as the JSON object has it."""
    replies = [{"text": reply.text, "flag": reply.flag, "read": reply.read} for reply in one.step.replies]
    return {
        **msgspec.to_builtins(one.step),
        "replies": replies,
        "candidates": dict(candidates(one)),
        "answered": one.answered,
    }


def candidates(one: Waiting) -> list[tuple[str, int]]:
    """Candidates of a waiting step with their votes, most votes first."""
    return Counter(shown.candidate for shown in one.step.ballots if shown.candidate is not None).most_common()


def _from_file(path: pathlib.Path, waiting: list[Waiting]) -> list[tuple[Waiting, str]]:
    """The answers of a file, each with its step.

    Raises:
        ConfigurationError: It cannot be read, or names a step that does not wait.
    """
    try:
        with nullcontext(sys.stdin.buffer) if str(path) == "-" else open_named(path) as file:
            data = file.read(LARGEST)
        given = msgspec.json.decode(data, type=list[Answered])
    except (OSError, *UNREADABLE) as error:
        raise ConfigurationError(f"--answers {path}: {getattr(error, 'strerror', None) or error}") from error
    known: dict[Any, Waiting] = {one.name: one for one in waiting}
    known |= {one.step.row: one for one in waiting if one.step.row is not None}
    found = []
    for answer in given:
        if answer.row is None and (answer.node is None or answer.number is None):
            raise ConfigurationError(f"--answers {path}: an answer names its row, or its node and number")
        name = (answer.node, answer.attempt, answer.number) if answer.row is None else answer.row
        one = known.get(name)
        if one is None or not answer.is_to(one):
            raise ConfigurationError(f"--answers {path}: no step waits at {answer.place}")
        found.append((one, answer.answer))
    return found


def _from_person(run_dir: pathlib.Path, waiting: list[Waiting]) -> list[tuple[Waiting, str]]:
    """What a person types, step by step; what was answered by the end of the input counts."""
    given = []
    for number, one in enumerate(waiting, 1):
        print(f"\n{number:,} of {len(waiting):,}")
        print("\n".join(described(one.step)))
        for place, (candidate, votes) in enumerate(candidates(one), 1):
            print(printable(f"  [{place}] {candidate}   ({votes:,} votes)"))
        typed = _typed(run_dir, one)
        if typed is None:
            break
        if typed:
            given.append((one, typed))
    return given


def _typed(run_dir: pathlib.Path, one: Waiting) -> str | None:
    """One answer; empty to skip the step, ``None`` to end."""
    named = [candidate for candidate, _ in candidates(one)]
    while True:
        print(HELP, file=sys.stderr)
        line = sys.stdin.readline()
        text = line.strip()
        if not line or text == "q":
            return None
        if text.isdecimal() and 1 <= int(text) <= len(named):
            return named[int(text) - 1]
        if not text:
            return ""
        if text.startswith("="):
            try:
                return checked_answer(run_dir, one, text[1:].strip())
            except ConfigurationError as error:
                print(printable(str(error)), file=sys.stderr)
        else:
            numbers = f"is no number from 1 to {len(named)} and " if named else ""
            print(printable(f"{text[:40]!r} {numbers}does not begin with ="), file=sys.stderr)
