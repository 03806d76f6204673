"""``surefoot diagnose`` as it is typed: a verdict that says why, a table, and votes that can be typed again."""

import pathlib

import pytest

from surefoot.runtime.role_options import parse_role_options
from surefoot.runtime.trace.class_tally import ClassTally, Tallies
from surefoot.runtime.trace.diagnosis import diagnose
from surefoot.scripts.commands.diagnose import described
from tests.runtime import simulated_runs
from tests.scripts.commands.console import complaints, last_object, surefoot


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a run whose every question had several ballots."""
    made = tmp_path_factory.mktemp("diagnosed")
    simulated_runs.run(made / "r", "p_error=0.15", 6, k=3, leaf_steps=3)
    return made


def test_a_run_is_told_apart_with_its_figures(folder: pathlib.Path) -> None:
    found = last_object(surefoot(folder, "diagnose", "r", "--json"))
    assert found["verdict"] in ("planning-limited", "execution-limited", "both", "neither")
    assert found["runs"] == 1
    assert {one["level"] for one in found["classes"]} == {"plan", "execution"}
    assert found["recommended"]["calls"] <= found["now"]["calls"]
    assert parse_role_options(found["modules"])
    text = surefoot(folder, "diagnose", "r", "r").stdout
    assert text.startswith("verdict   ")
    assert "other way" in text


def test_phrases_are_looked_for_where_they_are_asked_for(folder: pathlib.Path) -> None:
    found = last_object(surefoot(folder, "diagnose", "r", "--grams", "--json"))
    assert all(isinstance(count, int) for count in found["grams"].values())
    assert found["replies_read"] > 0
    assert "phrases   " in surefoot(folder, "diagnose", "r", "--grams").stdout


def test_without_anything_to_compare_nothing_is_recommended() -> None:
    lines = list(described(diagnose(Tallies({("execution", "move"): ClassTally(questions=3)}, runs=1))))
    assert lines[0] == "verdict   cannot be told: no question of how to split work was decided"
    assert not any(line.startswith(("now", "better", "next")) for line in lines)


def test_what_is_no_run_is_one_line(folder: pathlib.Path) -> None:
    done = surefoot(folder, "diagnose", ".")
    assert done.returncode == 2
    assert len(complaints(done)) == 1


@pytest.mark.parametrize("refuted", [0, 2])
def test_versions_given_up_for_evidence_have_a_column_where_there_are_some(refuted: int) -> None:
    plans = ClassTally(questions=3, refuted=refuted)
    lines = list(described(diagnose(Tallies({("plan", "split"): plans}, runs=1))))
    assert any("for evidence" in line for line in lines) == bool(refuted)
