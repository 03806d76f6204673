"""Forecasts of tables against runs: the settings, the model they ask, and the line of each."""

import asyncio
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.port import Request
from surefoot.runtime.session import table_plan as forecasts
from surefoot.scripts.benchmarks import table_plan
from surefoot.scripts.benchmarks.table_plan import DISCARDED, Case, Clerk, cases, compared, main


def test_there_are_twenty_settings_of_each_rate_kind_and_size() -> None:
    found = cases()
    assert len(found) == len(set(found)) == 20
    assert {case.rows for case in found} == {200, 500, 1000, 2000, 5000}
    assert {case.p_error for case in found} == {0.005, 0.01, 0.02, 0.05, 0.1}
    assert sum(case.even for case in found) == sum(case.field_wise for case in found) == 10


@pytest.mark.parametrize("even", [True, False])
def test_the_clerk_errs_at_its_rate(even: bool) -> None:
    """Rows that are uneven have the same mean, of hard and easy ones."""
    clerk, wrong, read, lost = Clerk("m", 0.05, even), 0, 0, 0
    for row in range(400):
        request = Request(Prompt(f"{row} word"), tuple(range(20)), 1.0, 100, 0)
        replies = asyncio.run(clerk.ask(request))
        assert [one.tokens_in for one in replies] == [2] + [0] * 19
        for one in replies:
            lost += not one.text.startswith("{")
            if one.text.startswith("{"):
                values = set(json.loads(one.text).values())
                read, wrong = read + 1, wrong + (values != {row})
    assert wrong / read == pytest.approx(0.05, abs=0.012)
    assert lost / 8000 == pytest.approx(DISCARDED, abs=0.005)
    assert len({clerk.rate(row) for row in range(400)}) == (1 if even else 2)


def test_later_rows_are_longer() -> None:
    rows = list(Case(0.01, even=True, field_wise=False, rows=4).table())
    lengths = [len(row["text"]) for row in rows]
    assert lengths == sorted(lengths)
    assert lengths[-1] > 5 * lengths[0]


def test_a_fresh_run_asks_a_model_that_answers_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "REHEARSALS", 1)
    case = Case(0.1, even=True, field_wise=False, rows=40)
    (ahead, same), (_, fresh) = (compared(case, 0, 20, fresh) for fresh in (False, True))
    assert ahead.rows == 40
    assert same != fresh
    assert same[0] == pytest.approx(ahead.calls, rel=0.3)


def test_a_line_for_each_setting_and_how_many_are_near(
    printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Placebo: a forecast that is 20 % too high is not counted as near."""

    def one(case: Case, seed: int, samples: Any, fresh: bool) -> Any:
        by = 1.2 if case.rows == 200 else 1.05
        ahead = SimpleNamespace(calls=100.0 * by, tokens_in=10.0 * by, tokens_out=5.0 * by, cost_usd=0.1 * by,
                                calls_low=99.0, calls_high=120.0, sample_calls=20)  # fmt: skip
        return ahead, (100, 10, 5, 0.1)

    monkeypatch.setattr(table_plan, "compared", one)
    lines = printed(main, "--seeds", "2").splitlines()
    assert len(lines) == 22
    assert lines[1].split() == [
        "0.005",
        "even",
        "whole",
        "200",
        "1.200",
        "1.200",
        "1.200",
        "1.200",
        "2",
        "of",
        "2",
        "0.20",
    ]
    assert lines[-1] == (
        "within 15 %: 16 of 20 settings, 32 of 40 forecasts; the calls lay within their interval in 40 of 40"
    )
