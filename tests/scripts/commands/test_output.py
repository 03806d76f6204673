"""The end of every command: JSON that any parser reads, errors on one line, columns, money, and nothing obeyed."""

import json
import math
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.scripts.commands.durations import duration
from surefoot.scripts.commands.output import (
    FAILED,
    PAUSED,
    USAGE,
    WIDTH,
    aligned,
    answer_in_short,
    complain,
    failure,
    json_for_people,
    money,
    print_json,
    printable,
    quoted,
)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def finite(value: Any) -> Any:
    """The same value, what is no number of JSON's being null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    return list(map(finite, value)) if isinstance(value, list | tuple) else value


def test_json_is_one_line_that_strict_parsers_read(capsys: pytest.CaptureFixture[str]) -> None:
    @settings(max_examples=40)
    @given(values)
    def holds(value: Any) -> None:
        print_json({"value": value})
        out = capsys.readouterr().out
        assert out.count("\n") == 1
        assert out.isascii()
        assert json.loads(out, parse_constant=pytest.fail) == {"value": finite(value)}

    holds()


def test_tuples_with_nan_inside_are_lists(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"pair": (1, math.nan), "sure": ("a", True)})
    assert json.loads(capsys.readouterr().out) == {"pair": [1, None], "sure": ["a", True]}


@given(st.text())
def test_printable_text_keeps_its_lines_and_tabs_and_nothing_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    assert shown.count("\n") == text.count("\n")
    assert all(one.isprintable() or one in "\n\t" for one in shown)
    if all(one.isprintable() or one in "\n\t" for one in text):
        assert shown == text


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp", "Zs")), min_size=1, max_size=40))
def test_a_path_comes_out_of_a_shell_as_it_went_in(name: str) -> None:
    assert shlex.split(quoted(name)) == [name]


def test_a_path_that_moves_the_cursor_is_written_out() -> None:
    assert "\x1b" not in quoted("runs/\x1b[2J")


def test_an_error_is_one_line_and_its_hint_another(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("line one\nline\x1b[2J two", USAGE, hint="try\nthis") == USAGE
    said = capsys.readouterr().err
    assert said == "surefoot: line one line\\x1b[2J two\n    try this\n"
    assert complain("alone", FAILED) == FAILED
    assert capsys.readouterr().err == "surefoot: alone\n"


@pytest.mark.parametrize(("code", "status"), [(FAILED, "failed"), (USAGE, "error"), (PAUSED, "paused")])
def test_the_object_of_an_error_says_what_the_exit_code_says(code: int, status: str) -> None:
    told = failure("RunFailed", "two\nlines", code, run_dir="runs/1")
    assert (told["status"], told["exit_code"]) == (status, code)
    assert told["error"] == {"type": "RunFailed", "message": "two lines", "run_dir": "runs/1"}


@pytest.mark.parametrize(
    ("usd", "said"), [(None, "unknown"), (0.0, "$0"), (0.00004, "$0.0000"), (1.5, "$1.5000"), (12345.6, "$12,345.6000")]
)
def test_money_that_is_unknown_is_never_shown_as_nothing(usd: float | None, said: str) -> None:
    assert money(usd) == said


@settings(max_examples=60)
@given(st.text() | values, st.integers(4, 80))
def test_an_answer_in_short_is_one_line_of_at_most_so_many_characters(answer: Any, limit: int) -> None:
    shown = answer_in_short(answer, limit)
    assert len(shown) <= limit
    assert shown.isprintable() or not shown


def test_an_answer_that_fits_is_shown_whole_and_one_that_does_not_says_so() -> None:
    assert answer_in_short({"a": ["é"]}) == '{"a": ["é"]}'
    assert answer_in_short("two\nlines") == "two lines"
    assert answer_in_short("x" * 30, 10) == "xxxxxxx..."
    assert answer_in_short("x" * 10, 10) == "x" * 10


cells = st.text("ab c\n", max_size=6)


@settings(max_examples=50)
@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(cells, min_size=n, max_size=n), min_size=1, max_size=5)))
def test_columns_begin_at_the_same_place_in_every_row(rows: list[list[str]]) -> None:
    lines = aligned(rows).split("\n")
    assert len(lines) == len(rows)
    clean = [[" ".join(cell.split()) for cell in row] for row in rows]
    starts = [0]
    for column in range(len(rows[0]) - 1):
        starts.append(starts[-1] + max(len(row[column]) for row in clean) + 2)
    for line, row in zip(lines, clean, strict=True):
        for start, cell in zip(starts, row, strict=True):
            assert line[start : start + len(cell)] == cell


def test_figures_are_aligned_at_their_right_edge() -> None:
    shown = aligned([("run", "steps"), ("a", "1"), ("longer", "1,234")], right=(1,))
    assert shown.split("\n") == ["run     steps", "a           1", "longer  1,234"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 seconds"), (119.9, "119.9 seconds"), (120, "2.0 minutes"), (7199, "120.0 minutes"),
        (7200, "2.0 hours"), (86400, "24.0 hours"), (172800, "2.0 days"), (1e6, "11.6 days"),
    ],
)  # fmt: skip
def test_durations_are_in_the_largest_unit_of_which_there_are_two(seconds: float, said: str) -> None:
    assert duration(seconds) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=40,
)


@settings(max_examples=60)
@given(JSON)
def test_json_for_people_is_the_same_value_and_short_lists_stay_on_a_line(value: Any) -> None:
    text = json_for_people(value)
    assert json.loads(text) == value
    assert ("\n" in text) == (len(json.dumps(value, ensure_ascii=False)) > WIDTH and isinstance(value, list | dict))


def test_a_list_of_lists_has_a_line_for_each() -> None:
    rows = [[number, "house of Elm", 12_345] for number in range(1800, 1810)]
    lines = json_for_people(rows).splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    assert lines[1] == ' [1800, "house of Elm", 12345],'
    assert len(lines) == 12
    assert json_for_people([]) == "[]"
