"""A model for runs of small tasks: it keeps what it was asked, and is gone after so many questions."""

from collections.abc import Callable
from typing import Any

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models.port import Model, Reply, Request

QUIET: dict[str, Any] = {"k": 1, "address": "none", "workers": 1, "flush_steps": 1}
"""Options of runs in this process, on one worker, with a batch after every step."""


class Counted(Model):
    """Answers as its key says.

    Args:
        key: What is right.
        questions: After so many it is unavailable.
        say: What it says instead to a prompt that is asked the nth time (0-based), or ``None``.
    """

    dialect: Dialect = "compact"

    def __init__(
        self,
        key: Callable[[Prompt], Answers],
        questions: float = float("inf"),
        say: Callable[[str, int], str | None] = lambda text, nth: None,
    ) -> None:
        self.key, self.left, self.say = key, questions, say
        self.asked: list[tuple[str, int]] = []

    async def ask(self, request: Request) -> list[Reply]:
        if self.left <= 0:
            raise ModelUnavailable("the test's model is gone")
        self.left -= 1
        return [Reply(self._said(request.prompt, draw), tokens_in=1, tokens_out=1) for draw in request.draws]

    def _said(self, prompt: Prompt, draw: int) -> str:
        nth = sum(text == prompt.user for text, _ in self.asked[-50:])
        self.asked.append((prompt.user, draw))
        said = self.say(prompt.user, nth)
        return self.key(prompt).right[0] if said is None else said

    async def close(self) -> None:
        pass
