"""Makes the parameters of a call as a line of a batch has them, and reads what a line brought as replies."""

from typing import Any

import msgspec

from surefoot.runtime.errors import AccessLost, QuestionRefused, QuotaUsedUp
from surefoot.runtime.models.batches.results import Fault
from surefoot.runtime.models.capabilities import Forms
from surefoot.runtime.models.litellm_calls import Calls
from surefoot.runtime.models.litellm_errors import speaks_of_policy, speaks_of_quota
from surefoot.runtime.models.litellm_replies import read_replies
from surefoot.runtime.models.litellm_requests import Question, arguments_of
from surefoot.runtime.models.odd_bodies import tidied
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.unreadable import UNREADABLE

MOST_TOKENS = 2**21
"""Tokens of one line beyond which a server's number is not believed."""
OF_A_QUESTION = (400, 404, 413, 422)
"""What a server says of a question that it does not take."""


def question_of_draws(name: str, request: Request, draws: tuple[int, ...], forms: Forms) -> Question:
    """Return a request as one line of a batch puts it: for some of its draws, always as turns of a chat."""
    return Question(name, msgspec.structs.replace(request, draws=draws), len(draws), forms)


def body_of(calls: Calls, question: Question) -> dict[str, Any]:
    """Return the parameters of a call in the provider's words, as LiteLLM words them for a call of its own."""
    arguments = arguments_of(question, calls.limit(question))
    messages, more = arguments.pop("messages"), arguments.pop("extra_body", {})
    worded = calls.litellm.utils.get_optional_params(
        model=calls.model, custom_llm_provider=calls.provider, drop_params=True, **arguments
    )
    own = worded.pop("extra_body", None) or {}
    said = {name: value for name, value in worded.items() if value is not None and name != "stream"}
    return {"model": calls.model, "messages": messages, **said, **own, **more}


def replies_of(calls: Calls, body: msgspec.Raw, question: Question) -> list[Reply]:
    """Read the replies that a line of a batch brought; at most as many as it asked for.

    Raises:
        ValueError: It is no completion.
    """
    try:
        found = msgspec.json.decode(tidied(bytes(body)))
    except UNREADABLE as error:
        raise ValueError("it is no JSON") from error
    litellm = calls.litellm
    try:
        response = litellm.utils.convert_to_model_response_object(
            response_object=found, model_response_object=litellm.ModelResponse()
        )
    except Exception as error:  # LiteLLM raises plain ones for whatever it cannot make sense of
        raise ValueError("it is no completion") from error
    if not response.choices:
        raise ValueError("it has no answer")
    return calls.noted(question, read_replies(response, question, calls.limit(question), calls.prices, litellm))


def spent_usd(body: msgspec.Raw, prices: tuple[float, float]) -> float | None:
    """Return what a line cost, in USD; ``None`` where its tokens are not said, or their numbers cannot be true."""
    try:
        usage = msgspec.json.decode(body).get("usage")
        tokens = [usage[name] for name in ("prompt_tokens", "completion_tokens")]
    except (*UNREADABLE, AttributeError, KeyError, TypeError):
        return None
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n < MOST_TOKENS for n in tokens) or not sum(
        tokens
    ):
        return None
    spent: float = prices[0] * tokens[0] + prices[1] * tokens[1]
    return spent


def meaning_of(name: str, fault: Fault) -> Exception | None:
    """What a line that was not answered means; ``None`` if it is to be asked again.

    Returns:
        ``PermissionError`` where the provider declined to answer: that is a reply.
    """
    said = f"{fault.code} {fault.message}".strip()
    line = f"{name}: {said or 'refused without a word'} ({fault.status or 'no status'})"
    if fault.status in (400, 403, 422) and speaks_of_policy(said):
        return PermissionError(said)
    if fault.status == 402 or (fault.status == 429 and speaks_of_quota(said)):
        return QuotaUsedUp(line, model=name)
    if fault.status in (401, 403):
        return AccessLost(line, model=name)
    if fault.status in OF_A_QUESTION:
        return QuestionRefused(line, model=name, status=fault.status)
    return None
