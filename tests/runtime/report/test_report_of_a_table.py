"""The report of a run over a table speaks of rows: their numbers in the table, and forecasts for all of them."""

import pathlib
from collections import Counter

import pytest

import surefoot
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.report.facts import facts_of

ROWS = 40


class Odd(Model):
    """Says the number in the prompt, and something else once in row 33, after the three draws of its pilot."""

    def __init__(self) -> None:
        self.draws: Counter[str] = Counter()

    async def ask(self, request: Request) -> list[Reply]:
        text = request.prompt.user.split()[1]
        return [self._reply(text) for _ in request.draws]

    def _reply(self, text: str) -> Reply:
        self.draws[text] += 1
        return Reply("other" if text == "33" and self.draws[text] == 5 else text, tokens_in=3, tokens_out=1)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    place = tmp_path_factory.mktemp("table") / "r"
    rows = [{"n": number} for number in range(ROWS)]
    surefoot.map(rows, "Say {n} again", Odd(), run_dir=place, address="none", workers=1)
    return place


def test_a_row_is_named_by_its_number_in_the_table(directory: pathlib.Path) -> None:
    facts = facts_of(directory)
    assert facts.suspects[0].name == "row 33"
    assert not [step for step in (*facts.suspects, *facts.weakest) if "chunk" in step.name]


def test_what_was_predicted_is_for_all_rows(directory: pathlib.Path) -> None:
    facts = facts_of(directory)
    measured = facts.counts.calls - facts.standing.pilot_calls
    assert measured / 2 < facts.predicted["calls"] < 2 * measured
    assert facts.predicted["calls"] > ROWS, "not the calls of one row"


def test_the_page_speaks_of_rows_and_of_no_seams(directory: pathlib.Path) -> None:
    run = surefoot.open(directory)
    page = run.page(facts_of(directory))
    assert f"rows of {ROWS}" in page
    assert "rows decided by votes" in page
    for word in ("seam retries", "steps journalled", "next states by", "verdicts whose"):
        assert word not in page
    assert "lead" in run.standing.why
    assert "seam" not in run.standing.why
    assert "calls a row" in run.standing.why
