"""Rows of a table: each part prints its line at few rows, and the models err as often as they say."""

import json
from collections.abc import Callable

import pytest

from surefoot.decompose.step import Flag, Prompt
from surefoot.runtime.models.port import Request
from surefoot.scripts.benchmarks import rows
from surefoot.scripts.benchmarks.rows import EASY, HARD, HARD_SHARE, After, Free, Scattered, Taken, answers, main

pytestmark = pytest.mark.usefixtures("serial")


def test_accuracy_has_a_line_for_each_rule_and_spread(printed: Callable[..., str]) -> None:
    lines = printed(main, "accuracy", "--rows", "30", "--seeds", "2", "--rules", "sequential").splitlines()
    assert [line.partition("[")[0].split(maxsplit=1) for line in lines] == [
        ["sequential", "alike" + " " * 20],
        ["sequential", "scattered" + " " * 16],
        ["sequential", "scattered, one rival" + " " * 5],
    ]
    for line in lines:
        found = json.loads(line[line.index("[") :])
        assert len(found) == 2
        assert all(one["calls"] >= 1 and one["wrong"] + one["failed"] <= 30 for one in found)


def test_memory_compares_many_rows_with_few(printed: Callable[..., str]) -> None:
    out = printed(main, "memory", "--rows", "40", "--few", "10")
    assert out.startswith("10 rows: ")
    assert "; 40 rows: " in out
    assert " rows a second of the processor" in out


def test_speed_holds_rows_against_steps(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "climb", lambda disks: Taken(2**disks - 1, 1.0, 1.0, 1.0))
    monkeypatch.setattr(rows, "map_rows", lambda count: Taken(count, 2.0, 1.0, 1.0))
    lines = printed(main, "speed", "--rows", "60", "--disks", "4").splitlines()
    assert lines == ["30 rows and 15 steps a second of the processor; 2.00 times"] * 2


def test_rows_and_a_tower_are_really_run() -> None:
    assert rows.map_rows(12).items == 12
    assert rows.climb(3).items == 7


def test_wrong_rows_are_counted_as_wrong() -> None:
    """One vote at 2 % errors: more than none of 600 rows come out wrong; with a high target none does."""
    loose = rows.asked({"count": 600, "seed": 1, "scattered": 0, "rule": "first-to-ahead-by", "k": 1})
    strict = rows.asked({"count": 60, "seed": 1, "scattered": 0, "rule": "first-to-ahead-by", "k": 4})
    assert 2 <= loose["wrong"] <= 30
    assert (loose["calls"], strict["wrong"]) == (1.0, 0)
    assert strict["calls"] >= 4


def test_a_tenth_of_scattered_rows_is_hard_and_all_together_err_in_two_percent() -> None:
    model, wrong, rows_asked = Scattered("m"), 0, 4000
    for number in range(rows_asked):
        reply = model.reply(Request(Prompt(str(number)), (0,), 1.0, 5, 1), 0)
        wrong += reply.text != str(number + 1)
    assert pytest.approx(0.02) == HARD_SHARE * HARD + (1 - HARD_SHARE) * EASY
    assert 0.01 < wrong / rows_asked < 0.03


async def test_the_free_model_is_right_and_remembers_few_questions() -> None:
    model = Free(answers)
    replies = await model.ask(Request(Prompt("41"), (0, 1), 1.0, 5, 1))
    assert [reply.text for reply in replies] == ["42", "42"]
    assert model.known == {"41": "42"}
    await model.close()


def test_a_reply_is_a_number_or_misformatted() -> None:
    task = After()
    step = task.row_step({"number": 7})
    assert task.prompt(step, "compact").user == "7"
    assert task.parse(step, "8", "compact") == "8"
    assert task.parse(step, "eight", "compact") == Flag("misformatted", "eight")
    assert list(rows.numbers(3)) == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert "8" in answers(Prompt("7")).right
    assert "8" not in answers(Prompt("7")).wrong
    assert answers(Prompt("7"), plausible=1).wrong == ("9",)


@pytest.mark.parametrize("plausible", [4, 1])
def test_hard_rows_get_the_votes_and_two_that_agree_are_trusted_only_where_that_is_safe(plausible: int) -> None:
    """Placebo: without learning every row keeps the lead that the small pilot asks for."""
    base = {"count": 4096, "seed": 0, "scattered": plausible, "rule": "first-to-ahead-by", "target": 0.999}
    learned = rows.asked(dict(base))
    fixed = rows.asked({**base, "count": 512, "learn": False})
    assert learned["calls"] < (2.7 if plausible == 4 else 3.6)
    assert learned["calls"] > (2.0 if plausible == 4 else 2.9)
    assert fixed["calls"] > 4
    assert learned["wrong"] <= 9
