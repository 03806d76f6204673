"""``surefoot models --check NAME``: one question, everything about it, and an exit code."""

import json
from collections.abc import Callable

import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.measurement import model_check
from surefoot.runtime.models.port import Model
from surefoot.scripts.commands.cli import main

KEYS = ("prompt", "reply", "candidate", "flag", "tokens_in", "tokens_out", "latency_s", "cost_usd")


def check(name: str, *options: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["models", "--check", name, *options])
    return int(str(left.value.code))


@pytest.mark.parametrize("task", ["hanoi", "multiply"])
@pytest.mark.parametrize("dialect", ["chat", "compact"])
def test_a_good_answer(capsys: pytest.CaptureFixture[str], task: str, dialect: str) -> None:
    assert check("simulated", "--task", task, "--dialect", dialect, "--json") == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(KEYS) <= set(said)
    assert (said["dialect"], said["flag"], bool(said["candidate"])) == (dialect, "", True)


def test_a_discarded_answer_is_a_failed_check_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("simulated:p_format=1") == 1
    out = capsys.readouterr().out
    assert "discarded as misformatted" in out
    assert "    ???" in out


def test_a_model_that_cannot_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("hosted_vllm/small") == 2
    assert "surefoot: hosted_vllm/small needs --api-base" in capsys.readouterr().err


def test_each_time_out_of_an_overloaded_server_is_a_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven minutes of silence were all that a server gave that took too long for one question."""
    opened = model_check.open_model

    def overloaded(config: RunConfig, on_wait: Callable[[str], None] | None = None) -> Model:
        assert on_wait is not None
        for after_s in (5, 10):
            on_wait(f"{config.model}: no answer within {after_s} s; asking again in 0.2 s")
        return opened(config, on_wait)

    monkeypatch.setattr(model_check, "open_model", overloaded)
    assert check("simulated") == 0
    assert [line for line in capsys.readouterr().err.splitlines() if "no answer within" in line] == [
        "simulated: no answer within 5 s; asking again in 0.2 s",
        "simulated: no answer within 10 s; asking again in 0.2 s",
    ]
