"""Weights in a GGUF file, run in this process by llama.cpp: ``gguf:PATH``, and ``smollm2`` once it is fetched.

The package ``xllamacpp`` (the extra ``local``) brings llama.cpp prebuilt, with its server; what other packages offer
builds from source. The server is called as a library: all workers of a process share one, and the Ray workers of a
node share that of one of them (``node_server.py``). It listens on a port of this machine, which it cannot be kept from,
and asks for a key that is drawn for it.

One thread computes: with two on two busy cores, each of which waits for the other at every layer, a token took up to
ten times as long (measured). Votes are cheap even so, since all answers to a prompt are made in one batch: 16 took 1.6
times as long as one.
"""

import asyncio
import math
import pathlib
import secrets
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import msgspec

from surefoot.decompose.step import Dialect
from surefoot.runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.choices import grammar_of
from surefoot.runtime.models.litellm_requests import seed_of, without
from surefoot.runtime.models.node_server import NodeServer, folder_of
from surefoot.runtime.models.port import Likelihood, Look, Model, Position, Reply, Request, Stop
from surefoot.runtime.models.whole_answers import SCORED, Continuation, WholeAnswers, scoring
from surefoot.runtime.untrusted import tame

SLOTS: Final = 16
"""Answers made at the same time."""
CONTEXT: Final = 8192
"""Tokens that all slots have together."""
LONGEST_SCORED: Final = 256
"""Tokens of a text that is scored, at most."""
ASKING: Final = 4
"""Calls under way at the same time; further ones wait."""
WAYS: Final[Mapping[Capability, str]] = MappingProxyType(
    {
        Capability.SEED: "server",
        Capability.TOP_P: "server",
        Capability.STOP: "server",
        Capability.SCHEMA: "json_schema",
        Capability.PREFILL: "assistant turn",
        Capability.EXAMPLES: "turns",
        Capability.RAW: "completion",
        Capability.CHOICES: "scores",
        Capability.SCORES: "server",
        Capability.PROMPT_SCORES: "none",
        Capability.SEVERAL: "one call",
        Capability.TEMPERATURE: "server",
    }
)
"""How each capability is served."""


class _Message(msgspec.Struct, frozen=True):
    content: str | None = ""


class _Scored(msgspec.Struct, frozen=True):
    token: str = ""
    logprob: float = 0.0


class _Place(msgspec.Struct, frozen=True):
    token: str = ""
    logprob: float = 0.0
    bytes: tuple[Annotated[int, msgspec.Meta(ge=0, le=255)], ...] = ()
    top_logprobs: tuple[_Scored, ...] = ()


class _Scores(msgspec.Struct, frozen=True):
    content: tuple[_Place, ...] | None = ()


class _Choice(msgspec.Struct, frozen=True):
    text: str = ""
    message: _Message | None = None
    logprobs: _Scores | None = None
    finish_reason: Literal["stop", "length"] = "length"


class _PromptDetails(msgspec.Struct, frozen=True):
    cached_tokens: int = 0


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_tokens_details: _PromptDetails = _PromptDetails()

    @property
    def tokens_in(self) -> int:
        """Prompt tokens, none where the number cannot be true."""
        return max(0, self.prompt_tokens)

    @property
    def tokens_cached(self) -> int:
        """Prompt tokens that were not computed again, none where the number cannot be true."""
        cached = self.prompt_tokens_details.cached_tokens
        return cached if 0 <= cached <= self.tokens_in else 0


class _Failure(msgspec.Struct, frozen=True):
    code: int = 500
    message: str = ""


class _Answer(msgspec.Struct, frozen=True):
    """What of a completion is read; other keys are ignored."""

    choices: tuple[_Choice, ...] = ()
    usage: _Usage = _Usage()
    error: _Failure | None = None


class GgufModel(Model):
    """A model of a GGUF file. Nothing is loaded before the first question.

    Answers to one request are independent samples; their seeds follow from the run's seed and the first draw.

    Args:
        path: The file.
        name: What the model is called in counts and reports.
        dialect: How it is asked.

    Raises:
        ConfigurationError: ``xllamacpp`` is not installed.
    """

    shared = True

    def __init__(self, path: pathlib.Path, name: str, dialect: Dialect = "chat") -> None:
        self.path, self.name, self.dialect = path, name, dialect
        try:
            import xllamacpp
        except ImportError as error:
            raise ConfigurationError(
                f"--model {name} needs the extra local: pip install 'surefoot[local]' ({error})"
            ) from error
        self._llama = xllamacpp
        self._server: Any = None
        self._on_node = False
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(ASKING, thread_name_prefix="gguf")
        # A score is one continuation, and not the votes on a question: with as many at once as there are slots it took
        # 0.18 s of processor time, one by one 0.42 s (measured).
        self._scoring = ThreadPoolExecutor(SLOTS, thread_name_prefix="gguf-scores")

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw.

        Raises:
            ConfigurationError: The file cannot be loaded.
            ModelUnavailable: llama.cpp failed.
            QuestionRefused: The prompt does not fit.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._answered, request)

    async def look(self, request: Request) -> Look:
        """Return the distribution over whole answers, from the scores of tokens; errors as for ``ask``."""

        async def ask(beginning: str) -> Continuation:
            onward = msgspec.structs.replace(request, prefill=request.prefill + beginning)
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._continued, onward)

        return await WholeAnswers(request.stop, request.choices, request.open).look(ask)

    async def score(self, request: Request, text: str) -> Likelihood:
        """Return how likely a text is after a prompt: it is all that may be generated; errors as for ``ask``.

        Raises:
            ModelRejected: The text has more tokens than are scored, or cannot be spelled.
        """
        return await asyncio.get_running_loop().run_in_executor(self._scoring, self._scored, request, text)

    async def close(self) -> None:
        """Let go of the weights; calls under way end for themselves."""
        for threads in (self._threads, self._scoring):
            threads.shutdown(wait=False, cancel_futures=True)
        if isinstance(self._server, NodeServer):
            self._server.close()
        self._server = None

    def share_on_node(self) -> None:
        """Have one server for all processes of this node that call this: the first that asks loads the weights."""
        self._on_node = True

    def how(self, capability: Capability) -> str:
        """Return the way in which a capability is served."""
        return WAYS[capability]

    def _answered(self, request: Request) -> list[Reply]:
        replies: list[Reply] = []
        for first in range(0, len(request.draws), SLOTS):
            draws = request.draws[first : first + SLOTS]
            replies += self._some(msgspec.structs.replace(request, draws=draws), paid=first == 0)
        return replies

    def _continued(self, request: Request) -> Continuation:
        """The likeliest continuation of a prompt and a beginning, with the scores of each place."""
        said = self._said(request, scoring_body_of(request))
        if not said.choices:
            raise ModelUnavailable(f"{self.name}: llama.cpp gave no scores")
        scores = said.choices[0].logprobs
        places = (scores.content if scores is not None else None) or ()  # none where a character is left half said
        return Continuation(
            tuple(
                Position(place.token, tuple((one.token, one.logprob) for one in place.top_logprobs)) for place in places
            ),
            said.usage.tokens_in,
            said.usage.tokens_cached,
        )

    def _scored(self, request: Request, text: str) -> Likelihood:
        """The scores of a text, added up."""
        said = self._said(request, forcing_body_of(request, text))
        scores = said.choices[0].logprobs if said.choices else None
        places = [place for place in ((scores.content if scores else None) or ()) if place.bytes]
        spelled = b"".join(bytes(place.bytes) for place in places)  # a character may be more than one token
        if not text or spelled != text.encode() or not all(math.isfinite(place.logprob) for place in places):
            raise ModelRejected(
                f"{self.name} does not say how likely {tame(text, 60)!r} is: it has more than {LONGEST_SCORED} tokens, "
                "or characters that no token has", capability=Capability.PROMPT_SCORES.value,
            )  # fmt: skip
        usage, logarithm = said.usage, sum(min(0.0, place.logprob) for place in places)
        generated = max(0, usage.completion_tokens)
        return Likelihood(logarithm, len(places), 1, usage.tokens_in, generated, 0.0, usage.tokens_cached)

    def _some(self, request: Request, paid: bool) -> list[Reply]:
        """As many answers as there are slots for."""
        said = self._said(request, body_of(request))
        if len(said.choices) != len(request.draws):
            raise ModelUnavailable(f"{self.name}: llama.cpp gave {len(said.choices)} of {len(request.draws)} answers")
        return _replies(said, request, paid)

    def _said(self, request: Request, body: dict[str, Any]) -> _Answer:
        """What llama.cpp answers to one call."""
        server = self._loaded()
        call = server.handle_completions if request.raw else server.handle_chat_completions
        try:
            said = msgspec.convert(call(body), _Answer)
        except (RuntimeError, ValueError, TypeError, MemoryError) as error:  # msgspec's own is a ValueError
            raise ModelUnavailable(f"{self.name}: llama.cpp failed: {tame(str(error), 200)}") from error
        if said.error is not None:
            kind = QuestionRefused if 400 <= said.error.code < 500 else ModelUnavailable
            raise kind(f"{self.name}: llama.cpp says: {tame(said.error.message, 200)}")
        return said

    def _loaded(self) -> Any:
        """The server, started by whoever asks first."""
        with self._lock:
            if self._server is None:
                shared = NodeServer(folder_of(self.path), self._started) if self._on_node else None
                self._server = shared or self._started(secrets.token_hex(32))
            return self._server

    def _started(self, key: str) -> Any:
        chosen = self._llama.CommonParams()
        chosen.model.path = str(self.path)
        chosen.n_parallel, chosen.n_ctx, chosen.kv_unified = SLOTS, CONTEXT, True
        chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = 1
        chosen.port, chosen.api_keys = 0, [key]
        chosen.warmup, chosen.verbosity = False, -1
        try:
            return self._llama.Server(chosen)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise ConfigurationError(f"{self.path} cannot be loaded: {tame(str(error), 200)}") from error


def body_of(request: Request) -> dict[str, Any]:
    """Return a request as llama.cpp's own completion takes it, every sampler but temperature and top-p switched off."""
    body: dict[str, Any] = {
        "n": len(request.draws),
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        "seed": seed_of(request.seed, request.draws[0]),
        "top_p": request.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "stop": list(request.stop),
        "cache_prompt": True,
    }
    if request.choices:
        body["grammar"] = grammar_of(request.choices)
    elif request.schema is not None:
        body["response_format"] = {"type": "json_schema", "json_schema": {"schema": request.schema}}
    if request.raw:
        return {**body, "prompt": request.prompt.user + request.prefill}
    return {**body, "messages": _messages(request)}


def scoring_body_of(request: Request) -> dict[str, Any]:
    """Return the call that scores the likeliest continuation: greedy, a few tokens, with the likeliest of each place.

    No stop is sent, and the end of the text is not taken: what ends an answer is scored as well, and llama.cpp would
    leave it out. The scores are the model's own, whatever is taken.
    """
    body = {**body_of(scoring(request, "")), "ignore_eos": True}
    return {**body, "logprobs": SCORED} if request.raw else {**body, "logprobs": True, "top_logprobs": SCORED}


def forcing_body_of(request: Request, text: str) -> dict[str, Any]:
    """Return the call that scores a text: a grammar lets nothing else be generated, token by token.

    Of the tokens that the grammar takes, the likeliest may be the beginning of a word alone, while the model is used to
    the whole word. The text's own tokens are preferred by a bias, as llama.cpp cuts them; the scores that it sends are
    those before grammar and bias.
    """
    body = {**body_of(request), "grammar": grammar_of((text,)), "logit_bias": [[text, 1000.0]], "n": 1, "stop": []}
    body |= {"temperature": 0.0, "max_tokens": LONGEST_SCORED}
    return {**body, "logprobs": 1} if request.raw else {**body, "logprobs": True, "top_logprobs": 1}


def _messages(request: Request) -> list[dict[str, str]]:
    turns = [("system", request.prompt.system)] if request.prompt.system else []
    for one in request.examples:
        turns += [("user", one.user), ("assistant", one.assistant)]
    turns.append(("user", request.prompt.user))
    if request.prefill:
        turns.append(("assistant", request.prefill))
    return [{"role": role, "content": text} for role, text in turns]


def _replies(said: _Answer, request: Request, paid: bool) -> list[Reply]:
    """Answers as replies. Only all tokens together are known: they are shared out, none at the limit that ended."""
    share = -(-said.usage.completion_tokens // len(said.choices))
    replies = []
    for number, choice in enumerate(said.choices):
        text = choice.text if choice.message is None else choice.message.content or ""
        text, was_cut = without(text, request)
        ended = choice.finish_reason == "stop" or was_cut
        tokens = max(0, min(share, request.max_tokens - 1)) if ended else request.max_tokens
        sent, cached = (said.usage.tokens_in, said.usage.tokens_cached) if paid and number == 0 else (0, 0)
        replies.append(Reply(text, Stop.END if ended else Stop.LENGTH, sent, tokens, 0.0, tokens_cached=cached))
    return replies
