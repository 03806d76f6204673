"""A table of which no row has an answer has failed; one answer is enough for it to be solved."""

import pathlib

import pytest

import surefoot
from surefoot.runtime.errors import QuestionRefused
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.session.mapping import MapRun
from tests.runtime.execution.models import QUIET

ROWS = ["1", "2", "3"]


class Refuses(Model):
    """Says the number that it is asked for, if it is among some, and refuses each other question."""

    name = "refuses"

    def __init__(self, *answered: str) -> None:
        self.answered, self.asked = answered, 0

    async def ask(self, request: Request) -> list[Reply]:
        self.asked += 1
        said = request.prompt.user.split()[2]
        if said not in self.answered:
            raise QuestionRefused("longer than the model reads")
        return [Reply(said, tokens_in=1, tokens_out=1) for _ in request.draws]


def ask(model: Model, directory: pathlib.Path, rows: list[str] = ROWS) -> MapRun:
    return surefoot.map(rows, "The number {text} again", model, output=int, run_dir=directory, **QUIET)


@pytest.mark.parametrize(
    ("answered", "status", "message"), [((), "failed", "none of 3 rows has an answer"), (("2",), "solved", "")]
)
def test_a_table_without_a_single_answer_has_failed(
    answered: tuple[str, ...], status: str, message: str, tmp_path: pathlib.Path
) -> None:
    model = Refuses(*answered)
    found = ask(model, tmp_path / "r")
    assert (found.status, found.message) == (status, message)
    assert found.output == [int(row) if row in answered else None for row in ROWS]
    again = ask(model, tmp_path / "r")
    assert (again.status, model.asked) == (status, 3), "no row is asked again"


def test_a_table_without_rows_has_not_failed(tmp_path: pathlib.Path) -> None:
    found = ask(Refuses(), tmp_path / "r", [])
    assert (found.status, found.output) == ("solved", [])
