"""The model port: prompts in, replies out. Everything a run knows of a model goes through here.

Implementations stand beside this file: ``bundled`` (ships in the package), ``litellm_model`` (any hosted or local
model by name), ``simulated`` (a pure function with known error rates, for tests and for planning).
"""

import enum
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import msgspec

from surefoot.decompose.step import Dialect, Prompt
from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import WORST, Capability
from surefoot.runtime.models.copies import Sameness
from surefoot.runtime.models.limiter import Limiter


class Stop(enum.StrEnum):
    """Why a model's reply ended."""

    END = "end"
    """The model finished."""
    LENGTH = "length"
    """The token limit cut it off; such a reply is overlong whatever it says."""
    REFUSED = "refused"
    """The model or its provider declined to answer. A red flag, not a failed call."""


class Example(msgspec.Struct, frozen=True):
    """A question and the right answer, shown to the model as an earlier turn of the conversation."""

    user: str
    assistant: str


class Request(msgspec.Struct, frozen=True):
    """One prompt, to be answered once for each draw.

    What a model or its server cannot do is done in the next best way, which ``Model.how`` names; see
    ``runtime/models/capabilities.py``.

    Attributes:
        prompt: What the model is shown.
        draws: A number for each answer wanted, unique in the run for this step; implementations that are pure
            functions answer as a function of it, and servers that take a seed are given another one for each.
        temperature: Sampling temperature, 0 or more.
        max_tokens: Limit on the reply, in the model's tokens.
        seed: The run's seed.
        schema: JSON schema that the reply should follow, where the model can be held to one; ``None`` for free text.
        examples: Turns that come before the question.
        prefill: Text that the reply begins with; it is not part of the reply's text.
        stop: Sequences at which the reply ends; they are not part of its text.
        raw: Whether the prompt's text is to be continued as it stands, without a chat template around it.
        choices: The only answers there are, if the question is an enumeration; empty for free text.
        top_p: Share of the probability that tokens are drawn from, above 0; 1 for all of it.
        scored: Likeliest tokens whose probabilities are wanted at each place of the reply; 0 for none.
        echoed: Whether the scores of the prompt's own tokens are wanted, with its prefill, and not an answer.
        open: Share of the probability that a look may leave open once its likeliest answer is known; 1 for any.
    """

    prompt: Prompt
    draws: tuple[int, ...]
    temperature: float
    max_tokens: int
    seed: int
    schema: Any = None
    examples: tuple[Example, ...] = ()
    prefill: str = ""
    stop: tuple[str, ...] = ()
    raw: bool = False
    choices: tuple[str, ...] = ()
    top_p: float = 1.0
    scored: int = 0
    echoed: bool = False
    open: float = 1.0


class Position(msgspec.Struct, frozen=True):
    """One place of a continuation: the token that stands there, and the likeliest ones with log-probabilities.

    Attributes:
        chosen: Text of the token that the continuation goes on with; empty at the end of the text.
        likeliest: (text, natural logarithm of its probability), the chosen one among them.
    """

    chosen: str
    likeliest: tuple[tuple[str, float], ...]


class Reply(msgspec.Struct, frozen=True):
    """One answer of a model: untrusted text, tokens and money.

    Attributes:
        text: What the model said.
        stop: Why it ended.
        tokens_in: Prompt tokens paid for this reply; 0 for the second and later draws of one request.
        tokens_out: Tokens generated.
        cost_usd: Money; ``None`` when it is not said. Then tokens cost what ``--price-in`` and ``--price-out`` say, or
            else ``Model.prices``; where neither is known, or no tokens are said, the price is unknown.
        failed_calls: Calls that failed in transport before this reply came. Never ballots.
        tokens_cached: Those of ``tokens_in`` that the provider had in its cache.
        tokens_reasoning: Those of ``tokens_out`` that were thinking before the answer.
        hedged_calls: Further calls that asked for this reply because the first was late. Never ballots.
        id: What the server calls the completion; empty if it does not say. Untrusted.
        copied: Whether this very completion, by its id and to the byte, was received before: something between here
            and the model keeps answers. Such a reply says nothing new and must not be counted as a ballot.
        positions: Scores of its tokens, or of the last ones of an echoed prompt, where the request wanted them and the
            server gave some.
    """

    text: str
    stop: Stop = Stop.END
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    failed_calls: int = 0
    tokens_cached: int = 0
    tokens_reasoning: int = 0
    hedged_calls: int = 0
    id: str = ""
    copied: bool = False
    positions: tuple[Position, ...] = ()


MOST_LOOK_CALLS = 8
"""Calls that one look may take, at most: so many are reserved of a limit before it is asked for."""


class Look(msgspec.Struct, frozen=True):
    """A model's distribution over the whole answers to one prompt: one look, however often it is read.

    Attributes:
        answers: (text, probability), likeliest first; what is missing from 1 was not followed to its end, or is no
            answer. Untrusted texts.
        unread: Probability of what is surely no answer.
        calls: Calls that it took.
        tokens_in: Prompt tokens of those calls.
        tokens_out: Places of the answer that were scored.
        cost_usd: Money; ``None`` when it is not said, as in ``Reply``.
        tokens_cached: Those of ``tokens_in`` that the server had in its cache.
    """

    answers: tuple[tuple[str, float], ...]
    unread: float = 0.0
    calls: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    tokens_cached: int = 0


class Likelihood(msgspec.Struct, frozen=True):
    """How likely a text is as what comes after a prompt.

    Attributes:
        logarithm: Natural logarithm of its probability: the sum over its tokens, each given all that stands before it.
        tokens: Its tokens, at least 1.
        calls: Calls that it took.
        tokens_in: Prompt tokens of those calls.
        tokens_out: Tokens generated for it.
        cost_usd: Money; ``None`` when it is not said, as in ``Reply``.
        tokens_cached: Those of ``tokens_in`` that the server had in its cache.
    """

    logarithm: float
    tokens: int
    calls: int = 1
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None
    tokens_cached: int = 0

    @property
    def mean(self) -> float:
        """The logarithm for each token, which texts of different lengths can be compared by."""
        return self.logarithm / self.tokens


class Model(ABC):
    """Something that answers prompts. An implementation gives ``ask``, and overrides what it can do better.

    Attributes:
        name: What the model is called in counts and reports.
        dialect: The wording this model was made for.
        shared: Whether one object serves all workers of a process: a server, about which all learn the same.
        lease: Where money is reserved before a call; ``None`` for a model that costs nothing.
    """

    name: str = ""
    dialect: Dialect = "chat"
    shared: bool = False
    lease: BudgetLease | None = None

    @abstractmethod
    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw, in the order of ``request.draws``.

        Raises:
            ModelUnavailable: Transient failures went on for longer than the model's patience, or access, credit or
                money ran out: the run pauses and can be resumed.
            ModelRejected: The call can never succeed as configured (key, name, base address).
            QuestionRefused: The server takes no question like this one; others may be answered.
        """

    async def look(self, request: Request) -> Look:
        """Return the distribution over whole answers to a prompt; draws and temperature do not matter.

        Raises:
            ModelRejected: The model gives none: ``how(Capability.CHOICES)`` is not ``"scores"``.
            ModelUnavailable, QuestionRefused: As for ``ask``.
        """
        raise ModelRejected(f"{self.name} gives no distribution over answers", capability=Capability.CHOICES.value)

    async def score(self, request: Request, text: str) -> Likelihood:
        """Return how likely a given text is after a prompt and its prefill; draws and temperature do not matter.

        Raises:
            ModelRejected: The model does not say, or not for a text of this length.
            ModelUnavailable, QuestionRefused: As for ``ask``.
        """
        raise ModelRejected(f"{self.name} does not say how likely a given text is", capability="scores of a prompt")

    async def close(self) -> None:  # noqa: B027  (most models hold nothing)
        """Release what the model holds. Closing twice is fine."""

    async def probe(self) -> None:  # noqa: B027  (a model in this process is always there)
        """See that the model can be reached at all, before a run starts.

        Raises:
            ConfigurationError: It cannot.
        """

    def check_prompt(self, prompt: Prompt) -> None:  # noqa: B027  (most models read any text)
        """Refuse a question that the model was not made for, before a run starts.

        Raises:
            ModelRejected: It cannot be answered.
        """

    def stop_waiting(self) -> None:  # noqa: B027  (most models answer soon or not at all)
        """Have every question that is not sent yet end with ``ModelUnavailable``, and every later one: the run pauses.

        What was sent is waited for, as it is paid; ``CallsStopped`` hands up what came of part of a question.
        """

    def prices(self) -> tuple[float, float] | None:
        """The most that a prompt token and a generated one cost, in USD; ``None`` where one is unknown."""
        return None

    @property
    def endpoints(self) -> Mapping[str, Limiter]:
        """The limiter of each address that is asked, by a name that is the same in every process."""
        return {}

    def use_lease(self, lease: BudgetLease) -> None:  # noqa: B027  (a model that costs nothing needs none)
        """Reserve money from this lease from now on: one budget holds for all models of a worker."""

    def begun_earlier(self, request: Request) -> int:
        """Return how many draws of a request an earlier session of the run asked for, each once.

        They were counted as asked for then, and are not reserved again; see ``--max-calls``.
        """
        return 0

    def share_on_node(self) -> None:  # noqa: B027  (most models hold nothing that is worth sharing)
        """Share what the model loads with the other processes of this node; called before anything is asked."""

    def how(self, capability: Capability) -> str:
        """Return the way in which a capability is served, as far as is known by now: one of ``WAYS[capability]``."""
        return WORST[capability]

    def sameness(self) -> Sameness:
        """Return how often replies to one prompt differed, by which a cache is told from a model that samples."""
        return Sameness()


def refuse_what_is_not_understood(request: Request, who: str) -> None:
    """For models that know nothing but a prompt: refuse a request whose answers would mean something else.

    Raises:
        ModelRejected: The request has example turns, a prefill, or is to be continued as raw text.
    """
    wants = {"example turns": request.examples, "prefill": request.prefill, "raw text": request.raw}
    for name, wanted in wants.items():
        if wanted:
            raise ModelRejected(f"{who} takes no {name}", capability=name)
