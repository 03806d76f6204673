"""A table whose model says nothing that can be read stops soon, keeps its account, and can go on."""

import asyncio
import pathlib
import re
from typing import Any

import pytest

import surefoot
from surefoot.runtime.api import MapRun
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.voting.giving_up import MOST_DISCARDED, NONE_READ
from tests.runtime.execution.models import QUIET

ROWS = [{"text": f"note {number}"} for number in range(60)]
CENT = 0.01


class Clerk(Model):
    """Says a text to every question, for a cent an answer.

    Args:
        says: The text.
        to_some: The text for every tenth row, if that is another one.
    """

    dialect = "chat"

    def __init__(self, says: str, to_some: str = "") -> None:
        self.says, self.to_some, self.answers = says, to_some or says, 0

    async def ask(self, request: Request) -> list[Reply]:
        self.answers += len(request.draws)
        await asyncio.sleep(0)  # as over a network: other rows are asked meanwhile
        number = int(request.prompt.user.partition("note ")[2].split()[0])
        text = self.says if number % 10 else self.to_some
        return [Reply(text, Stop.END, 20, 5, CENT) for _ in request.draws]

    async def close(self) -> None:
        pass


def ask(model: Model, directory: pathlib.Path, **options: Any) -> MapRun:
    return surefoot.map(
        ROWS, "Say it again: {text}", model, output=int, run_dir=directory, **{**QUIET, "k": 3, **options}
    )


def test_a_model_that_cannot_be_read_is_paused_soon_and_its_money_is_counted(tmp_path: pathlib.Path) -> None:
    clerk = Clerk("I would rather talk about the weather.")
    found = ask(clerk, tmp_path / "run")
    assert found.status == "paused"
    assert re.match(r"none of \d+ replies to questions of kind row can be read: \d+ misformatted, ", found.message)
    assert "about the weather.' (no number that can be used: 'I would" in found.message, "why is said as well"
    assert NONE_READ <= clerk.answers <= NONE_READ + 3 * len(ROWS)
    assert (found.counts.calls, found.counts.cost_usd) == (clerk.answers, pytest.approx(CENT * clerk.answers))


def test_a_single_question_is_given_up_sooner_and_can_be_asked_again(tmp_path: pathlib.Path) -> None:
    """It had been asked a hundred times: of a table, other rows tell that a model cannot be read, and here is none."""
    clerk, place = Clerk("I would rather talk about the weather."), tmp_path / "run"
    found = surefoot.ask("What does note 7 say?", clerk, run_dir=place, **{**QUIET, "k": 1})
    assert (found.status, clerk.answers) == ("failed", MOST_DISCARDED)
    assert "32 of 32 answers discarded: 32 misformatted; for example 'I would rather talk" in found.message
    assert "\n" not in found.message
    assert (found.counts.calls, found.counts.cost_usd) == (clerk.answers, pytest.approx(CENT * clerk.answers))
    clerk.says = "Answer: 7"
    again = surefoot.resume(place, model=clerk)
    assert (again.status, again.output, again.counts.calls) == ("solved", "7", MOST_DISCARDED + 1)


def test_it_goes_on_where_its_replies_can_be_read(tmp_path: pathlib.Path) -> None:
    clerk = Clerk("no number")
    ask(clerk, tmp_path / "run")
    clerk.says = clerk.to_some = "7"
    found = ask(clerk, tmp_path / "run")
    assert (found.status, found.output) == ("solved", [7] * len(ROWS))


def test_rows_that_can_be_read_keep_the_others_from_stopping_the_run(tmp_path: pathlib.Path) -> None:
    """The placebo: the same bad replies to nine rows of ten. They are bad rows, and the table is done."""
    found = ask(Clerk("no number", "7"), tmp_path / "run")
    assert (found.status, found.counts.failed_nodes) == ("solved", 54)
    assert [answer for answer in found.output if answer is not None] == [7] * 6
