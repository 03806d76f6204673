"""The model port: prompts in, replies out. Everything a run knows of a model goes through here.

Implementations stand beside this file: ``bundled`` (ships in the package), ``litellm_model`` (any hosted or local
model by name), ``simulated`` (a pure function with known error rates, for tests and for planning).
"""

import enum
from typing import Any, Protocol

import msgspec

from surefoot.decompose.step import Dialect, Prompt


class Stop(enum.StrEnum):
    """Why a reply ended."""

    END = "end"
    """The model finished."""
    LENGTH = "length"
    """The token limit cut it off; such a reply is overlong whatever it says."""
    REFUSED = "refused"
    """The model or its provider declined to answer. A red flag, not a failed call."""


class Request(msgspec.Struct, frozen=True):
    """One prompt, to be answered once for each draw.

    Attributes:
        prompt: What the model is shown.
        draws: A number for each answer wanted, unique in the run for this step; implementations that are pure
            functions answer as a function of it.
        temperature: Sampling temperature, 0 or more.
        max_tokens: Limit on the reply, in the model's tokens.
        seed: The run's seed.
        schema: JSON schema that the reply should follow, where the model can be held to one; ``None`` for free text.
    """

    prompt: Prompt
    draws: tuple[int, ...]
    temperature: float
    max_tokens: int
    seed: int
    schema: Any = None


class Reply(msgspec.Struct, frozen=True):
    """One answer of a model: untrusted text, and what it cost.

    Attributes:
        text: What the model said.
        stop: Why it ended.
        tokens_in: Prompt tokens paid for this reply; 0 for the second and later draws of one request.
        tokens_out: Tokens generated.
        cost_usd: Money; ``None`` when the price is unknown.
        failed_calls: Calls that failed in transport before this reply came. Never ballots.
        tokens_cached: Those of ``tokens_in`` that the provider had in its cache.
        tokens_reasoning: Those of ``tokens_out`` that were thinking before the answer.
        hedged_calls: Further calls that asked for this reply because the first was late. Never ballots.
    """

    text: str
    stop: Stop = Stop.END
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = 0.0
    failed_calls: int = 0
    tokens_cached: int = 0
    tokens_reasoning: int = 0
    hedged_calls: int = 0


class Model(Protocol):
    """Something that answers prompts."""

    @property
    def dialect(self) -> Dialect:
        """The wording this model was made for."""
        ...

    async def ask(self, request: Request) -> list[Reply]:
        """Answer a prompt once for each draw, in the order of ``request.draws``.

        Raises:
            ModelUnavailable: Transient failures went on for longer than the model's patience.
            ModelRejected: The call can never succeed as configured (key, name, base address).
        """
        ...

    async def close(self) -> None:
        """Release what the model holds."""
        ...
