"""What is said once of a model behind LiteLLM: its name, address, limits and prices, as one value."""

from typing import Final

import msgspec

from surefoot.decompose.step import Dialect

THINKING_TOKENS: Final = 8192
"""Tokens that a reasoning model may think in before its answer, unless the user says otherwise."""


class LiteLLMSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How one model is reached, how patiently the model is asked, and what tokens cost.

    Attributes:
        name: LiteLLM's name, provider first.
        api_base: Base address of the server; ``None`` for the provider's own. Several, by commas, serve the same
            model: each is asked as fast as it answers, and one that fails is left out for a while.
        dialect: The wording to use.
        timeout_s: Longest time one call may take, in seconds, waiting for a free place not counted.
        patience_s: How long, in seconds from the first failure after an answer, transient failures are waited out.
        max_in_flight: Largest number of calls under way at once, for each server.
        price_in: USD per million prompt tokens, instead of LiteLLM's table.
        price_out: USD per million generated tokens, instead of LiteLLM's table.
        thinking_tokens: Tokens that may be thought in beside the reply; ``None``: as many as ``THINKING_TOKENS`` for
            models that LiteLLM knows to reason, else none.
        backoff_initial_s: First wait in seconds; doubles with each failure, half of it is random.
        backoff_max_s: Longest wait in seconds, unless the server asks for more.
        retry_share: Share of the calls that may be retries for long.
        hedge: Whether late calls may be asked a second time where that pays.
        batch: Whether its questions go out as batches, which have prices of their own.
        batch_price: Share of the usual price that a batch costs; ``None``: as LiteLLM's table says, else a half.
    """

    name: str
    api_base: str | None = None
    dialect: Dialect = "chat"
    timeout_s: float = 60
    patience_s: float = 600
    max_in_flight: int = 64
    price_in: float | None = None
    price_out: float | None = None
    thinking_tokens: int | None = None
    backoff_initial_s: float = 0.25
    backoff_max_s: float = 4
    retry_share: float = 0.3
    hedge: bool = True
    batch: bool = False
    batch_price: float | None = None

    @property
    def bases(self) -> list[str | None]:
        """The addresses of ``api_base``: one, or several by commas."""
        return [None] if self.api_base is None else [base.strip() for base in self.api_base.split(",")]
