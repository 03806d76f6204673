"""Charts are well-formed, hold what they are given within their edges, and obey no text."""

import itertools
import math
import re
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.report.figures import (
    HEIGHT,
    LEFT,
    RIGHT,
    WHOLE,
    WIDTH,
    Series,
    _log_ticks,
    _ticks,
    chart,
    intervals,
    lanes,
)

HOSTILE = '<script>alert("x")</script>&'
amounts = st.floats(0, 1e9, allow_subnormal=False)
points = st.lists(st.tuples(st.floats(-1e6, 1e6), amounts), min_size=1, max_size=12).map(
    lambda found: sorted(dict(found).items())
)


def parts(markup: str, name: str) -> list[Any]:
    return list(ElementTree.fromstring(markup).iter(name))


@settings(max_examples=60)
@given(st.floats(-1e6, 1e6), st.floats(1, 1e9))
def test_ticks_cover_what_is_shown_at_even_distances(low: float, span: float) -> None:
    found = _ticks(low, low + span)
    assert found[0] <= low + 1e-6 * span
    assert found[-1] >= low + span - 1e-6 * span
    assert 2 <= len(found) <= 7
    steps = {round((b - a) / (found[1] - found[0]), 3) for a, b in itertools.pairwise(found)}
    assert steps == {1.0}


@settings(max_examples=60)
@given(st.floats(1e-12, 1e12), st.floats(1, 1e9))
def test_logarithmic_ticks_are_powers_of_ten_around_what_is_shown(low: float, times: float) -> None:
    found = _log_ticks(low, low * times)
    assert found[0] <= low * 1.000001
    assert found[-1] >= low * times * 0.999999
    assert 2 <= len(found) <= 14
    assert all(math.isclose(math.log10(one), round(math.log10(one))) for one in found)


@settings(max_examples=40)
@given(points, st.booleans(), st.booleans())
def test_lines_and_bars_stay_within_the_drawing(found: list[tuple[float, float]], bars: bool, log: bool) -> None:
    markup = chart([Series("a", found, bars=bars)], "x", "y", log=log)
    shown = [(x, y) for x, y in found if y > 0 or not log]
    if not any(y > 0 or not log for _, y in found):
        assert markup == ""
        return
    if bars:
        boxes = [{name: float(value) for name, value in box.attrib.items() if name != "class"}
                 for box in parts(markup, "rect")]  # fmt: skip
        assert len(boxes) == len(shown)
        assert all(box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT for box in boxes)
    else:
        (line,) = parts(markup, "polyline")
        places = [tuple(map(float, pair.split(","))) for pair in line.attrib["points"].split()]
        assert len(places) == len(shown)
        assert all(LEFT - 0.1 <= x <= WIDTH - RIGHT + 0.1 and 0 <= y <= HEIGHT for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)


def test_higher_values_stand_higher() -> None:
    markup = chart([Series("a", [(0, 1), (1, 10), (2, 5)], dots=True)], "x", "y")
    low, high, middle = (float(dot.attrib["cy"]) for dot in parts(markup, "circle"))
    assert high < middle < low
    assert [dot.find("title").text for dot in parts(markup, "circle")] == ["0: 1", "1: 10", "2: 5"]


def test_a_logarithmic_axis_leaves_out_what_is_not_on_it() -> None:
    markup = chart([Series("a", [(0, 0), (1, 0.001), (2, 10)], dots=True)], "x", "y", log=True)
    assert len(parts(markup, "circle")) == 2


def test_bars_are_told_apart_at_whole_numbers() -> None:
    markup = chart([Series("a", [(1, 5), (2, 3)], bars=True)], "ballots", "steps")
    labels = [text.text for text in parts(markup, "text")]
    assert "1" in labels
    assert "2" in labels
    assert not any(re.fullmatch(r"\d\.5", str(label)) for label in labels[:-1])


def test_nothing_to_draw_is_no_chart() -> None:
    assert chart([], "x", "y") == chart([Series("a", [])], "x", "y") == lanes([], 5) == ""
    assert chart([Series("a", [(0, 0)])], "x", "y", log=True) == ""


def test_every_text_is_shown_and_not_obeyed() -> None:
    series = Series(HOSTILE, [(0, 1), (1, 2)])
    for markup in (
        chart([series], HOSTILE, HOSTILE), lanes([(HOSTILE, [1.0])], 5), intervals([(HOSTILE, 0.1, 0.2, 0.3)])
    ):  # fmt: skip
        assert "<script" not in markup
        ElementTree.fromstring(markup)


def test_a_legend_names_each_series_that_is_shown() -> None:
    markup = chart([Series("one", [(0, 1)]), Series("none", []), Series("two", [(0, 2)], "b")], "x", "y")
    assert re.findall(r'<span class="key (\w)">(\w+)</span>', markup) == [("a", "one"), ("b", "two")]


def test_a_worker_is_darker_where_it_had_more_in_hand() -> None:
    markup = lanes([("a", [0.0, 1.0, 2.0]), ("b", [4.0, 0.0, 0.0])], 60)
    shades = [float(box.attrib["opacity"]) for box in parts(markup, "rect")]
    assert shades == [0.36, 0.57, 1.0], "nothing in hand is nothing drawn"
    rows = {box.attrib["y"] for box in parts(markup, "rect")}
    assert len(rows) == 2
    assert parts(markup, "text")[-1].text == "60 s"


def test_intervals_span_their_ends_and_a_rate_of_nothing_has_no_dot() -> None:
    markup = intervals([("a", 0.001, 0.01, 0.1), ("b", 0.0, 0.0, 0.05)])
    bars = [line for line in parts(markup, "line") if line.attrib["class"] == "line a"]
    (dot,) = parts(markup, "circle")
    first, second = ((float(bar.attrib["x1"]), float(bar.attrib["x2"])) for bar in bars)
    assert first[0] < float(dot.attrib["cx"]) < first[1]
    assert float(dot.attrib["cx"]) == pytest.approx(sum(first) / 2, abs=0.2), "the middle, on a logarithmic axis"
    assert second[0] <= first[0]
    assert all(end <= WHOLE for pair in (first, second) for end in pair)
