"""Servers of the shapes that there are, over real HTTP in the test's own loop: what each takes, and its scores.

All run one model of three tokens a place: after a text that ends with a blank comes "4", after a number its end, which
is a comma in raw text and nothing in a chat.
"""

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

EXTRA = {
    "llama.cpp": {"grammar", "guided_choice", "structured_outputs", "continue_final_message", "add_generation_prompt"},
    "vllm": {"guided_choice", "structured_outputs", "continue_final_message", "add_generation_prompt", "grammar"},
    "openai": set(),
    "without scores": {"grammar", "guided_choice", "structured_outputs"},
    "prompts": {
        "prompt_logprobs",
        "continue_final_message",
        "add_generation_prompt",
        "guided_choice",
        "grammar",
        "structured_outputs",
    },
    "echoes": {"echo", "guided_choice", "grammar", "structured_outputs"},
    "silent": {"grammar", "guided_choice", "structured_outputs", "continue_final_message", "add_generation_prompt"},
}
"""Parameters beyond OpenAI's that a server of each shape takes; a strict one refuses others."""
OPENAI = {
    "model", "messages", "prompt", "temperature", "max_tokens", "n", "seed", "stop", "top_p", "logprobs",
    "top_logprobs", "response_format",
}  # fmt: skip
Place = tuple[str, dict[str, float]]


def likely_after(text: str, end: str) -> dict[str, float]:
    """The probabilities of what comes after a text, likeliest first."""
    first = {"4": 0.47, "5": 0.43, "x": 0.1} if end else {"4": 0.4, "5": 0.5, "x": 0.1}
    return first if not text or text[-1] == " " else {end: 0.9, "0": 0.08, ".": 0.02}


def places(text: str, count: int, end: str = ",") -> list[Place]:
    """The likeliest continuation of a text with the probabilities of each place."""
    found: list[Place] = []
    for _ in range(count):
        likely = likely_after(text, end)
        token = next(iter(likely))
        found.append((token, likely))
        text += token
    return found


def own_scores(text: str, end: str) -> list[tuple[str, float | None]]:
    """The tokens of a text, one for each character, with the logarithms of their probabilities; none of the first."""
    scores = [math.log(likely_after(text[:at], end).get(token, 0.01)) for at, token in enumerate(text)]
    return [(token, score if at else None) for at, (token, score) in enumerate(zip(text, scores, strict=True))]


def vllm_prompt_scores(text: str, end: str) -> list[dict[str, Any] | None]:
    """The same as vLLM's ``prompt_logprobs``: by the token's number, its own before likelier ones."""
    return [
        None if score is None else {str(ord(token)): {"logprob": score, "rank": 1, "decoded_token": token}}
        for token, score in own_scores(text, end)
    ]


class Shape:
    """A server of one shape, and the requests that it has seen.

    Attributes:
        seen: Path and body of each request.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.seen: list[tuple[str, dict[str, Any]]] = []

    async def chat(self, request: web.Request) -> web.Response:
        """POST /v1/chat/completions."""
        body = await self._read(request, "chat")
        if refused := self._refused(body):
            return refused
        last = body["messages"][-1]
        begun = last["content"] if last["role"] == "assistant" else ""
        continued = self.name == "llama.cpp" or body.get("continue_final_message")
        said = places(begun if continued else "", body["max_tokens"], "")
        scores = {"content": [_listed(one) for one in said]} if body.get("logprobs") and self.name != "silent" else None
        text = "".join(token for token, _ in said)
        if listed := body.get("guided_choice"):
            text = listed[0]
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "length"}
        more = {"prompt_logprobs": vllm_prompt_scores("user " + begun, "")} if "prompt_logprobs" in body else {}
        return _sent(body, {**choice, "logprobs": scores}, more)

    async def raw(self, request: web.Request) -> web.Response:
        """POST /v1/completions."""
        body = await self._read(request, "raw")
        if self.name == "openai":
            return web.json_response({"error": {"message": "no such path", "type": "invalid"}}, status=404)
        if refused := self._refused(body):
            return refused
        said = places(body["prompt"], body["max_tokens"])
        text = "".join(token for token, _ in said)
        choice = {"index": 0, "text": text, "finish_reason": "length", "logprobs": None}
        if body.get("logprobs") and self.name == "llama.cpp":
            choice["logprobs"] = {"content": [_listed(one) for one in said]}
        elif body.get("logprobs") and self.name == "vllm":
            choice["logprobs"] = _side_by_side(said)
        elif body.get("echo"):
            tokens, scored = zip(*own_scores(body["prompt"] + text, ","), strict=True)
            choice["logprobs"] = {"tokens": tokens, "token_logprobs": scored, "top_logprobs": [None] * len(tokens)}
        if "prompt_logprobs" in body:
            choice["prompt_logprobs"] = vllm_prompt_scores(body["prompt"], ",")
        return _sent(body, choice)

    async def _read(self, request: web.Request, path: str) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(await request.text())
        self.seen.append((path, body))
        return body

    def _refused(self, body: dict[str, Any]) -> web.Response | None:
        unknown = set(body) - OPENAI - EXTRA[self.name]
        if self.name in ("without scores", "prompts") or (self.name == "echoes" and body.get("logprobs", 0) > 5):
            unknown |= set(body) & {"logprobs", "top_logprobs"}
        if not unknown:
            return None
        line = f"Unrecognized request argument supplied: {', '.join(sorted(unknown))}"
        return web.json_response({"error": {"message": line, "type": "invalid_request_error"}}, status=400)


def _listed(place: Place) -> dict[str, Any]:
    token, likely = place
    tops = [{"token": name, "logprob": math.log(share), "bytes": None} for name, share in likely.items()]
    return {"token": token, "logprob": math.log(likely[token]), "bytes": None, "top_logprobs": tops}


def _side_by_side(said: list[Place]) -> dict[str, Any]:
    return {
        "tokens": [token for token, _ in said],
        "token_logprobs": [math.log(likely[token]) for token, likely in said],
        "top_logprobs": [{name: math.log(share) for name, share in likely.items()} for _, likely in said],
        "text_offset": [0] * len(said),
    }


def _sent(body: dict[str, Any], choice: dict[str, Any], more: dict[str, Any] | None = None) -> web.Response:
    usage = {"prompt_tokens": 5, "completion_tokens": body["max_tokens"], "total_tokens": 5 + body["max_tokens"]}
    shape = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"], "usage": usage}
    return web.json_response({**shape, **(more or {}), "choices": [choice]})


@asynccontextmanager
async def shaped(name: str) -> AsyncIterator[tuple[Shape, str]]:
    """Run a server of a shape; yields it and its address."""
    shape, app = Shape(name), web.Application()
    app.router.add_post("/v1/chat/completions", shape.chat)
    app.router.add_post("/v1/completions", shape.raw)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield shape, f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()
