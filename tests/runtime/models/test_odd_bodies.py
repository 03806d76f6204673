"""What is odd about a reply and matters to nobody is no outage; numbers that cannot be true count as not given."""

import json
from typing import Any

import msgspec
import pytest

from surefoot.runtime.errors import ModelUnavailable
from surefoot.runtime.models import litellm_transport
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.odd_bodies import tidied
from surefoot.runtime.models.port import Stop
from tests.runtime.models.asking import Make, request_of
from tests.runtime.models.openai_server import Client, answer_to

GOOD = {"prompt_tokens": 50, "completion_tokens": 8, "total_tokens": 58}


def reply(usage: Any = None, **choice: Any) -> dict[str, Any]:
    said = {"index": 0, "message": {"role": "assistant", "content": "7"}, "finish_reason": "stop"}
    return {"id": "1", "choices": [{**said, **choice}], "usage": GOOD if usage is None else usage}


def usage_of(usage: Any) -> Any:
    return msgspec.json.decode(tidied(json.dumps(reply(usage)).encode()))["usage"]


@pytest.mark.parametrize(
    "given",
    [
        GOOD,
        {**GOOD, "cost": 0.25, "is_byok": False, "prompt_tokens_details": {"cached_tokens": 4, "share": 0.5}},
        {**GOOD, "prompt_tokens": -50},
        {**GOOD, "prompt_tokens_details": None},
    ],
)
def test_an_account_of_whole_numbers_is_left_to_the_byte(given: dict[str, Any]) -> None:
    body = json.dumps(reply(given)).encode()
    assert tidied(body) is body


@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens"])
@pytest.mark.parametrize("number", [50.5, 1e300 * 10, True, None, "many", "5" * 30, [], {}, "\u0665"])
def test_half_an_account_is_none(name: str, number: Any) -> None:
    """Without it the other half would be taken for the whole, and a limit on money would not hold."""
    given = {**GOOD, name: number}
    assert usage_of(given) is None or number == 1e300 * 10  # no JSON: left as it is
    assert usage_of({key: value for key, value in GOOD.items() if key != name}) is None


@pytest.mark.parametrize("given", [[1, 2, 3], "many", 7, True])
def test_what_is_no_account_is_none(given: Any) -> None:
    assert usage_of(given) is None


def test_numbers_that_are_written_otherwise_are_read() -> None:
    assert usage_of({"prompt_tokens": "50", "completion_tokens": 8.0, "total_tokens": 58}) == GOOD


def test_of_details_what_is_no_number_is_left_out() -> None:
    details = {"cached_tokens": 4.5, "audio_tokens": 2.0, "kind": [1]}
    found = usage_of({**GOOD, "total_tokens": "?", "prompt_tokens_details": details, "completion_tokens_details": 7})
    assert found == {
        "prompt_tokens": 50, "completion_tokens": 8, "prompt_tokens_details": {"audio_tokens": 2, "kind": [1]},
        "completion_tokens_details": 7,
    }  # fmt: skip


def test_who_speaks_and_why_it_ended_are_put_right() -> None:
    odd = reply(message={"role": "robot", "content": "7"}, finish_reason=["stop"])
    (choice,) = msgspec.json.decode(tidied(json.dumps(odd).encode()))["choices"]
    assert (choice["message"]["role"], choice["finish_reason"]) == ("assistant", None)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"null", b'{"usage": [1]}', b'{"choices": "x", "usage": 1}'])
def test_what_is_no_completion_is_left_to_whoever_reads_it(body: bytes) -> None:
    assert tidied(body) is body


ODD = [
    "usage:" + json.dumps({**GOOD, "prompt_tokens": 50.5}),
    "usage:[1, 2]",
    'message:{"role": "robot", "content": "7"}',
]


@pytest.mark.parametrize("fault", ODD)
async def test_a_server_with_odd_replies_is_no_outage(make: Make, server: Client, fault: str) -> None:
    server.script(fault)
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    (found,) = await make(lease=lease, price_in=1.0, price_out=1.0, patience_s=0).ask(request_of())
    assert (found.text, found.stop) == ("7" if "robot" in fault else answer_to("Where to?"), Stop.END)
    assert (found.cost_usd is None) == ("usage" in fault)
    assert lease.reserved == pytest.approx(0, abs=1e-12)
    assert (lease.take_uncertain() > 0) == ("usage" in fault), "what was reserved is not given back"


@pytest.mark.parametrize("fault", ODD)
async def test_placebo_without_it_such_a_server_looks_as_if_it_were_down(
    make: Make, server: Client, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(litellm_transport, "tidied", lambda content: content)
    server.script(fault)
    with pytest.raises(ModelUnavailable):
        await make(patience_s=0).ask(request_of())
