"""Any hosted or local model by name, through LiteLLM: ``openai/gpt-4.1-mini``, ``ollama/llama3.2``, ...

A failed call is not a reply. LiteLLM's own retries are off, so that every failure is counted here and waits as this
file says. Before a call its greatest cost is reserved, so that a limit on money holds with any number under way.
"""

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Final

import stamina

from decompose.step import Dialect
from runtime.errors import ModelRejected, ModelUnavailable
from runtime.models import litellm_setup
from runtime.models.deployment import Deployment, another_is_up, choose
from runtime.models.litellm_errors import ERRORS, Refused, Transient, judge, may_be_charged
from runtime.models.litellm_prices import Prices
from runtime.models.litellm_replies import counted, read_replies
from runtime.models.port import Reply, Request, Stop
from runtime.purse import Purse

_UNKNOWN_PARAMETER: Final = ("BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError")
"""How a provider says that it does not know a parameter."""
THINKING_TOKENS: Final = 8192
"""Tokens that a reasoning model may think in before its answer, unless the user says otherwise."""


class LiteLLMModel:
    """A model behind LiteLLM.

    Args:
        name: LiteLLM's name, provider first.
        api_base: Base address of the server; ``None`` for the provider's own. Several, by commas, serve the same
            model: each is asked as fast as it answers, and one that fails is left out for a while.
        timeout_s: Longest time one call may take, in seconds, waiting for a free place not counted. Less once the
            server was seen to answer quickly.
        patience_s: How long, in seconds from the first try, transient failures are waited out.
        max_in_flight: Largest number of calls under way at once, for each server.
        price_in: USD per million prompt tokens, instead of LiteLLM's table.
        price_out: USD per million generated tokens, instead of LiteLLM's table.
        thinking_tokens: Tokens that may be thought in beside the reply; ``None``: as many as ``THINKING_TOKENS`` for
            models that LiteLLM knows to reason, else none.
        purse: Where money is reserved; without a limit if missing.
        on_wait: Told in one line what it waits for, each time it waits.
        dialect: The wording to use.
        backoff_initial_s: First wait in seconds; doubles with each failure, half of it is random.
        backoff_max_s: Longest wait in seconds, unless the server asks for more.
    """

    shared = True
    """One object serves all workers of a process: they share what it learns of its servers, and a purse."""

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
        thinking_tokens: int | None = None,
        purse: Purse | None = None,
        on_wait: Callable[[str], None] | None = None,
        dialect: Dialect = "chat",
        backoff_initial_s: float = 0.25,
        backoff_max_s: float = 4,
    ) -> None:
        self.name, self.dialect, self._on_wait = name, dialect, on_wait
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._price_in, self._price_out, self._thinking_tokens = price_in, price_out, thinking_tokens
        self._backoff_initial_s, self._backoff_max_s = backoff_initial_s, backoff_max_s
        self._deployments = [Deployment(base, max_in_flight) for base in split_bases(api_base)]
        self.purse = purse or Purse()
        self._takes_n, self._takes_schema, self._has_answered = True, True, False
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
            if rejected.context.get("error") not in _UNKNOWN_PARAMETER:
                raise
            replies = await self._singly(request, wanted)  # raises again if it was not for n
            self._takes_n = False
            return counted(replies, rejected.context["failed_calls"])
        if len(replies) < wanted:
            self._takes_n = False
            replies += await self._singly(request, wanted - len(replies))
        return replies

    async def probe(self) -> None:
        """See that every server answers at all, before a run starts.

        Raises:
            ConfigurationError: One cannot be reached.
        """
        for one in self._deployments:
            await litellm_setup.probe(self.name, one.base)

    def prices(self) -> tuple[float, float] | None:
        """The most that a prompt token and a generated one cost, in USD; ``None`` where one is unknown."""
        self._open()
        return self._prices.per_token

    async def close(self) -> None:
        """Close the connections LiteLLM keeps for this event loop: those of other models on it too."""
        if self._litellm is not None:
            await litellm_setup.close_clients(self._litellm)

    def _open(self) -> Any:
        """Load litellm and work out, once, what every call needs."""
        if self._litellm is not None:
            return self._litellm
        litellm = litellm_setup.load()
        base = self._deployments[0].base
        model, provider, _, _ = litellm_setup.resolve(litellm, self.name, base)
        errors = litellm.exceptions
        self._caught = (errors.openai.OpenAIError, *(getattr(errors, e) for e in ERRORS if hasattr(errors, e)))
        self._always: dict[str, Any] = {"model": self.name, "timeout": self._timeout_s, "drop_params": True}
        self._always |= {"num_retries": 0, "max_retries": 0}  # LiteLLM's own, and those of the client it uses
        if base is not None and litellm.validate_environment(model=self.name)["missing_keys"]:
            self._always["api_key"] = "none"
        self._prices = Prices(litellm, self.name, model, provider, self._price_in, self._price_out)
        if self._thinking_tokens is None:
            self._thinking_tokens = THINKING_TOKENS if litellm.supports_reasoning(model, provider) else 0
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
        schema = request.schema if self._takes_schema else None
        try:
            return await self._patiently(request, n, schema)
        except ModelRejected as rejected:
            if schema is None or rejected.context.get("error") not in _UNKNOWN_PARAMETER:
                raise
            replies = await self._patiently(request, n, None)  # raises again if it was not for the schema
            self._takes_schema = False
            return counted(replies, rejected.context["failed_calls"])

    async def _patiently(self, request: Request, n: int, schema: Any) -> list[Reply]:
        """The replies of one call, with the number of calls that failed before it."""
        started, failed = time.monotonic(), 0

        def wait_s(error: Exception) -> bool | float:
            nonlocal failed
            if not isinstance(error, Transient):
                return False
            failed += 1
            wait = self._wait_s(error, failed)
            if time.monotonic() - started + wait > self._patience_s:
                return False
            if self._on_wait:
                self._on_wait(f"{self.name}: {error}; asking again in {wait:.1f} s")
            return wait

        try:
            async for attempt in stamina.retry_context(on=wait_s, attempts=None, timeout=None):
                with attempt:
                    return counted(await self._once(request, n, schema), failed)
        except Transient as last:
            line = f"{self.name}: unavailable for {time.monotonic() - started:.0f} s, {failed} calls failed; {last}"
            line += f"; it asks to wait {last.after_s:.0f} s" if last.after_s else ""
            raise ModelUnavailable(line, model=self.name, failed_calls=failed, last_error=str(last)) from None
        except Refused:
            return counted([Reply("", Stop.REFUSED)] * n, failed)
        except (ModelRejected, ModelUnavailable) as error:
            error.context["failed_calls"] = failed + 1
            raise
        raise AssertionError("unreachable")

    def _wait_s(self, error: Transient, failed: int) -> float:
        """Seconds until a failed call is asked again: none to speak of where another server can be asked."""
        if another_is_up(self._deployments):
            return random.uniform(0, self._backoff_initial_s)
        if error.after_s is not None:
            return error.after_s + random.uniform(0, self._backoff_initial_s)
        longest = min(self._backoff_max_s, self._backoff_initial_s * 2 ** min(failed - 1, 30))
        return random.uniform(longest / 2, longest)

    async def _once(self, request: Request, n: int, schema: Any) -> list[Reply]:
        """One call to one server; its money is reserved before and settled after, however it ends."""
        self._open()
        deployment = choose(self._deployments)
        limit = request.max_tokens + (self._thinking_tokens or 0)
        async with deployment.places:
            reserved = self._prices.at_most(request.prompt, n, limit)
            await self.purse.reserve(reserved)
            spent: float | None = None  # nobody knows
            try:
                response = await self._ask_server(deployment, _arguments(request, n, limit, schema))
                cost, replies = read_replies(response, n, self.name, self._prices, request.prompt, self._litellm)
                spent = 0.0 if self._prices.per_token is None else cost
                return replies
            except _Free as free:
                spent = 0.0
                raise free.cause from None
            finally:
                if spent is None:
                    self.purse.forfeit(reserved)
                else:
                    self.purse.settle(reserved, spent)

    async def _ask_server(self, deployment: Deployment, arguments: dict[str, Any]) -> Any:
        """A response with at least one choice; ``_Free`` around an error that certainly costs nothing."""
        litellm, pace = self._litellm, deployment.places.pace
        here = {"api_base": deployment.base} if deployment.base is not None else {}
        longest, started = pace.timeout_s(self._timeout_s), time.monotonic()
        try:
            # LiteLLM's own timeout is one between two reads, so a trickle would never end.
            async with asyncio.timeout(longest):
                response = await litellm.acompletion(**arguments, **self._always, **here)
        except TimeoutError:
            pace.timed_out(longest)
            deployment.failed(self._backoff_initial_s)
            raise Transient(f"no answer within {longest:g} s") from None
        except self._caught as error:
            meant = self._meaning(error, deployment)
            raise (meant if may_be_charged(error) else _Free(meant)) from None
        if not response.choices:
            raise Transient("a reply without choices")
        deployment.answered(time.monotonic() - started)
        self._has_answered = True
        return response

    def _meaning(self, error: Exception, deployment: Deployment) -> Exception:
        meant = judge(error, self.name)
        if self._has_answered and type(error).__name__ == "NotFoundError":
            meant = Transient(str(meant))  # it did exist: a server that is starting again
        if isinstance(meant, Transient):
            if meant.limited:
                deployment.refused(meant.after_s)
            else:
                deployment.failed(self._backoff_initial_s)
        return meant


class _Free(Exception):
    """An error that certainly costs nothing."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def split_bases(api_base: str | None) -> list[str | None]:
    """The addresses of ``--api-base``: one, or several by commas."""
    return [None] if api_base is None else [base.strip() for base in api_base.split(",")]


def _arguments(request: Request, n: int, max_tokens: int, schema: Any) -> dict[str, Any]:
    # The system message first and unchanged from step to step: what servers cache is a prefix.
    system = [{"role": "system", "content": request.prompt.system}] if request.prompt.system else []
    arguments = {
        "messages": [*system, {"role": "user", "content": request.prompt.user}],
        "temperature": request.temperature,
        "max_tokens": max_tokens,
    }
    if n > 1:
        arguments["n"] = n
    if schema is not None:
        named = {"name": "answer", "schema": schema, "strict": True}
        arguments["response_format"] = {"type": "json_schema", "json_schema": named}
    return arguments
