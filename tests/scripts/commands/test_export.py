"""``surefoot export`` as it is typed: what it writes, what it says of what it left out, and what it refuses."""

import json
import pathlib

import pytest

from tests.runtime import simulated_runs
from tests.scripts.commands.console import complaints, last_object, surefoot


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with runs of two tasks."""
    folder = tmp_path_factory.mktemp("runs")
    for disks in (3, 4):
        simulated_runs.run(folder / f"r{disks}", "p_error=0.1", disks, keep_replies="all", k=2)
    return folder


def test_the_events_are_what_is_written_of_a_process(runs: pathlib.Path) -> None:
    done = surefoot(runs, "export", "r3", "--kind", "process")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("process.jsonl  ")
    (first, *_) = (runs / "process.jsonl").read_text().splitlines()
    assert json.loads(first)["events"][0]["what"] == "question"


def test_parts_and_what_was_left_out_are_said(runs: pathlib.Path) -> None:
    options = ("--kind", "polished", "--split-by", "task", "--test-share", "0.5", "--output", "p.jsonl")
    done = surefoot(runs, "export", "r3", "r4", *options, "--json")
    found = last_object(done)
    assert found["tasks"] == {"train": 1, "test": 1}
    assert sorted(found["files"]) == ["p.test.jsonl", "p.train.jsonl"]
    assert (found["kind"], found["format"], found["leaked"]) == ("polished", "chat", 0)
    text = surefoot(runs, "export", "r3", "r4", *options).stdout
    assert "1 to train on, 1 to test with" in text


def test_a_run_without_replies_says_what_to_do(runs: pathlib.Path) -> None:
    simulated_runs.run(runs / "silent", "p_error=0.0", 3, keep_replies="none", k=1)
    done = surefoot(runs, "export", "silent", "--kind", "preference")
    assert done.returncode == 0
    assert "left out  7: the journal has no whole prompt of the step" in done.stdout
    assert "next      7 questions without replies: surefoot run ... --keep-replies all keeps them" in done.stdout


def test_a_run_that_kept_some_replies_says_how_many_it_did_not(runs: pathlib.Path) -> None:
    simulated_runs.run(runs / "usual", "p_error=0.0", 5, k=1)
    done = surefoot(runs, "export", "usual", "--kind", "polished")
    (written,) = [line for line in done.stdout.splitlines() if line.startswith("polished.jsonl")]
    lines = int(written.split()[1])
    assert 0 < lines < 31
    assert f"next      {31 - lines} questions without replies" in done.stdout


def test_a_run_that_kept_all_replies_has_nothing_to_be_told(runs: pathlib.Path) -> None:
    assert "--keep-replies" not in surefoot(runs, "export", "r3", "--kind", "polished").stdout


def test_a_run_without_disputes_has_no_pairs_however_many_replies_it_kept(runs: pathlib.Path) -> None:
    simulated_runs.run(runs / "calm", "p_error=0.0", 3, keep_replies="all", k=1)
    done = surefoot(runs, "export", "calm", "--kind", "preference")
    assert done.stdout.splitlines()[-1] == "nothing can be learned from this"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--kind", "polished", "--format", "events"), "--kind process"),
        (("--kind", "process", "--test-share", "0.5"), "--split-by"),
        (("--kind", "process", "--split-by", "task", "--output", "x"), "suffix"),
        (("--kind", "gold"), "gold"),
        ((), "--kind"),
    ],
)
def test_what_cannot_be_meant_is_one_line(runs: pathlib.Path, options: tuple[str, ...], says: str) -> None:
    done = surefoot(runs, "export", "r3", *options)
    assert done.returncode == 2
    (line,) = complaints(done)
    assert says in line


@pytest.mark.parametrize("number", [1, 2])
def test_decompositions_of_methods_are_screened_by_what_became_of_them(tmp_path: pathlib.Path, number: int) -> None:
    """Methods promise nothing: the referee's verdict on the answer screens; the placebo keeps wrong ones as well.

    The solver errs in the second run, so that nothing shows that its decomposition is any good.
    """
    modules = {1: "", 2: "Actor.model=simulated:p_error=0.99"}[number]
    asked = ["problems", "--family", "expressions", "--length", "6", "--method", "two-stage", "--modules", modules]
    quiet = ["--model", "simulated", "--k", "1", "--address", "none", "--workers", "1", "--keep-replies", "all"]
    done = surefoot(tmp_path, "run", *asked, *quiet, "--run-dir", "r")
    assert done.returncode == 0, done.stderr

    def lines(screen: str) -> tuple[int, str]:
        said = surefoot(tmp_path, "export", "r", "--kind", "decomposer", "--screen", screen)
        assert said.returncode == 0, said.stderr
        return len((tmp_path / "decomposer.jsonl").read_text().splitlines()), said.stdout

    assert lines("seams")[0] == 0
    assert lines("none")[0] == 1
    kept, said = lines("referee")
    assert kept == (number == 1)
    assert ("the referee does not find the answer right" in said) == (number == 2)
    refused = surefoot(tmp_path, "export", "r", "--kind", "polished", "--screen", "none")
    assert refused.returncode == 2
    assert "--screen is for --kind decomposer" in refused.stderr
