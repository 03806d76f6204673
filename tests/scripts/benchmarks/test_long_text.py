"""A long text: its facts are those that were put in, and what came out wrong is counted."""

import json
from collections.abc import Callable

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.scripts.benchmarks import long_text
from surefoot.scripts.benchmarks.long_text import Fact, answers, facts_of, main, make_text


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text, "PARTS", 4)


def test_a_row_for_each_rate(printed: Callable[..., str]) -> None:
    lines = printed(main, "--latency-s", "0.001", "--places", "4", "--rate", "0,0.02").splitlines()
    assert lines[0].startswith("7,998 bytes in 4 parts; ")
    assert lines[1].startswith("the first run of a process, over two parts without latency: ")
    assert lines[2].startswith("0% wrong: 8 answers to 4 questions, 0 of which decide nothing about a part; 0 of 12")
    assert lines[3].startswith("2% wrong: ")


def test_facts_that_a_model_leaves_out_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_text.Facts, "advance", lambda *given: {"facts": json.loads(given[-1])[1:]})
    assert "4 of 12 facts wrong or missing" in long_text._row(make_text(1), 0.001, 4, "0")


def test_every_part_has_its_size_and_three_facts() -> None:
    parts = make_text(3).split("\n\n")
    assert len(parts) == 4
    assert {len(part.encode()) for part in parts} == {long_text.PART_BYTES - 2}
    assert all(len(facts_of(part)) == long_text.FACTS for part in parts)
    assert make_text(3) != make_text(4)
    assert make_text(3) == make_text(3)


def test_wrong_answers_are_not_the_right_one() -> None:
    text = "In 1801 the house of Elm paid 12 crowns. In 1802 the house of Oak paid 13 crowns. "
    found = answers(Prompt(text))
    right = msgspec.json.decode(found.right[0], type=list[Fact])
    assert right == [Fact(1801, "Elm", 12), Fact(1802, "Oak", 13)]
    missing, changed = (msgspec.json.decode(one, type=list[Fact]) for one in found.wrong)
    assert missing == right[1:]
    assert changed == [Fact(1801, "Elm", 13), right[1]]
