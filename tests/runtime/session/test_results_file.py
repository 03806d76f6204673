"""Where the results of a table go is kept in its run."""

import pathlib
import shutil

import pytest

from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.journal import create_journal, open_journal
from surefoot.runtime.session.results_file import RESULTS, ResultsFile, keep_results_file, kept_results_file


def test_a_file_is_found_again_from_another_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, there = tmp_path / "r", tmp_path / "there"
    there.mkdir()
    run.mkdir()
    monkeypatch.chdir(there)
    journal = create_journal(run)
    keep_results_file(journal, run, pathlib.Path("o.csv"), inputs=False)
    journal.close()
    kept = kept_results_file(run)
    assert kept == ResultsFile(str(there / "o.csv"), inputs=False, begun_in=str(run))
    assert str(kept.place(run)) == "o.csv"
    monkeypatch.chdir(run)
    assert kept.place(run) == there / "o.csv"


def test_a_run_that_was_copied_or_received_writes_into_its_own_folder(tmp_path: pathlib.Path) -> None:
    """What its journal names is a file of where it came from; the placebo is the run where it was begun."""
    begun, precious = tmp_path / "begun", tmp_path / "precious.csv"
    precious.write_text("mine")
    begun.mkdir()
    journal = create_journal(begun)
    keep_results_file(journal, begun, precious, inputs=True)
    journal.close()
    shutil.copytree(begun, tmp_path / "received")
    received = kept_results_file(tmp_path / "received")
    assert received.place(tmp_path / "received") == tmp_path / "received" / "output.jsonl"
    assert received.place(begun).resolve() == precious


@pytest.mark.parametrize("inputs", [True, False])
def test_the_usual_file_moves_with_its_run(inputs: bool, tmp_path: pathlib.Path) -> None:
    journal = create_journal(tmp_path)
    keep_results_file(journal, tmp_path, None, inputs=inputs)
    journal.close()
    kept = kept_results_file(tmp_path)
    assert (kept.inputs, kept.place(pathlib.Path("r"))) == (inputs, pathlib.Path("r/output.jsonl"))


def test_a_run_of_an_earlier_version_has_the_usual_file(tmp_path: pathlib.Path) -> None:
    create_journal(tmp_path).close()
    assert kept_results_file(tmp_path) == ResultsFile()


def test_a_journal_that_says_something_else_is_told_of(tmp_path: pathlib.Path) -> None:
    journal = create_journal(tmp_path)
    journal.set_meta(**{RESULTS: {"path": 7}})
    journal.close()
    with pytest.raises(JournalError, match="results"):
        kept_results_file(tmp_path)
    open_journal(tmp_path, write=False).close()
