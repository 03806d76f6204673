"""What each of LiteLLM's errors means to a run, and the line that people read about it.

A failed call is not a reply: ``ERRORS`` says of each error whether asking again can help. Nothing here imports
litellm: errors are known by their class names.
"""

import math
import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from surefoot.runtime.errors import ModelRejected, QuestionRefused, QuotaUsedUp, SurefootError
from surefoot.runtime.models.content_parts import UnreadableContent
from surefoot.runtime.models.litellm_transport import BodyTooLarge, RedirectedElsewhere


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
    """The provider, or a guard in front of the provider, declined to answer: a reply and not a failed call."""


_KINDS: Final[Mapping[type[Exception], str]] = {
    Transient: "APIConnectionError APIError APIResponseValidationError BadGatewayError InternalServerError "
    "JSONSchemaValidationError MidStreamFallbackError MockException OpenAIError RateLimitError "
    "ServiceUnavailableError Timeout",
    # Money is missing: asking again does not help, but once some was added the run can be resumed.
    QuotaUsedUp: "BudgetExceededError PaymentRequiredError",
    QuestionRefused: "ContextWindowExceededError",
    Refused: "BlockedPiiEntityError ContentPolicyViolationError GuardrailRaisedException "
    "ModifyResponseException RejectedRequestError",
    ModelRejected: "AuthenticationError BadRequestError ImageFetchError "
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


_READ: Final = 20_000
"""Characters of an error's text that are looked at: a server may send megabytes of it."""


def clean(text: str) -> str:
    """Return one printable line of at most 300 characters, without LiteLLM's prefixes and without secrets.

    Secrets are the values of environment variables named like one, and whatever looks like a key. The text comes
    from a server: control characters go, because people read it in a terminal.
    """
    if len(text) > _READ:
        text = text[:_READ].rpartition(" ")[0]  # not in the middle of a secret
    text = text.split("Traceback (most recent call last)")[0]
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name):
            text = text.replace(value, "***")
    text = _NOISE.sub("", _SECRET.sub("***", text))
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:300]


PERMANENT: Final = (501, 505, 506, 508, 510, 511)
"""What a server that works well says of a question it will never take (RFC 9110, 15.6, and its extensions): not
implemented, another version of HTTP, a circle of its own, a network that wants a login. Waiting helps in no case."""

LONGEST_WAIT_S: Final = 1e9
"""A server that asks to wait longer, some 30 years, is not believed beyond this."""


def retry_after_s(error: BaseException) -> float | None:
    """Return the seconds that a server asks to wait: ``retry-after-ms``, or ``Retry-After`` (a number, a date)."""
    # LiteLLM keeps a provider's headers here; for OpenAI's protocol, those of error.response are empty.
    headers = getattr(error, "litellm_response_headers", None)
    headers = headers or getattr(getattr(error, "response", None), "headers", None) or {}
    value, ms = (str(headers.get(name, ""))[:64] for name in ("retry-after", "retry-after-ms"))
    try:
        if ms:  # OpenAI's and Azure's, and more exact than the other
            value = str(float(ms) / 1000)
        dated = value.endswith("GMT")
        seconds = parsedate_to_datetime(value).timestamp() - time.time() if dated else float(value)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), LONGEST_WAIT_S) if math.isfinite(seconds) else None


def judge(error: BaseException, model: str) -> Exception:
    """Return the error to raise in place of one of LiteLLM's, with one clear line."""
    named = next((c.__name__ for c in type(error).__mro__ if c.__name__ in ERRORS), "APIError")
    status, told = getattr(error, "status_code", None), _told(error)
    text = clean(str(getattr(error, "message", "") or error)) or named
    causes = _chain(error)
    kind = _kind(named, status, told)
    answered = _answered(causes, status)
    if answered in PERMANENT:
        kind, text = ModelRejected, f"the server answers {answered} {HTTPStatus(answered).phrase}: {text}"
    for cause in causes:
        if isinstance(cause, BodyTooLarge | UnreadableContent):
            return Transient(str(cause))
        if type(cause).__name__ == "TooManyRedirects":  # httpx's
            kind, text = ModelRejected, "it redirects in a circle: is the address right?"
        if isinstance(cause, RedirectedElsewhere):
            kind, text = ModelRejected, clean(str(cause))
    text = _plainer(text, causes)
    if isinstance(error.__context__, ImportError):  # LiteLLM takes a package that is missing for a lost connection
        kind, text = ModelRejected, clean(str(error.__context__))
    if named == "NotFoundError" and text == "Error code: 404":  # no server of a model's, or no such path on it
        text = "nothing is served there: is the address right (--api-base often ends in /v1), and the name?"
    if kind is QuotaUsedUp:
        text = f"the quota or credit is used up: {text}"
    if kind is Transient:
        broke = status if named == "InternalServerError" else None
        return Transient(text, retry_after_s(error), named == "RateLimitError", broke)
    if kind is Refused:
        return Refused(text)
    assert issubclass(kind, SurefootError)
    return kind(f"{model}: {text} ({named})", model=model, error=named, status=answered or status)


def _plainer(text: str, causes: list[BaseException]) -> str:
    """A line of LiteLLM's that says little, in words that say what the server did."""
    if any(type(cause).__name__ == "JSONDecodeError" for cause in causes):
        return f"its reply is no JSON, or not all of it: {text}"
    if text.startswith("Invalid response object"):
        return "its reply has not the form of a completion"
    if text in ("Connection error.", "Connection error"):
        told = [c for c in causes if type(c).__module__.partition(".")[0] in ("httpx", "aiohttp") and str(c)]
        return (
            f"Connection error: {clean(str(getattr(told[-1], 'message', '') or told[-1]))[:_DETAIL]}" if told else text
        )
    return text


_DETAIL: Final = 150
"""Characters that are shown of what broke a connection: a server may have chosen them."""


def _answered(causes: list[BaseException], status: object) -> int:
    """The status that the server itself answered with: LiteLLM reports some as 500."""
    found = [getattr(getattr(cause, "response", None), "status_code", None) for cause in reversed(causes)]
    return next((one for one in (*found, status) if isinstance(one, int)), 0)


def _kind(named: str, status: object, told: str) -> type[Exception]:
    """What an error is, by its class name, its status, and the words in which the server says it.

    The words matter where one status has several meanings: 429 is a rate or a quota, 400 a length, a policy or a
    fault of the form. They may be in the code, the type or the message.
    """
    kind = ERRORS[named]
    if named == "APIError" and isinstance(status, int) and 400 <= status < 500 and status not in (408, 409, 425):
        kind = ModelRejected
    if status == 402 or (status == 429 and _QUOTA.search(told) and not _A_WHILE.search(told)):
        return QuotaUsedUp
    if status == 413:
        return QuestionRefused
    if status in (400, 403, 422) and _POLICY.search(told):
        return Refused
    if status in (400, 422) and _TOO_LONG.search(told):
        return QuestionRefused
    return kind


_WORDS: Final = 2000
"""Characters of a message in which words are looked for."""
_QUOTA: Final = re.compile(
    r"insufficient[ _]?(quota|balance|funds|credits?)|quota[ _]exceeded|quota (has been |is )?(used up|exhausted)"
    r"|exceeded your (current |monthly |usage )?quota|billing[ _](hard[ _]limit|not[ _]active)|credit balance"
    r"|out of credits?|payment required",
    re.IGNORECASE,
)
_A_WHILE: Final = re.compile(
    r"per[ _-]?(second|minute|hour)|retry in|try again in|rate[ _]limit[ _]exceeded", re.IGNORECASE
)
"""Words of a quota that is a rate, which fills up again by itself."""
_TOO_LONG: Final = re.compile(
    r"context[ _](length|window)|maximum context|prompt is too long|too many tokens|string[ _]above[ _]max[ _]length"
    r"|exceeds? the (available )?context|input (is )?too long|reduce the length",
    re.IGNORECASE,
)
_POLICY: Final = re.compile(
    r"content[ _](policy[ _]violation|filter)|safety system|moderation[ _]blocked|responsible ?ai ?policy",
    re.IGNORECASE,
)


def speaks_of_policy(text: str) -> bool:
    """Whether a server's words say that it declines to answer such a question."""
    return bool(_POLICY.search(text[:_WORDS]))


def speaks_of_quota(text: str) -> bool:
    """Whether a server's words say that credit or quota is used up, for longer than a while."""
    return bool(_QUOTA.search(text[:_WORDS])) and not _A_WHILE.search(text[:_WORDS])


def _told(error: BaseException) -> str:
    """What a server said was wrong: code, type and message of its body, and the message LiteLLM made of them."""
    body = getattr(error, "body", None)
    body = body if isinstance(body, dict) else {}
    inner = body.get("error")
    fields = [*(body.get(name) for name in ("code", "type", "message")), getattr(error, "code", None)]
    if isinstance(inner, dict):
        fields += [inner.get(name) for name in ("code", "type", "message")]
    texts = [str(field)[:_WORDS] for field in fields if field is not None]
    return "\n".join([*texts, str(getattr(error, "message", "") or error)[:_WORDS]])


def _chain(error: BaseException) -> list[BaseException]:
    """An error, and those that it was raised for or after."""
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def may_be_charged(error: BaseException) -> bool:
    """Whether a failed call may have cost money, because the server may have worked on the request.

    Not if the connection was never made, nor if the server answered with an error, unless that was a time-out.
    """
    names = {cls.__name__ for one in _chain(error) for cls in type(one).__mro__}
    if names & _NEVER_SENT:
        return False
    status = getattr(error, "status_code", None)
    if status in (408, 504):
        return True
    # LiteLLM says 500 of a lost connection too; only behind a real error status there is httpx's error.
    return not ("HTTPStatusError" in names or (isinstance(status, int) and 400 <= status < 500))


_NEVER_SENT: Final = {"ConnectError", "ConnectTimeout", "ClientConnectorError", "ConnectionRefusedError"}
