"""Reads LiteLLM's responses: texts, why they ended, tokens, and what each of several answers has cost."""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.port import Reply, Stop

_STOPS: Final = {"length": Stop.LENGTH, "content_filter": Stop.REFUSED}
_THOUGHT: Final = re.compile(r"\s*<think>.*?(?:</think>\s*|\Z)", re.DOTALL)
"""Thinking that a server leaves in the text."""


def read_replies(response: Any, n: int, name: str, prices: Prices, litellm: Any) -> tuple[float | None, list[Reply]]:
    """What a response has cost, ``None`` if unknown, and its replies; the prompt is paid by the first of them."""
    choices = response.choices[:n]
    said = [_said(choice.message) for choice in choices]
    usage = getattr(response, "usage", None)
    tokens_in, tokens_out = _number(usage, "prompt_tokens"), _number(usage, "completion_tokens")
    cached = _number(getattr(usage, "prompt_tokens_details", None), "cached_tokens")
    thought = _number(getattr(usage, "completion_tokens_details", None), "reasoning_tokens")

    def weight(text: str) -> int:
        return int(litellm.token_counter(model=name, text=text)) if text else 0

    shares = [tokens_out]
    if len(choices) > 1:  # servers report one sum
        shares = split(tokens_out, [weight(thinking) + weight(text) for text, thinking in said])
    thoughts = [min(share, weight(thinking)) for share, (_, thinking) in zip(shares, said, strict=True)]
    if thought:
        thoughts = [min(*pair) for pair in zip(shares, split(thought, shares), strict=True)]
    cost = prices.cost(usage, tokens_in, tokens_out)
    replies = []
    for i, (choice, (text, _), share) in enumerate(zip(choices, said, shares, strict=True)):
        # Before 1.110 LiteLLM moved OpenAI's field for refusals into one of its own.
        moved = getattr(choice.message, "provider_specific_fields", None) or {}
        refusal = getattr(choice.message, "refusal", None) or moved.get("refusal")
        stop = Stop.REFUSED if refusal else _STOPS.get(choice.finish_reason, Stop.END)
        paid = None if cost is None else (cost[0] if i == 0 else 0.0) + cost[1] * share / (tokens_out or 1)
        first = (tokens_in, cached) if i == 0 else (0, 0)
        reply = Reply(text or refusal or "", stop, first[0], share, paid)
        replies.append(msgspec.structs.replace(reply, tokens_cached=first[1], tokens_reasoning=thoughts[i]))
    return (None if cost is None else sum(cost)), replies


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Whole shares of ``total`` in proportion to the weights; they add up to ``total``."""
    weights = weights if any(weights) else [1] * len(weights)
    edges = [total * sum(weights[:i]) // sum(weights) for i in range(len(weights) + 1)]
    return [edges[i + 1] - edges[i] for i in range(len(weights))]


def counted(replies: list[Reply], failed_calls: int) -> list[Reply]:
    """The replies, the first of which carries the calls that failed before them."""
    if not failed_calls:
        return replies
    first, *rest = replies
    return [msgspec.structs.replace(first, failed_calls=first.failed_calls + failed_calls), *rest]


def _said(message: Any) -> tuple[str, str]:
    """The answer, and the thinking before it, which is neither read nor measured against the limit."""
    text, thinking = message.content or "", getattr(message, "reasoning_content", None) or ""
    found = _THOUGHT.match(text)
    return (text[found.end() :], thinking + found.group()) if found else (text, thinking)


def _number(of: Any, name: str) -> int:
    return getattr(of, name, 0) or 0
