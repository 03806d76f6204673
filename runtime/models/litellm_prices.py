"""What calls through LiteLLM cost: from its offline table, or from prices that the user gives."""

import math
from typing import Any

from surefoot.runtime.models.litellm_requests import bytes_of
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Request

OVERHEAD_TOKENS = 64
"""Most tokens that a server's template puts around a prompt of two messages, until one is seen to put more."""


class Prices:
    """What the tokens of one model cost.

    Args:
        litellm: The module.
        settings: Name of the model as people type it, and prices to use instead of the table's.
        model: The name without its provider.
        provider: LiteLLM's name of the provider.
    """

    def __init__(self, litellm: Any, settings: LiteLLMSettings, model: str, provider: str) -> None:
        self._litellm, self._provider, name = litellm, provider, settings.name
        self._price_in, self._price_out = settings.price_in, settings.price_out
        self._overhead, self._excess = OVERHEAD_TOKENS, 0
        # Only a price written down for this model of this provider: otherwise LiteLLM may say 0, or take the
        # price of whatever model the server says it is.
        known = {key: litellm.model_cost.get(key, {}) for key in (f"{provider}/{model}", name, model)}
        own = [key for key, entry in known.items() if entry.get("litellm_provider") == provider]
        self._key = next((key for key in own if "input_cost_per_token" in known[key]), None)
        self._most = _dearest(known[self._key]) if self._key is not None else (None, None)
        self._share = (1.0, 1.0)
        if settings.batch:
            self._share = batch_share(known[self._key] if self._key is not None else {}, settings.batch_price)

    @property
    def per_token(self) -> tuple[float, float] | None:
        """The most that a prompt token and a generated one can cost, in USD; ``None`` if one of them is unknown."""
        dear_in = self._most[0] if self._price_in is None else self._price_in / 1e6
        dear_out = self._most[1] if self._price_out is None else self._price_out / 1e6
        if dear_in is None or dear_out is None:
            return None
        return dear_in * self._share[0], dear_out * self._share[1]

    def at_most(self, request: Request, n: int, max_tokens: int) -> float:
        """Return the most that a call can cost, in USD; 0 if a price is unknown.

        A token is a byte of text at least, whatever the tokenizer; the server may charge for its template as well.
        A server without ``n`` is asked again for each answer, and reserves again. A server that was seen to charge
        for more than that, in or out, is expected to do so again.
        """
        prices = self.per_token
        if prices is None:
            return 0.0
        return prices[0] * (bytes_of(request) + self._overhead) + prices[1] * n * (max_tokens + self._excess)

    def seen(self, request: Request, n: int, max_tokens: int, tokens_in: int, tokens_out: int) -> None:
        """Learn how many tokens a server charges beyond what was sent and allowed."""
        self._overhead = max(self._overhead, tokens_in - bytes_of(request))
        self._excess = max(self._excess, math.ceil(tokens_out / n) - max_tokens)

    def cost(self, usage: Any, tokens_in: int, tokens_out: int) -> tuple[float, float] | None:
        """Return the USD for prompt and completion; ``None`` when a price is unknown.

        Args:
            usage: The server's account as it came, for discounts on what was cached.
            tokens_in: Prompt tokens as they were believed.
            tokens_out: Generated tokens as they were believed.
        """
        table: tuple[float | None, float | None] = (None, None)
        if self._key is not None:
            table = self._from_table(usage, tokens_in, tokens_out)
        cost_in = table[0] if self._price_in is None else self._price_in * tokens_in / 1e6
        cost_out = table[1] if self._price_out is None else self._price_out * tokens_out / 1e6
        if cost_in is None or cost_out is None:
            return None
        return cost_in * self._share[0], cost_out * self._share[1]

    def _from_table(self, usage: Any, tokens_in: int, tokens_out: int) -> tuple[float | None, float | None]:
        """What LiteLLM works out, within what so many tokens can cost: an account may lie in its details."""
        try:
            table = self._litellm.cost_per_token(self._key, custom_llm_provider=self._provider, usage_object=usage)
        except (ArithmeticError, AttributeError, TypeError, ValueError):  # details of an unheard-of kind
            table = self._most[0] and self._most[0] * tokens_in, self._most[1] and self._most[1] * tokens_out
        return _within(table[0], self._most[0], tokens_in), _within(table[1], self._most[1], tokens_out)


USUAL_SHARE = 0.5
"""What a batch costs of the usual price where nobody says: OpenAI's, Azure's, Anthropic's and Google's lists."""


def batch_share(entry: dict[str, Any], given: float | None) -> tuple[float, float]:
    """Return the shares of the usual prices that a prompt token and a generated one cost in a batch.

    Args:
        entry: Of LiteLLM's table; empty if there is none.
        given: What the user says, for both.
    """
    if given is not None:
        return given, given
    found = []
    for name in ("input_cost_per_token", "output_cost_per_token"):
        usual, batch = entry.get(name), entry.get(f"{name}_batches")
        found.append(batch / usual if usual and batch is not None else USUAL_SHARE)
    return found[0], found[1]


def _within(cost: float | None, dearest: float | None, tokens: int) -> float | None:
    """A cost between nothing and that of so many tokens at the highest price; ``None`` if unknown."""
    if cost is None or dearest is None:
        return cost
    return min(max(cost, 0.0), dearest * tokens) if math.isfinite(cost) else dearest * tokens


def _dearest(entry: dict[str, Any]) -> tuple[float | None, float | None]:
    """The highest prices for a prompt token and a generated one that a table's entry may apply to a short call."""
    ins = ("input_cost_per_token", "cache_creation_input_token_cost")
    outs = ("output_cost_per_token", "output_cost_per_reasoning_token")
    found = [[entry[key] for key in keys if entry.get(key) is not None] for keys in (ins, outs)]
    return max(found[0], default=None), max(found[1], default=None)
