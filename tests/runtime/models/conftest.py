"""Fixtures: a real OpenAI-compatible server in its own process, and models that ask it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from tests.runtime.models.asking import SECRET, Make, request_of
from tests.runtime.models.openai_server import Client, running


@pytest.fixture(scope="package")
def process() -> Iterator[Client]:
    async def first_call(base: str) -> None:
        model = LiteLLMModel(LiteLLMSettings(name="openai/small", api_base=base))
        await model.ask(request_of())
        await model.close()

    with running() as client:
        asyncio.run(first_call(client.base))  # in which LiteLLM imports half of itself: not to be timed
        yield client


@pytest.fixture
def server(process: Client) -> Client:
    process.script()
    return process


@pytest.fixture
async def make(server: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Makes models that ask the server, with a key that is nowhere to be seen, and closes them."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    made: list[LiteLLMModel] = []

    def one(name: str = "openai/small", **options: Any) -> LiteLLMModel:
        options = {"api_base": server.base, "backoff_initial_s": 0.001, "timeout_s": 5, "patience_s": 5} | options
        held = {key: options.pop(key) for key in ("lease", "on_wait", "on_fact") if key in options}
        made.append(LiteLLMModel(LiteLLMSettings(name=name, **options), **held))
        return made[-1]

    yield one
    for model in made:
        await model.close()
