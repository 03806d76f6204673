"""After a stop nothing more is sent, whatever it waits for; what was sent is answered, handed up and settled."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.capabilities import Capability
from surefoot.runtime.models.litellm_model import LiteLLMModel
from surefoot.runtime.models.litellm_requests import Question
from surefoot.runtime.models.port import Model, Reply
from surefoot.runtime.models.stopping import CallsStopped, StopSignal, after, all_of, joined
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client, answer_to

PRICES = {"price_in": 1.0, "price_out": 1.0}
CALL_USD = 107e-6


def granted(usd: float = 1.0) -> BudgetLease:
    lease = BudgetLease(limited=True)
    lease.grant(usd)
    return lease


async def six_asked(model: LiteLLMModel, server: Client) -> list[Any]:
    """What comes of six questions of which two are with the server when the run stops."""
    asked = [asyncio.create_task(model.ask(request_of(user=f"question {number}"))) for number in range(6)]
    await server.has_seen(2)
    model.stop_waiting()
    late = [asyncio.create_task(model.ask(request_of(user="too late")))]
    server.release()
    return await asyncio.gather(*asked, *late, return_exceptions=True)


async def test_what_waits_for_a_place_is_not_sent_and_what_was_sent_is_answered(make: Make, server: Client) -> None:
    server.script("always_held")
    lease = granted()
    found = await six_asked(make(max_in_flight=2, lease=lease, **PRICES), server)
    assert [reply.text for one in found[:2] for reply in one] == [answer_to(f"question {n}") for n in (0, 1)]
    assert [type(one) for one in found[2:]] == [CallsStopped] * 5
    assert {(one.unsent, one.context["failed_calls"]) for one in found[2:]} == {(1, 0)}
    assert server.calls() == 2
    assert lease.reserved == pytest.approx(0, abs=1e-12)
    assert lease.balance == pytest.approx(1 - 2 * CALL_USD), "what was not sent gives back what it had reserved"
    assert lease.take_uncertain() == 0


async def test_placebo_a_model_that_does_not_hear_of_it_sends_them_all(
    make: Make, server: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LiteLLMModel, "stop_waiting", Model.stop_waiting)
    server.script("always_held")
    await six_asked(make(max_in_flight=2), server)
    assert server.calls() == 7


async def test_of_a_question_in_several_calls_those_that_were_sent_come_up(make: Make, server: Client) -> None:
    server.script("always_held")
    model = make(max_in_flight=2)
    model._negotiation.start_at(Capability.SEVERAL, "a call for each")
    asking = asyncio.create_task(model.ask(request_of(5)))
    await server.has_seen(2)
    model.stop_waiting()
    server.release()
    with pytest.raises(CallsStopped) as stopped:
        await asking
    assert [reply.text for reply in stopped.value.first(range(5))] == [answer_to("Where to?")] * 2
    assert (stopped.value.unsent, server.calls()) == (3, 2)


async def test_no_call_is_made_again_after_a_stop(make: Make, server: Client) -> None:
    """Neither one that waits for its time, nor one that fails later."""
    for fault, told in (("always_after:3600", 1), ("always_held:500", 0)):
        server.script(fault)
        waits, lines = asyncio.Event(), list[str]()

        def hear(line: str, waits: asyncio.Event = waits, lines: list[str] = lines) -> None:
            lines.append(line)
            waits.set()

        model = make(patience_s=1e6, on_wait=hear)
        asking = asyncio.create_task(model.ask(request_of()))
        await (waits.wait() if told else server.has_seen(1))
        model.stop_waiting()
        server.release()
        with pytest.raises(CallsStopped) as stopped:
            await asking
        assert (stopped.value.context["failed_calls"], stopped.value.unsent) == (1, 0), "it may have been drawn"
        assert (server.calls(), len(lines)) == (1, told)


async def test_what_waits_for_money_leaves_its_place(make: Make, server: Client) -> None:
    lease = BudgetLease(limited=True)
    model = make(lease=lease, **PRICES)
    asking = asyncio.create_task(model.ask(request_of()))
    await lease.shortage()
    model.stop_waiting()
    with pytest.raises(CallsStopped):
        await asking
    (limiter,) = model.endpoints.values()
    assert (limiter.taken, lease.reserved, server.calls()) == (0, 0, 0)
    lease.grant(1.0)
    assert lease.balance == 1.0


async def test_a_late_call_is_not_made_a_second_time(make: Make) -> None:
    model = make()
    calls, question = model.opened(), Question("openai/small", request_of(), 1, {}, 0)
    assert calls.has_room(question, BudgetLease())
    model.stop_waiting()
    assert not calls.has_room(question, BudgetLease())


async def test_another_run_with_the_same_model_asks_again(make: Make, server: Client) -> None:
    model = make()
    model.stop_waiting()
    with pytest.raises(CallsStopped, match="openai/small: the run stops before it is asked"):
        await model.ask(request_of(3))
    model.use_lease(BudgetLease())
    assert len(await model.ask(request_of(3))) == 3
    assert server.calls() == 1


async def test_a_stop_ends_what_waits_and_not_what_is_under_way() -> None:
    signal, went_on, ended = StopSignal("m"), asyncio.Event(), list[str]()

    async def waits(name: str) -> None:
        async with signal.waiting() as pause:
            with pause.under_way():
                await went_on.wait()
                ended.append(name)
            await asyncio.Event().wait()

    async def only_waits() -> None:
        async with signal.waiting():
            await asyncio.Event().wait()

    tasks = [asyncio.create_task(waits("a call")), asyncio.create_task(only_waits())]
    await asyncio.sleep(0)
    signal.stop()
    signal.stop()
    with pytest.raises(CallsStopped):
        await tasks[1]
    assert not tasks[0].done()
    went_on.set()
    await asyncio.sleep(0)
    assert ended == ["a call"]
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]


async def test_a_time_out_of_somebody_elses_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with StopSignal("m").waiting():
            raise TimeoutError


async def fails(error: Exception) -> list[int]:
    raise error


async def test_calls_that_are_stopped_cancel_no_others_and_what_fails_does() -> None:
    async def answers() -> list[int]:
        await asyncio.sleep(0)
        return [7]

    stopped = CallsStopped("m", failed_calls=1, unsent=2)
    assert await all_of([fails(stopped), answers()]) == [stopped, [7]]
    never: Coroutine[Any, Any, Any] = asyncio.Event().wait()
    with pytest.raises(ValueError, match="gone"):
        await all_of([never, fails(ValueError("gone"))])


def test_what_came_of_several_calls_is_put_together_by_place() -> None:
    assert joined({(0, 2): "ac", (1,): "b"}) == {0: "a", 2: "c", 1: "b"}
    cut = CallsStopped("m", failed_calls=2, unsent=1, came={0: "a"})
    with pytest.raises(CallsStopped) as stopped:
        joined({(0, 2): cut, (1,): "b", (3,): CallsStopped("m", unsent=1)})
    found = stopped.value
    assert (found.came, found.unsent, found.context["failed_calls"]) == ({0: "a", 1: "b"}, 2, 2)
    assert (found.first(range(4)), found.first((2, 0))) == (["a", "b"], [])


def test_what_calls_before_brought_is_handed_up_as_well() -> None:
    with pytest.raises(CallsStopped) as stopped, after(0, [Reply("first")]):
        raise CallsStopped("m", unsent=1, came={1: Reply("second")})
    assert [reply.text for reply in stopped.value.first(range(3))] == ["first", "second"]
    assert stopped.value.unsent == 1
    with pytest.raises(CallsStopped) as stopped, after(3):
        raise CallsStopped("m", unsent=1)
    assert (stopped.value.context["failed_calls"], stopped.value.unsent) == (3, 0), "it may have been drawn then"
