"""The distribution over given choices, from the scores of prompts that end with each of them: one call a choice.

Servers that send no scores of what they generate, or of the likeliest few only, may still score a text that they are
given: vLLM's ``prompt_logprobs``, and ``echo`` with ``logprobs`` in raw completions of OpenAI's older kind. A choice
counts with the product of its tokens' probabilities and of what ends it, so "1" is not ahead because "10" begins with
it. What the choices leave over is not known: their shares add up to 1. Pure: who asks is a function that is handed in.

What a server says of a prompt is believed only where its tokens spell the choice, and where all choices begin at the
same boundary between tokens; else nothing is known, and choices are held by a grammar or read as free text.
"""

import math
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from surefoot.runtime.models.port import MOST_LOOK_CALLS, Likelihood, Look, Position, Reply, Request

Ask = Callable[[Request], Awaitable[Reply]]
"""Asks for the scores of a request's own text."""


class Scored(msgspec.Struct, frozen=True):
    """What the end of a text has for a score.

    Attributes:
        logarithm: Natural logarithm of its probability, given what comes before.
        before: Characters before the text that its first token holds as well.
        tokens: How many tokens were added up.
    """

    logarithm: float
    before: int
    tokens: int = 1


def can_be_compared(request: Request) -> bool:
    """Whether choices can be told apart by scores of prompts: few enough, and none begins another that nothing ends."""
    choices = request.choices
    if not 2 <= len(choices) <= MOST_LOOK_CALLS or len(set(choices)) < len(choices) or not all(choices):
        return False
    return bool(request.stop) or not any(a != b and b.startswith(a) for a in choices for b in choices)


async def look_by_prompts(request: Request, ask: Ask) -> Look | None:
    """Ask for the score of each choice; ``None`` where a server's scores cannot be read.

    Args:
        request: With choices that ``can_be_compared``.
        ask: Asks for the scores of a request's own text.
    """
    found: list[Scored] = []
    tokens_in = 0
    for choice in request.choices:
        text = choice + (request.stop[0] if request.stop else "")
        reply = await ask(prompt_with(request, text))
        scored = score_of(reply.positions, text)
        tokens_in += reply.tokens_in
        if scored is None or scored.before != (found or [scored])[0].before:
            return None
        found.append(scored)
    shares = sorted(zip(request.choices, _shares(found), strict=True), key=lambda item: (-item[1], item[0]))
    return Look(tuple(shares), 0.0, len(found), tokens_in, len(found), 0.0)


def prompt_with(request: Request, text: str) -> Request:
    """Return the request for the scores of a question that ends with a text; a token has to be generated with it."""
    return msgspec.structs.replace(
        request, draws=(0,), temperature=0.0, top_p=1.0, stop=(), choices=(), schema=None, scored=0, echoed=True,
        prefill=request.prefill + text, max_tokens=1,
    )  # fmt: skip


def score_of(positions: Sequence[Position], text: str) -> Scored | None:
    """Add up the scores of the tokens that a text ends with; ``None`` if they do not spell it."""
    left, total = text, 0.0
    for tokens, position in enumerate(reversed(positions), start=1):
        token = position.chosen
        score = dict(position.likeliest).get(token)
        if not token or score is None or not math.isfinite(score):
            return None
        if len(token) >= len(left):
            return Scored(total + score, len(token) - len(left), tokens) if token.endswith(left) else None
        if not left.endswith(token):
            return None
        left, total = left[: -len(token)], total + score
    return None


def likelihood_of(scored: Scored, reply: Reply) -> Likelihood:
    """Return what a text has for a score with what the call for it cost."""
    return Likelihood(
        scored.logarithm, scored.tokens, 1, reply.tokens_in, reply.tokens_out, reply.cost_usd, reply.tokens_cached
    )


def _shares(scores: Sequence[Scored]) -> list[float]:
    most = max(one.logarithm for one in scores)
    weights = [math.exp(one.logarithm - most) for one in scores]
    return [weight / math.fsum(weights) for weight in weights]
