"""Runs in the micro dialect as people start them: the mode is named, the answer judged, resuming asks nothing again."""

import pathlib

import pytest

from surefoot.runtime import api
from surefoot.scripts.commands.cli import main

TOWER = ["run", "hanoi", "--disks", "4", "--model", "simulated:p_error=0.05", "--dialect", "micro", "--address", "none"]


def surefoot(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    return int(str(left.value.code))


def test_a_tower_by_single_facts(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "run"
    assert surefoot(*TOWER, "--run-dir", str(place)) == 0
    told = capsys.readouterr()
    assert "mode micro: 11 facts for 15 moves, 0.73 facts a step" in " ".join(told.err.split())
    assert "answer    [1,0,1], [2,0,2], [1,1,2]" in told.out
    assert surefoot("verify", str(place)) == 0
    assert "15 steps checked" in capsys.readouterr().out
    for command in ("report", "steps", "result"):
        assert surefoot(command, str(place)) == 0
    assert len(list(api.Run(place).output)) == 15


def test_a_paused_tower_goes_on(tmp_path: pathlib.Path) -> None:
    place = tmp_path / "run"
    assert surefoot(*TOWER, "--k", "3", "--max-calls", "20", "--run-dir", str(place)) == 3
    assert surefoot("resume", str(place), "--max-calls", "900") == 0
    assert surefoot("verify", str(place)) == 0


def test_errors_that_votes_cannot_put_right_fail_the_run(tmp_path: pathlib.Path) -> None:
    """The placebo: answers in good form, wrong more often than right."""
    wrong = [one.replace("p_error=0.05", "p_error=0.8") for one in TOWER]
    assert surefoot(*wrong, "--k", "3", "--run-dir", str(tmp_path / "run")) == 1


def test_missing_weights_are_a_usage_error(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert surefoot("run", "hanoi", "--model", "smollm2", "--run-dir", str(tmp_path / "run")) == 2
    assert "surefoot models --fetch smollm2" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_product_by_counting(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "run"
    factors = ["run", "multiply", "--x", "12", "--y", "13", "--model", "simulated:p_error=0.05"]
    assert surefoot(*factors, "--dialect", "micro", "--address", "none", "--run-dir", str(place)) == 0
    told = capsys.readouterr()
    assert "for 4 products of digits" in " ".join(told.err.split())
    assert "answer    156" in told.out
    assert surefoot("verify", str(place)) == 0


LOOKS = ["run", "hanoi", "--disks", "6", "--model", "simulated:p_error=0.05", "--dialect", "micro", "--rule", "looks"]


def test_a_tower_by_looks_asks_each_distinct_question_once(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "run"
    assert surefoot(*LOOKS, "--address", "none", "--run-dir", str(place)) == 0
    told = capsys.readouterr()
    assert "looks a step at 10 distinct questions" in " ".join(told.err.split())
    found = api.open(place).standing
    assert found.looks > 200 > 9 * 11 >= found.fresh_looks == found.calls  # 6 pairs of pegs and 5 numbers in 9 wordings
    assert f"looks     {found.looks:,} taken, {found.fresh_looks:,} distinct" in told.out
    assert surefoot("verify", str(place)) == 0
    for command in ("show", "report", "steps"):
        assert surefoot(command, str(place)) == 0
    assert f"<b>{found.looks:,}</b>looks" in (place / "report.html").read_text()


def test_wordings_that_mislead_are_outvoted_by_others_and_one_look_is_not_enough(tmp_path: pathlib.Path) -> None:
    """The placebo: the likeliest once. One prompt in ten is one at which the likeliest answer is wrong."""
    misled = [one.replace("p_error=0.05", "p_error=0.01,p_shared=0.1") for one in LOOKS] + ["--address", "none"]
    once = [*misled, "--k", "1", "--seam-retries", "0", "--red-flags", "none"]
    assert surefoot(*misled, "--run-dir", str(tmp_path / "averaged")) == 0
    assert surefoot("verify", str(tmp_path / "averaged")) == 0
    assert surefoot(*once, "--run-dir", str(tmp_path / "once")) == 1


def test_looks_need_a_model_that_scores_its_answers(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = str(tmp_path / "run")
    assert surefoot("run", "hanoi", "--model", "bundled", "--rule", "looks", "--run-dir", place) == 2
    assert "--rule looks needs a model whose answers can be scored" in capsys.readouterr().err


def test_measure_says_where_the_likeliest_answer_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["measure", "hanoi", "--disks", "5", "--model", "simulated:p_shared=0.3", "--dialect", "micro"]
    assert surefoot(*asked, "--rule", "looks", "--samples", "60", "--draws", "1") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "the right answer is not the likeliest in" in told
    assert "beyond doubt" in told
