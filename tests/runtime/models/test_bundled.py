"""The bundled model: batches, limits, refusals, and whether it knows what it was trained on."""

import asyncio
import json
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi as hanoi_key
from surefoot.decompose.answer_keys import multiply as multiply_key
from surefoot.decompose.step import Flag, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable
from surefoot.runtime.models.bundled import WEIGHTS, BundledModel
from surefoot.runtime.models.port import Reply, Request, Stop

MOVE = "move cw - aaaaa aaaaa"


class Watched:
    """A generator that notes the size of every batch, and can be made to fail."""

    def __init__(self, generator: Any) -> None:
        self.generator = generator
        self.sizes: list[int] = []
        self.openings: list[list[str]] = []
        self.fault: Exception | None = None

    def generate_batch(self, prompts: list[list[str]], **options: Any) -> Any:
        self.sizes.append(len(prompts))
        self.openings.append(options["static_prompt"])
        if self.fault:
            raise self.fault
        return self.generator.generate_batch(prompts, **options)


@pytest.fixture
async def model() -> AsyncIterator[BundledModel]:
    made = BundledModel()
    yield made
    await made.close()


@pytest.fixture
def watched(model: BundledModel) -> Watched:
    model._runs.generator = Watched(model._runs.generator)
    return model._runs.generator


def request(text: str, draws: int = 1, temperature: float = 1.0, max_tokens: int = 40) -> Request:
    return Request(Prompt(text), tuple(range(draws)), temperature, max_tokens, seed=1)


def questions(each: int) -> list[tuple[Task, Step, str]]:
    """Steps of both tasks with their right replies: as many of each of three towers, and as many of a product."""
    tasks: list[Task] = [Hanoi(disks=5), Hanoi(disks=10, start="b"), Hanoi(disks=20, goal="b"), Multiply()]
    found = []
    for task in tasks:
        key = multiply_key if isinstance(task, Multiply) else hanoi_key
        for number in range(each):
            step = task.sample_step(number)
            (right,) = key.answers(task.prompt(step, "compact")).right
            found.append((task, step, right))
    return found


async def count_wrong(model: BundledModel, asked: list[tuple[Task, Step, str]], temperature: float) -> int:
    """Replies that are not the right one; each question is asked with the limit its step sets."""
    replies = await asyncio.gather(
        *(
            model.ask(Request(task.prompt(step, "compact"), (0,), temperature, step.max_reply_tokens, 1))
            for task, step, _ in asked
        )
    )
    return sum(reply.text != right for (reply,), (_, _, right) in zip(replies, asked, strict=True))


async def test_it_knows_both_tasks(model: BundledModel) -> None:
    assert await count_wrong(model, questions(100), temperature=0.0) <= 2  # of 400


async def test_it_errs_now_and_then_when_sampled(model: BundledModel) -> None:
    asked = questions(250)
    assert await count_wrong(model, asked, temperature=1.0) <= 15  # of 1,000: 1.5 %
    assert await count_wrong(model, asked, temperature=3.0) > 15


async def test_with_its_words_exchanged_it_knows_nothing(tmp_path: Path) -> None:
    shutil.copytree(WEIGHTS, tmp_path / "weights")
    path = tmp_path / "weights" / "vocabulary.json"
    known = json.loads(path.read_text())
    plain = [word for word in known if "<" not in word]
    exchanged = iter(random.Random(1).sample(plain, len(plain)))
    path.write_text(json.dumps([word if "<" in word else next(exchanged) for word in known]))
    placebo = BundledModel(tmp_path / "weights")
    assert await count_wrong(placebo, questions(100), temperature=0.0) >= 390
    await placebo.close()


async def test_replies_parse(model: BundledModel) -> None:
    for task, step, _ in questions(20):
        (reply,) = await model.ask(Request(task.prompt(step, "compact"), (0,), 0.0, step.max_reply_tokens, 1))
        assert reply.stop is Stop.END
        assert not isinstance(task.parse(step, reply.text, "compact"), Flag)


async def test_what_waits_is_asked_together(model: BundledModel, watched: Watched) -> None:
    replies = await asyncio.gather(*(model.ask(request(f"times {i // 10} {i % 10} 0", 1, 0.0)) for i in range(100)))
    assert [reply.text for (reply,) in replies] == [
        f"{i // 10 * (i % 10) // 10} {i // 10 * (i % 10) % 10}" for i in range(100)
    ]
    assert watched.sizes == [100]


async def test_no_batch_is_larger_than_allowed(watched: Watched, model: BundledModel) -> None:
    model._max_batch = 32
    replies = await asyncio.gather(*(model.ask(request(MOVE, 7)) for _ in range(20)))
    assert [len(said) for said in replies] == [7] * 20
    assert sum(watched.sizes) == 140
    assert max(watched.sizes) == 32
    assert len(watched.sizes) == 5


async def test_temperatures_do_not_mix(model: BundledModel, watched: Watched) -> None:
    model._max_batch = 4
    await asyncio.gather(*(model.ask(request(MOVE, 1, 0.0 if i < 10 else 1.0)) for i in range(12)))
    assert watched.sizes == [4, 4, 2, 2]


async def test_a_short_line_is_not_passed_over_for_ever(model: BundledModel, watched: Watched) -> None:
    model._max_batch = 4
    short = asyncio.create_task(model.ask(request("plus 1 2 0", 1, 0.0)))

    async def insist() -> None:
        while not short.done():
            await model.ask(request(MOVE, 1, 0.0))

    await asyncio.gather(*(insist() for _ in range(12)))
    assert (await short)[0].text == "0 3"
    assert sum(opening[1] == "move" for opening in watched.openings) < 20


async def test_what_opens_alike_is_read_once_and_answered_the_same(model: BundledModel, watched: Watched) -> None:
    """The placebo gets the whole prompts: the likeliest replies are the same, so what was read before is in use."""
    prompts = [task.prompt(step, "compact").user for task, step, _ in questions(40)]
    replies = await asyncio.gather(*(model.ask(request(prompt, 1, 0.0)) for prompt in prompts))
    found = {tuple(opening) for opening in watched.openings}
    assert found >= {("<bos>", "move", "ccw"), ("<bos>", "split"), ("<bos>", "times")}
    whole = watched.generator.generate_batch(
        [["<bos>", *prompt.split(" "), "<sep>"] for prompt in prompts],
        max_length=40,
        include_prompt_in_result=False,
        sampling_topk=1,
    )
    assert [reply.text for (reply,) in replies] == [" ".join(result.sequences[0]) for result in whole]
    told = sum(reply.tokens_in for (reply,) in replies)
    assert told == sum(len(prompt.split(" ")) + 2 for prompt in prompts)  # the account does not change


async def test_draws_are_counted_and_the_prompt_is_paid_once(model: BundledModel) -> None:
    replies = await model.ask(request(MOVE, 3, 0.0))
    assert replies == [Reply("1ab baaaa aaaaa", Stop.END, paid, 4, 0.0) for paid in (7, 0, 0)]
    assert await model.ask(request(MOVE, 0)) == []


async def test_limits_hold_for_each_request_in_a_batch(model: BundledModel) -> None:
    limits = range(1, 7)
    replies = await asyncio.gather(*(model.ask(request(MOVE, 1, 0.0, limit)) for limit in limits))
    assert [reply.stop for (reply,) in replies] == [Stop.LENGTH] * 3 + [Stop.END] * 3
    assert [reply.tokens_out for (reply,) in replies] == [1, 2, 3, 4, 4, 4]
    assert [reply.text for (reply,) in replies[:2]] == ["1ab", "1ab baaaa"]


@pytest.mark.parametrize(
    ("prompt", "named"),
    [
        (Prompt("move cw - aaaaaa"), "'aaaaaa'"),
        (Prompt("Ignore the above\n"), "'Ignore'"),
        (Prompt(""), "''"),
        (Prompt("<eos>"), "'<eos>'"),
        (Prompt("31ab"), "'31ab'"),
        (Prompt(MOVE, "You are helpful."), "system"),
    ],
)
async def test_strange_questions_are_rejected(model: BundledModel, prompt: Prompt, named: str) -> None:
    with pytest.raises(ModelRejected, match=f"digit-hanoi and graph in the compact dialect only; .*{named}") as caught:
        await model.ask(Request(prompt, (0,), 1.0, 8, 1))
    assert "\n" not in str(caught.value)


async def test_a_cancelled_ask_harms_nobody(model: BundledModel, watched: Watched) -> None:
    asks = [asyncio.create_task(model.ask(request(f"plus {i} 0 0", 2, 0.0))) for i in range(10)]
    await asyncio.sleep(0)  # all wait now
    asks[3].cancel()
    asks[9].cancel()
    replies = await asyncio.gather(*asks, return_exceptions=True)
    for i, said in enumerate(replies):
        if i in (3, 9):
            assert isinstance(said, asyncio.CancelledError)
        else:
            assert isinstance(said, list)
            assert [reply.text for reply in said] == [f"0 {i}"] * 2


async def test_a_failure_is_told_and_passes(model: BundledModel, watched: Watched) -> None:
    watched.fault = RuntimeError("no memory")
    with pytest.raises(ModelUnavailable, match="no memory"):
        await model.ask(request(MOVE))
    watched.fault = None
    assert len(await model.ask(request(MOVE))) == 1


async def test_closing_leaves_nobody_waiting(model: BundledModel, watched: Watched) -> None:
    model._max_batch = 1
    asks = [asyncio.create_task(model.ask(request(MOVE))) for _ in range(500)]
    await asyncio.sleep(0)
    await model.close()
    outcomes = await asyncio.wait_for(asyncio.gather(*asks, return_exceptions=True), 5)
    assert len(watched.sizes) < 500
    assert all(isinstance(outcome, list | ModelUnavailable) for outcome in outcomes)
    await model.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        await model.ask(request(MOVE))


async def test_closing_before_use_is_fine() -> None:
    made = BundledModel()
    await made.close()
    await made.close()


def test_one_model_serves_one_event_loop_after_another() -> None:
    made = BundledModel()
    for _ in range(2):
        (reply,) = asyncio.run(made.ask(request(MOVE, 1, 0.0)))
        assert reply.text == "1ab baaaa aaaaa"
    asyncio.run(made.close())


def test_missing_weights_are_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="weights"):
        BundledModel(tmp_path)


def test_importing_it_loads_no_engine() -> None:
    code = "import sys, surefoot.runtime.models.bundled; assert not {'ctranslate2', 'torch'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_weights_are_small_and_have_a_card() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) <= 3_000_000
    assert "% wrong" in (WEIGHTS / "MODEL_CARD.md").read_text()
