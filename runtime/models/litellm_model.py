"""Any hosted or local model by name, through LiteLLM: ``openai/gpt-4.1-mini``, ``ollama/llama3.2``, ...

A failed call is not a reply. LiteLLM's own retries are off, so that every failure is counted here and waits as this
file says. Before a call its greatest cost is reserved, so that a limit on money holds with any number under way.
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any, Final

import stamina

from surefoot.decompose.step import Dialect
from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.endpoints import ModelServer, another_is_up
from surefoot.runtime.models.hedging import first_of
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.litellm_calls import Calls
from surefoot.runtime.models.litellm_errors import Refused, Transient
from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.litellm_replies import counted
from surefoot.runtime.models.port import Reply, Request, Stop
from surefoot.runtime.models.retries import RetryBudget
from surefoot.runtime.models.structured import response_formats

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
        retry_share: Share of the calls that may be retries for long.
        hedge: Whether late calls may be asked a second time where that pays.
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
        lease: BudgetLease | None = None,
        on_wait: Callable[[str], None] | None = None,
        dialect: Dialect = "chat",
        backoff_initial_s: float = 0.25,
        backoff_max_s: float = 4,
        retry_share: float = 0.3,
        hedge: bool = True,
    ) -> None:
        self.name, self.dialect, self._on_wait = name, dialect, on_wait
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._price_in, self._price_out, self._thinking_tokens = price_in, price_out, thinking_tokens
        self._backoff_initial_s, self._backoff_max_s = backoff_initial_s, backoff_max_s
        self._servers = [ModelServer(base, max_in_flight) for base in split_bases(api_base)]
        self._hedge, self._retries = hedge, RetryBudget(retry_share)
        self.lease = lease or BudgetLease()
        self._takes_n, self._form, self._form_is_known = True, 0, False
        self._calls: Calls | None = None

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
        for one in self._servers:
            await litellm_setup.probe(self.name, one.base)

    def prices(self) -> tuple[float, float] | None:
        """The most that a prompt token and a generated one cost, in USD; ``None`` where one is unknown."""
        return self._open().prices.per_token

    @property
    def endpoints(self) -> dict[str, Limiter]:
        """The places where it is asked, by name: other processes that ask the same ones use the same names."""
        return {f"{self.name} {one.base or ''}": one.limiter for one in self._servers}

    async def close(self) -> None:
        """Close the connections LiteLLM keeps for this event loop: those of other models on it too."""
        if self._calls is not None:
            await litellm_setup.close_clients(self._calls.litellm)

    def _open(self) -> Calls:
        """Load litellm and work out, once, what every call needs."""
        if self._calls is not None:
            return self._calls
        litellm = litellm_setup.load()
        base = self._servers[0].base
        model, provider, _, _ = litellm_setup.resolve(litellm, self.name, base)
        always: dict[str, Any] = {"model": self.name, "timeout": self._timeout_s, "drop_params": True}
        always |= {"num_retries": 0, "max_retries": 0}  # LiteLLM's own, and those of the client it uses
        if base is not None and litellm.validate_environment(model=self.name)["missing_keys"]:
            always["api_key"] = "none"
        thinking = self._thinking_tokens
        if thinking is None:
            thinking = THINKING_TOKENS if litellm.supports_reasoning(model, provider) else 0
        self._calls = Calls(
            litellm,
            always,
            Prices(litellm, self.name, model, provider, self._price_in, self._price_out),
            self._servers,
            self.lease,
            thinking_tokens=thinking,
            longest_s=self._timeout_s,
            set_aside_s=self._backoff_initial_s,
        )
        return self._calls

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
        """Up to ``n`` replies from one call that got through, and the failures before it.

        The first call with a schema finds out in which form the server takes it, if in any.
        """
        if request.schema is None:
            return await self._patiently(request, n, None)
        forms, failed = (*response_formats(request.schema), None), 0
        for number in range(self._form, len(forms)):
            sure = self._form_is_known or forms[number] is None
            try:
                replies = await self._patiently(request, n, forms[number], may_be_the_form=not sure)
            except (ModelRejected, ModelUnavailable) as error:
                if sure or not _says_so(error):
                    raise
                failed += error.context["failed_calls"]
                continue
            if forms[number] is None and not self._form_is_known and self._on_wait:
                self._on_wait(f"{self.name}: its server takes no schema; replies are free text (--structured)")
            self._form, self._form_is_known = number, True
            return counted(replies, failed)
        raise AssertionError("unreachable")

    async def _patiently(self, request: Request, n: int, form: Any, *, may_be_the_form: bool = False) -> list[Reply]:
        """The replies of one call, with the number of calls that failed before it.

        A server's own error (500) is not waited out where the form of the request may be to blame for it.
        """
        started, failed = _now(), 0

        def wait_s(error: Exception) -> bool | float:
            nonlocal failed
            if not isinstance(error, Transient):
                return False
            failed += error.calls
            if may_be_the_form and error.status == 500:
                return False
            wait = self._wait_s(error, failed)
            if _now() - started + wait > self._patience_s or not self._retries.spend():
                return False
            if self._on_wait:
                self._on_wait(f"{self.name}: {error}; asking again in {wait:.1f} s")
            return wait

        try:
            async for attempt in stamina.retry_context(on=wait_s, attempts=None, timeout=None):
                with attempt:
                    replies = await self._asked(request, n, form)
                    self._retries.earn()
                    return counted(replies, failed)
        except Transient as last:
            line = f"{self.name}: unavailable for {_now() - started:.0f} s, {failed} calls failed; {last}"
            line += f"; it asks to wait {last.after_s:.0f} s" if last.after_s else ""
            line += f"; {self._retries.spent}" if self._retries.spent else ""
            context = {"failed_calls": failed, "last_error": str(last), "status": last.status}
            raise ModelUnavailable(line, model=self.name, **context) from None
        except Refused:
            return counted([Reply("", Stop.REFUSED)] * n, failed)
        except (ModelRejected, ModelUnavailable) as error:
            error.context["failed_calls"] = failed + 1
            raise
        raise AssertionError("unreachable")

    async def _asked(self, request: Request, n: int, form: Any) -> list[Reply]:
        """One call, or two where the first is late and a second pays."""
        calls = self._open()
        calls.lease = self.lease  # another one may have been put in its place
        after_s = calls.hedge_after_s(request, n) if self._hedge else None
        if after_s is None:
            return await calls.once(request, n, form)
        return await first_of(lambda: calls.once(request, n, form), after_s, lambda: calls.has_room(request, n))

    def _wait_s(self, error: Transient, failed: int) -> float:
        """Seconds until a failed call is asked again: none to speak of where another server can be asked."""
        if another_is_up(self._servers):
            return random.uniform(0, self._backoff_initial_s)
        if error.after_s is not None:
            return error.after_s + random.uniform(0, self._backoff_initial_s)
        longest = min(self._backoff_max_s, self._backoff_initial_s * 2 ** min(failed - 1, 30))
        return random.uniform(longest / 2, longest)


def _says_so(error: ModelRejected | ModelUnavailable) -> bool:
    """Whether a server may have failed at the form of a request: it says that it does not know it, or breaks (500)."""
    return error.context.get("error") in _UNKNOWN_PARAMETER or error.context.get("status") == 500


def split_bases(api_base: str | None) -> list[str | None]:
    """The addresses of ``--api-base``: one, or several by commas."""
    return [None] if api_base is None else [base.strip() for base in api_base.split(",")]


def _now() -> float:
    return asyncio.get_running_loop().time()
