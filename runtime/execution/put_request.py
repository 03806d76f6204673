"""Makes the request that puts a question to a model, with all that its wording puts around it."""

from surefoot.decompose.wordings.wording import Put
from surefoot.runtime.models.port import Example, Request


def request_of(put: Put, draws: tuple[int, ...], temperature: float, limit: int, seed: int) -> Request:
    """Return a question as a request.

    Args:
        put: The question, with the turns before it and the beginning of the answer.
        draws: Numbers of the draws.
        temperature: To sample at.
        limit: Most tokens of a reply.
        seed: The run's seed.
    """
    prompt, turns = put.prompt, tuple(Example(user, assistant) for user, assistant in put.turns)
    return Request(
        prompt, draws, temperature, limit, seed, examples=turns, prefill=put.prefill, raw=prompt.raw, stop=prompt.stop,
        choices=prompt.choices,
    )  # fmt: skip
