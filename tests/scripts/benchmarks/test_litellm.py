"""The overhead over LiteLLM: the server keeps its limit, the smallest comparison prints every figure."""

import asyncio
import json
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from surefoot.scripts.benchmarks import litellm
from surefoot.scripts.benchmarks.litellm import main, ran_and_waited_s, serving


def measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, float]:
    monkeypatch.setattr(sys, "argv", ["x", *options])
    main()
    *table, last = capsys.readouterr().out.splitlines()
    found: dict[str, float] = json.loads(last)
    assert [line.split()[0] for line in table] == list(found)
    return found


def test_calls_are_compared_and_prompts_paid_once_for_three_draws(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(litellm, "REPEATS", 1)
    found = measured(monkeypatch, capsys, "--only", "calls", "--calls", "4")
    assert set(found) == {
        "own_cpu_ms_a_call", "own_cpu_ms_most", "speed_ratio", "extra_cpu_ms_a_call", "calls_per_s",
        "litellm_cpu_ms_a_call", "prompt_tokens_ratio",
    }  # fmt: skip
    assert found["prompt_tokens_ratio"] == pytest.approx(1 / 3, abs=0.01)
    assert found["speed_ratio"] > 0


@pytest.mark.long
def test_a_limited_server_and_an_outage_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = measured(monkeypatch, capsys, "--only", "rate", "--rate", "50", "--seconds", "5")
    assert set(found) >= {"share_of_rate", "failed_share", "ran_share", "no_core_share"}
    assert 0 < found["share_of_rate"] < 1.5
    found = measured(monkeypatch, capsys, "--only", "outage", "--down-s", "2")
    assert found["lost"] == 0


async def asked(server: litellm._Server, times: int, **body: Any) -> list[int]:
    from aiohttp import web

    app = web.Application()
    app.router.add_post("/chat", server.chat)
    async with TestClient(TestServer(app)) as http:
        answers = [await http.post("/chat", json=body) for _ in range(times)]
        return [answer.status for answer in answers]


async def test_what_comes_too_fast_is_refused_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket of half a second's requests: at 4 a second two are answered while no time passes."""
    monkeypatch.setattr(litellm, "time", SimpleNamespace(monotonic=lambda: 100.0))
    server = litellm._Server(0.0, 4.0)
    assert await asked(server, 4) == [200, 200, 429, 429]
    assert (server.answered, server.refused) == (2, 2)
    monkeypatch.setattr(litellm, "time", SimpleNamespace(monotonic=lambda: 100.25))  # one more request's worth
    assert await asked(server, 2) == [200, 429]


async def test_a_server_without_a_limit_answers_as_often_as_it_is_asked_for() -> None:
    server = litellm._Server(0.0, 0.0)
    assert await asked(server, 3, n=2) == [200] * 3
    assert (server.answered, server.refused) == (6, 0)
    assert server.prompt_tokens == 3 * litellm.USAGE_IN


def test_a_served_process_is_gone_when_the_block_ends() -> None:
    with serving() as (base, process):
        assert base.startswith("http://127.0.0.1:")
        assert asyncio.run(litellm._stats(base))["answered"] == 0
    assert process.poll() is not None


def test_the_time_that_a_process_ran_grows() -> None:
    before, _ = ran_and_waited_s()
    sum(range(10**6))
    after, waited = ran_and_waited_s()
    assert after > before
    assert waited >= 0


async def test_a_canned_response_is_litellms_in_form() -> None:
    canned = litellm._Canned(asyncio)
    response = await canned.acompletion(model="m")
    assert response.choices[0].message.content
    assert response.usage.completion_tokens == litellm.USAGE_OUT
    assert canned.sleep is asyncio.sleep
