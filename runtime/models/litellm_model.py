"""Any hosted or local model by name, through LiteLLM: ``openai/gpt-4.1-mini``, ``ollama/llama3.2``, ...

The only file that imports litellm, and that at first use: it takes seconds. A failed call is not a reply:
``ERRORS`` says of each of LiteLLM's errors whether asking again can help. LiteLLM's own retries are off, so that
every failure is counted here and waits as this file says.
"""

import asyncio
import logging
import math
import os
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import msgspec
import stamina

from decompose.step import Dialect
from runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable
from runtime.models.port import Reply, Request, Stop


class _Transient(Exception):
    """A call failed in a way that may pass: the one error that is retried.

    Attributes:
        after_s: How long the server asks to wait, in seconds; ``None`` when it does not say.
    """

    def __init__(self, text: str, after_s: float | None = None) -> None:
        super().__init__(text)
        self.after_s = after_s


class _Refused(Exception):
    """The provider, or a guard in front of it, declined to answer: a reply and not a failed call."""


_KINDS: Final[Mapping[type[Exception], str]] = {
    _Transient: "APIConnectionError APIError APIResponseValidationError BadGatewayError InternalServerError "
    "JSONSchemaValidationError MidStreamFallbackError MockException OpenAIError RateLimitError "
    "ServiceUnavailableError Timeout",
    # Money is missing: asking again does not help, but once some was added the run can be resumed.
    ModelUnavailable: "BudgetExceededError PaymentRequiredError",
    _Refused: "BlockedPiiEntityError ContentPolicyViolationError GuardrailRaisedException "
    "ModifyResponseException RejectedRequestError",
    ModelRejected: "AuthenticationError BadRequestError ContextWindowExceededError ImageFetchError "
    "InvalidRequestError LiteLLMUnknownProvider ModelNotMappedError NotFoundError PermissionDeniedError "
    "SensitiveDataRouteException UnprocessableEntityError UnsupportedParamsError VectorStoreSearchError",
}
ERRORS: Final = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""What each of LiteLLM's errors is here, by class name. A class missing here is what its nearest base class is."""

_NO_N: Final = ("BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError")
"""How a provider says that it does not know the parameter ``n``."""
_STOPS: Final = {"length": Stop.LENGTH, "content_filter": Stop.REFUSED}
_SECRET_NAME: Final = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_SECRET: Final = re.compile(
    r"""(?i:bearer)\s+\S+|\bsk-[^\s"',}]{3,}|\b(?:AIza|AKIA|gsk_|hf_|xai-)[\w-]{8,}|(?<=://)[^/\s@]+(?=@)"""
)
_NOISE: Final = re.compile(r"^((litellm\.)?\w*(Error|Exception|Timeout)( Error)?(: | - ))+| ssl:<[^>]*>")


def clean(text: str) -> str:
    """One printable line of at most 300 characters, without LiteLLM's prefixes and without secrets.

    Secrets are the values of environment variables named like one, and whatever looks like a key. The text comes
    from a server: control characters go, because people read it in a terminal.
    """
    text = text.split("\nTraceback (most recent call last)")[0]
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    text = _NOISE.sub("", _SECRET.sub("***", text))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def _retry_after_s(error: BaseException) -> float | None:
    """Seconds that a server asks to wait: ``Retry-After`` in either of its forms, a number or a date."""
    # LiteLLM keeps a provider's headers here; for OpenAI's protocol, those of error.response are empty.
    headers = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("retry-after", ""))
    try:
        dated = value.endswith("GMT")
        seconds = parsedate_to_datetime(value).timestamp() - time.time() if dated else float(value)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def judge(error: BaseException, model: str) -> Exception:
    """What an error of LiteLLM means to a run: the error to raise in its place, with one clear line."""
    named = next((c.__name__ for c in type(error).__mro__ if c.__name__ in ERRORS), "APIError")
    kind, status, body = ERRORS[named], getattr(error, "status_code", None), getattr(error, "body", None)
    text = clean(str(getattr(error, "message", "") or error)) or named
    if named == "APIError" and isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 425):
        kind = ModelUnavailable if status == 402 else ModelRejected
    if named == "RateLimitError" and isinstance(body, dict) and body.get("code") == "insufficient_quota":
        kind = ModelUnavailable
    if isinstance(error.__context__, ImportError):  # LiteLLM takes a package that is missing for a lost connection
        kind, text = ModelRejected, clean(str(error.__context__))
    if kind is _Transient:
        return _Transient(text, _retry_after_s(error))
    if kind is _Refused:
        return _Refused(text)
    failure = ModelUnavailable if kind is ModelUnavailable else ModelRejected
    return failure(f"{model}: {text} ({named})", model=model, error=named, status=status)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of ``total`` in proportion to the weights; they add up to ``total``."""
    weights = weights if any(weights) else [1] * len(weights)
    edges = [total * sum(weights[:i]) // sum(weights) for i in range(len(weights) + 1)]
    return [edges[i + 1] - edges[i] for i in range(len(weights))]


def _load() -> Any:
    """Import litellm, with everything off that reaches out or prints unasked. Cheap when it is imported already."""
    for what in ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS"):
        os.environ.setdefault(f"LITELLM_LOCAL_{what}", "True")
    os.environ.setdefault("LITELLM_DISABLE_BUG_REPORT_LINK", "true")
    import litellm

    litellm.suppress_debug_info = litellm.disable_hf_tokenizer_download = True
    litellm.telemetry = False
    logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    # stamina would report each retry through structlog: on stdout, where nobody has configured structlog.
    stamina.instrumentation.set_on_retry_hooks([])
    return litellm


def _resolve(litellm: Any, name: str, api_base: str | None) -> Any:
    """Model without its provider, provider, key and base address of a name; ConfigurationError if it has none."""
    try:
        return litellm.get_llm_provider(name, api_base=api_base)
    except litellm.exceptions.BadRequestError:
        hint = f"openai/{name}" + ("" if api_base else " with --api-base")
        line = f"unknown model '{name}': no LiteLLM provider; try {hint}"
        raise ConfigurationError(clean(line), model=name) from None


def check_ready(name: str, api_base: str | None) -> None:
    """Refuse, before anything starts, a model that cannot work as configured. Opens no connection.

    Raises:
        ConfigurationError: Unknown provider, no key in the environment, or no usable base address.
    """
    litellm = _load()
    if api_base is not None and not re.match(r"https?://[^/]", api_base):
        raise ConfigurationError(clean(f"--api-base {api_base} is no address like http://127.0.0.1:8000/v1"))
    _, provider, key, base = _resolve(litellm, name, api_base)
    if base is None and key == "fake-api-key":  # a server of one's own; LiteLLM would ask api.openai.com instead
        raise ConfigurationError(f"{name} needs --api-base: the address of your server", model=name)
    # Some find their credentials elsewhere too (profiles, roles); ollama has an address by default and no key.
    if api_base or provider in ("bedrock", "sagemaker", "vertex_ai", "ollama", "ollama_chat"):
        return
    if missing := litellm.validate_environment(model=name)["missing_keys"]:
        keys = (" or " if provider == "gemini" else " and ").join(missing)
        raise ConfigurationError(f"{name} needs a key: set {keys} in the environment", model=name)


class LiteLLMModel:
    """A model behind LiteLLM.

    Args:
        name: LiteLLM's name, provider first.
        api_base: Base address of the server; ``None`` for the provider's own.
        timeout_s: Longest time one call may take, in seconds, waiting for a free place not counted.
        patience_s: How long, in seconds from the first try, transient failures are waited out.
        max_in_flight: Largest number of calls under way at once.
        price_in: USD per million prompt tokens, instead of LiteLLM's table.
        price_out: USD per million generated tokens, instead of LiteLLM's table.
        on_wait: Told in one line what it waits for, each time it waits.
        dialect: The wording to use.
        backoff_initial_s: First wait in seconds; doubles with each failure, half of it is random.
        backoff_max_s: Longest wait in seconds, unless the server asks for more.
    """

    def __init__(
        self,
        *,
        name: str,
        api_base: str | None = None,
        timeout_s: float = 60,
        patience_s: float = 600,
        max_in_flight: int = 64,
        price_in: float | None = None,
        price_out: float | None = None,
        on_wait: Callable[[str], None] | None = None,
        dialect: Dialect = "chat",
        backoff_initial_s: float = 0.25,
        backoff_max_s: float = 4,
    ) -> None:
        self.name = name
        self._api_base, self._timeout_s, self._patience_s = api_base, timeout_s, patience_s
        self._price_in, self._price_out = price_in, price_out
        self.dialect, self._on_wait = dialect, on_wait
        self._backoff_initial_s, self._backoff_max_s = backoff_initial_s, backoff_max_s
        self._places = asyncio.Semaphore(max_in_flight)
        self._takes_n, self._has_answered = True, False
        self._litellm: Any = None

    async def ask(self, request: Request) -> list[Reply]:
        """Answer once for each draw: in one call where the server knows ``n``, which the first request finds out.

        Raises:
            ModelUnavailable: Transient failures outlasted the patience, or money is missing.
            ModelRejected: The call can never succeed: key, name, address or prompt.
        """
        wanted = len(request.draws)
        if wanted < 2 or not self._takes_n:
            return await self._singly(request, wanted)
        try:
            replies = await self._call(request, wanted)
        except ModelRejected as rejected:
            if rejected.context.get("error") not in _NO_N:
                raise
            replies = await self._singly(request, wanted)  # raises again if it was not for n
            self._takes_n = False
            return _count_failures(replies, rejected.context["failed_calls"])
        if len(replies) < wanted:
            self._takes_n = False
            replies += await self._singly(request, wanted - len(replies))
        return replies

    async def probe(self) -> None:
        """See that the server answers at all, before a run starts: opens a connection within 5 s and closes it.

        Raises:
            ConfigurationError: It cannot be reached.
        """
        base = self._api_base or _resolve(_load(), self.name, None)[3] or ""
        if self._api_base is None and self.name.startswith("ollama"):
            base = os.environ.get("OLLAMA_API_BASE", "http://localhost:11434")
        host, scheme = urlsplit(base).hostname, urlsplit(base).scheme
        if not host or not (self._api_base or host in ("localhost", "127.0.0.1", "::1")):
            return
        if scheme in getproxies() and not proxy_bypass(host):
            return  # calls go through a proxy: a direct connection says nothing about them
        try:
            async with asyncio.timeout(5):
                port = urlsplit(base).port or (443 if scheme == "https" else 80)
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, ValueError) as error:
            refused = "connection refused" if isinstance(error, ConnectionRefusedError) else ""
            why = refused or getattr(error, "strerror", None) or str(error) or "no answer within 5 s"
            raise ConfigurationError(clean(f"cannot reach {base}: {why}")) from None
        writer.close()

    async def close(self) -> None:
        """Close the connections LiteLLM keeps for this event loop: those of other models on it too."""
        if self._litellm is None:
            return
        cache = self._litellm.in_memory_llm_clients_cache
        this_loop = f"-{id(asyncio.get_running_loop())}"
        for key in [key for key in cache.cache_dict if key.endswith(this_loop)]:
            client = cache.cache_dict[key]
            cache.delete_cache(key)  # or the next model would be handed the closed client
            await client.close()

    def _open(self) -> Any:
        """Load litellm and work out, once, what every call needs."""
        if self._litellm is not None:
            return self._litellm
        litellm = _load()
        model, self._provider, _, _ = _resolve(litellm, self.name, self._api_base)
        errors = litellm.exceptions
        self._caught = (errors.openai.OpenAIError, *(getattr(errors, e) for e in ERRORS if hasattr(errors, e)))
        self._always: dict[str, Any] = {"model": self.name, "timeout": self._timeout_s, "drop_params": True}
        self._always |= {"num_retries": 0, "max_retries": 0}  # LiteLLM's own, and those of the client it uses
        if self._api_base is not None:
            keyless = {"api_key": "none"} if litellm.validate_environment(model=self.name)["missing_keys"] else {}
            self._always |= {"api_base": self._api_base, **keyless}
        # Only a price written down for this model of this provider: otherwise LiteLLM may say 0, or take the
        # price of whatever model the server says it is.
        known = {key: litellm.model_cost.get(key, {}) for key in (f"{self._provider}/{model}", self.name, model)}
        own = [key for key, entry in known.items() if entry.get("litellm_provider") == self._provider]
        self._priced = next((key for key in own if "input_cost_per_token" in known[key]), None)
        self._litellm = litellm
        return litellm

    async def _singly(self, request: Request, n: int) -> list[Reply]:
        if n == 1:
            return await self._call(request, 1)
        try:
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(self._call(request, 1)) for _ in range(n)]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return [reply for call in calls for reply in call.result()]

    async def _call(self, request: Request, n: int) -> list[Reply]:
        """Up to ``n`` replies from one call that got through, and the failures before it."""
        system = [{"role": "system", "content": request.prompt.system}] if request.prompt.system else []
        arguments = {
            "messages": [*system, {"role": "user", "content": request.prompt.user}],
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
        } | ({"n": n} if n > 1 else {})
        response, failed_calls = await self._patiently(arguments)
        replies = [Reply("", Stop.REFUSED)] * n if response is None else self._replies(response, n)
        return _count_failures(replies, failed_calls)

    async def _patiently(self, arguments: dict[str, Any]) -> tuple[Any, int]:
        """A response, ``None`` for a refusal; and how many calls failed before it."""
        started, failed = time.monotonic(), 0

        def wait_s(error: Exception) -> bool | float:
            nonlocal failed
            if not isinstance(error, _Transient):
                return False
            failed += 1
            if error.after_s is None:
                longest = min(self._backoff_max_s, self._backoff_initial_s * 2 ** min(failed - 1, 30))
                wait = random.uniform(longest / 2, longest)
            else:
                wait = error.after_s + random.uniform(0, self._backoff_initial_s)
            if time.monotonic() - started + wait > self._patience_s:
                return False
            if self._on_wait:
                self._on_wait(f"{self.name}: {error}; asking again in {wait:.1f} s")
            return wait

        try:
            async for attempt in stamina.retry_context(on=wait_s, attempts=None, timeout=None):
                with attempt:
                    return await self._once(arguments), failed
        except _Transient as last:
            line = f"{self.name}: unavailable for {time.monotonic() - started:.0f} s, {failed} calls failed; {last}"
            line += f"; it asks to wait {last.after_s:.0f} s" if last.after_s else ""
            raise ModelUnavailable(line, model=self.name, failed_calls=failed, last_error=str(last)) from None
        except _Refused:
            return None, failed
        except (ModelRejected, ModelUnavailable) as error:
            error.context["failed_calls"] = failed + 1
            raise
        raise AssertionError("unreachable")

    async def _once(self, arguments: dict[str, Any]) -> Any:
        """One call to the server, and its response with at least one choice."""
        litellm = self._open()
        async with self._places:
            try:
                # LiteLLM's own timeout is one between two reads, so a trickle would never end.
                async with asyncio.timeout(self._timeout_s):
                    response = await litellm.acompletion(**arguments, **self._always)
            except TimeoutError:
                raise _Transient(f"no answer within {self._timeout_s:g} s") from None
            except self._caught as error:
                meant = judge(error, self.name)
                if self._has_answered and type(error).__name__ == "NotFoundError":
                    meant = _Transient(str(meant))  # it did exist: a server that is starting again
                raise meant from None
        if not response.choices:
            raise _Transient("a reply without choices")
        self._has_answered = True
        return response

    def _replies(self, response: Any, n: int) -> list[Reply]:
        """The choices of a response; the prompt is paid by the first of them."""
        choices = response.choices[:n]
        texts = [choice.message.content or "" for choice in choices]
        usage = getattr(response, "usage", None)
        tokens_in, tokens_out = getattr(usage, "prompt_tokens", 0) or 0, getattr(usage, "completion_tokens", 0) or 0
        shares = [tokens_out]
        if len(choices) > 1:  # servers report one sum
            shares = split(tokens_out, [self._litellm.token_counter(model=self.name, text=text) for text in texts])
        cost = self._cost(usage, tokens_in, tokens_out)
        replies = []
        for i, (choice, text, share) in enumerate(zip(choices, texts, shares, strict=True)):
            # LiteLLM moves OpenAI's field for refusals here.
            refusal = (getattr(choice.message, "provider_specific_fields", None) or {}).get("refusal")
            stop = Stop.REFUSED if refusal else _STOPS.get(choice.finish_reason, Stop.END)
            paid = None if cost is None else (cost[0] if i == 0 else 0.0) + cost[1] * share / (tokens_out or 1)
            replies.append(Reply(text or refusal or "", stop, tokens_in if i == 0 else 0, share, paid))
        return replies

    def _cost(self, usage: Any, tokens_in: int, tokens_out: int) -> tuple[float, float] | None:
        """USD for prompt and completion; ``None`` when a price or the usage is unknown."""
        if not tokens_in + tokens_out:
            return None
        table: tuple[float | None, float | None] = (None, None)
        if self._priced is not None:
            table = self._litellm.cost_per_token(self._priced, custom_llm_provider=self._provider, usage_object=usage)
        cost_in = table[0] if self._price_in is None else self._price_in * tokens_in / 1e6
        cost_out = table[1] if self._price_out is None else self._price_out * tokens_out / 1e6
        return None if cost_in is None or cost_out is None else (cost_in, cost_out)


def _count_failures(replies: list[Reply], failed_calls: int) -> list[Reply]:
    first, *rest = replies
    return [msgspec.structs.replace(first, failed_calls=first.failed_calls + failed_calls), *rest]
