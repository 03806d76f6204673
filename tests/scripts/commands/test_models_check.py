"""``surefoot models --check NAME``: one question, everything about it, and an exit code."""

import json

import pytest

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
    assert capsys.readouterr().err.startswith("surefoot: hosted_vllm/small needs --api-base")
