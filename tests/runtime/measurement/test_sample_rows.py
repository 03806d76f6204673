"""A sample of a table's rows: what is asked of whom, how often, and within which limits."""

import asyncio
from typing import Any

import pytest

from surefoot.decompose.step import Dialect
from surefoot.decompose.tasks.rows import MapRows
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.forecast.table_plan import TableSample
from surefoot.runtime.measurement.sample_rows import FIRST, MORE, MOST_AGAIN, sample_rows
from surefoot.runtime.models.own_model import watched
from surefoot.runtime.models.port import Model, Reply, Request


class Speaker(Model):
    """Says a text of its own to each row and draw."""

    dialect: Dialect = "chat"

    def __init__(self, say: Any) -> None:
        self.say = say
        self.asked: list[int] = []

    async def ask(self, request: Request) -> list[Reply]:
        row = int(request.prompt.user.split()[1])
        self.asked.append(row)
        return [Reply(self.say(row, draw), tokens_in=10, tokens_out=2, cost_usd=0.01) for draw in request.draws]

    def prices(self) -> tuple[float, float] | None:
        return 0.001, 0.001


def taken(
    model: Speaker, rows: int, of: int = 60, fields: str = "answer: exact", wise: bool = False, **options: Any
) -> TableSample:
    task = MapRows(
        question="row {n}",
        field_wise=wise,
        fields=fields,
        sampled_rows=tuple({"n": n} for n in range(of)),
        total_rows=of,
    )
    config = RunConfig(task="map", model="object:speaker", dialect="chat", address="none", **options)
    return asyncio.run(sample_rows(config, task, rows, [watched(model)]))


def test_rows_that_agree_are_asked_as_often_as_a_pilot_asks() -> None:
    model = Speaker(lambda row, draw: "yes")
    found = taken(model, 30)
    assert [len(one.ballots) for one in found.rows] == [3] * 30
    assert found.pilot == found.rows
    assert (found.counts.calls, found.more.calls, found.alone.calls) == (90, 0, 5)
    assert found.took.cost_usd == pytest.approx(0.95)
    assert len(set(model.asked)) == 30
    assert found.prices == (0.001, 0.001)


def test_rows_that_differ_or_cannot_be_read_are_asked_again() -> None:
    """Placebo: the pilot's ballots, which stay as they were."""

    def say(row: int, draw: int) -> str:
        return str(draw % 2) if row % 10 == 0 else "" if row % 10 == 1 else "yes"

    found = taken(Speaker(say), 60)
    again = [one.number for one in found.rows if len(one.ballots) == 3 + MORE]
    assert len(again) == 12
    assert found.more.calls == 12 * MORE
    assert all(len(one.ballots) == 3 for one in found.pilot)
    assert sum(one.ballots[0].candidate is None for one in found.rows) == 6


def test_no_more_than_so_many_rows_are_asked_again() -> None:
    found = taken(Speaker(lambda row, draw: str(draw) if row else "yes"), 60)
    assert found.more.calls == MOST_AGAIN * MORE


def test_where_nothing_can_be_read_no_more_is_asked() -> None:
    found = taken(Speaker(lambda row, draw: ""), 60)
    assert len(found.pilot) == FIRST
    assert (found.counts.calls, found.more.calls) == (3 * FIRST, 0)


def test_limits_of_the_run_hold_for_the_sample() -> None:
    """Placebo: the same limits, large enough."""
    model = Speaker(lambda row, draw: "yes")
    with pytest.raises(ModelUnavailable, match="--max-calls"):
        taken(model, 30, max_calls=40)
    assert len(model.asked) <= 40
    assert taken(model, 30, max_calls=95).took.calls == 95
    with pytest.raises(ModelUnavailable, match="--max-cost-usd"):
        taken(Speaker(lambda row, draw: "yes"), 30, max_cost_usd=0.2)
    assert taken(model, 30, max_cost_usd=1e6).took.calls == 95


def test_a_sample_is_the_same_for_the_same_seed_and_moves_with_it() -> None:
    asked = []
    for seed in (0, 0, 1):
        model = Speaker(lambda row, draw: "yes")
        taken(model, 10, seed=seed)
        asked.append(sorted(set(model.asked)))
    assert asked[0] == asked[1] != asked[2]
    assert max(asked[0]) - min(asked[0]) > 40


@pytest.mark.parametrize("wise", [False, True], ids=["whole", "by field"])
def test_equal_answers_of_later_requests_are_one_candidate(wise: bool) -> None:
    """Free text is never worded alike, and is not voted on. Placebo: the number beside it, which is."""

    def say(row: int, draw: int) -> str:
        number = row + (row % 10 == 0 and draw % 3 == 0)
        return f'{{"n": {number}, "why": "as I said in reply {draw}"}}'

    found = taken(Speaker(say), 40, fields="n: integer, why: prose", wise=wise)
    asked_again = [one for one in found.rows if len(one.ballots) > 3]
    assert 3 <= len(asked_again) <= 5
    assert all(len({ballot.candidate for ballot in one.ballots}) == 2 for one in asked_again)
