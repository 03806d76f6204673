"""The suites from the command line: honest rows, votes that pay, resumption without a second question."""

import json
import pathlib
from typing import Any

import pytest

from surefoot.decompose.tasks.built_in import BUILT_IN_TASKS
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.journal.journal import open_journal
from surefoot.scripts.commands.bench_suites import SUITES, row_of
from surefoot.scripts.commands.bench_table import Score
from surefoot.scripts.commands.cli import main


def bench(capsys: pytest.CaptureFixture[str], directory: pathlib.Path, *arguments: str) -> dict[str, Any]:
    with pytest.raises(SystemExit) as end:
        main(["bench", *arguments, "--address", "none", "--workers", "1", "--run-dir", str(directory), "--json"])
    assert end.value.code == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return found


def row(found: dict[str, Any], method: str) -> dict[str, Any]:
    (only,) = [one for one in found["rows"] if one["method"] == method]
    return dict(only)


def test_oracle_and_random_legal_stand_in_every_table(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = bench(capsys, tmp_path / "b", "hanoi3", "--model", "simulated:p_error=0.5", "--method", "zero-shot")
    assert [one["method"] for one in found["rows"]] == ["zero-shot", "random-legal", "oracle"]
    assert row(found, "oracle")["solved_percent"] == 100
    # Published ceiling 14 %; 1,992 walks: 5.5 standard errors are 4 points (false alarm 4e-8).
    assert 10 < row(found, "random-legal")["solved_percent"] < 18
    assert row(found, "zero-shot")["solved_percent"] < 100
    assert {"method": "MAP, GPT-4", "solved_percent": 74, "invalid_percent": 0} in found["published"]
    page = (tmp_path / "b" / "bench.html").read_text()
    assert "95 % interval" in page
    for one in found["rows"]:  # drawn where the figures say
        low, high = one["low_percent"], one["high_percent"]
        assert f'class=interval style="left:{low:g}%;right:{100 - high:g}%"' in page
        assert f'class=at style="left:{one["solved_percent"]:g}%"' in page
    assert page.count("class=at") == len(found["rows"]) + len(found["published"])


def test_votes_make_a_noisy_planner_sure(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Module error 5 %, lead 3 against none: failures at most a fifth. Seed 0, deterministic."""
    found = bench(
        capsys, tmp_path / "b", "hanoi3", "--model", "simulated:p_error=0.05", "--repeats", "3",
        "--method", "surefoot", "--method", "surefoot-votes",
    )  # fmt: skip
    with_votes, without = row(found, "surefoot"), row(found, "surefoot-votes")
    assert without["problems"] - without["solved"] >= 10
    assert 5 * (with_votes["problems"] - with_votes["solved"]) <= without["problems"] - without["solved"]


def test_an_oracle_never_answers_in_a_models_row() -> None:
    for method in ("surefoot", "paper", "paper-monitor", "zero-shot", "debate", "tot", "best-of-n", "random-legal"):
        assert row_of(method, "").oracles == ()
    assert row_of("oracle:Monitor", "").oracles == ("Monitor",)
    assert row_of("paper-search-votes", "monitor").options["without"] == "search,votes,monitor"
    for wrong in ("mapp", "paper-brain", "oracle:Boss"):
        with pytest.raises(ConfigurationError):
            row_of(wrong, "")


def test_a_suite_is_resumed_without_asking_again(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("detour", "--model", "simulated:p_error=0.1", "--k", "2", "--method", "surefoot")
    first = bench(capsys, tmp_path / "b", *arguments)
    again = bench(capsys, tmp_path / "b", *arguments)
    drop = ("wall_s",)
    for one, other in zip(first["rows"], again["rows"], strict=True):
        assert {k: v for k, v in one.items() if k not in drop} == {k: v for k, v in other.items() if k not in drop}
    journal = open_journal(tmp_path / "b" / "surefoot", write=False)
    assert journal.totals.calls == row(first, "surefoot")["calls"]
    journal.close()


def test_a_paused_suite_goes_on(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("detour", "--model", "simulated:p_error=0.1", "--k", "2", "--method", "surefoot", "--workers", "1")
    with pytest.raises(SystemExit) as paused:
        main(["bench", *arguments, "--address", "none", "--run-dir", str(tmp_path / "a"), "--max-calls", "60"])
    assert paused.value.code == 3
    capsys.readouterr()
    partly = row(json.loads((tmp_path / "a" / "bench.json").read_text()), "surefoot")
    assert partly["status"] == "paused"
    assert partly["solved"] <= partly["problems"] == sum(partly["ends"].values()) < 13
    went_on = bench(capsys, tmp_path / "a", *arguments)
    whole = bench(capsys, tmp_path / "b", *arguments)
    assert row(went_on, "surefoot")["solved"] == row(whole, "surefoot")["solved"]
    assert row(went_on, "surefoot")["ends"] == row(whole, "surefoot")["ends"]


def test_votes_cost_less_than_the_published_planner_without_them(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Aim: at most 42 calls a Hanoi-3 problem (149 published, 42 with a cache over the suite), each problem on its own.

    Module error 2 %, lead 2, seed 0, deterministic. Both costs are reported.
    """
    found = bench(capsys, tmp_path / "b", "hanoi3", "--model", "simulated:p_error=0.02", "--k", "2", "--cache",
                  "modules", "--repeats", "2", "--method", "surefoot", "--method", "paper")  # fmt: skip
    ours, published = row(found, "surefoot"), row(found, "paper")
    assert ours["solved_percent"] == 100
    assert ours["calls_per_problem"] < 0.5 * ours["calls_per_problem_alone"]
    assert ours["calls_per_problem_alone"] <= 42 < published["calls_per_problem_alone"]


def test_a_row_states_its_interval() -> None:
    shown = Score("m", "x", 24, 18).shown()
    assert (shown["solved_percent"], shown["low_percent"], shown["high_percent"]) == (75.0, 55.1, 88.0)


def test_every_suite_names_its_task() -> None:
    assert {suite.task for suite in SUITES.values()} <= set(BUILT_IN_TASKS)
