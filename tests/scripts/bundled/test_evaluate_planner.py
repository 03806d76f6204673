"""The planner's part of the card: which answers are good, what is unseen, and how the weights were made."""

import pathlib
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from surefoot.decompose.modular_planner.wording import answer
from surefoot.runtime.models.bundled import PLANNER, WEIGHTS
from surefoot.scripts.bundled import evaluate_planner
from surefoot.scripts.bundled import list_questions as lists
from surefoot.scripts.bundled.evaluate import HEADING, Measured
from surefoot.scripts.bundled.evaluate_planner import (
    NAMES,
    commands,
    draws,
    errors,
    good,
    main,
    measure,
    section,
    stages,
    unseen,
)
from surefoot.scripts.bundled.questions import held_out

STAGE: dict[str, Any] = {
    "layers": 6, "width": 128, "heads": 4, "inner": 320, "seed": 1, "steps": 10, "batch": 48, "rate": 0.003,
    "matrix_rate": 0.02, "threads": 2, "device": "cpu", "makers": 1, "processes": 1, "course": "planner",
}  # fmt: skip


class Oracle:
    """A generator that answers by a function of the prompt."""

    def __init__(self, answer: Callable[[str], str]) -> None:
        self.answer = answer

    def generate_batch(self, prompts: Sequence[Sequence[str]], **options: Any) -> list[SimpleNamespace]:
        return [SimpleNamespace(sequences=[self.answer(" ".join(words)).split(" ")]) for _, *words, _ in prompts]


def test_only_what_follows_the_work_counts() -> None:
    pairs = [("check 1ab in 2a 1a", "1a - = yes"), ("check 2ab in 2a 1a", "1a - = no rule1")]
    assert measure(Oracle(lambda prompt: "nonsense = yes"), pairs) == Measured(2, 2, 1, 1)
    assert measure(Oracle(dict(pairs).__getitem__), pairs) == Measured(2, 2, 0, 0)


def test_of_doors_that_are_as_good_any_is_right() -> None:
    castle = "propose 1-2 2-3 3-4 4-1 4-5 | 2 4 to 1"
    assert good(castle, "4 1 / 4 5", "4 1 / 4 3")
    assert not good(castle, "4 5 / 4 1", "4 1 / 4 3")
    assert good("reached 2a 1a is 2a 1a", "yes", "yes")
    assert not good("propose 2a 1a to 2c 1c", "1ab", "1ac")


@pytest.mark.parametrize("module", lists.MODULES)
def test_questions_on_five_numbers_are_held_out(module: str) -> None:
    rng = random.Random(module)
    assert all(held_out(unseen(rng, module, 5)[0]) for _ in range(20))
    assert not all(held_out(unseen(rng, module, 3)[0]) for _ in range(60))


@pytest.mark.parametrize("module", NAMES)
def test_each_place_draws_questions_of_the_module(module: str) -> None:
    places = [place for place, _ in draws(module)]
    assert places[:3] == ["3 numbers", "5 numbers", "4 numbers"]
    assert places[3:] == ([] if module in ("predict", "subgoal") else ["random castles", "published castle"])
    for place, draw in draws(module):
        prompt, reply = draw(random.Random(place))
        assert prompt.startswith(f"{module} ")
        assert good(prompt, answer(reply), answer(reply))
        assert ("|" in prompt) == ("castle" in place)


def test_the_table_has_a_row_for_each_module(capsys: pytest.CaptureFixture[str]) -> None:
    lines = errors(Oracle(lambda prompt: "x"), 2, 1).splitlines()
    assert lines[0] == "| module | 3 numbers | 5 numbers | 4 numbers | random castles | published castle |"
    assert [line.split(" ")[1] for line in lines[2:]] == list(NAMES.values())
    predictor = lines[2 + list(NAMES).index("predict")]
    assert predictor.endswith("|  |  |")  # not asked in castles
    assert predictor.count("100.00 (") == 3


def test_stages_are_in_the_order_they_were_made() -> None:
    last = {**STAGE, "seed": 3, "start": {**STAGE, "seed": 2, "start": STAGE}}
    assert [stage["seed"] for stage in stages(last)] == [1, 2, 3]
    assert stages(STAGE) == [STAGE]


def test_each_command_goes_on_from_the_one_before() -> None:
    told = commands([{**STAGE, "processes": 8, "device": "cuda"}, {**STAGE, "seed": 2}])
    first, second = told.split("--out stage1")
    assert "torch.distributed.run --nproc-per-node 8 -m surefoot.scripts.bundled.train --course planner" in first
    assert "--start" not in first
    assert "--device cuda" in first
    assert "distributed" not in second
    assert "--start stage1 --out stage2" in second
    assert "--seed 2 --steps 10 --batch 48 --rate 0.003 --matrix-rate 0.02" in second


def test_commands_are_ones_that_the_trainer_takes() -> None:
    pytest.importorskip("torch", reason="needs the extra train")
    from surefoot.scripts.bundled.train import options

    words = commands([STAGE]).replace("\\\n", " ").split()
    said = options().parse_args(words[words.index("surefoot.scripts.bundled.train") + 1 :])
    assert (said.course, said.steps, said.matrix_rate, str(said.out)) == ("planner", 10, 0.02, "stage1")


def test_the_section_is_of_the_packaged_planner(capsys: pytest.CaptureFixture[str]) -> None:
    text = section(WEIGHTS / PLANNER, 1, 1)
    recipe = msgspec.json.decode((WEIGHTS / PLANNER / "recipe.json").read_bytes())
    assert f"with {recipe['parameters']:,} parameters" in text
    assert f"--out stage{len(stages(recipe))}" in text
    assert "Actor on lists 5" in text
    assert "{" not in text


def test_the_command_keeps_the_first_part(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "MODEL_CARD.md").write_text(f"RUNS\n\n{HEADING}old")
    monkeypatch.setattr(evaluate_planner, "section", lambda folder, samples, seed: f"{folder.name} {samples} {seed}")
    main(["--weights", str(tmp_path), "--samples", "5"])
    assert (tmp_path / "MODEL_CARD.md").read_text() == f"RUNS\n\n{HEADING}{PLANNER} 5 1"
