"""A call may take as long as the user said, whatever was seen of the server; on a virtual clock."""

import asyncio
from typing import Any

import pytest

from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from tests.runtime.models.asking import request_of
from tests.runtime.models.virtual_time import run_virtually


def asked(*seconds: float, timeout_s: float) -> tuple[int, list[int]]:
    """Calls that were made of a server that takes so long for each in turn, and the failures before each reply."""
    settings = LiteLLMSettings(name="openai/small", api_base="http://127.0.0.1:9/v1", timeout_s=timeout_s, patience_s=0)
    model, left = LiteLLMModel(settings), list(seconds)

    async def answered(*_: Any) -> Any:
        await asyncio.sleep(left.pop(0))
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}
        usage = {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4}
        return litellm_setup.load().ModelResponse(id=f"r{len(left)}", choices=[choice], usage=usage)

    async def work() -> list[int]:
        model.opened()._completed = answered  # type: ignore[method-assign]
        return [(await model.ask(request_of()))[0].failed_calls for _ in seconds]

    failures = run_virtually(work())
    return len(seconds) - len(left), failures


def test_a_slow_reply_after_many_quick_ones_is_waited_for() -> None:
    """Cut after a tenth of the time-out, each would be paid for and asked again."""
    assert asked(*[0.02] * 40, 4.0, 0.02, 29.0, timeout_s=30) == (43, [0] * 43)


def test_what_takes_longer_than_the_user_said_is_cut() -> None:
    with pytest.raises(ModelUnavailable, match="no answer within 30 s"):
        asked(*[0.02] * 40, 31.0, timeout_s=30)
