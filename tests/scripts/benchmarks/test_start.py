"""The benchmark of starting: its table, and one round of it against this checkout itself."""

import pathlib
import re

import pytest
from click.testing import CliRunner

from surefoot.scripts.benchmarks import start
from surefoot.scripts.benchmarks.start import Took, main, table


def test_what_counts_is_the_ratio_above_a_python_that_does_nothing() -> None:
    rounds = [[Took(1, 0.1), Took(5, 0.9), Took(3, 0.5)], [Took(2, 0.1), Took(10, 1.7), Took(4, 0.5)]]
    lines = table(rounds, ["python -c pass", "other", "this"])
    assert lines[1] == f"{'other':<20}   7.500 s,   1.300 s of processor time"
    assert lines[-1].endswith("nothing: 0.38, 0.38 of it")  # of 2/4 and 2/8; of 0.4/0.8 and 0.4/1.6


def test_without_another_checkout_there_is_no_ratio() -> None:
    assert len(table([[Took(1, 0.1), Took(3, 0.5)]], ["python -c pass", "this"])) == 2


@pytest.mark.parametrize("with_ray", [False, True])
def test_each_round_runs_each_checkout_once(with_ray: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def took(arguments: list[str], tree: pathlib.Path, cache: pathlib.Path) -> Took:
        asked.append((*arguments[:2], tree.name, *(one for one in arguments if one == "--address")))
        return Took(1.0 + len(asked), 1.0 + len(asked))

    monkeypatch.setattr(start, "took", took)
    more = ["--ray"] if with_ray else []
    done = CliRunner().invoke(main, ["--pairs", "2", "--against", str(start.HERE), *more], catch_exceptions=False)
    assert re.search(r"nothing: \d\.\d\d, \d\.\d\d of it", done.output)
    assert len(asked) == 2 + 2 * (4 if with_ray else 3)
    assert sum("import ray" in one[1] for one in asked) == (2 if with_ray else 0)
    assert sum("--address" in one for one in asked) == (6 if with_ray else 0)
