"""Any hosted or local model by name, through LiteLLM: ``openai/gpt-4.1-mini``, ``ollama/llama3.2``, ...

A failed call is not a reply. LiteLLM's own retries are off, so that every failure is counted here and waits as
``patience.py`` says. Before a call its greatest cost is reserved, so that a limit on money holds with any number under
way.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import msgspec

from surefoot.runtime.errors import ModelRejected, ModelUnavailable, QuestionRefused
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Capability, Negotiation, lowered, refuses_temperature
from surefoot.runtime.models.choice_scores import can_be_compared, likelihood_of, look_by_prompts, prompt_with, score_of
from surefoot.runtime.models.choices import strayed
from surefoot.runtime.models.copies import Sameness
from surefoot.runtime.models.endpoints import ModelServer
from surefoot.runtime.models.hedging import first_of
from surefoot.runtime.models.limiter import Limiter
from surefoot.runtime.models.litellm_calls import Calls
from surefoot.runtime.models.litellm_replies import counted
from surefoot.runtime.models.litellm_requests import Question, used
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.patience import Patience
from surefoot.runtime.models.port import Likelihood, Look, Model, Reply, Request
from surefoot.runtime.models.stopping import CallsStopped, StopSignal, after, all_of, joined
from surefoot.runtime.models.whole_answers import Continuation, WholeAnswers, scoring

_UNKNOWN_PARAMETER: Final = ("BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError")
"""How a provider says that it does not know a parameter."""

_WAY_ROUND: Final = "--temperature 1 is what such models take"

RAW_PROVIDERS: Final = ("openai", "text-completion-openai", "hosted_vllm", "llamafile")
"""LiteLLM's names of providers whose raw completions it asks for as OpenAI's protocol has them."""

Failure = ModelRejected | ModelUnavailable | QuestionRefused
"""What a call that is given up ends with."""


class LiteLLMModel(Model):
    """A hosted or local model that is asked through LiteLLM, over one or several servers.

    Args:
        settings: How it is reached, how patiently, and what it costs.
        lease: Where money is reserved; without a limit if missing.
        on_wait: Told in one line what it waits for, each time it waits.
        on_fact: Told in one line, once, what was found out of its server: what it cannot do, or that its replies look
            like copies. By default ``on_wait`` is.
    """

    shared = True

    def __init__(
        self,
        settings: LiteLLMSettings,
        lease: BudgetLease | None = None,
        on_wait: Callable[[str], None] | None = None,
        on_fact: Callable[[str], None] | None = None,
    ) -> None:
        self.settings, self.name, self.dialect = settings, settings.name, settings.dialect
        self.lease: BudgetLease = lease or BudgetLease()
        self._on_wait, self._on_fact = on_wait, on_fact or on_wait
        self._servers = [ModelServer(base, settings.max_in_flight) for base in settings.bases]
        self._stop, self._negotiation = StopSignal(settings.name), Negotiation()
        self._patience = Patience(settings, self._servers, self._stop, self._say)
        self._negotiation.start_at(Capability.CHOICES, "grammar")  # scores are known of after the first look
        self._calls: Calls | None = None
        self._told_of_copies = self._told_of_beyond = self._gives_scores = False

    async def ask(self, request: Request) -> list[Reply]:
        """Answer once for each draw: in one call where the server knows ``n``, which the first request finds out.

        Raises:
            ModelUnavailable: Transient failures outlasted the patience; access, credit or money is missing.
            ModelRejected: The call can never succeed: key, name or address.
            QuestionRefused: The server takes no question like this one.
        """
        self._open().silence.check()
        wanted = len(request.draws)
        if wanted < 2 or self._negotiation.way(Capability.SEVERAL) != "one call":
            return await self._singly(request)
        try:
            replies = await self._call(request, wanted)
        except (ModelRejected, QuestionRefused) as rejected:
            if rejected.context.get("error") not in _UNKNOWN_PARAMETER or refuses_temperature(rejected.message):
                raise
            with after(rejected.context["failed_calls"]):
                replies = await self._singly(request)  # raises again if it was not for n
            self._negotiation.start_at(Capability.SEVERAL, "a call for each")
            return counted(replies, rejected.context["failed_calls"])
        if len(replies) < wanted:
            self._negotiation.start_at(Capability.SEVERAL, "a call for each")
            with after(0, replies):
                replies += await self._singly(request, len(replies))
        return replies

    async def look(self, request: Request) -> Look:
        """Return the distribution over whole answers, from the scores of tokens; errors as for ``ask``.

        Where a server goes on with no text and no turn, the first continuation is all that is known. Choices that its
        scores do not reach are scored one by one, as the end of a prompt.

        Raises:
            ModelRejected: Its server sends no scores.
        """
        try:
            look = await self._look_on(request)
        except ModelRejected as rejected:
            if rejected.context.get("capability") != Capability.CHOICES.value:
                raise
            found = await self._look_by_prompts(request)
            if found is None:
                raise
            return found
        found = None if look.answers else await self._look_by_prompts(request)
        return look if found is None else msgspec.structs.replace(found, calls=found.calls + look.calls)

    async def _look_by_prompts(self, request: Request) -> Look | None:
        """The distribution over choices from scores of prompts; ``None`` where the server gives none that say it."""
        if not can_be_compared(request):
            return None
        replies: list[Reply] = []

        async def ask(one: Request) -> Reply:
            replies.extend(await self._call(one, 1))
            return replies[-1]

        self._open()
        while (way := self._negotiation.way(Capability.PROMPT_SCORES)) != "none":
            if way == "echo" and not request.raw:  # only raw completions have it
                return None
            with after(0, replies):
                look = await look_by_prompts(request, ask)
            if look is not None:
                self._gives_scores = True
                return _paid(look, replies)
            if self._negotiation.way(Capability.PROMPT_SCORES) == way:  # taken without a word, and not understood
                if self._gives_scores:  # of other choices: these cannot be told apart
                    return None
                self._negotiation.start_at(Capability.PROMPT_SCORES, "echo" if way == "prompt_logprobs" else "none")
        return None

    async def score(self, request: Request, text: str) -> Likelihood:
        """Return how likely a text is after a prompt, from ``prompt_logprobs`` or ``echo``; errors as for ``ask``.

        Raises:
            ModelRejected: Its server sends no scores of prompts, or none that spell this text.
        """
        self._open()
        while (way := self._negotiation.way(Capability.PROMPT_SCORES)) != "none":
            if way == "echo" and not request.raw:  # only raw completions have it
                break
            reply = (await self._call(prompt_with(request, text), 1))[0]
            scored = score_of(reply.positions, text)
            if scored is not None:
                self._gives_scores = True
                return likelihood_of(scored, reply)
            if self._negotiation.way(Capability.PROMPT_SCORES) == way:
                if self._gives_scores:  # of other texts: this one cannot be read
                    break
                self._negotiation.start_at(Capability.PROMPT_SCORES, "echo" if way == "prompt_logprobs" else "none")
        line = f"{self.name} does not say how likely a given text is: its server sends no scores of prompts"
        raise ModelRejected(line, capability=Capability.PROMPT_SCORES.value)

    async def _look_on(self, request: Request) -> Look:
        """The distribution over whole answers from the scores of continuations."""
        replies: list[Reply] = []

        async def ask(beginning: str) -> Continuation:
            if beginning and not self._continues(request):
                return Continuation(())
            replies.extend(await self._scored(scoring(request, beginning)))
            if beginning and not self._continues(request):  # it said so now, and began anew
                return Continuation((), replies[-1].tokens_in, replies[-1].tokens_cached)
            return Continuation(replies[-1].positions, replies[-1].tokens_in, replies[-1].tokens_cached)

        with after(0, replies):
            return _paid(await WholeAnswers(request.stop, request.choices, request.open).look(ask), replies)

    async def _scored(self, request: Request) -> list[Reply]:
        """One continuation with its scores."""
        self._open()
        if self._negotiation.way(Capability.SCORES) == "server":
            replies = await self._call(request, 1)
            if replies[0].positions:
                self._gives_scores = True
                return replies
            if not self._gives_scores:  # else a continuation of nothing, such as the end of a text
                self._negotiation.start_at(Capability.SCORES, "none")
            else:
                return replies
        line = f"{self.name} gives no distribution over answers: its server sends no scores of tokens"
        raise ModelRejected(line, capability=Capability.CHOICES.value)

    def _continues(self, request: Request) -> bool:
        """Whether the server goes on with a beginning of the answer, as far as is known by now."""
        if request.raw and self._negotiation.way(Capability.RAW) == "completion":
            return True
        return self._negotiation.way(Capability.PREFILL) == "continued turn"

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
    def endpoints(self) -> Mapping[str, Limiter]:
        """The limiter of each address; the same names in every process that asks the same addresses."""
        return {f"{self.name} {one.base or ''}": one.limiter for one in self._servers}

    def use_lease(self, lease: BudgetLease) -> None:
        """Reserve money from this lease from now on; calls under way settle with the one they began with.

        A worker begins with this, so that a model that an earlier run stopped is asked again.
        """
        self.lease = lease
        self._stop.go_on()

    def stop_waiting(self) -> None:
        """Send nothing more: whatever waits for a place, for money or to be asked again ends with ``CallsStopped``.

        Calls that were sent are waited for, and their replies returned or handed up with the error.
        """
        self._stop.stop()

    def how(self, capability: Capability) -> str:
        """Return the way in which a capability is served, as far as the server has shown by now."""
        if capability is Capability.CHOICES and self._gives_scores:
            return "scores"
        return self._negotiation.way(capability)

    def sameness(self) -> Sameness:
        """Return how often replies to one prompt differed, and how many were copies."""
        return Sameness() if self._calls is None else self._calls.copies.counts

    async def close(self) -> None:
        """Close all connections that LiteLLM keeps for this event loop, those of other models too."""
        if self._calls is not None:
            await self._calls.close()
            await litellm_setup.close_clients(self._calls.litellm)

    def opened(self) -> Calls:
        """Return what makes and reads this model's calls."""
        return self._open()

    @property
    def forms(self) -> dict[Capability, int]:
        """The way in which each capability is asked for, as far as the server has shown by now."""
        self._open()
        return dict(self._negotiation.forms)

    def _open(self) -> Calls:
        """Load litellm and work out, once, what every call needs."""
        if self._calls is None:
            self._calls = Calls(litellm_setup.load(), self.settings, self._servers, self._stop)
            for one in (Capability.SEED, Capability.TOP_P, Capability.STOP):
                if one.value not in self._calls.taken:
                    self._negotiation.start_at(one, "cut on arrival" if one is Capability.STOP else "none")
            # Servers of one's own may hold answers to choices, go on with a text or a turn, and score tokens; the
            # providers that sell theirs refuse the parameters.
            own = self.settings.api_base is not None
            self._negotiation.start_at(Capability.CHOICES, "grammar" if own else "parsing")
            if not own:
                self._negotiation.start_at(Capability.PREFILL, "assistant turn")
                self._negotiation.start_at(Capability.PROMPT_SCORES, "none")
            if not own or self._calls.provider not in RAW_PROVIDERS:
                self._negotiation.start_at(Capability.RAW, "sent as a question")
            if "top_logprobs" not in self._calls.taken and self._calls.provider not in RAW_PROVIDERS:
                self._negotiation.start_at(Capability.SCORES, "none")
        return self._calls

    async def _singly(self, request: Request, first: int = 0) -> list[Reply]:
        """One call for each draw from ``first`` on."""
        if len(request.draws) - first == 1:
            return await self._call(request, 1, first)
        places = range(first, len(request.draws))
        found = await all_of([self._call(request, 1, at) for at in places])
        return [*joined({(at,): one for at, one in zip(places, found, strict=True)}).values()]

    async def _call(self, request: Request, n: int, first: int = 0) -> list[Reply]:
        """Up to ``n`` replies from one call that got through, and the failures before it.

        A server that does not take a request in the form it is put in is asked in the next; the first failure is
        raised if no form helps, because then it was not for the form. An outage that was waited out in the last form is
        raised itself.
        """
        wanted, failed, blamed = used(request), 0, None
        question = Question(self.name, request, n, dict(self._negotiation.forms), first)
        original: Failure | None = None
        while True:
            unsure = self._negotiation.unsure(wanted, question.forms)
            try:
                with after(failed):
                    replies = await self._patience.replies(
                        partial(self._asked, question), question.n, may_be_the_form=Capability.SCHEMA in unsure
                    )
                break
            except CallsStopped:
                raise
            except (ModelRejected, ModelUnavailable, QuestionRefused) as error:
                original = error if isinstance(error, ModelUnavailable) else original or error
                failed += error.context["failed_calls"]
                blamed = self._blamed(question, wanted, error)
                if blamed is None:
                    original.context["failed_calls"] = failed
                    if request.temperature != 1 and refuses_temperature(original.message):
                        original.message += f"; it was asked at {request.temperature:g}: {_WAY_ROUND}"
                    raise original from None
                question = Question(self.name, request, n, lowered(question.forms, blamed), first)
        for line in self._negotiation.accept(wanted, question.forms, blamed):
            self._tell(line)
        if request.choices and question.way(Capability.CHOICES) == "grammar" and strayed(replies, request.choices):
            self._negotiation.start_at(Capability.CHOICES, "parsing")
            self._tell("its server does not hold answers to choices; replies are read as free text")
        self._tell_of_oddities()
        return counted(replies, failed)

    def _blamed(self, question: Question, wanted: list[Capability], error: Failure) -> Capability | None:
        """What to ask for otherwise after a failure; ``None`` if it was not for the form of the request."""
        name, status = error.context.get("error"), error.context.get("status")
        unsure = self._negotiation.unsure(wanted, question.forms)
        if question.continues_text and Capability.RAW in unsure and (name == "NotFoundError" or status in (405, 501)):
            return Capability.RAW
        if status in (500, 501):  # some servers break over a schema, or say that they have none
            return Capability.SCHEMA if Capability.SCHEMA in unsure else None
        if name not in _UNKNOWN_PARAMETER:
            return None
        return self._negotiation.blamed(wanted, question.forms, error.message)

    async def _asked(self, question: Question) -> list[Reply]:
        """One call, or two where the first is late and a second pays."""
        calls, lease = self._open(), self.lease
        after_s = calls.hedge_after_s(question, lease) if self.settings.hedge else None
        if after_s is None:
            return await calls.once(question, lease)
        return await first_of(lambda: calls.once(question, lease), after_s, lambda: calls.has_room(question, lease))

    def _tell_of_oddities(self) -> None:
        """Say once that replies look kept, and once that more is counted than was allowed."""
        beyond = self._open().beyond
        if beyond is not None and not self._told_of_beyond:
            self._told_of_beyond = True
            self._tell(beyond)
        if self._told_of_copies or not self.sameness().suspicious:
            return
        self._told_of_copies = True
        self._tell(self.sameness().sentence)

    def _tell(self, line: str) -> None:
        if self._on_fact:
            self._on_fact(f"{self.name}: {line}")

    def _say(self, line: str) -> None:
        if self._on_wait:
            self._on_wait(f"{self.name}: {line}")


def _paid(look: Look, replies: list[Reply]) -> Look:
    """A look with the calls that it took, and their cost."""
    costs = [reply.cost_usd for reply in replies]
    cost = None if None in costs else sum(cost for cost in costs if cost is not None)
    return msgspec.structs.replace(look, calls=len(replies), cost_usd=cost)
