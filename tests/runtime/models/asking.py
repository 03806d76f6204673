"""What the tests of the LiteLLM model share."""

import socket
from collections.abc import Callable

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.port import Request

SECRET = "letmein-0123456789"

Make = Callable[..., LiteLLMModel]


def request_of(draws: int = 1, user: str = "Where to?", system: str = "") -> Request:
    """A question."""
    return Request(Prompt(user, system), draws=tuple(range(draws)), temperature=0.25, max_tokens=9, seed=4)


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
