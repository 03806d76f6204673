"""Money, thinking, schemas and several servers, against a real server over HTTP."""

import asyncio
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ConfigurationError, ModelUnavailable
from surefoot.runtime.models import litellm_setup
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Negotiation
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.litellm_prices import Prices
from surefoot.runtime.models.litellm_replies import read_replies
from surefoot.runtime.models.litellm_requests import Question
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from tests.runtime.models.asking import Make, free_port, request_of
from tests.runtime.models.openai_server import Client, answer_to

LONG = "Where to? " * 20  # longer in bytes than the server's 100 tokens


@pytest.mark.parametrize(
    ("fault", "forfeited"),
    [("429", 0), ("503", 0), ("500", 0), ("504", 1), ("cut", 1), ("truncated", 1), ("hang", 1), ("no_choices", 1)],
)
async def test_what_may_have_been_charged_is_forfeited(make: Make, server: Client, fault: str, forfeited: int) -> None:
    server.script(fault)
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    model = make(lease=lease, price_in=1.0, price_out=2.0, timeout_s=0.3 if fault == "hang" else 5)
    (reply,) = await model.ask(request_of(user=LONG))
    assert reply.failed_calls == 1
    most = (len(LONG) + 64 + 2 * 9) / 1e6
    uncertain = lease.take_uncertain()
    assert uncertain == pytest.approx(forfeited * most)
    assert reply.cost_usd == pytest.approx(114e-6)
    assert lease.balance == pytest.approx(1.0 - 114e-6 - uncertain)
    assert lease.reserved == pytest.approx(0)


@pytest.mark.parametrize(
    ("fault", "unpriced"), [("429", 0), ("503", 0), ("cut", 1), ("truncated", 1), ("no_choices", 1)]
)
async def test_a_failed_call_without_a_price_may_have_cost_nobody_knows_what(
    make: Make, server: Client, fault: str, unpriced: int
) -> None:
    server.script(fault)
    lease = BudgetLease()
    await make(lease=lease).ask(request_of())
    assert (lease.take_unpriced(), lease.take_unpriced()) == (unpriced, 0)
    server.script(fault)
    await make(lease=lease, price_in=1.0, price_out=2.0).ask(request_of())
    assert lease.take_unpriced() == 0


@pytest.mark.parametrize("priced", [True, False])
async def test_a_server_that_counts_more_tokens_than_were_allowed_is_remarked_upon_once(
    make: Make, server: Client, priced: bool
) -> None:
    facts: list[str] = []
    prices = {"price_in": 1.0, "price_out": 2.0} if priced else {}
    model = make(on_fact=facts.append, **prices)
    await model.ask(request_of())
    assert facts == []
    server.script("uneven", "uneven")
    await model.ask(request_of())
    await model.ask(request_of())
    (line,) = facts
    assert line.startswith("openai/small: its server counts 101 generated tokens where 9 were allowed")
    assert ("--max-cost-usd" in line) == priced


async def test_a_call_that_was_never_sent_costs_nothing(make: Make, server: Client) -> None:
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    bases = f"http://127.0.0.1:{free_port()}/v1,{server.base}"
    model = make(api_base=bases, lease=lease, price_in=1.0, price_out=2.0, backoff_initial_s=0.5)
    (reply,) = await model.ask(request_of(user=LONG))
    assert (reply.failed_calls, lease.take_uncertain()) == (1, 0)


async def test_a_call_that_there_is_no_money_for_has_not_failed(make: Make, server: Client) -> None:
    lease = BudgetLease(limited=True)
    asking = asyncio.create_task(make(lease=lease, price_in=1.0, price_out=2.0).ask(request_of(user=LONG)))
    await lease.shortage()
    lease.grant(0.0)
    with pytest.raises(ModelUnavailable, match="--max-cost-usd: what is left does not cover the next call") as refused:
        await asking
    assert (refused.value.context["failed_calls"], server.calls()) == (0, 0)


async def test_no_call_is_made_before_there_is_money_for_it(make: Make, server: Client) -> None:
    lease = BudgetLease(limited=True)
    asking = asyncio.create_task(make(lease=lease, price_in=1.0, price_out=2.0).ask(request_of(user=LONG)))
    needs, _ = await lease.shortage()
    assert server.calls() == 0
    lease.grant(needs)
    await asking
    assert server.calls() == 1


async def test_a_server_that_is_down_is_left_to_the_others(make: Make, server: Client) -> None:
    model = make(api_base=f"http://127.0.0.1:{free_port()}/v1,{server.base}", backoff_initial_s=0.5)
    replies = [(await model.ask(request_of()))[0] for _ in range(20)]
    assert {reply.text for reply in replies} == {answer_to("Where to?")}
    assert sum(reply.failed_calls for reply in replies) <= 5  # half of them, if it were not left out
    assert server.calls() == 20


async def test_a_schema_is_sent(make: Make, server: Client) -> None:
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    asked = msgspec.structs.replace(request_of(), schema=schema)
    model = make()
    await model.ask(asked)
    (body,) = server.stats()["seen"]
    assert body["response_format"]["json_schema"]["schema"] == schema


@pytest.mark.parametrize(
    ("faults", "form"), [(("400",), "json_object"), (("500",), "json_object"), (("400", "500"), "")]
)
async def test_the_form_in_which_a_server_takes_a_schema_is_found_once(
    make: Make, server: Client, faults: tuple[str, ...], form: str
) -> None:
    """OpenAI's, llama.cpp's, which breaks at OpenAI's, or none: then the replies are free text, and it says so."""
    said: list[str] = []
    asked = msgspec.structs.replace(request_of(), schema={"type": "object"})
    model = make(on_wait=said.append)
    server.script(*faults)
    assert (await model.ask(asked))[0].failed_calls == len(faults)
    await model.ask(asked)
    used = [body.get("response_format", {}).get("type", "") for body in server.stats()["seen"]]
    assert used == ["json_schema", *(["json_object"] if len(faults) > 1 else []), form, form]
    assert ["no schema" in line for line in said] == ([] if form else [True])


async def test_a_server_that_breaks_later_is_waited_for(make: Make, server: Client) -> None:
    asked = msgspec.structs.replace(request_of(), schema={"type": "object"})
    model = make()
    await model.ask(asked)
    server.script("500", "500")
    assert (await model.ask(asked))[0].failed_calls == 2
    assert all(body["response_format"]["type"] == "json_schema" for body in server.stats()["seen"])


def test_a_limit_on_money_needs_a_price() -> None:
    config = RunConfig(task="hanoi", model="openai/small", api_base="http://127.0.0.1:1/v1", max_cost_usd=1.0)
    with pytest.raises(ConfigurationError, match="--price-in and --price-out"):
        open_model(config)
    open_model(msgspec.structs.replace(config, price_in=1.0, price_out=0.0))


def test_what_a_server_charges_beside_the_prompt_and_beyond_the_limit_is_expected_again() -> None:
    settings = LiteLLMSettings(name="openai/m", price_in=1.0, price_out=2.0)
    prices, prompt = Prices(litellm_setup.load(), settings, "m", "openai"), request_of()
    assert prices.at_most(prompt, 3, 10) == pytest.approx((9 + 64 + 2 * 3 * 10) / 1e6)
    prices.seen(prompt, 3, 10, tokens_in=100, tokens_out=40)  # 91 of them around the prompt, 14 to an answer
    assert prices.at_most(prompt, 3, 10) == pytest.approx((9 + 91 + 2 * 3 * 14) / 1e6)
    prices.seen(prompt, 1, 10, tokens_in=9, tokens_out=1)
    assert prices.at_most(prompt, 3, 10) == pytest.approx((9 + 91 + 2 * 3 * 14) / 1e6)


def response(text: str, **usage: Any) -> SimpleNamespace:
    message = SimpleNamespace(content=text)
    return SimpleNamespace(
        choices=[SimpleNamespace(message=message, finish_reason="stop")], usage=SimpleNamespace(**usage)
    )


@pytest.mark.parametrize(
    ("text", "usage", "said", "cached", "thought"),
    [
        ("move", {}, "move", 0, 0),
        ("move", {"prompt_tokens_details": SimpleNamespace(cached_tokens=64)}, "move", 64, 0),
        ("move", {"completion_tokens_details": SimpleNamespace(reasoning_tokens=30)}, "move", 0, 30),
        ("<think>one two three four five six</think>\nmove", {}, "move", 0, None),
        ("<think>one two three four five six", {}, "", 0, None),
    ],
)
def test_thinking_is_counted_apart(
    text: str, usage: dict[str, Any], said: str, cached: int, thought: int | None
) -> None:
    litellm = litellm_setup.load()
    prices = Prices(litellm, LiteLLMSettings(name="openai/m"), "m", "openai")
    answered = response(text, prompt_tokens=100, completion_tokens=40, **usage)
    question = Question("openai/m", request_of(), 1, Negotiation().forms)
    (reply,) = read_replies(answered, question, 9, prices, litellm).replies
    assert (reply.text, reply.tokens_cached, reply.tokens_out) == (said, cached, 40)
    assert reply.tokens_reasoning == thought if thought is not None else 6 <= reply.tokens_reasoning <= 20


def test_what_was_cached_costs_what_the_list_says_of_it() -> None:
    """GPT-4.1 mini in LiteLLM's offline table: 0.40 and 1.60 a million tokens, 0.10 for one that was cached."""
    litellm = litellm_setup.load()
    prices = Prices(litellm, LiteLLMSettings(name="openai/gpt-4.1-mini"), "gpt-4.1-mini", "openai")
    details, costs = litellm.types.utils.PromptTokensDetailsWrapper, []
    for cached in (0, 900, -1, 1001):
        usage = litellm.Usage(
            prompt_tokens=1000, completion_tokens=10, prompt_tokens_details=details(cached_tokens=cached)
        )
        answered = SimpleNamespace(choices=response("move").choices, usage=usage)
        question = Question("openai/gpt-4.1-mini", request_of(), 1, Negotiation().forms)
        (reply,) = read_replies(answered, question, 9, prices, litellm).replies
        assert reply.tokens_cached == (cached if cached == 900 else 0)
        assert reply.cost_usd is not None
        costs.append(reply.cost_usd * 1e6)
    full = 0.4 * 1000 + 1.6 * 10
    assert costs[:2] == pytest.approx([full, 0.4 * 100 + 0.1 * 900 + 1.6 * 10])
    assert all(0 <= cost <= full + 1e-9 for cost in costs), "a number that cannot be true makes nothing dearer"
