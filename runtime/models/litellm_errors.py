"""What each of LiteLLM's errors means to a run, and how it is told to people.

A failed call is not a reply: ``ERRORS`` says of each error whether asking again can help. Nothing here imports
litellm: errors are known by their class names.
"""

import math
import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from surefoot.runtime.errors import ModelRejected, ModelUnavailable


class Transient(Exception):
    """A call failed in a way that may pass: the one error that is retried.

    Attributes:
        after_s: How long the server asks to wait, in seconds; ``None`` when it does not say.
        limited: The server said that it was asked too fast.
        calls: How many calls failed so: 2 if a late one was asked again and both failed.
        status: 500 if the server answered that something broke in it.
    """

    calls = 1

    def __init__(
        self, text: str, after_s: float | None = None, limited: bool = False, status: int | None = None
    ) -> None:
        super().__init__(text)
        self.after_s, self.limited, self.status = after_s, limited, status


class Refused(Exception):
    """The provider, or a guard in front of it, declined to answer: a reply and not a failed call."""


_KINDS: Final[Mapping[type[Exception], str]] = {
    Transient: "APIConnectionError APIError APIResponseValidationError BadGatewayError InternalServerError "
    "JSONSchemaValidationError MidStreamFallbackError MockException OpenAIError RateLimitError "
    "ServiceUnavailableError Timeout",
    # Money is missing: asking again does not help, but once some was added the run can be resumed.
    ModelUnavailable: "BudgetExceededError PaymentRequiredError",
    Refused: "BlockedPiiEntityError ContentPolicyViolationError GuardrailRaisedException "
    "ModifyResponseException RejectedRequestError",
    ModelRejected: "AuthenticationError BadRequestError ContextWindowExceededError ImageFetchError "
    "InvalidRequestError LiteLLMUnknownProvider ModelNotMappedError NotFoundError PermissionDeniedError "
    "SensitiveDataRouteException UnprocessableEntityError UnsupportedParamsError VectorStoreSearchError",
}
ERRORS: Final = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""What each of LiteLLM's errors is here, by class name. A class missing here is what its nearest base class is."""

_SECRET_NAME: Final = re.compile("KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
_SECRET: Final = re.compile(
    r"""(?i:bearer)\s+\S+|\bsk-[^\s"',}]{3,}|\b(?:AIza|AKIA|gsk_|hf_|xai-)[\w-]{8,}|(?<=://)[^/\s@]+(?=@)"""
)
_NOISE: Final = re.compile(r"^((litellm\.)?\w*(Error|Exception|Timeout)( Error)?(: | - ))+| ssl:<[^>]*>")


def clean(text: str) -> str:
    """One printable line of at most 300 characters, without LiteLLM's prefixes and without secrets.

    Secrets are the values of environment variables named like one, and whatever looks like a key. The text comes
    from a server: control characters go, because people read it in a terminal.
    """
    text = text.split("\nTraceback (most recent call last)")[0]
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    text = _NOISE.sub("", _SECRET.sub("***", text))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


def retry_after_s(error: BaseException) -> float | None:
    """Seconds that a server asks to wait: ``Retry-After`` in either of its forms, a number or a date."""
    # LiteLLM keeps a provider's headers here; for OpenAI's protocol, those of error.response are empty.
    headers = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("retry-after", ""))
    try:
        dated = value.endswith("GMT")
        seconds = parsedate_to_datetime(value).timestamp() - time.time() if dated else float(value)
    except ValueError:
        return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def judge(error: BaseException, model: str) -> Exception:
    """What an error of LiteLLM means to a run: the error to raise in its place, with one clear line."""
    named = next((c.__name__ for c in type(error).__mro__ if c.__name__ in ERRORS), "APIError")
    kind, status, body = ERRORS[named], getattr(error, "status_code", None), getattr(error, "body", None)
    text = clean(str(getattr(error, "message", "") or error)) or named
    if named == "APIError" and isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 425):
        kind = ModelUnavailable if status == 402 else ModelRejected
    code = body.get("code") if isinstance(body, dict) else None
    if named == "RateLimitError" and code == "insufficient_quota":
        kind = ModelUnavailable
    if named == "BadRequestError" and code in ("content_policy_violation", "content_filter"):
        kind = Refused
    if isinstance(error.__context__, ImportError):  # LiteLLM takes a package that is missing for a lost connection
        kind, text = ModelRejected, clean(str(error.__context__))
    if named == "NotFoundError" and text == "Error code: 404":  # no server of a model's, or no such path on it
        text = "nothing is served there: is the address right (--api-base often ends in /v1), and the name?"
    if kind is Transient:
        broke = status if named == "InternalServerError" else None
        return Transient(text, retry_after_s(error), named == "RateLimitError", broke)
    if kind is Refused:
        return Refused(text)
    failure = ModelUnavailable if kind is ModelUnavailable else ModelRejected
    return failure(f"{model}: {text} ({named})", model=model, error=named, status=status)


def may_be_charged(error: BaseException) -> bool:
    """Whether a call that failed so may have cost money: its request may have been worked on.

    Not if the connection was never made, nor if the server answered with an error, unless that was a time-out.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    names = {cls.__name__ for one in chain for cls in type(one).__mro__}
    if names & _NEVER_SENT:
        return False
    status = getattr(error, "status_code", None)
    if status in (408, 504):
        return True
    # LiteLLM says 500 of a lost connection too; only behind a real error status there is httpx's error.
    return not ("HTTPStatusError" in names or (isinstance(status, int) and 400 <= status < 500))


_NEVER_SENT: Final = {"ConnectError", "ConnectTimeout", "ClientConnectorError", "ConnectionRefusedError"}
