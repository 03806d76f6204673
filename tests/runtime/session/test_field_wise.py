"""Records whose fields are voted on one by one, as `surefoot.map(..., field_wise=True)` asks them."""

import json
import pathlib
import random
import re
from typing import Annotated, Any, Literal

import msgspec
import pytest

import surefoot
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.meta_values import read_meta
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import Contested
from surefoot.voting.ballot import Ballot
from surefoot.voting.record_race import joined

FIELDS = "a: integer, b: integer, c: integer, d: integer"


class Careless(surefoot.Model):
    """Says four numbers, each of them wrong in four of ten replies, apart from the others, and never alike."""

    name = "careless"
    dialect = "chat"

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        number = int(re.findall(r"number (\d+)", request.prompt.user)[0])
        return [surefoot.Reply(self._said(number, draw)) for draw in request.draws]

    def _said(self, number: int, draw: int) -> str:
        self.asked += 1
        rng = random.Random(f"careless {draw}")
        wrong = {name: rng.random() < 0.4 for name in "abcd"}
        return json.dumps({name: number + at + (rng.randint(100, 10**6) if wrong[name] else 0)
                           for at, name in enumerate("abcd")})  # fmt: skip


def right(number: int) -> dict[str, int]:
    return {name: number + at for at, name in enumerate("abcd")}


def answers(tmp_path: pathlib.Path, *, field_wise: bool) -> list[object]:
    """What 30 rows came to, with at most 40 ballots a row.

    A whole reply is right in 0.6^4 = 13 % of draws and wrong ones never agree, so a lead of 3 takes about 23 ballots; a
    field takes about 5. By Chernoff's bound the assertions below fail by chance in less than one of a million draws of
    the seed, which is fixed.
    """
    rows = [{"n": number} for number in range(30)]
    options = {"k": 3, "max_ballots": 12, "run_dir": tmp_path / str(field_wise), "ladder": False}
    run = surefoot.map(rows, "number {n}", Careless(), output=FIELDS, field_wise=field_wise, **options)
    return list(run.output)


def test_fields_are_decided_where_whole_records_are_not(tmp_path: pathlib.Path) -> None:
    by_field = answers(tmp_path, field_wise=True)
    whole = answers(tmp_path, field_wise=False)  # the placebo: the same replies, counted whole
    assert sum(one == right(number) for number, one in enumerate(by_field)) >= 20
    assert sum(one == right(number) for number, one in enumerate(whole)) <= 10


def test_a_record_that_nobody_stated_can_win_and_is_read_back() -> None:
    said = [("1", "x"), ("1", "y"), ("2", "y")]
    ballots = tuple(Ballot(draw, joined(fields)) for draw, fields in enumerate(said))
    entry = Contested(1, ballots[:1], fields=2)
    assert winner(entry, "first-to-ahead-by") == joined(("1", "x"))
    both = Contested(2, (*ballots, Ballot(3, joined(("1", "y")))), fields=2)
    assert winner(both, "first-to-ahead-by") == joined(("1", "y"))


def test_an_answer_is_of_the_users_type_where_fields_are_voted_on_apart(tmp_path: pathlib.Path) -> None:
    kind = msgspec.defstruct("Four", [(name, int) for name in "abcd"], frozen=True)
    run = surefoot.map([{"n": 7}], "number {n}", Careless(), output=kind, field_wise=True, k=2, run_dir=tmp_path / "r")
    assert run.output == [kind(7, 8, 9, 10)]


class Reporter(surefoot.Model):
    """States a mood and a weight, and words the report anew in every reply; one reply of four has the wrong mood."""

    dialect = "chat"

    def __init__(self) -> None:
        self.asked = 0

    async def ask(self, request: surefoot.Request) -> list[surefoot.Reply]:
        return [surefoot.Reply(self._said()) for _ in request.draws]

    def _said(self) -> str:
        self.asked += 1
        mood = "bad" if self.asked % 4 == 1 else "good"
        return json.dumps({"note": f"report {self.asked}", "mood": mood, "kg": 5 + (self.asked % 3) / 1000})


class Report(msgspec.Struct, frozen=True):
    note: Annotated[str, surefoot.Text(prose=True)]
    mood: Literal["good", "bad"]
    kg: Annotated[float, surefoot.Near(absolute=0.01)]


class Worded(msgspec.Struct, frozen=True):
    """The same without saying that the note is prose."""

    note: str
    mood: Literal["good", "bad"]
    kg: Annotated[float, surefoot.Near(absolute=0.01)]


def reported(directory: pathlib.Path, output: Any, field_wise: bool) -> tuple[surefoot.Run, Reporter]:
    options: dict[str, Any] = {
        "k": 2,
        "max_ballots": 12,
        "ladder": False,
        "run_dir": directory,
        "field_wise": field_wise,
    }
    model = Reporter()
    return surefoot.map([{"text": "x"}], "Report {text}", model, output=output, **options), model


@pytest.mark.parametrize("field_wise", [False, True])
def test_prose_is_taken_from_a_reply_and_the_other_fields_are_voted_on(
    tmp_path: pathlib.Path, field_wise: bool
) -> None:
    """Near numbers agree as well, field by field too. Placebo: a text that is not prose never wins."""
    run, model = reported(tmp_path / "r", Report, field_wise)
    assert run.output == [Report("report 1" if field_wise else "report 2", "good", 5.001 if field_wise else 5.002)]
    assert model.asked == 4
    [row] = run.results()
    assert field_wise or (row.votes, row.margin) == (3, 2)
    lost, model = reported(tmp_path / "s", Worded, field_wise)
    assert (lost.output, model.asked) == ([None], 12)


def test_a_pilot_counts_near_answers_and_prose_as_agreement(tmp_path: pathlib.Path) -> None:
    def pilot(directory: pathlib.Path, fields: str) -> float:
        class Calm(Reporter):
            def _said(self) -> str:
                self.asked += 1
                return json.dumps({"note": f"report {self.asked}", "mood": "good"})

        rows = [{"text": str(number)} for number in range(60)]
        run = surefoot.map(rows, "Report {text}", Calm(), output=fields, run_dir=directory, max_calls=200)
        journal = open_journal(run.run_dir, write=False)
        try:
            found = read_meta(journal, "pilot", Estimate)
        finally:
            journal.close()
        return 1.0 if found is None else found.dissenting / found.ballots

    assert pilot(tmp_path / "r", "note: prose, mood: good|bad") == 0
    with pytest.raises(ConfigurationError, match="the pilot saw 40 of 60 ballots dissent"):
        pilot(tmp_path / "s", "note: text, mood: good|bad")
