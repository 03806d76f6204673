"""What answers cost that state tokens and no money: by the prices that a user gave, else by those of the model."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from surefoot.runtime.models.port import Likelihood, Look, Reply

S = TypeVar("S", Look, Likelihood)

Prices = tuple[float, float]
"""USD for a prompt token and for a generated one."""
MOST_PRICE: float = 1e6
"""USD for one token, beyond which a price cannot be meant."""
MOST_COST: float = 1e9
"""USD for one answer, likewise."""
MOST_TOKENS: int = 2**40
"""Tokens or calls of one answer, likewise."""
WANTED_PRICES = f"None or two prices for a token in USD, each from 0 to {MOST_PRICE:,.0f}"
WANTED_COST = "cost_usd as None or a number of USD, at least 0"
"""What a model has to say, for people."""


class GivenPrices(msgspec.Struct, frozen=True):
    """What a user says that tokens cost, in USD per million; ``None`` where nothing is said.

    Attributes:
        million_in: Of prompt tokens, ``--price-in``.
        million_out: Of generated tokens, ``--price-out``.
    """

    million_in: float | None = None
    million_out: float | None = None

    @property
    def any(self) -> bool:
        """Whether a price is given."""
        return self.million_in is not None or self.million_out is not None

    def before(self, prices: Prices | None) -> Prices | None:
        """Return the prices of a token, those of the model where none is given; ``None`` if one is unknown."""
        if self.million_in is not None and self.million_out is not None:
            return self.million_in / 1e6, self.million_out / 1e6
        if prices is None:
            return None
        token_in = prices[0] if self.million_in is None else self.million_in / 1e6
        return token_in, prices[1] if self.million_out is None else self.million_out / 1e6


def are_prices(found: Any) -> bool:
    """Return whether what ``Model.prices`` said are prices, or that there are none."""
    if found is None:
        return True
    pair = isinstance(found, tuple | list) and len(found) == 2
    return pair and all(_is_number(one) and 0 <= one <= MOST_PRICE for one in found)


def wrong_number(said: Reply | Look | Likelihood) -> str:
    """Return what is wrong with the tokens, calls and cost of an answer: what it should be; empty if nothing is."""
    cost = said.cost_usd
    if cost is not None and not (_is_number(cost) and 0 <= cost <= MOST_COST):
        return WANTED_COST
    for name in said.__struct_fields__:
        if name.startswith("tokens") or name.endswith("calls"):
            value = getattr(said, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_TOKENS:
                return f"{name} as a whole number from 0 to 2**40"
    return ""


def priced(replies: Sequence[Reply], prices: Prices | None, *, always: bool = False) -> list[Reply]:
    """Return replies with what their tokens cost, where they do not say it themselves.

    A call of which no tokens are said, neither in nor out, has an unknown cost.

    Args:
        replies: All replies of one call.
        prices: What tokens cost; ``None`` if that is unknown.
        always: Whether the prices hold whatever the replies say.
    """
    told = any(one.tokens_in or one.tokens_out for one in replies)
    return [
        msgspec.structs.replace(one, cost_usd=_cost(one, prices) if told else None)
        if (always or one.cost_usd is None) and prices is not None
        else one
        for one in replies
    ]


def priced_one(said: S, prices: Prices | None, *, always: bool = False) -> S:
    """Return a look or a likelihood with what its tokens cost; as ``priced``."""
    if prices is None or not (always or said.cost_usd is None):
        return said
    return msgspec.structs.replace(said, cost_usd=_cost(said, prices) if said.tokens_in or said.tokens_out else None)


def _cost(said: Reply | Look | Likelihood, prices: Prices) -> float:
    return prices[0] * said.tokens_in + prices[1] * said.tokens_out


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
