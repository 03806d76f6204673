"""What LiteLLM's errors mean."""

import time
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from surefoot.runtime.errors import ModelRejected
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.litellm_errors import ERRORS, Transient, clean, judge, retry_after_s
from tests.runtime.models.asking import SECRET


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("soon", None), ("inf", None), ("nan", None), ("Friday GMT", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    error: Any = SimpleNamespace(litellm_response_headers={"retry-after": value})
    assert retry_after_s(error) == seconds


@pytest.mark.parametrize(
    ("ms", "seconds"), [("200", 0.2), ("-7", 0), ("soon", None), ("inf", None), ("", 7), ("1e300", 1e9)]
)
def test_milliseconds_are_more_exact_than_seconds(ms: str, seconds: float | None) -> None:
    error: Any = SimpleNamespace(litellm_response_headers={"retry-after": "7", "retry-after-ms": ms})
    assert retry_after_s(error) == seconds


def test_retry_after_a_date() -> None:
    error: Any = SimpleNamespace(litellm_response_headers={"retry-after": formatdate(time.time() + 90, usegmt=True)})
    assert retry_after_s(error) == pytest.approx(90, abs=3)


def test_every_error_of_litellm_is_in_the_table_or_is_what_its_base_there_is() -> None:
    errors = litellm_setup.load().exceptions
    defined = [
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, Exception) and cls.__module__ == errors.__name__
    ]
    assert len(defined) > 20
    assert not [cls for cls in defined if not {base.__name__ for base in cls.__mro__} & set(ERRORS)]


def test_an_error_of_a_later_litellm_is_what_its_base_is() -> None:
    errors = litellm_setup.load().exceptions
    newer: Any = type("QuotaWindowError", (errors.RateLimitError,), {})
    assert isinstance(judge(newer("slow down", "openai", "m"), "m"), Transient)
    unknown = judge(errors.openai.APIError("odd", None, body=None), "m")
    assert isinstance(unknown, Transient)


def test_a_missing_package_is_not_an_outage() -> None:
    errors = litellm_setup.load().exceptions
    error = errors.APIConnectionError("No module named 'boto3'\nTraceback (most recent call last)\n x", "bedrock", "m")
    error.__context__ = ImportError("No module named 'boto3'")
    assert str(judge(error, "m")) == "m: No module named 'boto3' (APIConnectionError)"


def test_lines_for_people_are_clean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    assert clean(f"litellm.Timeout: Timeout Error: OpenAIException - late {SECRET}") == "late ***"
    assert clean("bad sk-abc123, Bearer abc.def and http://me:pw@host/v1") == "bad ***, *** and http://***@host/v1"
    assert clean("a\x1b[2J\nb\u202e c") == "a [2J b c"
    assert len(clean("x" * 5000)) == 300
    assert clean("risk-averse tasks") == "risk-averse tasks"


def test_a_wrong_path_is_told_from_a_model_that_does_not_exist() -> None:
    errors = litellm_setup.load().exceptions
    nothing = judge(errors.NotFoundError("OpenAIException - Error code: 404", "m", "openai"), "m")
    assert "--api-base often ends in /v1" in str(nothing)
    known = judge(errors.NotFoundError("The model `nonsense` does not exist", "m", "openai"), "m")
    assert str(known) == "m: The model `nonsense` does not exist (NotFoundError)"


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 529])
@pytest.mark.parametrize("reported", ["as it is", "as 500"])
def test_what_a_server_will_never_do_is_not_waited_for(status: int, reported: str) -> None:
    """501, 505 and their like are answers of a server that works; LiteLLM may call them InternalServerError 500."""
    errors = litellm_setup.load().exceptions
    answer: Any = RuntimeError("behind it")
    answer.response = SimpleNamespace(status_code=status)
    told = status if reported == "as it is" else 500
    error = errors.APIError(told, "no such thing", "openai", "m")
    if reported == "as 500":
        error = errors.InternalServerError("no such thing", "openai", "m")
    error.__cause__ = answer
    found = judge(error, "m")
    assert isinstance(found, ModelRejected) == (status in (501, 505, 506, 508, 510, 511))
    assert isinstance(found, ModelRejected | Transient)
    if status == 501:
        assert str(found).startswith("m: the server answers 501 Not Implemented: no such thing (")


def test_a_trace_is_left_out_wherever_it_begins() -> None:
    text = 'Invalid response object Traceback (most recent call last): File "/a/b.py", line 870, in convert'
    assert clean(text) == "Invalid response object"
