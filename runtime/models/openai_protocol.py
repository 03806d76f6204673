"""OpenAI's chat completions in front of any model: bytes of a request in, status and JSON of the reply out.

``scripts/cluster/serve_model.py`` and the Ray Serve deployment put it on a socket. Without streaming; every request
is a fresh draw, whatever its seed.
"""

import asyncio
import itertools
import time
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from surefoot.decompose.step import Prompt
from surefoot.runtime.errors import ModelError, ModelRejected
from surefoot.runtime.models.port import Model, Reply, Request, Stop

FINISH_REASON = {Stop.END: "stop", Stop.LENGTH: "length", Stop.REFUSED: "content_filter"}
"""OpenAI's words for why a reply ended."""
MAX_TOKENS = 256
"""Limit on a reply, in tokens, for a request that sets none."""
MOST_TOKENS = 4096
"""Largest limit on a reply, in tokens: who asks for more is given this."""
MOST_BYTES = 2**20
"""Bytes of a request's body."""
ANSWER_S = 120.0
"""Seconds after which a request that the model has not answered is answered with an error."""
STUCK_S = 30.0
"""Seconds that a request may be under way before the server stops calling itself healthy."""


class _Part(msgspec.Struct, tag_field="type", tag="text"):
    text: str


class _Message(msgspec.Struct):
    role: Literal["system", "developer", "user"]
    content: str | list[_Part]

    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class _Body(msgspec.Struct):
    """What of a chat-completion request is understood; other keys are ignored, as everywhere in this protocol."""

    messages: Annotated[list[_Message], Meta(min_length=1)]
    model: str = ""
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    seed: int | None = None
    stream: bool | None = None


Answer = tuple[int, dict[str, Any]]
"""An HTTP status and the JSON that goes with it."""


def refusal(status: int, message: str) -> Answer:
    """Return an error in OpenAI's form."""
    return _error(status, message)


def _error(status: int, message: str) -> tuple[int, dict[str, Any]]:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return status, {"error": {"message": message, "type": kind, "param": None, "code": None}}


def _prompt(messages: list[_Message]) -> Prompt:
    """The one question of a conversation.

    Raises:
        ValueError: There is not exactly one user message, and that at the end.
    """
    *before, last = messages
    if last.role != "user" or any(message.role == "user" for message in before):
        raise ValueError("messages: want system messages, then one user message")
    return Prompt(user=last.text(), system="\n\n".join(message.text() for message in before))


def _completion(name: str, first_draw: int, replies: list[Reply]) -> dict[str, Any]:
    # The prompt of several choices is read once.
    tokens_in, tokens_out = max(r.tokens_in for r in replies), sum(r.tokens_out for r in replies)
    return {
        "id": f"chatcmpl-{first_draw}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": [
            {
                "index": i,
                "message": {"role": "assistant", "content": reply.text},
                "finish_reason": FINISH_REASON[reply.stop],
            }
            for i, reply in enumerate(replies)
        ],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        },
    }


class Endpoint:
    """Answers requests, and counts draws so that a repeated request is a fresh one.

    Args:
        model: What answers.
        name: Name to list it under.
    """

    def __init__(self, model: Model, name: str) -> None:
        self.model, self.name = model, name
        self._draws = itertools.count()
        self._under_way: dict[int, float] = {}
        self._failure = ""

    async def chat(self, body: bytes) -> Answer:
        """Answer POST /v1/chat/completions, under any model name."""
        if len(body) > MOST_BYTES:
            return _error(413, f"a request has at most {MOST_BYTES} bytes")
        try:
            asked = msgspec.json.decode(body, type=_Body)
            prompt = _prompt(asked.messages)
        except RecursionError:
            return _error(400, "JSON is nested too deep")
        except ValueError as error:  # msgspec's errors are ValueErrors and name the field
            return _error(400, str(error))
        if asked.stream:
            return _error(400, "stream: not supported")
        request = self._request(asked, prompt)
        self._under_way[request.draws[0]] = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_S):
                replies = await self.model.ask(request)
        except ModelRejected as error:
            return _error(400, str(error))
        except (ModelError, TimeoutError) as error:
            self._failure = str(error) or f"no answer within {ANSWER_S:g} s"
            return _error(503, self._failure)
        finally:
            del self._under_way[request.draws[0]]
        self._failure = ""
        return 200, _completion(asked.model or self.name, request.draws[0], replies)

    def _request(self, asked: _Body, prompt: Prompt) -> Request:
        limit = asked.max_completion_tokens or asked.max_tokens or MAX_TOKENS
        return Request(
            prompt=prompt,
            draws=tuple(itertools.islice(self._draws, asked.n or 1)),
            temperature=1.0 if asked.temperature is None else asked.temperature,
            max_tokens=min(limit, MOST_TOKENS),
            seed=asked.seed or 0,
        )

    def health(self) -> Answer:
        """Answer GET /health: 200 unless the model failed at the last request, or has one under way for too long."""
        oldest_s = time.monotonic() - min(self._under_way.values(), default=time.monotonic())
        if oldest_s > STUCK_S:
            return 503, {"status": "stuck", "detail": f"a request has been under way for {oldest_s:.0f} s"}
        if self._failure:
            return 503, {"status": "failing", "detail": self._failure}
        return 200, {"status": "ok"}

    def models(self) -> dict[str, Any]:
        """Answer GET /v1/models with the one model that is served."""
        model = {"id": self.name, "object": "model", "created": 0, "owned_by": "surefoot"}
        return {"object": "list", "data": [model]}
