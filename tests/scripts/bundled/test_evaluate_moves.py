"""The card's part on several moves: what is asked, how it is counted, and that the other parts stay."""

import pathlib
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Prompt
from surefoot.runtime.models.bundled import MOVES, WEIGHTS
from surefoot.scripts.bundled import evaluate_moves
from surefoot.scripts.bundled.evaluate import HEADING, MOVES_HEADING
from surefoot.scripts.bundled.evaluate_moves import COUNTS, DISKS, errors, main, section, unseen
from surefoot.scripts.bundled.several_moves import held_out
from tests.decompose.several import whole_reply


class Oracle:
    """A generator that answers by a function of the prompt."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer = answer

    def generate_batch(self, prompts: Sequence[Sequence[str]], **options: Any) -> list[SimpleNamespace]:
        return [SimpleNamespace(sequences=[self.answer(" ".join(words)).split(" ")]) for _, *words, _ in prompts]


def right(prompt: str) -> str:
    lines = whole_reply(answers, Prompt(prompt)).splitlines()
    return " ".join([*(line.split(" ")[0] for line in lines), lines[-1].partition(" ")[2]])


@pytest.mark.parametrize("disks", [5, 10, 20])
def test_what_can_be_held_out_was(disks: int) -> None:
    rng = random.Random(1)
    for _ in range(20):
        prompt, reply = unseen(rng, disks, 16, aligned=True)
        assert held_out(prompt) == (disks == 20)
        assert reply == right(prompt)
        assert len("".join(prompt.split(" ")[4:])) == disks


def test_the_table_counts_whole_replies(capsys: pytest.CaptureFixture[str]) -> None:
    rows = errors(Oracle(right), 4, 1).splitlines()
    assert len(rows) == 2 + len(DISKS)
    assert rows[0].count("|") == len(COUNTS) + 3
    assert rows[-1].count("0.00 (0.00 to ") == len(COUNTS) + 1
    late = errors(Oracle(lambda prompt: right(prompt)[:-1] + "x"), 4, 1)
    assert late.count("100.00 (") == len(DISKS) * (len(COUNTS) + 1), "one wrong word makes a reply wrong"


def test_the_section_is_of_the_packaged_part(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate_moves, "DISKS", (5,))
    text = section(WEIGHTS / MOVES, 2, 1)
    recipe = msgspec.json.decode((WEIGHTS / MOVES / "recipe.json").read_bytes())
    assert f"at most {recipe['most_moves']} moves" in text
    assert f"{recipe['parameters']:,} parameters" in text
    assert "{" not in text


def test_the_command_keeps_the_other_parts(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "MODEL_CARD.md"
    path.write_text(f"RUNS\n\n{HEADING}PLANNER")
    monkeypatch.setattr(evaluate_moves, "section", lambda folder, samples, seed: f"{folder.name} {samples} {seed}\n")
    for _ in range(2):
        main(["--weights", str(tmp_path), "--samples", "5"])
        assert path.read_text() == f"RUNS\n\n{MOVES_HEADING}{MOVES} 5 1\n\n{HEADING}PLANNER"
