"""The part of the bundled model that states several moves at once: what it knows, what it refuses, what a run does."""

import asyncio
import json
import pathlib
import random
import shutil
from collections.abc import AsyncIterator

import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime import api
from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.bundled import MOVES, WEIGHTS, BundledModel
from surefoot.runtime.models.port import Request, Stop
from surefoot.runtime.steps_per_call import MOST_OF_BUNDLED
from surefoot.scripts.bundled.evaluate_moves import unseen
from surefoot.scripts.bundled.questions import Pair
from surefoot.scripts.bundled.several_moves import met_moves


@pytest.fixture
async def model() -> AsyncIterator[BundledModel]:
    made = BundledModel()
    yield made
    await made.close()


def pairs(count: int, each: int = 20, aligned: bool = True) -> list[Pair]:
    """Questions for so many moves in leaves of 6 to 25 disks, those of many disks held out from training."""
    rng = random.Random(count)
    return [unseen(rng, disks, count, aligned) for disks in (6, 12, 20, 25) for _ in range(each)]


async def wrong(model: BundledModel, asked: list[Pair], temperature: float) -> int:
    replies = await asyncio.gather(
        *(model.ask(Request(Prompt(prompt), (0,), temperature, 200, 1)) for prompt, _ in asked)
    )
    assert all(reply.stop is Stop.END for (reply,) in replies)
    return sum(reply.text != right for (reply,), (_, right) in zip(replies, asked, strict=True))


@pytest.mark.parametrize("count", [2, 4, 8, 16, 32])
async def test_it_states_many_moves_as_a_run_asks_for_them(model: BundledModel, count: int) -> None:
    assert await wrong(model, pairs(count), 0.0) <= 2  # of 80
    assert await wrong(model, pairs(count), 1.0) <= 4


async def test_it_goes_on_from_anywhere_in_a_leaf(model: BundledModel) -> None:
    assert await wrong(model, pairs(32, aligned=False), 0.0) <= 4  # of 80


async def test_where_the_task_keeps_the_state_it_states_none(model: BundledModel) -> None:
    rng = random.Random(2)
    asked = [met_moves(rng, 12, 7, 16, states_next=False) for _ in range(100)]
    assert all(prompt.startswith("moves-only 1") for prompt, _ in asked)
    assert await wrong(model, asked, 0.0) <= 3


async def test_it_is_read_when_it_is_first_asked_and_refuses_more_than_it_knows(model: BundledModel) -> None:
    model.check_prompt(Prompt("move cw - aaa"))
    assert MOVES not in model._others
    model.check_prompt(Prompt(f"moves {MOST_OF_BUNDLED} cw - aaaaa a"))
    assert MOVES in model._others
    with pytest.raises(ModelRejected, match="'33'"):
        model.check_prompt(Prompt(f"moves {MOST_OF_BUNDLED + 1} cw - aaaaa a"))


async def test_weights_without_it_refuse_its_questions_only(tmp_path: pathlib.Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights", ignore=shutil.ignore_patterns(MOVES))
    model = BundledModel(tmp_path / "weights")
    model.check_prompt(Prompt("move cw - aaa"))
    with pytest.raises(ModelRejected, match="moves cannot be read"):
        model.check_prompt(Prompt("moves 4 cw - aaa"))
    await model.close()


async def test_with_its_words_exchanged_it_knows_nothing(tmp_path: pathlib.Path) -> None:
    path = shutil.copytree(WEIGHTS, tmp_path / "weights") / MOVES / "vocabulary.json"
    known = json.loads(path.read_text())
    plain = [word for word in known if "<" not in word]
    other = iter(random.Random(1).sample(plain, len(plain)))
    path.write_text(json.dumps([word if "<" in word else next(other) for word in known]))
    placebo, asked = BundledModel(tmp_path / "weights"), pairs(8, 10)
    replies = await asyncio.gather(*(placebo.ask(Request(Prompt(prompt), (0,), 0.0, 200, 1)) for prompt, _ in asked))
    assert sum(reply.text != right for (reply,), (_, right) in zip(replies, asked, strict=True)) >= 39
    await placebo.close()


@pytest.mark.parametrize("options", [{}, {"state_by": "task"}, {"strategy": "chain", "k": 2, "steps_per_call": 16}])
def test_runs_with_it_are_solved_in_a_fraction_of_the_calls(options: dict[str, object], tmp_path: pathlib.Path) -> None:
    asked = {"steps_per_call": "auto", **options}
    run = api.run("hanoi", "bundled", run_dir=tmp_path / "r", disks=8, address="none", **asked)  # type: ignore[arg-type]
    assert run.status == "solved"
    assert run.counts.steps == 255
    assert run.counts.shared_steps > 200
    assert run.counts.calls < 255


def test_all_weights_are_small_and_the_card_says_what_it_states() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) <= 3_000_000
    card = (WEIGHTS / "MODEL_CARD.md").read_text()
    assert f"**at most {MOST_OF_BUNDLED} moves**" in card
    assert json.loads((WEIGHTS / MOVES / "recipe.json").read_text())["most_moves"] == MOST_OF_BUNDLED
