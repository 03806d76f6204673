"""Reads the scores of tokens that a server sends, in the shapes there are; everything in them is a stranger's.

Chats, and llama.cpp's raw completions, have a list ``content`` of places with a list ``top_logprobs`` each. OpenAI's
and vLLM's raw completions have three lists side by side: ``tokens``, ``token_logprobs``, and ``top_logprobs``, of
which each is an object from token to logarithm; an echoed prompt stands before the answer in these. vLLM's
``prompt_logprobs`` are a list with an object for each token of the prompt, from its number to text and logarithm.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from surefoot.runtime.models.port import Position

MOST_PLACES: Final = 64
"""Places that are read."""
MOST_TOKENS: Final = 64
"""Tokens of a place that are read."""
LONGEST: Final = 1000
"""Characters of a token that are read; a longer one is none."""


def positions_of(scores: Any) -> tuple[Position, ...]:
    """Read the places of a reply with their likeliest tokens; those before the first that cannot be read."""
    if scores is None:
        return ()
    content = _of(scores, "content")
    places = _listed(content) if isinstance(content, list) else _side_by_side(scores)
    found: list[Position] = []
    for chosen, likeliest in places:
        if len(found) == MOST_PLACES or not likeliest:
            break
        found.append(Position(chosen, tuple(likeliest)))
    return tuple(found)


def echoed_positions(scores: Any, generated: int) -> tuple[Position, ...]:
    """Read the last places of a prompt that a raw completion echoed, each with its own token alone.

    Args:
        scores: Of the completion; three lists side by side.
        generated: Tokens that come after the prompt.
    """
    tokens, logprobs = _of(scores, "tokens"), _of(scores, "token_logprobs")
    if not isinstance(tokens, list) or not isinstance(logprobs, list) or len(tokens) != len(logprobs) or generated < 0:
        return ()
    end = len(tokens) - generated
    return _alone(list(zip(tokens, logprobs, strict=True))[max(0, end - MOST_PLACES) : max(0, end)])


def prompt_positions(places: Any) -> tuple[Position, ...]:
    """Read the last places of vLLM's ``prompt_logprobs``, each with the prompt's own token, which stands first."""
    if not isinstance(places, list):
        return ()
    own = [next(iter(one.values()), None) if isinstance(one, Mapping) else None for one in places[-MOST_PLACES:]]
    return _alone([(_of(one, "decoded_token"), _of(one, "logprob")) for one in own])


def _alone(tokens: list[tuple[Any, Any]]) -> tuple[Position, ...]:
    """Places of one token each; those before one that cannot be read are of no use to whoever reads from the end."""
    found: list[Position] = []
    for token, logprob in reversed(tokens):
        readable = _readable([(token, logprob)])
        if not readable:
            break
        found.append(Position(readable[0][0], tuple(readable)))
    return tuple(reversed(found))


def _listed(content: list[Any]) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    for place in content:
        tokens = _of(place, "top_logprobs")
        tokens = tokens[:MOST_TOKENS] if isinstance(tokens, list) else []
        likeliest = [(_of(one, "token"), _of(one, "logprob")) for one in [*tokens, place]]
        yield _text(_of(place, "token")), _readable(likeliest)


def _side_by_side(scores: Any) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    lists = [_of(scores, name) for name in ("tokens", "token_logprobs", "top_logprobs")]
    if not all(isinstance(one, list) for one in lists):
        return
    for token, logprob, others in zip(*lists, strict=False):
        known = list(others.items())[:MOST_TOKENS] if isinstance(others, Mapping) else []
        yield _text(token), _readable([*known, (token, logprob)])


def _readable(tokens: list[tuple[Any, Any]]) -> list[tuple[str, float]]:
    """Tokens with logarithms of probabilities; each token once."""
    found: dict[str, float] = {}
    for token, logprob in tokens:
        number = isinstance(logprob, int | float) and not isinstance(logprob, bool) and not math.isnan(logprob)
        if number and isinstance(token, str) and len(token) <= LONGEST:
            found.setdefault(token, min(0.0, float(logprob)))
    return list(found.items())


def _text(token: Any) -> str:
    return token if isinstance(token, str) and len(token) <= LONGEST else ""


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)
