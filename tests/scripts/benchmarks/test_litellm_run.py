"""A run through LiteLLM against a bare loop: what was recorded is replayed, and ratios are those of pairs."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.scripts.benchmarks import litellm_run
from surefoot.scripts.benchmarks.litellm_run import Recorder, Replay, bare, compare, config_of, interval, main


class Canned:
    """LiteLLM that counts its calls."""

    version = "7"

    def __init__(self) -> None:
        self.calls = 0

    async def acompletion(self, **arguments: Any) -> str:
        self.calls += 1
        return f"answer to {arguments['messages'][0]}"


def test_the_smallest_comparison_prints_every_ratio(printed: Callable[..., str]) -> None:
    out = printed(main, "--disks", "3", "--at-once", "2", "--pairs", "2", "--latencies", "0")
    lines = out.splitlines()
    assert lines[0] == "latency 0 s"
    found = json.loads(lines[-1])["0"]
    assert found["calls"] >= 7
    assert {"speed_ratio", "speed_ratio_low", "speed_ratio_high", "own_cpu_ms_a_call", "speed_possible"} <= set(found)
    assert found["speed_ratio_low"] <= found["speed_ratio"] <= found["speed_ratio_high"]


async def test_ratios_are_of_calls_a_second_and_pairs_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    async def ran(base: str, disks: int, at_once: int, recorder: Any = None) -> tuple[float, float, int]:
        if isinstance(recorder, Recorder) and not isinstance(recorder, Replay):
            recorder.asked = [{}] * 10
        order.append("replay" if isinstance(recorder, Replay) else "run")
        return 4.0, 0.02, 20

    async def alone(asked: Any, at_once: int) -> tuple[float, float]:
        order.append("bare")
        return 1.0, 0.05

    monkeypatch.setattr(litellm_run, "run", ran)
    monkeypatch.setattr(litellm_run, "bare", alone)
    monkeypatch.setattr(litellm_run, "load", Canned)
    found = await compare("http://x/v1", 3, 2, 2, 0.5)
    assert order == ["run", "bare", "run", "replay", "run", "bare", "replay"]
    assert (found["calls"], found["speed_ratio"]) == (10.0, 0.5)  # 5 calls/s against 10
    assert found["litellm_cpu_ms_a_call"] == 5.0
    assert found["own_cpu_ms_a_call"] == 1.0
    assert 0 < found["speed_possible"] <= 1


async def test_what_was_answered_is_replayed_without_a_call() -> None:
    litellm = Canned()
    recorder = Recorder(litellm)
    said = await recorder.acompletion(messages=["a"], model="m")
    replay = Replay(recorder)
    assert await replay.acompletion(messages=["a"]) == said == "answer to a"
    assert litellm.calls == 1
    assert recorder.asked == [{"messages": ["a"], "model": "m"}]
    assert replay.version == "7"
    with pytest.raises(KeyError):
        await replay.acompletion(messages=["b"])


async def test_the_bare_loop_makes_every_call_once(monkeypatch: pytest.MonkeyPatch) -> None:
    litellm = Canned()
    monkeypatch.setattr(litellm_run, "load", lambda: litellm)
    await bare([{"messages": [str(number)]} for number in range(9)], 4)
    assert litellm.calls == 9


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0], (3.0, 3.0, 3.0)),
        ([1.0, 2.0, 3.0], (2.0, 1.0, 3.0)),
        (range(11), (5, 2, 8)),  # (11 - 1.96 sqrt 11) / 2 = 2.2
        ([5.0] * 40, (5.0, 5.0, 5.0)),
    ],
)
def test_an_interval_leaves_out_the_outer_values(values: Any, expected: tuple[float, float, float]) -> None:
    assert interval(list(values)) == expected


def test_each_step_is_asked_once() -> None:
    config = config_of("http://x/v1", 5, 3)
    assert (config.k, config.calls_in_flight, config.task_options) == (1, 3, {"disks": 5})
