"""Scores of answers and raw text through LiteLLM, over real HTTP, from servers of each shape there is."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, TypeVar

import msgspec
import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.factory import gives_looks
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Model, Position, Reply, Request
from surefoot.runtime.models.token_scores import LONGEST, MOST_PLACES, positions_of
from tests.runtime.models.scoring_servers import Shape, shaped

RAW = Request(Prompt("1, 2, 3, ", raw=True), (0,), 1.0, 6, 0, raw=True, stop=(",",))
ASKED = Request(Prompt("Which number?"), (0,), 1.0, 6, 0, choices=("4", "50"))
T = TypeVar("T")


def with_server(name: str, use: Callable[[Shape, LiteLLMModel, list[str]], Awaitable[T]], model: str = "openai/m") -> T:
    """Use a model behind a server of a shape; lines that it says are gathered."""

    async def using() -> T:
        async with shaped(name) as (shape, base):
            said: list[str] = []
            own = LiteLLMModel(LiteLLMSettings(name=model, api_base=base, patience_s=2), on_wait=said.append)
            try:
                return await use(shape, own, said)
            finally:
                await own.close()

    return asyncio.run(using())


@pytest.mark.parametrize("name", ["llama.cpp", "vllm"])
@pytest.mark.parametrize("model", ["openai/m", "hosted_vllm/m"])
def test_raw_text_is_continued_and_whole_answers_are_scored(name: str, model: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        assert own.how(Capability.CHOICES) == "grammar"
        look = await own.look(RAW)
        shares = dict(look.answers)
        assert look.answers[0][0] == "4"
        assert shares["4"] == pytest.approx(0.47 * 0.9)  # of the whole answer, with what ends it
        assert shares["5"] == pytest.approx(0.43 * 0.9)
        assert 2 <= look.calls == len(shape.seen)
        assert [(path, body["prompt"]) for path, body in shape.seen[:2]] == [
            ("raw", "1, 2, 3, "),
            ("raw", "1, 2, 3, 5"),
        ]
        assert (own.how(Capability.CHOICES), own.how(Capability.RAW)) == ("scores", "completion")
        assert said == []

    with_server(name, use, model)


CHOSEN = msgspec.structs.replace(RAW, choices=("4", "40", "50"))
"""Two choices of which one begins the other: what ends them tells them apart."""


@pytest.mark.parametrize(("name", "way"), [("prompts", "prompt_logprobs"), ("echoes", "echo")])
def test_a_server_that_scores_prompts_only_scores_each_choice_as_the_end_of_one(name: str, way: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        look = await own.look(CHOSEN)
        shares = {"4": 0.47 * 0.9, "40": 0.47 * 0.08 * 0.9, "50": 0.43 * 0.08 * 0.9}
        assert dict(look.answers) == {name: pytest.approx(one / sum(shares.values())) for name, one in shares.items()}
        assert (look.answers[0][0], look.unread, look.calls) == ("4", 0.0, 3)
        assert [body["prompt"] for _, body in shape.seen[-3:]] == [f"1, 2, 3, {one}," for one in CHOSEN.choices]
        assert (own.how(Capability.CHOICES), own.how(Capability.PROMPT_SCORES)) == ("scores", way)
        asked = len(shape.seen)
        assert await own.look(CHOSEN) == look
        assert len(shape.seen) == asked + 3  # it is known by now what the server takes
        with pytest.raises(ModelRejected, match="sends no scores of tokens"):
            await own.look(RAW)  # any text may be an answer: there is nothing to score
        assert said == ["openai/m: its server takes no scores; answers are drawn, not scored"]

    with_server(name, use)


@pytest.mark.parametrize(("name", "way"), [("prompts", "prompt_logprobs"), ("echoes", "echo")])
def test_a_given_text_is_scored_as_the_end_of_a_prompt(name: str, way: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        for text, share, tokens in (("4,", 0.47 * 0.9, 2), ("50,", 0.43 * 0.08 * 0.9, 3)):
            found = await own.score(RAW, text)
            assert (math.exp(found.logarithm), found.tokens) == (pytest.approx(share), tokens)
            assert (found.calls, found.tokens_in) == (1, 5)
            assert shape.seen[-1][1]["prompt"] == f"1, 2, 3, {text}"
        assert own.how(Capability.PROMPT_SCORES) == way
        with pytest.raises(ModelRejected, match="does not say how likely a given text is"):
            await own.score(RAW, "4" * 200)  # of more tokens than are read: nothing that could be compared
        assert own.how(Capability.PROMPT_SCORES) == way, "one text that cannot be read says nothing of the server"

    with_server(name, use)


@pytest.mark.parametrize("name", ["openai", "silent", "without scores"])
def test_a_server_that_scores_no_prompts_scores_no_given_text(name: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        for request in (RAW, ASKED):
            with pytest.raises(ModelRejected, match="sends no scores of prompts"):
                await own.score(msgspec.structs.replace(request, choices=()), "4")
        asked = len(shape.seen)
        with pytest.raises(ModelRejected):
            await own.score(RAW, "4")
        assert len(shape.seen) == asked, "it is known by now"

    with_server(name, use)


def test_choices_of_a_chat_are_scored_as_the_end_of_a_turn_that_goes_on() -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        look = await own.look(ASKED)
        assert dict(look.answers) == {"4": pytest.approx(0.4 / 0.44), "50": pytest.approx(0.04 / 0.44)}
        assert shape.seen[-1][1]["messages"][-1] == {"role": "assistant", "content": "50"}
        assert shape.seen[-1][1]["continue_final_message"]

    with_server("prompts", use)


def test_choices_in_a_chat_are_scored_by_going_on_with_a_turn() -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        look = await own.look(ASKED)
        assert [name for name, _ in look.answers] == ["4", "50"]
        begun = [body for _, body in shape.seen if body["messages"][-1]["role"] == "assistant"]
        assert begun
        assert all(body["continue_final_message"] and not body["add_generation_prompt"] for body in begun)
        assert own.how(Capability.PREFILL) == "continued turn"

    with_server("vllm", use)


def test_a_server_of_openais_kind_gives_the_scores_of_its_first_words_and_no_raw_text() -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        look = await own.look(ASKED)
        assert look.answers == (("4", pytest.approx(0.4)),)
        assert look.unread == pytest.approx(0.1)  # what begins with 5 stays open: the server does not go on with it
        asked = len(shape.seen)
        assert await own.look(ASKED) == msgspec.structs.replace(look, calls=1, tokens_in=5, tokens_out=4)
        assert len(shape.seen) == asked + 1
        assert (await own.ask(RAW))[0].text
        assert own.how(Capability.RAW) == "sent as a question"
        assert any("takes no raw text; the text is sent as a question" in line for line in said)
        begun = Request(Prompt("Q"), (0,), 1.0, 6, 0, prefill="4")
        assert (await own.ask(begun))[0].tokens_out == 6
        assert own.how(Capability.PREFILL) == "assistant turn"  # it takes the turn, but not the word for going on

    with_server("openai", use)


@pytest.mark.parametrize("name", ["without scores", "silent"])
def test_choices_that_nobody_scores_are_held_by_a_grammar_and_the_server_is_asked_once(name: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        with pytest.raises(ModelRejected, match="its server sends no scores of tokens"):
            await own.look(CHOSEN)
        assert own.how(Capability.PROMPT_SCORES) == "none"
        asked = len(shape.seen)
        with pytest.raises(ModelRejected):
            await own.look(CHOSEN)
        assert len(shape.seen) == asked
        assert (await own.ask(ASKED))[0].text == "4"
        assert own.how(Capability.CHOICES) == "grammar"

    with_server(name, use)


@pytest.mark.parametrize("name", ["without scores", "silent"])
def test_a_server_without_scores_gives_no_look_and_its_answers_are_held_by_a_grammar(name: str) -> None:
    async def use(shape: Shape, own: LiteLLMModel, said: list[str]) -> None:
        assert not await gives_looks(own, Prompt("Which?"))
        assert not await gives_looks(own, Prompt("Which?", choices=ASKED.choices))
        asked = len(shape.seen)
        with pytest.raises(ModelRejected, match="its server sends no scores of tokens"):
            await own.look(ASKED)
        assert len(shape.seen) == asked  # it is known by now
        assert (await own.ask(ASKED))[0].text == "4"
        assert own.how(Capability.CHOICES) == "grammar"
        assert shape.seen[-1][1]["guided_choice"] == ["4", "50"]

    with_server(name, use)


def test_a_provider_that_sells_its_models_is_not_asked_for_what_only_ones_own_servers_take() -> None:
    own = LiteLLMModel(LiteLLMSettings(name="openai/gpt-4o-mini", api_base=None))
    own._open()
    assert own.how(Capability.PREFILL) == "assistant turn"
    assert own.how(Capability.RAW) == "sent as a question"


def test_whoever_has_no_scores_and_no_server_gives_no_looks() -> None:
    class Drawing(Model):
        async def ask(self, request: Request) -> list[Reply]:
            return []

    assert not asyncio.run(gives_looks(Drawing(), Prompt("Which?")))


HOSTILE: list[Any] = [
    None, 5, "x", [], {}, {"content": 5}, {"content": [5, None]}, {"content": [{"token": 5, "top_logprobs": "x"}]},
    {"tokens": ["a"], "token_logprobs": [None], "top_logprobs": [None]}, {"tokens": 5, "top_logprobs": [{}]},
    {"content": [{"token": "a", "top_logprobs": [{"token": "a", "logprob": float("nan")}]}]},
    {"content": [{"token": "a" * (LONGEST + 1), "logprob": -1.0, "top_logprobs": []}]},
]  # fmt: skip


@pytest.mark.parametrize("scores", HOSTILE, ids=range(len(HOSTILE)))
def test_scores_that_cannot_be_are_none(scores: Any) -> None:
    assert positions_of(scores) == ()


def test_scores_are_read_as_objects_and_mappings_and_only_so_many() -> None:
    place = SimpleNamespace(token="a", logprob=3.0, top_logprobs=[SimpleNamespace(token="b", logprob=-1)])
    assert positions_of(SimpleNamespace(content=[place])) == (Position("a", (("b", -1.0), ("a", 0.0))),)
    assert len(positions_of({"content": [{"token": "a", "logprob": -1.0}] * 1000})) == MOST_PLACES
