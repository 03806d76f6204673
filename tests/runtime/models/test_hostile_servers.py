"""What a server sends is a stranger's: sizes, numbers, addresses and texts are bounded before anything is built on."""

import contextlib
import json
import resource
from typing import Any

import httpx
import pytest

from surefoot.runtime.errors import (
    AccessLost,
    ModelRejected,
    ModelUnavailable,
    QuestionRefused,
    QuotaUsedUp,
)
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.litellm_replies import LEAST_TEXT
from surefoot.runtime.models.litellm_transport import RedirectedElsewhere, check_redirect
from surefoot.runtime.models.port import Stop
from surefoot.runtime.models.silent_replies import FROM_THE_START, LATELY
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client, answer_to, running

QUICK = {"patience_s": 0, "timeout_s": 20}


def peak_mb() -> float:
    """Most memory that this process ever held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@pytest.mark.parametrize("fault", ["endless", "endless_gzip", "bomb"])
async def test_a_body_has_a_limit_as_received_and_as_unpacked(make: Make, server: Client, fault: str) -> None:
    server.script(fault)
    before = peak_mb()
    with pytest.raises(ModelUnavailable, match="a body of more than 8 MB"):
        await make(**QUICK).ask(request_of())
    assert peak_mb() - before < 100


@pytest.mark.parametrize("fault", ["odd_packing", "deep", "wide", "scalars"])
async def test_what_is_no_reply_is_a_failed_call(make: Make, server: Client, fault: str) -> None:
    server.script(fault)
    (reply,) = await make().ask(request_of())
    assert (reply.text, reply.failed_calls) == (answer_to("Where to?"), 1)


async def test_a_megabyte_of_error_is_one_line(make: Make, server: Client) -> None:
    server.script("loud_error")
    with pytest.raises(ModelRejected) as caught:
        await make().ask(request_of())
    assert len(str(caught.value)) < 500


async def test_a_redirect_to_another_host_is_not_followed(make: Make, server: Client) -> None:
    with running() as elsewhere:
        server.script(f"to:{elsewhere.base}/chat/completions")
        with pytest.raises(ModelRejected, match="redirects to another host"):
            await make().ask(request_of())
        assert elsewhere.calls() == 0
        server.script(f"always_to:{server.base}/chat/completions")
        with pytest.raises(ModelRejected, match="redirects in a circle"):
            await make().ask(request_of())
        server.script(f"to:{server.base}/chat/completions")  # the same server may say that the path is another
        assert (await make().ask(request_of()))[0].text == answer_to("Where to?")


HERE = "https://a.example/v1"


@pytest.mark.parametrize(
    ("here", "there", "followed"),
    [
        (HERE, "https://a.example/v2", True),
        ("http://a.example/v1", "https://a.example/v1", True),
        (HERE, "http://a.example/v1", False),
        (HERE, "https://b.example/v1", False),
        (HERE, "https://a.example:8443/v1", False),
        (HERE, "https://a.example.b.example/v1", False),
        (HERE, "//b.example/v1", False),
        (HERE, "https://a.example@b.example/v1", False),
        (HERE, "https:/\\b.example/v1", True),  # a path of the same server, to httpx
        (HERE, "file:///etc/passwd", False),
    ],
)
def test_which_redirects_are_followed(here: str, there: str, followed: bool) -> None:
    """Neither to another host or port, nor from https to http: the prompt and the key would go along."""
    first = httpx.URL(here)
    with contextlib.nullcontext() if followed else pytest.raises(RedirectedElsewhere, match="redirects to another"):
        check_redirect(first, first.join(there))


GOOD = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
ODD_NUMBERS: list[Any] = [10**30, -100_000, "many", 1e300, 1.5, [], {}, True, None, 2**63]


@pytest.mark.parametrize("key", ["prompt_tokens", "completion_tokens"])
@pytest.mark.parametrize("number", ODD_NUMBERS, ids=str)
async def test_an_account_that_cannot_be_true_is_unknown_and_never_below_nothing(
    make: Make, server: Client, key: str, number: Any
) -> None:
    """What was reserved is not given back, so that a limit on money holds."""
    server.script("always_usage:" + json.dumps({**GOOD, key: number}))
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    model = make(price_in=1.0, price_out=1.0, lease=lease, patience_s=0)
    for _ in range(3):
        try:
            (reply,) = await model.ask(request_of())
        except ModelUnavailable:  # LiteLLM itself may refuse what is no number
            continue
        assert 0 <= reply.tokens_in <= 100
        assert 0 <= reply.tokens_out <= 7
        assert reply.cost_usd is None or reply.cost_usd > 0
    assert lease.reserved == pytest.approx(0, abs=1e-12)
    assert lease.balance < 1.0


@pytest.mark.parametrize("cached", [*ODD_NUMBERS, 101], ids=str)
async def test_no_more_is_cached_than_was_sent(make: Make, server: Client, cached: Any) -> None:
    server.script("usage:" + json.dumps({**GOOD, "prompt_tokens_details": {"cached_tokens": cached}}))
    (reply,) = await make(name="openai/gpt-4.1-mini").ask(request_of())
    assert (reply.tokens_in, reply.tokens_out) == (100, 7)
    assert 0 <= reply.tokens_cached <= 100
    assert reply.cost_usd is not None
    assert 0 <= reply.cost_usd <= (100 * 0.4 + 7 * 1.6) / 1e6 + 1e-12


SAYS = {
    "cut": "Connection error: Not enough data to satisfy content length header",
    "truncated": "its reply is no JSON, or not all of it: ",
    "message:null": "its reply has not the form of a completion",
}


@pytest.mark.parametrize("fault", SAYS)
async def test_a_reply_that_is_none_is_a_line_that_says_what_the_server_did(
    make: Make, server: Client, fault: str
) -> None:
    """Not only that a connection failed, or where LiteLLM's reader of JSON gave up."""
    server.script(fault)
    with pytest.raises(ModelUnavailable) as caught:
        await make(patience_s=0).ask(request_of())
    assert SAYS[fault] in str(caught.value)
    assert str(caught.value).isprintable()


async def test_a_true_account_is_settled(make: Make, server: Client) -> None:
    """Placebo arm: not everything is forfeited."""
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    await make(price_in=1.0, price_out=1.0, lease=lease).ask(request_of())
    assert lease.balance == pytest.approx(1 - 107e-6)
    assert lease.take_uncertain() == 0


async def test_a_text_longer_than_its_tokens_is_cut_before_anybody_reads_it(make: Make, server: Client) -> None:
    server.script("long")
    (reply,) = await make().ask(request_of())
    assert len(reply.text) <= LEAST_TEXT
    assert reply.stop is Stop.LENGTH


QUOTA = {"quota_code": 429, "quota_type": 429, "quota_message": 429, "402": 402}


@pytest.mark.parametrize("fault", QUOTA)
async def test_a_quota_pauses_at_once_wherever_the_word_is(make: Make, server: Client, fault: str) -> None:
    server.script("ok", "always_" + fault)
    model = make()
    await model.ask(request_of())
    with pytest.raises(QuotaUsedUp, match="used up"):
        await model.ask(request_of())
    assert server.calls() == 2


async def test_a_quota_that_fills_up_again_is_a_rate(make: Make, server: Client) -> None:
    server.script("quota_a_minute")
    assert (await make().ask(request_of()))[0].failed_calls == 1


@pytest.mark.parametrize("fault", ["401", "403"])
async def test_a_key_that_was_taken_before_pauses_the_run(make: Make, server: Client, fault: str) -> None:
    server.script("ok", "always_" + fault)
    model = make()
    await model.ask(request_of())
    with pytest.raises(AccessLost):
        await model.ask(request_of())
    assert server.calls() == 2


@pytest.mark.parametrize("fault", ["context", "context_code", "413"])
async def test_a_question_that_is_too_long_is_that_questions_failure(make: Make, server: Client, fault: str) -> None:
    server.script("ok", fault)
    model = make()
    await model.ask(request_of())
    with pytest.raises(QuestionRefused) as caught:
        await model.ask(request_of())
    assert not isinstance(caught.value, ModelRejected | ModelUnavailable)
    assert "asked: Where to?" in str(caught.value)
    assert (await model.ask(request_of()))[0].failed_calls == 0  # the next question is answered


async def test_a_fault_of_one_question_is_not_the_models(make: Make, server: Client) -> None:
    model = make()
    await model.ask(request_of())
    server.script("400")
    with pytest.raises(QuestionRefused):
        await model.ask(request_of())


@pytest.mark.parametrize(
    ("fault", "says"), [("thinking", "raise --thinking-tokens"), ("elsewhere", "reasoning_content")]
)
async def test_a_model_that_says_nothing_to_read_is_diagnosed_within_few_replies(
    make: Make, server: Client, fault: str, says: str
) -> None:
    server.script("always_" + fault)
    model = make()
    for _ in range(FROM_THE_START):
        await model.ask(request_of())
    with pytest.raises(ModelRejected, match=says):
        await model.ask(request_of())
    assert server.calls() == FROM_THE_START


async def test_a_model_that_falls_silent_later_pauses(make: Make, server: Client) -> None:
    server.script("ok", "always_thinking")
    model = make()
    for _ in range(1 + LATELY):
        await model.ask(request_of())
    with pytest.raises(ModelUnavailable, match="raise --thinking-tokens"):
        await model.ask(request_of())
    assert server.calls() == 1 + LATELY


@pytest.mark.parametrize("after", ["1000000000", "-5", "1e400", "soon", "9" * 500])
async def test_a_strange_wait_is_no_wait_or_a_pause(make: Make, server: Client, after: str) -> None:
    server.script("after:" + after)
    if after in ("1000000000", "9" * 500):
        with pytest.raises(ModelUnavailable, match="asks to wait 11,574 days"):
            await make().ask(request_of())
    else:
        assert (await make().ask(request_of()))[0].failed_calls == 1
