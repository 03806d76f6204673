"""Plans carried by a small model: runs are counted as they ended, judged by the referee, gone on with, and compared."""

import pathlib
from typing import Any

import pytest

from surefoot.runtime.config import RunConfig, open_task
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.scripts.benchmarks import small_model
from surefoot.scripts.benchmarks.small_model import SETTINGS, Problem, Tally, _bare, main, rate, solve, tally

TOWER = Problem("hanoi", {"disks": 3})


def test_a_model_that_never_errs_carries_every_tower(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tally(TOWER, "simulated", range(2), {"k": 1}, tmp_path)
    assert (found.right, found.runs, found.steps) == (2, 2, 14)
    assert found.calls >= found.steps
    assert found.seconds > 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(f"  seed {seed}: right, 7 facts") for seed, line in enumerate(lines)] == [True, True]


def test_a_model_that_errs_is_not_right_where_nothing_catches_it(tmp_path: pathlib.Path) -> None:
    """The placebo of the test above: with single answers, no red flags and no seams a wrong step stays wrong."""
    options = {"k": 1, "seams": False, "red_flags": "none", "strategy": "chain"}
    found = tally(TOWER, "simulated:p_error=0.6", range(3), options, tmp_path)
    assert found.runs == 3
    assert found.right < 3


def test_a_pilots_calls_are_not_the_plans(tmp_path: pathlib.Path) -> None:
    chosen, fixed = (tally(TOWER, "simulated", range(1), {"k": k}, tmp_path) for k in ("auto", 1))
    assert chosen.right == 1
    assert chosen.calls < 3 * fixed.calls, "a pilot of 60 answers would be many times as many"
    assert chosen.predicted > 0
    assert 0 < chosen.sure <= 1
    assert (fixed.predicted, fixed.sure) == (0, 0), "nothing was forecast"


def test_a_run_at_its_end_is_read_and_one_that_was_cut_off_goes_on(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = solve(tmp_path / "r", TOWER, "simulated", 0, {"k": 1, "max_calls": 3, "flush_steps": 1})
    assert cut.status == "paused"
    monkeypatch.setattr(small_model.api, "resume", lambda place, model: resumed.append(place))
    resumed: list[pathlib.Path] = []
    solve(tmp_path / "r", TOWER, "simulated", 0, {"k": 1})
    assert resumed == [tmp_path / "r"]
    ended = solve(tmp_path / "other", TOWER, "simulated", 0, {"k": 1})
    monkeypatch.setattr(small_model.api, "run", pytest.fail)
    assert solve(tmp_path / "other", TOWER, "simulated", 0, {"k": 1}) == ended
    assert len(resumed) == 1


def test_a_run_not_at_its_end_is_not_counted(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = tally(TOWER, "simulated", range(3), {"k": 1, "max_calls": 3}, tmp_path)
    assert (found.runs, found.steps) == (0, 0)
    assert "the same command goes on" in capsys.readouterr().out


def test_a_run_for_which_no_lead_can_be_chosen_is_not_right(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tally(TOWER, "simulated:p_format=1.0", range(1), {"k": "auto"}, tmp_path)
    assert (found.runs, found.right, found.calls) == (1, 0, 0)
    assert "readable" in capsys.readouterr().out


def test_problems_are_drawn_by_the_seed_where_they_can_be() -> None:
    product = Problem("multiply", {"digits": 4}, drawn="draw")
    assert product.options_of(7) == {"digits": 4, "draw": 7}
    assert TOWER.options_of(7) == {"disks": 3}
    assert (product.name, TOWER.name) == ("multiply-4", "hanoi-3")


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (Tally(1, 2, 30, 10, 40.0, 1.5, 3.0),
         "x: 1 of 2 right; 3.00 calls a fact, 15 a run, forecast 20 and 0.750 right; 1.5 s a run"),
        (Tally(2, 2, 30, 10, seconds=3.0), "x: 2 of 2 right; 3.00 calls a fact, 15 a run; 1.5 s a run"),
        (Tally(), "x: 0 of 0 right; 0.00 calls a fact, 0 a run; 0.0 s a run"),
    ],
)  # fmt: skip
def test_results_are_means_over_runs_and_facts(found: Tally, line: str) -> None:
    assert found.line("x") == line


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


def test_each_setting_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Any] = []

    def made(problem: Problem, model: str, seeds: range, options: Any, keep: pathlib.Path) -> Tally:
        asked.append((problem.name, model, seeds, options))
        return Tally(right=1, runs=2, calls=30, steps=10, seconds=3.0)

    monkeypatch.setattr(small_model, "tally", made)
    main(["--model", "m", "--runs", "2", "--first", "5", "--settings", "k 1"])
    assert asked == [("hanoi-5", "m", range(5, 7), {"k": 1})]
    assert capsys.readouterr().out.splitlines()[-1] == Tally(1, 2, 30, 10, seconds=3.0).line("hanoi-5, k 1")
    main(["--task", "multiply", "--digits", "3"])
    assert [name for name, *_ in asked[1:]] == ["multiply-3"] * len(SETTINGS)


def test_the_rate_is_the_median_over_pairs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(small_model, "rate", lambda *_: [(5.0, 10.0), (9.0, 10.0), (8.0, 10.0)])
    main(["--rate", "3"])
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
