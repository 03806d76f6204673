"""Single calls through LiteLLM: one request to one server, its money, and what its errors mean."""

import asyncio
from collections.abc import Sequence
from typing import Any

from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.endpoints import ModelServer, choose
from surefoot.runtime.models.litellm_errors import ERRORS, Transient, judge, may_be_charged
from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.litellm_replies import read_replies
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.models.rate_search import Start


class Calls:
    """Makes calls to the servers of one model.

    Args:
        litellm: The module.
        always: Arguments of every call.
        prices: What calls cost.
        deployments: The servers.
        purse: Where money is reserved.
        thinking_tokens: Tokens that may be thought in beside a reply.
        longest_s: Longest time one call may take, in seconds.
        set_aside_s: Seconds for which a server is left out after a failure, if there are others; doubles.
    """

    def __init__(
        self,
        litellm: Any,
        always: dict[str, Any],
        prices: Prices,
        servers: Sequence[ModelServer],
        lease: BudgetLease,
        *,
        thinking_tokens: int,
        longest_s: float,
        set_aside_s: float,
    ) -> None:
        self.litellm, self.prices, self.lease = litellm, prices, lease
        self._always, self._name, self._servers = always, always["model"], servers
        self._thinking_tokens, self._longest_s, self._set_aside_s = thinking_tokens, longest_s, set_aside_s
        errors = litellm.exceptions
        self._caught = (errors.openai.OpenAIError, *(getattr(errors, e) for e in ERRORS if hasattr(errors, e)))
        self._has_answered = False

    def hedge_after_s(self, request: Request, n: int) -> float | None:
        """Seconds after which it pays to ask a call again; ``None`` where it does not, or cannot be done at once."""
        after_s = choose(self._servers).limiter.congestion.hedge_after_s
        return after_s if after_s is not None and self.has_room(request, n) else None

    def has_room(self, request: Request, n: int) -> bool:
        """Whether a further call would take neither a place nor money from any other."""
        reserved = self.prices.at_most(request.prompt, n, request.max_tokens + self._thinking_tokens)
        return choose(self._servers).limiter.free and self.lease.balance >= reserved

    async def once(self, request: Request, n: int, form: Any) -> list[Reply]:
        """One call to one server; its money is reserved before and settled after, however it ends."""
        server = choose(self._servers)
        limit = request.max_tokens + self._thinking_tokens
        async with server.limiter as start:
            reserved = self.prices.at_most(request.prompt, n, limit)
            await self.lease.reserve(reserved)
            spent: float | None = None  # nobody knows
            try:
                response = await self._ask_server(server, start, _arguments(request, n, limit, form))
                cost, replies = read_replies(response, n, self._name, self.prices, self.litellm)
                tokens_in, tokens_out = (sum(getattr(r, one) for r in replies) for one in ("tokens_in", "tokens_out"))
                self.prices.seen(request.prompt, n, limit, tokens_in, tokens_out)
                spent = 0.0 if self.prices.per_token is None else cost
                return replies
            except _Free as free:
                spent = 0.0
                raise free.cause from None
            finally:
                if spent is None:
                    self.lease.forfeit(reserved)
                else:
                    self.lease.settle(reserved, spent)

    async def _ask_server(self, server: ModelServer, start: Start, arguments: dict[str, Any]) -> Any:
        """A response with at least one choice; ``_Free`` around an error that certainly costs nothing."""
        congestion = server.limiter.congestion
        here = {"api_base": server.base} if server.base is not None else {}
        longest, started = congestion.timeout_s(self._longest_s), _now()
        try:
            # LiteLLM's own timeout is one between two reads, so a trickle would never end.
            async with asyncio.timeout(longest):
                response = await self.litellm.acompletion(**arguments, **self._always, **here)
        except asyncio.CancelledError:
            congestion.took(_now() - started)  # or longer: late calls that were asked again are among these
            raise
        except TimeoutError:
            congestion.timed_out(longest)
            server.failed(self._set_aside_s)
            raise Transient(f"no answer within {longest:g} s") from None
        except self._caught as error:
            meant = self._meaning(error, server, start)
            raise (meant if may_be_charged(error) else _Free(meant)) from None
        if not response.choices:
            raise Transient("a reply without choices")
        server.answered(_now() - started)
        self._has_answered = True
        return response

    def _meaning(self, error: Exception, server: ModelServer, start: Start) -> Exception:
        meant = judge(error, self._name)
        if self._has_answered and type(error).__name__ == "NotFoundError":
            meant = Transient(str(meant))  # it did exist: a server that is starting again
        if isinstance(meant, Transient):
            if meant.limited:
                server.refused(meant.after_s, start)
            else:
                server.failed(self._set_aside_s)
        return meant


class _Free(Exception):
    """An error that certainly costs nothing."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _arguments(request: Request, n: int, max_tokens: int, form: Any) -> dict[str, Any]:
    # The system message first and unchanged from step to step: what servers cache is a prefix.
    system = [{"role": "system", "content": request.prompt.system}] if request.prompt.system else []
    arguments = {
        "messages": [*system, {"role": "user", "content": request.prompt.user}],
        "temperature": request.temperature,
        "max_tokens": max_tokens,
    }
    if n > 1:
        arguments["n"] = n
    if form is not None:
        arguments["response_format"] = form
    return arguments


def _now() -> float:
    return asyncio.get_running_loop().time()
