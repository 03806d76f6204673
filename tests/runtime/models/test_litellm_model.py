"""LiteLLMModel against a real OpenAI-compatible server over HTTP, counted from the server's side."""

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from decompose.step import Prompt
from runtime.errors import ConfigurationError, ModelRejected, ModelUnavailable
from runtime.models import litellm_model
from runtime.models.litellm_model import ERRORS, LiteLLMModel, check_ready, clean, judge, split
from runtime.models.port import Model, Reply, Request, Stop
from tests.runtime.models.openai_server import Client, answer_to, running

SECRET = "letmein-0123456789"
TRANSIENT = ["429", "after:0", "500", "502", "503", "504", "html", "truncated", "cut", "no_choices", "hang", "trickle"]

Make = Callable[..., LiteLLMModel]


@pytest.fixture(scope="module")
def process() -> Iterator[Client]:
    async def first_call(base: str) -> None:
        model = LiteLLMModel(name="openai/small", api_base=base)
        await model.ask(request())
        await model.close()

    with running() as client:
        asyncio.run(first_call(client.base))  # in which LiteLLM imports half of itself: not to be timed
        yield client


@pytest.fixture
def server(process: Client) -> Client:
    process.script()
    return process


@pytest.fixture
async def make(server: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Make]:
    """Makes models that ask the server, with a key that is nowhere to be seen, and closes them."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    made: list[LiteLLMModel] = []

    def one(name: str = "openai/small", **options: Any) -> LiteLLMModel:
        options = {"api_base": server.base, "backoff_initial_s": 0.001, "timeout_s": 5, "patience_s": 5} | options
        made.append(LiteLLMModel(name=name, **options))
        return made[-1]

    yield one
    for model in made:
        await model.close()


def request(draws: int = 1, user: str = "Where to?", system: str = "") -> Request:
    return Request(Prompt(user, system), draws=tuple(range(draws)), temperature=0.25, max_tokens=9, seed=4)


async def test_a_reply_carries_text_and_tokens(make: Make, server: Client) -> None:
    model: Model = make()
    assert await model.ask(request(system="Be brief.")) == [
        Reply(answer_to("Where to?"), Stop.END, tokens_in=100, tokens_out=7, cost_usd=None)
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
        }
    ]


@pytest.mark.parametrize("fault", TRANSIENT)
async def test_a_failed_call_is_waited_out_and_is_no_reply(make: Make, server: Client, fault: str) -> None:
    server.script(fault, fault)
    lines: list[str] = []
    model = make(timeout_s=0.25 if fault in ("hang", "trickle") else 5, on_wait=lines.append)
    (reply,) = await model.ask(request())
    assert (reply.text, reply.failed_calls) == (answer_to("Where to?"), 2)
    assert server.calls() == 3
    assert len(lines) == 2
    assert all(line.startswith("openai/small: ") and line.isprintable() for line in lines)
    assert SECRET not in "".join(lines)


async def test_waiting_prints_nothing(make: Make, server: Client, capfd: pytest.CaptureFixture[str]) -> None:
    server.script("503", "429", "cut", "odd")
    assert (await make().ask(request()))[0].stop is Stop.END
    assert capfd.readouterr() == ("", "")


async def test_a_parameter_the_model_does_not_know_is_left_out(make: Make, server: Client) -> None:
    await make("openai/o3").ask(request())
    (body,) = server.stats()["seen"]
    assert "temperature" not in body
    assert body["max_completion_tokens"] == 9


async def test_an_outage_longer_than_the_patience(make: Make, server: Client) -> None:
    server.script("always_500")
    with pytest.raises(ModelUnavailable, match=r"openai/small.*The server had an error") as caught:
        await make(patience_s=0.3).ask(request())
    assert caught.value.context["failed_calls"] == server.calls() > 2


async def test_nobody_listens(make: Make) -> None:
    with pytest.raises(ModelUnavailable, match=r"[Cc]onnection error"):
        await make(api_base=f"http://127.0.0.1:{free_port()}/v1", patience_s=0.05).ask(request())


async def test_a_server_that_asks_to_wait_is_obeyed(make: Make, server: Client) -> None:
    server.script("after:0.1")
    started = time.monotonic()
    await make().ask(request())
    assert time.monotonic() - started >= 0.1


async def test_a_wait_longer_than_the_patience_is_not_begun(make: Make, server: Client) -> None:
    server.script("after:3600")
    with pytest.raises(ModelUnavailable, match="asks to wait 3600 s"):
        await make().ask(request())
    assert server.calls() == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0.5", 0.5), ("-3", 0), ("soon", None), ("inf", None), ("nan", None), ("Friday GMT", None)],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    error: Any = SimpleNamespace(litellm_response_headers={"retry-after": value})
    assert litellm_model._retry_after_s(error) == seconds


def test_retry_after_a_date() -> None:
    error: Any = SimpleNamespace(litellm_response_headers={"retry-after": formatdate(time.time() + 90, usegmt=True)})
    assert litellm_model._retry_after_s(error) == pytest.approx(90, abs=3)


@pytest.mark.parametrize(
    ("fault", "draws"), [("400", 1), ("401", 1), ("401", 2), ("403", 2), ("404", 2), ("context", 2)]
)
async def test_what_can_never_succeed_is_asked_once(make: Make, server: Client, fault: str, draws: int) -> None:
    server.script("always_" + fault)
    with pytest.raises(ModelRejected) as caught:
        await make().ask(request(draws))
    assert server.calls() == 1
    assert str(caught.value).startswith("openai/small: ")
    assert str(caught.value).isprintable()
    assert SECRET not in repr((caught.value, caught.value.context))
    assert server.stats()["keys"] == [f"Bearer {SECRET}"]


@pytest.mark.parametrize("fault", ["402", "429_quota"])
async def test_missing_money_pauses_at_once(make: Make, server: Client, fault: str) -> None:
    server.script("always_" + fault)
    with pytest.raises(ModelUnavailable):
        await make().ask(request())
    assert server.calls() == 1


async def test_a_model_that_was_there_before_is_restarting(make: Make, server: Client) -> None:
    model = make()
    await model.ask(request())
    server.script("404")
    assert (await model.ask(request()))[0].failed_calls == 1


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
    (reply,) = await make().ask(request())
    assert (reply.stop, reply.text, reply.failed_calls) == (stop, text, 0)
    many = await make().ask(request(draws=3))
    assert [(reply.stop, reply.text) for reply in many] == [(stop, text)] * 3
    assert server.calls() == 2


async def test_several_draws_pay_the_prompt_once(make: Make, server: Client) -> None:
    replies = await make(price_in=1e6, price_out=1e4).ask(request(draws=3))
    assert [(r.tokens_in, r.tokens_out, r.failed_calls) for r in replies] == [(100, 7, 0), (0, 7, 0), (0, 7, 0)]
    assert [r.cost_usd for r in replies] == pytest.approx([100.07, 0.07, 0.07])
    assert [body["n"] for body in server.stats()["seen"]] == [3]


async def test_generated_tokens_are_shared_out_by_length(make: Make, server: Client) -> None:
    server.script("uneven")
    long, *short = await make().ask(request(draws=3))
    assert long.tokens_out > 5 * short[0].tokens_out > 0
    assert long.tokens_out + sum(r.tokens_out for r in short) == 101


@pytest.mark.parametrize(("fault", "failed", "sizes"), [("ignore_n", 0, [1, 1, 3]), ("reject_n", 1, [1, 1, 1, 3])])
async def test_a_server_without_n_is_asked_singly_ever_after(
    make: Make, server: Client, fault: str, failed: int, sizes: list[int]
) -> None:
    server.script("always_" + fault)
    model = make()
    replies = await model.ask(request(draws=3))
    assert [r.text for r in replies] == [answer_to("Where to?")] * 3
    assert sum(r.failed_calls for r in replies) == failed
    assert sum(r.tokens_in for r in replies) == 300
    assert sorted(body.get("n", 1) for body in server.stats()["seen"]) == sizes
    server.script()
    await model.ask(request(draws=2))
    assert [body.get("n", 1) for body in server.stats()["seen"]] == [1, 1]


async def test_a_bad_request_is_not_taken_for_a_server_without_n(make: Make, server: Client) -> None:
    server.script("400", "400", "400")
    model = make()
    with pytest.raises(ModelRejected):
        await model.ask(request(draws=2))
    server.script()
    await model.ask(request(draws=2))
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
    (reply,) = await make(name, **options).ask(request())
    assert reply.cost_usd == (cost if cost is None else pytest.approx(cost))


async def test_no_more_calls_under_way_than_allowed(make: Make, server: Client) -> None:
    server.script(*["slow"] * 8)
    model = make(max_in_flight=2)
    await asyncio.gather(*(model.ask(request()) for _ in range(8)))
    assert server.stats()["most_in_flight"] == 2


@pytest.mark.parametrize(("fault", "draws"), [("hang", 1), ("hang", 2), ("after:4", 1)])
async def test_cancelling_a_call_or_a_wait(make: Make, server: Client, fault: str, draws: int) -> None:
    server.script("always_" + fault)
    model = make(max_in_flight=1)
    model._takes_n = False
    asking = asyncio.create_task(model.ask(request(draws)))
    while not server.calls():  # noqa: ASYNC110  (what is waited for happens in another process)
        await asyncio.sleep(0.002)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    server.script()
    await model.ask(request())  # its place is free again


async def test_close_leaves_no_connection_and_another_model_usable(make: Make, server: Client) -> None:
    first, second = make(), make()
    await first.ask(request())
    await second.ask(request())
    assert server.stats()["connections"] > 0
    await first.close()
    await asyncio.sleep(0.01)
    assert server.stats()["connections"] == 0
    assert (await second.ask(request()))[0].failed_calls == 0


async def test_probe(make: Make) -> None:
    await make().probe()
    port = free_port()
    with pytest.raises(ConfigurationError, match=f"^cannot reach http://127.0.0.1:{port}/v1: connection refused$"):
        await make(api_base=f"http://127.0.0.1:{port}/v1").probe()
    await make("gpt-4.1-mini", api_base=None).probe()  # opens nothing


async def test_probe_says_nothing_about_a_proxy(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    await make(api_base=f"http://127.0.0.1:{free_port()}/v1").probe()


async def test_probe_of_an_address_with_a_password(make: Make) -> None:
    with pytest.raises(ConfigurationError, match=r"http://\*\*\*@"):
        await make(api_base=f"http://me:pw@127.0.0.1:{free_port()}/v1").probe()


@pytest.mark.parametrize(
    ("name", "base", "line"),
    [
        ("openai/gpt-4.1-mini", None, "OPENAI_API_KEY"),
        ("claude-sonnet-4-5", None, "ANTHROPIC_API_KEY"),
        ("gemini/gemini-2.5-flash", None, "GOOGLE_API_KEY or GEMINI_API_KEY"),
        ("foo", None, r"unknown model 'foo': no LiteLLM provider; try openai/foo with --api-base"),
        ("foo", "http://127.0.0.1:1/v1", r"try openai/foo$"),
        ("hosted_vllm/foo", None, "needs --api-base"),
        ("openai/foo", "127.0.0.1:8000/v1", "is no address like http"),
    ],
)
def test_what_cannot_work_is_refused_before_the_start(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str, base: str | None, line: str
) -> None:
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    with pytest.raises(ConfigurationError, match=line) as caught:
        check_ready(name, base)
    assert str(caught.value).isprintable()
    assert capfd.readouterr() == ("", "")


def test_what_can_work_is_not_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    check_ready("openai/foo", "http://127.0.0.1:1/v1")
    check_ready("hosted_vllm/foo", "http://127.0.0.1:1/v1")
    check_ready("ollama/llama3.2", None)
    check_ready("bedrock/anthropic.claude-3-haiku-20240307-v1:0", None)
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    check_ready("openai/gpt-4.1-mini", None)


async def test_a_server_of_ones_own_needs_no_key(make: Make, server: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    await make().ask(request())
    assert server.stats()["keys"] == ["Bearer none"]


def test_every_error_of_litellm_is_in_the_table() -> None:
    errors = litellm_model._load().exceptions
    defined = {
        name
        for name, cls in vars(errors).items()
        if isinstance(cls, type) and issubclass(cls, Exception) and cls.__module__ == errors.__name__
    }
    assert len(defined) > 20
    assert defined <= set(ERRORS)


def test_the_price_list_is_the_one_that_was_installed() -> None:
    litellm = litellm_model._load()
    source = sys.modules[litellm.get_model_cost_map.__module__]._cost_map_source_info
    assert (source.source, source.url) == ("local", None)


def test_an_error_of_a_later_litellm_is_what_its_base_is() -> None:
    errors = litellm_model._load().exceptions
    newer: Any = type("QuotaWindowError", (errors.RateLimitError,), {})
    assert isinstance(judge(newer("slow down", "openai", "m"), "m"), litellm_model._Transient)
    unknown = judge(errors.openai.APIError("odd", None, body=None), "m")
    assert isinstance(unknown, litellm_model._Transient)


def test_a_missing_package_is_not_an_outage() -> None:
    errors = litellm_model._load().exceptions
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


@pytest.mark.parametrize("weights", [[1], [0, 0], [1, 0, 2], [5, 5, 5, 5], [1000, 1, 1]])
@pytest.mark.parametrize("total", [0, 1, 7, 1001])
def test_shares_add_up(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 0
    if sum(weights):
        assert all(abs(s - total * w / sum(weights)) < 1 for s, w in zip(shares, weights, strict=True))


def test_importing_the_module_imports_neither_litellm_nor_aiohttp() -> None:
    code = "import sys, runtime.models.litellm_model; print(*{'litellm', 'openai', 'aiohttp'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
    return port
