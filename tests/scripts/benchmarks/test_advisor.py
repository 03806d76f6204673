"""The grid of the advisor: it names what is really cheapest, and a constant answer does not."""

import random

import pytest

from surefoot.decompose.advisor import CHAIN, GRAPH, WHOLE, Shape
from surefoot.scripts.benchmarks import advisor
from surefoot.scripts.benchmarks.advisor import Cell, agreement, grid, lead_for, main, raced, trial


@pytest.fixture(scope="module")
def cells() -> list[Cell]:
    return grid(trials=10, seed=0, sizes=(1, 3, 12))


def test_the_advisor_names_what_is_cheapest(cells: list[Cell]) -> None:
    """Asked: 90 % of the cells outside a band of 20 %. The whole grid of 147 cells is run by the module itself."""
    right, clear = agreement(cells)
    assert clear >= 20
    assert right >= 0.9 * clear
    for way in (WHOLE, CHAIN, GRAPH):
        named, _ = agreement(cells, lambda one, way=way: way)  # type: ignore[misc]
        assert named < 0.9 * clear, f"always {way} would do"
    assert {one.best for one in cells} >= {WHOLE, GRAPH}


def test_close_cells_are_left_out() -> None:
    near = Cell(1, 1, 0.1, {WHOLE: 100.0, CHAIN: 115.0}, WHOLE, WHOLE)
    far = Cell(1, 1, 0.1, {WHOLE: 100.0, CHAIN: 125.0}, CHAIN, WHOLE)
    only = Cell(1, 1, 0.1, {CHAIN: 5.0}, CHAIN, WHOLE)
    assert [one.clear for one in (near, far, only)] == [False, True, True]
    assert agreement([near, far, only]) == (1, 2)


def test_races_cost_what_was_drawn() -> None:
    assert raced(random.Random(0), 1.0, 3) == (True, 3, 1)
    won, ballots, rounds = raced(random.Random(0), 0.0, 30)
    assert not won
    assert ballots == advisor.MOST_BALLOTS
    assert rounds == 1 + ballots - 30
    assert lead_for(0.999, 10) < lead_for(0.9, 10) < lead_for(0.9, 10_000)


def test_wide_work_waits_less_as_a_graph_and_deep_work_costs_the_plan() -> None:
    wide = {way: cost for way, _, cost in trial(random.Random(1), Shape(64, 1), 0.05)}
    deep = {way: cost for way, _, cost in trial(random.Random(1), Shape(64, 64), 0.05)}
    assert wide[GRAPH] < wide[CHAIN]
    assert deep[CHAIN] < deep[GRAPH]


def test_the_command_prints_the_share_and_the_placebos(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(advisor, "grid", lambda trials, seed: grid(2, 0, (1, 8)))
    main([])
    said = capsys.readouterr().out
    assert "the advisor names the cheapest way in" in said
    assert said.count("placebo, always") == 3
