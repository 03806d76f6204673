"""Makes single calls through LiteLLM: one request to one server, its money, and what its errors mean."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec

from surefoot.runtime.cancelling import is_being_cancelled
from surefoot.runtime.errors import AccessLost, ModelRejected, QuestionRefused
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.copies import CopyDetector
from surefoot.runtime.models.endpoints import ModelServer, choose
from surefoot.runtime.models.litellm_errors import ERRORS, Transient, clean, judge, may_be_charged
from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.litellm_replies import Received, read_replies
from surefoot.runtime.models.litellm_requests import NO_CACHE, Question, arguments_of, wording_of
from surefoot.runtime.models.litellm_settings import THINKING_TOKENS, LiteLLMSettings
from surefoot.runtime.models.port import Reply
from surefoot.runtime.models.rate_search import Start
from surefoot.runtime.models.silent_replies import SilentReplies
from surefoot.runtime.models.stopping import StopSignal


class Calls:
    """Makes calls to the servers of one model.

    Args:
        litellm: The module.
        settings: How the model is reached.
        servers: The addresses that serve it, at least one.
        stop: Tells when the run stops: nothing is sent from then on.

    Attributes:
        prices: What calls cost.
        model: Its name without the provider.
        copies: What was received by now, to tell kept answers from drawn ones.
        silence: Replies that had nothing to read in them.
        beyond: What is to be said of a server that counts more tokens than were allowed; ``None`` while none did.
    """

    def __init__(
        self, litellm: Any, settings: LiteLLMSettings, servers: Sequence[ModelServer], stop: StopSignal
    ) -> None:
        model, provider, self._key, _ = litellm_setup.resolve(litellm, settings.name, servers[0].base)
        self.model, self._stop = model, stop
        self.litellm, self._settings, self._servers = litellm, settings, servers
        self.prices = Prices(litellm, settings, model, provider)
        self.provider = provider
        self.taken = litellm_setup.parameters_taken(litellm, model, provider)
        self._always = _always(litellm, settings, provider)
        thinking = settings.thinking_tokens
        if thinking is None:
            thinking = THINKING_TOKENS if litellm.supports_reasoning(model, provider) else 0
        self._thinking_tokens = thinking
        errors = litellm.exceptions
        self._caught = (errors.openai.OpenAIError, *(getattr(errors, e) for e in ERRORS if hasattr(errors, e)))
        self._answered = set[bool]()
        self._clients: dict[str, Any] = {}
        self.beyond: str | None = None
        self.copies, self.silence = CopyDetector(), SilentReplies(settings.name)

    def hedge_after_s(self, question: Question, lease: BudgetLease) -> float | None:
        """Return the seconds after which a late call is worth repeating; ``None`` where that is never."""
        after_s = choose(self._servers).limiter.congestion.hedge_after_s
        return after_s if after_s is not None and self.has_room(question, lease) else None

    def has_room(self, question: Question, lease: BudgetLease) -> bool:
        """Whether a further call would take neither a place nor money from any other."""
        reserved = self.prices.at_most(question.request, question.n, self.limit(question))
        return not self._stop.stopped and choose(self._servers).limiter.free and lease.balance >= reserved

    async def once(self, question: Question, lease: BudgetLease) -> list[Reply]:
        """Make one call to one server; money is reserved before and settled after, however the call ends."""
        request, n, limit = question.request, question.n, self.limit(question)
        server = choose(self._servers)
        async with AsyncExitStack() as held:
            async with self._stop.waiting():
                start = await held.enter_async_context(server.limiter)
                reserved = self.prices.at_most(request, n, limit)
                await lease.reserve(reserved)
            spent: float | None = 0.0
            try:
                self._stop.check()
                spent = None  # nobody knows
                response = await self._ask_server(server, start, question)
                received = read_replies(response, question, limit, self.prices, self.litellm)
                spent = 0.0 if self.prices.per_token is None else received.cost
                return self.noted(question, received)
            except _Free as free:
                spent = 0.0
                raise free.cause from None
            finally:
                if spent is None:
                    lease.forfeit(reserved, priced=self.prices.per_token is not None)
                else:
                    lease.settle(reserved, spent)

    def limit(self, question: Question) -> int:
        """Return the tokens that a reply is allowed, with what may be thought before it."""
        return question.request.max_tokens + self._thinking_tokens

    def noted(self, question: Question, received: Received) -> list[Reply]:
        """Return the replies of a call, after everything was learnt from them that later calls need."""
        limit, replies = self.limit(question), received.replies
        tokens_in, tokens_out = (sum(getattr(r, one) for r in replies) for one in ("tokens_in", "tokens_out"))
        self.prices.seen(question.request, question.n, limit, tokens_in, tokens_out)
        allowed = limit * len(replies)
        if self.beyond is None and tokens_out > allowed:
            self.beyond = f"its server counts {tokens_out:,} generated tokens where {allowed:,} were allowed"
            if self.prices.per_token is not None:
                self.beyond += "; --max-cost-usd may be exceeded by the first such calls"
        for silence in received.silences:
            self.silence.note(silence, limit)
        texts, heated = tuple(reply.text for reply in replies), question.request.temperature > 0
        copied = self.copies.receive(wording_of(question.request), replies[0].id, texts, heated)
        return [msgspec.structs.replace(reply, copied=True) for reply in replies] if copied else replies

    async def _ask_server(self, server: ModelServer, start: Start, question: Question) -> Any:
        """A response with at least one choice; ``_Free`` around an error that certainly costs nothing."""
        congestion, settings = server.limiter.congestion, self._settings
        arguments = arguments_of(question, self.limit(question)) | self._always
        if server.base is not None:
            arguments["api_base"] = server.base
        started = _now()
        try:
            # LiteLLM's own timeout is one between two reads, so a trickle would never end.
            async with asyncio.timeout(settings.timeout_s):
                response = await self._completed(question, server, arguments)
        except asyncio.CancelledError:
            congestion.took(_now() - started)  # or longer: late calls that were asked again are among these
            if is_being_cancelled():
                raise
            raise Transient("the connection was closed on this side while the answer was waited for") from None
        except TimeoutError:
            congestion.timed_out(settings.timeout_s)
            server.failed(settings.backoff_initial_s)
            raise Transient(f"no answer within {settings.timeout_s:g} s") from None
        except self._caught as error:
            meant = self._meaning(error, server, start, question.continues_text)
            if isinstance(meant, QuestionRefused):
                meant = _of_question(meant, question.request.prompt.user)
            raise (meant if may_be_charged(error) else _Free(meant)) from None
        if not response.choices:
            raise Transient("a reply without choices")
        server.answered(_now() - started)
        self._answered.add(question.continues_text)
        return response

    async def _completed(self, question: Question, server: ModelServer, arguments: dict[str, Any]) -> Any:
        """LiteLLM's answer: of a chat, or of the raw completions of a server of one's own."""
        if not question.continues_text:
            return await self.litellm.acompletion(**arguments)
        base = server.base or ""
        if base not in self._clients:  # LiteLLM would make one for each call, without limits to what is read
            key = arguments.get("api_key") or self._key or "none"
            self._clients[base] = litellm_setup.raw_client(self.litellm, base, key)
        return await self.litellm.atext_completion(**arguments, client=self._clients[base])

    async def close(self) -> None:
        """Close the connections of raw completions."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    def _meaning(self, error: Exception, server: ModelServer, start: Start, raw: bool) -> Exception:
        meant = judge(error, self._settings.name)
        if raw in self._answered and isinstance(meant, ModelRejected):
            meant = _of_one_that_answered(meant)
        if isinstance(meant, Transient):
            if meant.limited:
                server.refused(meant.after_s, start)
            else:
                server.failed(self._settings.backoff_initial_s)
        return meant


def _of_one_that_answered(rejected: ModelRejected) -> Exception:
    """What a rejection means of a server that answered the same model and key before.

    A model that is not found is being started again; a key that is not taken was revoked, and another one helps; and
    any other fault is with this question, since those before it were put in the same way.
    """
    name, status = rejected.context.get("error"), rejected.context.get("status")
    if name == "NotFoundError":
        return Transient(rejected.message)
    if name in ("AuthenticationError", "PermissionDeniedError") or status in (401, 403):
        return AccessLost(rejected.message, **rejected.context)
    if name in ("BadRequestError", "InvalidRequestError", "UnprocessableEntityError"):
        return QuestionRefused(rejected.message, **rejected.context)
    return rejected


def _of_question(refused: QuestionRefused, user: str) -> QuestionRefused:
    """The same failure, saying which question it was."""
    # What tells one question from another may be at either end.
    shown = clean(user) if len(user) <= QUOTED else f"{clean(user[: QUOTED // 3])} ... {clean(user[-QUOTED:])}"
    return QuestionRefused(f"{refused.message}; asked: {shown}", question=user[:2000], **refused.context)


QUOTED: Final = 120
"""Characters of a question that a message quotes."""


class _Free(Exception):
    """An error that certainly costs nothing."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _always(litellm: Any, settings: LiteLLMSettings, provider: str) -> dict[str, Any]:
    """The arguments of every call."""
    always: dict[str, Any] = {"model": settings.name, "timeout": settings.timeout_s, "drop_params": True}
    always |= {"num_retries": 0, "max_retries": 0}  # LiteLLM's own, and those of the client it uses
    if settings.api_base is not None or provider == "openai":
        always["extra_headers"] = NO_CACHE  # other providers sign their headers, or refuse strange ones
    if settings.api_base is not None and litellm.validate_environment(model=settings.name)["missing_keys"]:
        always["api_key"] = "none"
    return always


def _now() -> float:
    return asyncio.get_running_loop().time()
