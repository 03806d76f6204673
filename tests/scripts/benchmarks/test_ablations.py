"""The published order of the ablations, with the published preset and modules that err as the published ones did."""

import itertools
import json
import pathlib

import pytest

from surefoot.scripts.benchmarks.ablations import ROWS, arguments
from surefoot.scripts.commands.cli import main


@pytest.mark.long
def test_the_order_is_the_published_one(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    """120 plans a row, seed 0, deterministic."""
    more = ["--repeats", "5", "--address", "none", "--workers", "1", "--run-dir", str(tmp_path / "b"), "--json"]
    with pytest.raises(SystemExit):
        main(arguments(more))
    rows = json.loads(capsys.readouterr().out.splitlines()[-1])["rows"]
    solved = [row["solved"] for name in ROWS for row in rows if row["method"] == name]
    assert solved == sorted(solved, reverse=True)
    assert len(set(solved)) == len(ROWS)


def test_the_command_line_has_every_row_in_the_published_order_and_what_is_added() -> None:
    given = arguments(["--repeats", "2"])
    assert given[:2] == ["bench", "hanoi3"]
    assert given[-2:] == ["--repeats", "2"]
    assert [after for option, after in itertools.pairwise(given) if option == "--method"] == list(ROWS)
    assert [part.split(".")[0] for part in given[given.index("--modules") + 1].split("; ")] == [
        "Actor", "Evaluator", "TaskDecomposer"
    ]  # fmt: skip
