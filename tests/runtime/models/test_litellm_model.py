"""LiteLLMModel against a real OpenAI-compatible server over HTTP, counted from the server's side."""

import asyncio
import time
from typing import Any

import pytest

from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.models.litellm_calls import Calls
from surefoot.runtime.models.litellm_requests import seed_of
from surefoot.runtime.models.litellm_settings import THINKING_TOKENS
from surefoot.runtime.models.port import Model, Reply, Stop
from tests.runtime.models.asking import SECRET, Make, free_port, request_of
from tests.runtime.models.openai_server import Client, answer_to

TRANSIENT = ["429", "after:0", "500", "502", "503", "504", "html", "truncated", "cut", "no_choices", "hang", "trickle"]


async def test_a_reply_carries_text_and_tokens(make: Make, server: Client) -> None:
    model: Model = make()
    assert await model.ask(request_of(system="Be brief.")) == [
        Reply(answer_to("Where to?"), Stop.END, tokens_in=100, tokens_out=7, cost_usd=None, id="chatcmpl-1")
    ]
    assert model.dialect == "chat"
    assert server.stats()["seen"] == [
        {
            "model": "small",
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Where to?"},
            ],
            "temperature": 0.25,
            "max_tokens": 9,
            "seed": seed_of(4, 0),
        }
    ]


@pytest.mark.parametrize("fault", TRANSIENT)
async def test_a_failed_call_is_waited_out_and_is_no_reply(make: Make, server: Client, fault: str) -> None:
    server.script(fault, fault)
    lines: list[str] = []
    model = make(timeout_s=0.25 if fault in ("hang", "trickle") else 5, on_wait=lines.append)
    (reply,) = await model.ask(request_of())
    assert (reply.text, reply.failed_calls) == (answer_to("Where to?"), 2)
    assert server.calls() == 3
    assert len(lines) == 2
    assert all(line.startswith("openai/small: ") and line.isprintable() for line in lines)
    assert not any(".;" in line for line in lines), "a server's sentence ends where ours goes on"
    assert SECRET not in "".join(lines)


async def test_waiting_prints_nothing(make: Make, server: Client, capfd: pytest.CaptureFixture[str]) -> None:
    server.script("503", "429", "cut", "odd")
    assert (await make().ask(request_of()))[0].stop is Stop.END
    assert capfd.readouterr() == ("", "")


async def test_a_parameter_the_model_does_not_know_is_left_out(make: Make, server: Client) -> None:
    await make("openai/o3").ask(request_of())
    (body,) = server.stats()["seen"]
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 9 + THINKING_TOKENS  # o3 reasons


async def test_an_outage_longer_than_the_patience(make: Make, server: Client) -> None:
    server.script("always_500")
    with pytest.raises(ModelUnavailable, match=r"openai/small.*The server had an error") as caught:
        await make(patience_s=0.3).ask(request_of())
    assert caught.value.context["failed_calls"] == server.calls() > 1


async def test_nobody_listens(make: Make) -> None:
    with pytest.raises(ModelUnavailable, match=r"[Cc]onnection error"):
        await make(api_base=f"http://127.0.0.1:{free_port()}/v1", patience_s=0.05).ask(request_of())


async def test_a_server_that_asks_to_wait_is_obeyed(make: Make, server: Client) -> None:
    server.script("after:0.1")
    started = time.monotonic()
    await make().ask(request_of())
    assert time.monotonic() - started >= 0.1


async def test_a_wait_longer_than_the_patience_is_not_begun(make: Make, server: Client) -> None:
    server.script("after:3600")
    with pytest.raises(ModelUnavailable, match="asks to wait 3600 s"):
        await make().ask(request_of())
    assert server.calls() == 1


@pytest.mark.parametrize(("fault", "draws"), [("400", 1), ("401", 1), ("401", 2), ("403", 2), ("404", 2)])
async def test_what_can_never_succeed_is_asked_once(make: Make, server: Client, fault: str, draws: int) -> None:
    server.script("always_" + fault)
    with pytest.raises(ModelRejected) as caught:
        await make().ask(request_of(draws))
    assert server.calls() == 1
    assert str(caught.value).startswith("openai/small: ")
    assert str(caught.value).isprintable()
    assert SECRET not in repr((caught.value, caught.value.context))
    assert server.stats()["keys"] == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("fault", ["402", "429_quota"])
async def test_missing_money_pauses_at_once(make: Make, server: Client, fault: str) -> None:
    server.script("always_" + fault)
    with pytest.raises(ModelUnavailable):
        await make().ask(request_of())
    assert server.calls() == 1


async def test_a_model_that_was_there_before_is_restarting(make: Make, server: Client) -> None:
    model = make()
    await model.ask(request_of())
    server.script("404")
    assert (await model.ask(request_of()))[0].failed_calls == 1


@pytest.mark.parametrize(
    ("fault", "stop", "text"),
    [
        ("length", Stop.LENGTH, answer_to("Where to?")),
        ("filter", Stop.REFUSED, ""),
        ("refusal", Stop.REFUSED, "I cannot help with that"),
        ("policy", Stop.REFUSED, ""),
        ("empty", Stop.END, ""),
    ],
)
async def test_why_a_reply_ended(make: Make, server: Client, fault: str, stop: Stop, text: str) -> None:
    server.script("always_" + fault)
    (reply,) = await make().ask(request_of())
    assert (reply.stop, reply.text, reply.failed_calls) == (stop, text, 0)
    many = await make().ask(request_of(draws=3))
    assert [(reply.stop, reply.text) for reply in many] == [(stop, text)] * 3
    assert server.calls() == 2


async def test_several_draws_pay_the_prompt_once(make: Make, server: Client) -> None:
    replies = await make(price_in=1e6, price_out=1e4).ask(request_of(draws=3))
    assert [(r.tokens_in, r.tokens_out, r.failed_calls) for r in replies] == [(100, 7, 0), (0, 7, 0), (0, 7, 0)]
    assert [r.cost_usd for r in replies] == pytest.approx([100.07, 0.07, 0.07])
    assert [body["n"] for body in server.stats()["seen"]] == [3]


async def test_generated_tokens_are_shared_out_by_length(make: Make, server: Client) -> None:
    server.script("uneven")
    long, *short = await make().ask(request_of(draws=3))
    assert long.tokens_out > 5 * short[0].tokens_out > 0
    assert long.tokens_out + sum(r.tokens_out for r in short) == 101


@pytest.mark.parametrize(("fault", "failed", "sizes"), [("ignore_n", 0, [1, 1, 3]), ("reject_n", 1, [1, 1, 1, 3])])
async def test_a_server_without_n_is_asked_singly_ever_after(
    make: Make, server: Client, fault: str, failed: int, sizes: list[int]
) -> None:
    server.script("always_" + fault)
    model = make()
    replies = await model.ask(request_of(draws=3))
    assert [r.text for r in replies] == [answer_to("Where to?")] * 3
    assert sum(r.failed_calls for r in replies) == failed
    assert sum(r.tokens_in for r in replies) == 300
    assert sorted(body.get("n", 1) for body in server.stats()["seen"]) == sizes
    server.script()
    await model.ask(request_of(draws=2))
    assert [body.get("n", 1) for body in server.stats()["seen"]] == [1, 1]


async def test_a_bad_request_is_not_taken_for_a_server_without_n(make: Make, server: Client) -> None:
    server.script("400", "400", "400")
    model = make()
    with pytest.raises(ModelRejected):
        await model.ask(request_of(draws=2))
    server.script()
    await model.ask(request_of(draws=2))
    assert [body["n"] for body in server.stats()["seen"]] == [2]


@pytest.mark.parametrize(
    ("name", "options", "fault", "cost"),
    [
        ("openai/small", {}, "ok", None),
        ("openai/small", {"price_in": 1.0}, "ok", None),
        ("openai/small", {"price_in": 1.0, "price_out": 2.0}, "ok", 114e-6),
        ("openai/small", {"price_in": 1.0, "price_out": 2.0}, "no_usage", None),
        ("openai/small", {}, "alias", None),  # it says gpt-4, and is not billed as such
        ("openai/gpt-4.1-mini", {}, "ok", 100 * 0.4e-6 + 7 * 1.6e-6),
        ("openai/gpt-4.1-mini", {"price_out": 0.0}, "ok", 100 * 0.4e-6),
        ("gpt-4.1-mini", {}, "ok", 100 * 0.4e-6 + 7 * 1.6e-6),
        ("hosted_vllm/gpt-4.1-mini", {}, "ok", None),
        ("openai/tts-1", {}, "ok", None),  # in the table, but not with a price for tokens
    ],
)
async def test_costs(
    make: Make, server: Client, name: str, options: dict[str, Any], fault: str, cost: float | None
) -> None:
    server.script(fault)
    (reply,) = await make(name, **options).ask(request_of())
    assert reply.cost_usd == (cost if cost is None else pytest.approx(cost))


async def test_no_more_calls_under_way_than_allowed(make: Make, server: Client) -> None:
    server.script(*["slow"] * 8)
    model = make(max_in_flight=2)
    await asyncio.gather(*(model.ask(request_of()) for _ in range(8)))
    assert server.stats()["most_in_flight"] == 2


@pytest.mark.parametrize(("fault", "draws"), [("hang", 1), ("hang", 2), ("after:4", 1)])
async def test_cancelling_a_call_or_a_wait(make: Make, server: Client, fault: str, draws: int) -> None:
    server.script("always_" + fault)
    model = make(max_in_flight=1)
    model._takes_n = False
    asking = asyncio.create_task(model.ask(request_of(draws)))
    while not server.calls():  # noqa: ASYNC110  (what is waited for happens in another process)
        await asyncio.sleep(0.002)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    server.script()
    await model.ask(request_of())  # its place is free again


async def test_a_call_that_nobody_of_the_run_cancelled_is_made_again(
    make: Make, server: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a client whose connections are closed under it."""
    made, completed = [], Calls._completed

    async def cancelled_once(self: Calls, *args: Any) -> Any:
        made.append(args)
        if len(made) == 1:
            raise asyncio.CancelledError
        return await completed(self, *args)

    monkeypatch.setattr(Calls, "_completed", cancelled_once)
    (reply,) = await make().ask(request_of())
    assert (reply.text, reply.failed_calls, len(made)) == (answer_to("Where to?"), 1, 2)


async def test_close_leaves_no_connection_and_another_model_usable(make: Make, server: Client) -> None:
    first, second = make(), make()
    await first.ask(request_of())
    await second.ask(request_of())
    assert server.stats()["connections"] > 0
    await first.close()
    await asyncio.sleep(0.01)
    assert server.stats()["connections"] == 0
    assert (await second.ask(request_of()))[0].failed_calls == 0


async def test_a_server_of_ones_own_needs_no_key(make: Make, server: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    await make().ask(request_of())
    assert server.stats()["keys"] == ["Bearer none"]
