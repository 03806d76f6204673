"""OpenAI's completions, in chat and in raw text, in front of any model: bytes in, status and JSON of the reply out.

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
from surefoot.runtime.errors import ModelError, ModelRejected, QuestionRefused
from surefoot.runtime.models.port import Example, Model, Reply, Request, Stop

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
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]

    def text(self) -> str:
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class _Body(msgspec.Struct):
    """What of a request for a completion is understood; other keys are ignored, as everywhere in this protocol."""

    messages: Annotated[list[_Message], Meta(min_length=1)] | None = None
    prompt: str | None = None
    model: str = ""
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    stop: str | Annotated[list[str], Meta(max_length=16)] | None = None
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


class _Turns(msgspec.Struct, frozen=True):
    """A conversation as the model port takes it: the question, the turns before it, the answer's beginning."""

    prompt: Prompt
    examples: tuple[Example, ...] = ()
    prefill: str = ""


def _turns(messages: list[_Message]) -> _Turns:
    """Read a conversation: system messages, then questions with their answers, then one question to answer.

    Raises:
        ValueError: It is none.
    """
    said = [message for message in messages if message.role not in ("system", "developer")]
    system = [message.text() for message in messages if message.role in ("system", "developer")]
    prefill = said.pop().text() if said and said[-1].role == "assistant" else ""
    roles = [message.role for message in said]
    if messages[: len(system)] != [m for m in messages if m.role in ("system", "developer")] or not said:
        raise ValueError("messages: want system messages, then one user message at the end")
    if roles != ["user", "assistant"] * (len(said) // 2) + ["user"]:
        raise ValueError("messages: want turns of user and assistant, then one user message at the end")
    examples = [Example(said[at].text(), said[at + 1].text()) for at in range(0, len(said) - 1, 2)]
    return _Turns(Prompt(user=said[-1].text(), system="\n\n".join(system)), tuple(examples), prefill)


def _completion(name: str, first_draw: int, replies: list[Reply], raw: bool) -> dict[str, Any]:
    # The prompt of several choices is read once.
    tokens_in, tokens_out = max(r.tokens_in for r in replies), sum(r.tokens_out for r in replies)
    return {
        "id": f"{'cmpl' if raw else 'chatcmpl'}-{first_draw}",
        "object": "text_completion" if raw else "chat.completion",
        "created": int(time.time()),
        "model": name,
        "choices": [
            {
                "index": i,
                **({"text": reply.text} if raw else {"message": {"role": "assistant", "content": reply.text}}),
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
        return await self._answer(body, raw=False)

    async def complete(self, body: bytes) -> Answer:
        """Answer POST /v1/completions: a text that the model goes on with as it stands."""
        return await self._answer(body, raw=True)

    async def _answer(self, body: bytes, raw: bool) -> Answer:
        if len(body) > MOST_BYTES:
            return _error(413, f"a request has at most {MOST_BYTES} bytes")
        try:
            asked = msgspec.json.decode(body, type=_Body)
            request = self._request(asked, raw)
        except RecursionError:
            return _error(400, "JSON is nested too deep")
        except ValueError as error:  # msgspec's errors are ValueErrors and name the field
            return _error(400, str(error))
        self._under_way[request.draws[0]] = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_S):
                replies = await self.model.ask(request)
        except (ModelRejected, QuestionRefused) as error:
            return _error(400, str(error))
        except (ModelError, TimeoutError) as error:
            self._failure = str(error) or f"no answer within {ANSWER_S:g} s"
            return _error(503, self._failure)
        finally:
            del self._under_way[request.draws[0]]
        self._failure = ""
        return 200, _completion(asked.model or self.name, request.draws[0], replies, raw)

    def _request(self, asked: _Body, raw: bool) -> Request:
        """The request to the model.

        Raises:
            ValueError: It wants something else than a completion of its kind.
        """
        if asked.stream:
            raise ValueError("stream: not supported")
        if (asked.prompt if raw else asked.messages) is None:
            raise ValueError(f"{'prompt' if raw else 'messages'}: missing")
        turns = _Turns(Prompt(user=asked.prompt or "", raw=True)) if raw else _turns(asked.messages or [])
        limit = asked.max_completion_tokens or asked.max_tokens or MAX_TOKENS
        return Request(
            prompt=turns.prompt,
            draws=tuple(itertools.islice(self._draws, asked.n or 1)),
            temperature=1.0 if asked.temperature is None else asked.temperature,
            max_tokens=min(limit, MOST_TOKENS),
            seed=asked.seed or 0,
            examples=turns.examples,
            prefill=turns.prefill,
            stop=(asked.stop,) if isinstance(asked.stop, str) else tuple(asked.stop or ()),
            raw=raw,
            top_p=1.0 if asked.top_p is None else asked.top_p,
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
