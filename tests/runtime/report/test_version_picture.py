"""The picture of the plan's versions: a row for each revised node, in proportion, and no text that is obeyed."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.report.figures import RIGHT, WHOLE
from surefoot.runtime.report.plan_history import VersionSpan
from surefoot.runtime.report.version_picture import LEFT, MOST_NODES, MOST_VERSIONS, left_out, version_picture

HOSTILE = "</title><script>alert(1)</script>\u202e\x1b[2J&\"'"
SPAN = WHOLE - LEFT - RIGHT


def parts(markup: str, name: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(markup).iter(name))


def test_nothing_is_drawn_where_no_plan_was_revised() -> None:
    assert version_picture([], 100) == ""
    assert left_out([]) == 0


def test_versions_stand_where_they_were_made_and_given_up() -> None:
    spans = [
        VersionSpan((), 0, 0, 50, 0, (40, 45), "gate 1 = left does not hold"),
        VersionSpan((), 1, 50, None, 3),
        VersionSpan((0, 2), 0, 10, 20),
    ]
    markup = version_picture(spans, 100)
    bars = parts(markup, "rect")
    assert [float(bar.attrib["x"]) for bar in bars] == pytest.approx([LEFT, LEFT + SPAN / 2, LEFT + SPAN / 10], abs=0.1)
    assert [float(bar.attrib["width"]) for bar in bars] == pytest.approx([SPAN / 2 - 1] * 2 + [SPAN / 10 - 1], abs=0.1)
    assert [bar.attrib["opacity"] for bar in bars] == ["0.3", "0.75", "0.3"], "the version that stands is dark"
    assert bars[0].attrib["y"] == bars[1].attrib["y"] != bars[2].attrib["y"]
    marks = [float(mark.attrib["cx"]) for mark in parts(markup, "circle")]
    assert marks == pytest.approx([LEFT + 0.4 * SPAN, LEFT + 0.45 * SPAN], abs=0.1)
    labels = [text.text for text in parts(markup, "text")]
    assert labels[:3] == ["root", "v0", "v1"]
    assert labels[-3:] == ["0 steps", "50 steps", "100 steps"]


def test_what_a_version_was_is_told_where_one_points_at_it() -> None:
    spans = [VersionSpan((), 0, 0, 5, why="it is right"), VersionSpan((), 1, 5, 7, 2), VersionSpan((), 2, 7)]
    told = [title.text for title in parts(version_picture(spans, 10), "title")]
    assert told == [
        "version 0, made after 0 steps, given up after 5: it is right",
        "version 1, made after 5 steps, goes on with 2 children of the one before, given up after 7: not said why",
        "version 2, made after 7 steps",
    ]


def test_untrusted_text_is_shown_and_not_obeyed() -> None:
    markup = version_picture([VersionSpan((), 0, 0, 5, why=HOSTILE)], 10)
    assert "<script" not in markup
    assert "\x1b" not in markup
    assert "\u202e" not in markup
    (title,) = parts(markup, "title")
    assert "alert(1)" in str(title.text)


def test_a_run_with_very_many_versions_has_a_picture_of_bounded_size() -> None:
    many = [VersionSpan((node,), version, version, version + 1) for node in range(100) for version in range(1000)]
    markup = version_picture(many, 1000)
    assert len(parts(markup, "rect")) == MOST_NODES * MOST_VERSIONS
    assert left_out(many) == 100 - MOST_NODES
    assert "version 999," in markup, "the last one is shown"
    assert len(markup) < 1_000_000


moments = st.integers(0, 2**53)
spans = st.lists(
    st.builds(
        VersionSpan, st.lists(st.integers(0, 3), max_size=2).map(tuple), st.integers(0, 9), moments,
        st.none() | moments, st.integers(0, 9), st.lists(moments, max_size=2).map(tuple), st.text(max_size=8),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=40)
@given(spans, moments)
def test_any_versions_stay_within_the_drawing(found: list[VersionSpan], steps: int) -> None:
    markup = version_picture(found, steps)
    for bar in parts(markup, "rect"):
        x, wide = float(bar.attrib["x"]), float(bar.attrib["width"])
        assert LEFT <= x <= WHOLE - RIGHT + 0.1
        assert wide > 0
        assert x + wide <= WHOLE - RIGHT + 2.1
    assert all(LEFT <= float(mark.attrib["cx"]) <= WHOLE - RIGHT + 0.1 for mark in parts(markup, "circle"))
