"""The table of ``surefoot bench``: rates and intervals of a row, as text and as a page, whatever a model is called."""

import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.scripts.commands.bench_table import HEAD, NOTE, Score, cells, columns_of, page_of, print_table

PUBLISHED = (("cot, GPT-4", 42.0, 19.0), ("MAP -search, GPT-4", 32.5, None))
HOSTILE = "\x1b[2J<script>[bold]x[/bold]"


def score(**changed: Any) -> Score:
    return Score(**{"method": "paper", "model": "simulated", "problems": 24, "solved": 18, **changed})


@given(st.integers(0, 400), st.integers(0, 400))
def test_the_interval_is_around_the_share_and_within_0_to_100(problems: int, solved: int) -> None:
    row = score(problems=problems, solved=min(problems, solved)).shown()
    assert 0 <= row["low_percent"] <= row["solved_percent"] + 0.01
    assert row["solved_percent"] <= row["high_percent"] + 0.01 <= 100.02
    assert problems == 0 or row["high_percent"] - row["low_percent"] > 0


def test_more_problems_make_the_interval_narrower() -> None:
    few, many = score(problems=8, solved=4).shown(), score(problems=800, solved=400).shown()
    assert few["solved_percent"] == many["solved_percent"] == 50
    assert many["high_percent"] - many["low_percent"] < 0.2 * (few["high_percent"] - few["low_percent"])


def test_rates_are_of_problems_and_invalid_ones_of_moves() -> None:
    row = score(moves=200, invalid=3, calls=480, borrowed_calls=240, tokens_in=2400, tokens_out=36).shown()
    assert row["solved_percent"] == 75
    assert row["invalid_percent"] == 1.5
    assert (row["calls_per_problem"], row["calls_per_problem_alone"]) == (20, 30)
    assert (row["tokens_in_per_problem"], row["tokens_out_per_problem"]) == (100, 1.5)


def test_a_row_of_no_problems_divides_by_nothing() -> None:
    row = score(problems=0, solved=0).shown()
    assert row["solved_percent"] == row["invalid_percent"] == row["calls_per_problem"] == 0


def test_cells_stand_under_their_heads() -> None:
    shown = dict(zip(HEAD, cells(score(moves=40, invalid=1, calls=48, optimal=9, optimal_known=18)), strict=True))
    assert shown["method"] == "paper"
    assert shown["solved"] == "75.0 %"
    assert shown["n"] == "24"
    assert shown["optimal"] == "9"
    assert shown["invalid moves"] == "2.50 %"
    assert shown["calls"] == "2.0"
    low, _, high = shown["95 % interval"].partition(" to ")
    assert float(low) < 75 < float(high)


def test_what_is_optimal_is_unknown_where_no_shortest_length_is() -> None:
    place = HEAD.index("optimal")
    assert cells(score(optimal=0, optimal_known=0))[place] == "unknown"
    assert cells(score(solved=0, optimal=0, optimal_known=0))[place] == "0"


def test_costs_of_plans_have_a_column_where_actions_have_costs_and_nowhere_else() -> None:
    row, other = score(), score(method="oracle")
    for cost in (8, None, 11.5):
        row.add_cost(cost)
    assert row.shown()["cost_per_solved_plan"] == 9.75
    assert other.shown()["cost_per_solved_plan"] is None
    costs = columns_of([other, row])
    assert [dict(zip(costs.head, costs.cells(one), strict=True))["plan cost"] for one in (row, other)] == ["9.8", ""]
    assert "plan cost" not in columns_of([other]).head
    out = io.StringIO()
    print_table("pddl", [row, other], PUBLISHED, out)
    assert "not weighed" in " ".join(out.getvalue().split())
    assert "<th>plan cost</th>" in page_of("pddl", [row], ())


def test_a_row_that_paused_says_so() -> None:
    assert cells(score(status="paused"))[HEAD.index("solved")] == "75.0 % (paused)"


def test_the_table_has_a_row_for_each_score_and_each_published_figure() -> None:
    out = io.StringIO()
    print_table("hanoi3", [score(), score(method="oracle")], PUBLISHED, out)
    lines = out.getvalue().splitlines()
    assert lines[0].strip() == "hanoi3"
    assert [name in lines[1] for name in HEAD] == [True] * len(HEAD)
    assert [line.split()[0] for line in lines[2:4]] == ["paper", "oracle"]
    assert "42 %" in lines[4]
    assert "19 %" in lines[4]
    assert lines[5].rstrip().endswith("32.5 %")
    assert lines[-1].strip() == NOTE


def test_a_hostile_model_name_is_shown_and_not_obeyed() -> None:
    out = io.StringIO()
    print_table("t", [score(model=HOSTILE)], (), out)
    assert "\x1b" not in out.getvalue()
    assert "[bold]x[/bold]" in out.getvalue()


def test_the_page_has_a_bar_for_each_row_and_escapes_every_text() -> None:
    page = page_of("a <title>", [score(model=HOSTILE)], PUBLISHED)
    assert page.count("<i class=at ") == 3
    assert page.count("<i class=interval ") == 1, "published figures have no interval"
    assert '<i class=at style="left:75%">' in page
    assert '<i class=at style="left:32.5%">' in page
    assert "<script>[bold]" not in page
    assert "&lt;script&gt;" in page
    assert "a <title>" not in page


def test_every_cell_of_the_page_names_its_column_for_narrow_screens() -> None:
    page = page_of("t", [score()], PUBLISHED)
    rows = re.findall(r"<tr class=.*?</tr>", page)
    heads = [re.findall(r'<td data-head="(.*?)">', row) for row in rows]
    assert heads[0] == [
        *(" ".join(name.split()) for name in HEAD[:3]),
        "0 to 100 %",
        *map(" ".join, map(str.split, HEAD[3:])),
    ]
    assert all(row == heads[0][: len(row)] for row in heads)
    assert all(row.count("<td") == len(head) for row, head in zip(rows, heads, strict=True))


@pytest.mark.parametrize(("solved", "left"), [(0, "0%"), (24, "100%"), (12, "50%")])
def test_bars_end_where_the_share_is(solved: int, left: str) -> None:
    assert f'<i class=at style="left:{left}">' in page_of("t", [score(solved=solved)], ())
