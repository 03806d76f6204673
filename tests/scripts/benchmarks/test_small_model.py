"""Towers carried by a small model: runs are counted as they ended, judged by the referee, and compared in pairs."""

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.scripts.benchmarks import small_model
from surefoot.scripts.benchmarks.small_model import SETTINGS, Towers, _bare, main, rate, towers

Quiet = dict[str, Any]


def test_a_model_that_never_errs_carries_every_tower(capsys: pytest.CaptureFixture[str]) -> None:
    found = towers("simulated", 3, 2, {"k": 1})
    assert (found.right, found.runs, found.steps) == (2, 2, 14)
    assert found.calls >= found.steps
    assert found.seconds > 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(f"  seed {seed}: solved, 7 facts") for seed, line in enumerate(lines)] == [True, True]


def test_a_model_that_errs_is_not_right_where_nothing_catches_it(capsys: pytest.CaptureFixture[str]) -> None:
    """The placebo of the test above: with single answers, no red flags and no seams a wrong step stays wrong."""
    options = {"k": 1, "seams": False, "red_flags": "none", "strategy": "chain"}
    found = towers("simulated:p_error=0.6", 3, 3, options)
    assert found.runs == 3
    assert found.right < 3


def test_a_pilots_calls_are_not_the_towers(capsys: pytest.CaptureFixture[str]) -> None:
    chosen, fixed = towers("simulated", 3, 1, {"k": "auto"}), towers("simulated", 3, 1, {"k": 1})
    assert chosen.right == 1
    assert chosen.calls < 3 * fixed.calls, "a pilot of 60 answers would be twice as many"
    assert chosen.predicted > 0
    assert fixed.predicted == 0, "nothing was forecast"


class Counts(Model):
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.closed = False

    async def ask(self, request: Request) -> list[Reply]:
        self.requests.append(request)
        return [Reply("x")] * len(request.draws)

    async def close(self) -> None:
        self.closed = True


async def test_the_bare_loop_asks_as_many_questions_for_as_many_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Counts()
    monkeypatch.setattr(small_model, "open_model", lambda config: model)
    config = RunConfig(task="hanoi", task_options={"disks": 4}, model="m", dialect="micro")
    calls, seconds = await _bare(config, open_task(config), 3, 5)
    assert (calls, len(model.requests)) == (15, 5)
    assert [len(request.draws) for request in model.requests] == [3] * 5
    draws = [draw for request in model.requests for draw in request.draws]
    assert len(set(draws)) == 15, "no answer is drawn twice"
    assert {request.temperature for request in model.requests} == {1.0}
    assert seconds > 0
    assert model.closed


def test_settings_differ_in_what_they_are_named_for() -> None:
    assert SETTINGS["k auto"] == {"k": "auto"}
    assert SETTINGS["k 1, no chain repeated"] == {**SETTINGS["k 1"], "seam_retries": 0}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The options of the command line, by their names."""

    def options(**named: Any) -> None:
        usual = {"model": "m", "disks": 5, "runs": 2, "settings": None, "rate": 0}
        found = argparse.Namespace(**{**usual, **named})
        monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda self: found)

    return options


def test_each_setting_has_a_line(
    given: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[Any] = []

    def made(model: str, disks: int, runs: int, options: Any, *more: Any) -> Towers:
        asked.append((model, disks, runs, options))
        return Towers(right=1, runs=runs, calls=30, steps=10, predicted=40.0, seconds=3.0)

    monkeypatch.setattr(small_model, "towers", made)
    given(settings=["k 1"])
    main()
    assert asked == [("m", 5, 2, {"k": 1})]
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "5 disks, k 1: 1 of 2 right; 3.00 calls a fact, 15 a run, forecast 20; 1.5 s a run"
    given()
    main()
    assert len(asked) == 1 + len(SETTINGS)


def test_the_rate_is_the_median_over_pairs(
    given: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(small_model, "rate", lambda *_: [(5.0, 10.0), (9.0, 10.0), (8.0, 10.0)])
    given(rate=3)
    main()
    assert capsys.readouterr().out.strip().endswith("median 0.80")


def test_a_pair_compares_a_run_with_a_bare_loop_over_as_many_questions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[int] = []

    async def bare(config: RunConfig, task: Any, lead: int, questions: int) -> tuple[int, float]:
        asked.append(questions)
        return questions * lead, 2.0

    monkeypatch.setattr(small_model, "_bare", bare)
    ((run, loop),) = rate("simulated", 3, 2, 1)
    assert asked == [7]
    assert loop == 7.0
    assert run > 0
    assert f"{loop:.1f} calls/s" in capsys.readouterr().out
