"""An outage is the server's, not one call's: after the patience nobody waits for it, and the line says how long."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models.endpoints import ModelServer
from surefoot.runtime.models.litellm_errors import Transient
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.patience import Patience
from surefoot.runtime.models.port import Reply, Stop
from surefoot.runtime.models.stopping import CallsStopped, StopSignal
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client
from tests.runtime.models.virtual_time import run_virtually

REPLY = Reply("42", Stop.END)
Asked = Callable[[], Awaitable[list[Reply]]]


class Line:
    """A model's patience, with a server that has one limiter for all calls and answers as it is told."""

    def __init__(self, patience_s: float = 6, answer: Exception | None = None) -> None:
        self.server, self.stop = ModelServer(None, 64), StopSignal("openai/m")
        settings = LiteLLMSettings(name="openai/m", patience_s=patience_s)
        self.patience = Patience(settings, [self.server], self.stop, lambda _: None)
        self.answer, self.calls = answer or Transient("Error code: 500"), 0

    async def once(self) -> list[Reply]:
        async with self.stop.waiting():
            await self.server.limiter.__aenter__()
        self.calls += 1
        self.server.failed(0.25)
        await self.server.limiter.__aexit__(None, None, None)
        raise self.answer

    async def ask(self, once: Asked | None = None, *, may_be_the_form: bool = False) -> list[Reply]:
        return await self.patience.replies(once or self.once, 1, may_be_the_form=may_be_the_form)


async def outage(line: Line, calls: int = 40) -> tuple[list[BaseException], float]:
    """What so many calls at once end with, and the second in which the last of them does."""
    ends = await asyncio.gather(*(line.ask() for _ in range(calls)), return_exceptions=True)
    return [end for end in ends if isinstance(end, BaseException)], asyncio.get_running_loop().time()


def test_all_that_wait_for_a_server_that_is_down_stop_waiting_at_once() -> None:
    """The server is asked once in two seconds by then: one after the other, forty calls would take a minute."""
    line = Line(patience_s=6)
    ends, after_s = run_virtually(outage(line))
    assert 4 < after_s < 8.1
    assert {type(end) for end in ends} == {ModelUnavailable}
    assert len({str(end) for end in ends}) == 1
    assert str(ends[0]).startswith("openai/m: unavailable for ")
    failed = [end.context["failed_calls"] for end in ends if isinstance(end, ModelUnavailable)]
    assert sum(failed) == line.calls, "what waited for its place has not failed"


def test_placebo_calls_that_do_not_hear_of_it_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StopSignal, "end_waiting", lambda _: None)
    _, after_s = run_virtually(outage(Line(patience_s=6)))
    assert after_s > 20


def test_a_call_that_only_waited_is_no_outage() -> None:
    """The time in a queue does not count: a first failure is waited out."""

    async def program() -> list[Reply]:
        line, tries = Line(patience_s=6), 0

        async def late() -> list[Reply]:
            nonlocal tries
            tries += 1
            await asyncio.sleep(100)
            if tries == 1:
                raise Transient("Error code: 500")
            return [REPLY]

        return await line.ask(late)

    assert [reply.failed_calls for reply in run_virtually(program())] == [1]


def test_an_answer_to_anybody_ends_an_outage() -> None:
    async def program() -> list[Reply]:
        line, tries = Line(patience_s=6), 0

        async def answered_after_a_failure() -> list[Reply]:
            nonlocal tries
            tries += 1
            if tries % 2:
                raise Transient("Error code: 500")
            return [REPLY]

        await line.ask(answered_after_a_failure)
        await asyncio.sleep(10)
        return await line.ask(answered_after_a_failure)

    assert [reply.failed_calls for reply in run_virtually(program())] == [1]


@pytest.mark.parametrize(
    ("after_s", "said"),
    [
        (100_000_000.0, "slow down; it asks to wait 1,157 days, longer than the patience of 6 s (--patience-s)"),
        (36_000.0, "slow down; it asks to wait 10.0 h, longer than the patience of 6 s (--patience-s)"),
        (7.0, "slow down; it asks to wait 7 s, longer than the patience of 6 s (--patience-s)"),
    ],
)
def test_a_wait_that_is_not_begun_is_no_outage_of_0_seconds(after_s: float, said: str) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        run_virtually(Line(answer=Transient("slow down", after_s, limited=True)).ask())
    assert str(caught.value) == f"openai/m: {said}"
    assert caught.value.context["failed_calls"] == 1


def test_a_failure_that_may_be_for_the_form_ends_nobodys_waiting() -> None:
    async def program() -> str:
        line = Line(answer=Transient("Error code: 500", status=500))
        waits = asyncio.create_task(line.ask(asyncio.Event().wait))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        with pytest.raises(ModelUnavailable):
            await line.ask(may_be_the_form=True)
        await asyncio.sleep(0)
        assert not waits.done()
        line.stop.stop()
        waits.cancel()
        await asyncio.wait([waits])
        return "both"

    assert run_virtually(program()) == "both"


def test_a_stop_of_the_run_stays_one_after_an_outage() -> None:
    async def program() -> None:
        line = Line(patience_s=0)
        with pytest.raises(ModelUnavailable):
            await line.ask()
        line.stop.stop()
        with pytest.raises(CallsStopped, match="the run stops before it is asked"):
            await line.ask()

    run_virtually(program())


async def test_an_outage_that_was_waited_out_in_the_last_form_is_what_is_raised(make: Make, server: Client) -> None:
    """Forms of a schema are tried first, and each breaks at once: that is not how long it was waited."""
    server.script("always_500")
    with pytest.raises(ModelUnavailable) as caught:
        await make(patience_s=0.1).ask(msgspec.structs.replace(request_of(), schema={"type": "object"}))
    assert "unavailable for 0 s" not in str(caught.value)
    assert caught.value.context["failed_calls"] == server.calls() >= 3
