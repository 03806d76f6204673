"""The card of the bundled model: what counts as wrong, the tables, and parts that do not overwrite each other."""

import pathlib
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import ctranslate2
import msgspec
import pytest

from surefoot.runtime.models.bundled import START, STOP_PROMPT, WEIGHTS
from surefoot.scripts.bundled import evaluate
from surefoot.scripts.bundled.evaluate import (
    HEADING,
    Measured,
    card,
    main,
    measure,
    replies,
    results,
    speed,
    speeds,
    table,
    tables,
    write_part,
)
from surefoot.scripts.bundled.exams import DISKS, classes


class Oracle:
    """A generator that answers by a function of prompt and greediness, and counts its batches."""

    def __init__(self, answer: Callable[[str, bool], str]) -> None:
        self.answer = answer
        self.batches: list[int] = []

    def generate_batch(self, prompts: Sequence[Sequence[str]], **options: Any) -> list[SimpleNamespace]:
        self.batches.append(len(prompts))
        found = []
        for first, *words, last in prompts:
            assert (first, last) == (START, STOP_PROMPT)
            said = self.answer(" ".join(words), options["sampling_topk"] == 1)
            found.append(SimpleNamespace(sequences=[said.split(" ")]))
        return found


PAIRS = [("plus 1 1 0", "0 2"), ("plus 2 2 0", "0 4"), ("plus 2 2 0", "0 4"), ("plus 9 9 1", "1 9")]


def test_wrong_is_counted_at_temperature_1_and_misled_greedily() -> None:
    right = dict(PAIRS)
    oracle = Oracle(lambda prompt, greedy: right[prompt] if greedy or "2 2" not in prompt else "0 5")
    assert measure(oracle, PAIRS) == Measured(4, 3, wrong=2, misled=0)
    oracle = Oracle(lambda prompt, greedy: "0 0" if greedy else right[prompt])
    assert measure(oracle, PAIRS) == Measured(4, 3, wrong=0, misled=4)


def test_replies_come_in_batches_and_in_order() -> None:
    oracle = Oracle(lambda prompt, greedy: f"said {prompt}")
    prompts = [str(number) for number in range(600)]
    assert replies(oracle, prompts, greedy=True) == [f"said {prompt}" for prompt in prompts]
    assert oracle.batches == [256, 256, 88]


def test_a_cell_has_both_rates_and_the_interval() -> None:
    assert Measured(0, 0, 0, 0).cell() == "-"
    assert Measured(200, 200, 0, 0).cell() == "0.00 (0.00 to 1.83) / 0.00"
    assert Measured(200, 200, 10, 3).cell() == "5.00 (2.42 to 9.00) / 1.50"


def test_a_table_is_markdown() -> None:
    assert table(["a", "b"], [["1", "2"], ["3", "4"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |"


@pytest.fixture
def found(capsys: pytest.CaptureFixture[str]) -> dict[tuple[str, str], Measured]:
    return results(Oracle(lambda prompt, greedy: "nothing"), 3, 1)


def test_every_class_is_measured_and_has_its_place(found: dict[tuple[str, str], Measured]) -> None:
    assert list(found) == [(where, row) for where, row, _ in classes()]
    assert all(one.samples == 3 and one.wrong == one.misled == 3 for one in found.values())
    shown = tables(found)
    assert set(shown) == {"overall", "by_disks", "towers", "starts", "digits"}
    by_disks = shown["by_disks"].splitlines()
    assert [line.split(" ")[1] for line in by_disks[2:]] == [str(n) for n in DISKS]
    assert by_disks[0] == "| disks | move | move-only | carry | carry-only | split |"
    assert "| times | 100.00" in shown["digits"]
    assert "| moves of runs, 3 to 22 disks | 100.00" in shown["overall"]


def test_the_same_seed_asks_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[list[str]] = []
    for seed in (1, 1, 2):
        heard: list[str] = []

        def answer(prompt: str, greedy: bool, heard: list[str] = heard) -> str:
            heard.append(prompt)
            return "x"

        results(Oracle(answer), 2, seed)
        asked.append(heard)
    assert asked[0] == asked[1] != asked[2]


def test_the_card_is_of_the_model_in_the_folder(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two questions of each class to the packaged weights: the figures in the text are theirs."""
    monkeypatch.setattr(evaluate, "speeds", lambda folder: "SPEEDS")
    text = card(WEIGHTS, 2, 1)
    recipe = msgspec.json.decode((WEIGHTS / "recipe.json").read_bytes())
    assert f"with {recipe['parameters']:,} parameters" in text
    assert "evaluate --samples 2 --seed 1" in text
    assert f"--steps {recipe['steps']} --batch {recipe['batch']}" in text
    assert "SPEEDS" in text
    assert "{" not in text
    assert sum(line.startswith("| ---") for line in text.splitlines()) == 5


def test_speeds_are_of_four_batches_and_two_thread_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "speed", lambda folder, threads, batch: 1000.0 * threads * batch)
    lines = speeds(WEIGHTS).splitlines()
    assert lines[0] == "| prompts in a batch | 1 thread | 2 threads |"
    assert lines[2] == "| 1 | 1,000 | 2,000 |"
    assert lines[-1] == "| 512 | 512,000 | 1,024,000 |"


def test_speed_is_the_median_call_after_the_warm_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock of which each look takes a quarter of a second: a batch of 8 takes as long."""
    looks = iter(number / 4 for number in range(100))
    monkeypatch.setattr(evaluate, "time", SimpleNamespace(perf_counter=lambda: next(looks)))
    oracle = Oracle(lambda prompt, greedy: "x")
    monkeypatch.setattr(ctranslate2, "Generator", lambda *_, **__: oracle)
    assert speed(WEIGHTS, 1, 8) == pytest.approx(8 / 0.25)
    assert set(oracle.batches) == {8}


def test_a_part_of_the_card_keeps_the_other(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_part(tmp_path, runs="RUNS\n")
    write_part(tmp_path, planner="PLANNER")
    path = tmp_path / "MODEL_CARD.md"
    assert path.read_text() == f"RUNS\n\n{HEADING}PLANNER"
    write_part(tmp_path, runs="NEW\n\n\n")
    assert path.read_text() == f"NEW\n\n{HEADING}PLANNER"


def test_the_command_writes_the_first_part(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "card", lambda folder, samples, seed: f"card {samples} {seed}")
    main(["--weights", str(tmp_path), "--samples", "7", "--seed", "3"])
    assert (tmp_path / "MODEL_CARD.md").read_text().startswith("card 7 3\n\n")
