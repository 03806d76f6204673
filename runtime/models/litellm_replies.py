"""Reads LiteLLM's responses: texts, why they ended, tokens, and what each of several answers has cost.

All of a response is a stranger's: numbers may be of any size or kind, texts of any length. A number that cannot be
true counts as not given, a text that is longer than the tokens it was allowed is cut and counts as cut off.
"""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, Final

import msgspec

from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.litellm_requests import Question, bytes_of, without
from surefoot.runtime.models.port import Position, Reply, Stop
from surefoot.runtime.models.silent_replies import Silence
from surefoot.runtime.models.token_scores import echoed_positions, positions_of, prompt_positions

_STOPS: Final = {"length": Stop.LENGTH, "content_filter": Stop.REFUSED}
_OPEN, _CLOSE = "<think>", "</think>"
"""Around thinking that a server leaves in the text."""
LONGEST_TOKEN: Final = 64
"""Characters of a text for each token it was allowed, in the mean, beyond which it cannot be true."""
LEAST_TEXT: Final = 4096
"""Characters that are read of every reply, however few tokens it was allowed."""
MOST_TEXT: Final = 2**20
"""Characters that are read of any reply."""
COUNTED: Final = 8192
"""Characters of a text whose tokens are counted; longer texts are estimated, as tokenizers can be slow on them."""
MOST_PER_BYTE: Final = 4
"""Prompt tokens for each byte sent beyond which a number of tokens cannot be true."""
UNSEEN_TOKENS: Final = 100_000
"""Tokens that a server may add out of sight, to prompt or reply, before its number is not believed."""
_ID: Final = 200
"""Characters of a completion's id that are kept."""


class Received(msgspec.Struct, frozen=True):
    """What one call brought: replies, and cost.

    Attributes:
        cost: What it has cost in USD; ``None`` if unknown.
        replies: Its replies; the prompt is paid by the first of them.
        silences: For each reply, why there is nothing to read in it.
    """

    cost: float | None
    replies: list[Reply]
    silences: list[Silence]


class _Usage(msgspec.Struct, frozen=True):
    """Tokens as far as the server's numbers can be true; 0 where one is not given.

    Attributes:
        known: Whether prompt and completion were both given, so that a price can be worked out.
    """

    tokens_in: int
    tokens_out: int
    cached: int
    thought: int
    known: bool


class _Text(msgspec.Struct, frozen=True):
    """What one choice says: the answer, the thinking before it, and why it ended."""

    text: str
    thinking: str
    stop: Stop

    @property
    def silence(self) -> Silence:
        """Why there is no answer in it, if so."""
        if self.text.strip() or not self.thinking.strip():
            return Silence.NONE
        return Silence.ALLOWANCE if self.stop is Stop.LENGTH else Silence.ELSEWHERE


def read_replies(response: Any, question: Question, limit: int, prices: Prices, litellm: Any) -> Received:
    """Read the replies and the cost of a call from LiteLLM's response.

    Args:
        response: LiteLLM's, with at least one choice.
        question: What was asked.
        limit: Tokens that each reply was allowed, thinking included.
        prices: What tokens cost.
        litellm: The module.
    """
    choices = response.choices[: question.n]
    said = [_said(choice, question, limit) for choice in choices]
    given = getattr(response, "usage", None)
    usage = _usage(given, question, limit)

    def weight(text: str) -> int:
        if len(text) > COUNTED:
            return len(text) // 4
        return int(litellm.token_counter(model=question.model, text=text)) if text else 0

    shares = [usage.tokens_out]
    if len(choices) > 1:  # servers report one sum
        shares = split(usage.tokens_out, [weight(one.thinking) + weight(one.text) for one in said])
    thoughts = [min(share, weight(one.thinking)) for share, one in zip(shares, said, strict=True)]
    if usage.thought:
        thoughts = [min(*pair) for pair in zip(shares, split(usage.thought, shares), strict=True)]
    cost = prices.cost(given, usage.tokens_in, usage.tokens_out) if usage.known else None
    identity = str(getattr(response, "id", None) or "")[:_ID]
    replies = []
    for i, (one, share) in enumerate(zip(said, shares, strict=True)):
        paid = None if cost is None else (cost[0] if i == 0 else 0.0) + cost[1] * share / (usage.tokens_out or 1)
        first = (usage.tokens_in, usage.cached) if i == 0 else (0, 0)
        scores = _positions(response, choices[i], question, share)
        reply = Reply(one.text, one.stop, first[0], share, paid, id=identity, positions=scores)
        replies.append(msgspec.structs.replace(reply, tokens_cached=first[1], tokens_reasoning=thoughts[i]))
    return Received(None if cost is None else sum(cost), replies, [one.silence for one in said])


def _positions(response: Any, choice: Any, question: Question, generated: int) -> tuple[Position, ...]:
    """The scores that were asked for: of the answer, or of the prompt."""
    if question.request.scored:
        return positions_of(getattr(choice, "logprobs", None))
    if not question.request.echoed:
        return ()
    if question.way(Capability.PROMPT_SCORES) == "echo":
        return echoed_positions(getattr(choice, "logprobs", None), generated)
    # Raw completions have them in each choice, chats beside the choices.
    found = getattr(choice, "prompt_logprobs", None)
    return prompt_positions(getattr(response, "prompt_logprobs", None) if found is None else found)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total into whole shares in proportion to the weights; the shares add up to the total."""
    weights = weights if any(weights) else [1] * len(weights)
    edges = [total * sum(weights[:i]) // sum(weights) for i in range(len(weights) + 1)]
    return [edges[i + 1] - edges[i] for i in range(len(weights))]


def counted(replies: list[Reply], failed_calls: int) -> list[Reply]:
    """Return the replies with the number of failed calls before them added to the first."""
    if not failed_calls:
        return replies
    first, *rest = replies
    return [msgspec.structs.replace(first, failed_calls=first.failed_calls + failed_calls), *rest]


def _said(choice: Any, question: Question, limit: int) -> _Text:
    """The answer, and the thinking before it, which is neither read nor measured against the limit."""
    message = getattr(choice, "message", None)
    if message is None:  # of raw completions
        message = SimpleNamespace(content=getattr(choice, "text", None))
    # Before 1.110 LiteLLM moved OpenAI's field for refusals into one of its own.
    moved = getattr(message, "provider_specific_fields", None)
    moved = moved if isinstance(moved, dict) else {}
    text, thinking = _str(message.content), _str(getattr(message, "reasoning_content", None))
    refusal = _str(getattr(message, "refusal", None) or moved.get("refusal"))
    stop = Stop.REFUSED if refusal else _STOPS.get(_str(choice.finish_reason), Stop.END)
    text, thought = _without_thinking(text)
    longest = min(MOST_TEXT, max(LEAST_TEXT, LONGEST_TOKEN * limit))
    if len(text) > longest:
        text, stop = text[:longest], stop if stop is Stop.REFUSED else Stop.LENGTH
    text, ended = without(text, question.request)
    if ended and stop is Stop.LENGTH:
        stop = Stop.END
    return _Text(text or refusal[:LEAST_TEXT], (thinking + thought)[:MOST_TEXT], stop)


def _without_thinking(text: str) -> tuple[str, str]:
    """A text without the thinking that it begins with, and that thinking."""
    begin = text.lstrip()
    if not begin.startswith(_OPEN):
        return text, ""
    end = begin.find(_CLOSE)
    if end < 0:
        return "", begin
    end += len(_CLOSE)
    return begin[end:].lstrip(), begin[:end]


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _usage(usage: Any, question: Question, limit: int) -> _Usage:
    most_in = MOST_PER_BYTE * bytes_of(question.request) + UNSEEN_TOKENS
    tokens_in = _number(usage, "prompt_tokens", most_in)
    tokens_out = _number(usage, "completion_tokens", question.n * (limit + UNSEEN_TOKENS))
    known = tokens_in is not None and tokens_out is not None and tokens_in + tokens_out > 0
    tokens_in, tokens_out = tokens_in or 0, tokens_out or 0
    cached = _number(getattr(usage, "prompt_tokens_details", None), "cached_tokens", tokens_in)
    thought = _number(getattr(usage, "completion_tokens_details", None), "reasoning_tokens", tokens_out)
    return _Usage(tokens_in, tokens_out, cached or 0, thought or 0, known)


def _number(of: Any, name: str, most: int) -> int | None:
    """A whole number from 0 to ``most``; ``None`` if the server gives anything else."""
    value = getattr(of, name, None)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        return None
    return value
