"""What a request becomes for a server: what it takes is asked for, and what it lacks is said in the next best way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.step import Prompt
from surefoot.runtime.models.capabilities import WAYS, Capability
from surefoot.runtime.models.litellm_prices import OVERHEAD_TOKENS, Prices
from surefoot.runtime.models.litellm_requests import (
    LARGEST_SEED,
    MOST_STOPS,
    TURN,
    Question,
    arguments_of,
    bytes_of,
    seed_of,
    used,
    without,
    wording_of,
)
from surefoot.runtime.models.litellm_settings import LiteLLMSettings
from surefoot.runtime.models.port import Example, Request

SCHEMA = {"type": "object", "properties": {}}
BEST = dict.fromkeys(WAYS, 0)
WORST = {one: len(ways) - 1 for one, ways in WAYS.items()}


def request(**changed: Any) -> Request:
    return Request(**{"prompt": Prompt("ask", "be brief"), "draws": (7, 8, 9), "temperature": 0.5, "max_tokens": 50,
                      "seed": 3, **changed})  # fmt: skip


FULL = request(
    schema=SCHEMA, examples=(Example("2 + 2?", "4"),), prefill="A:", stop=("\n", "END"), top_p=0.9, choices=("a", "b")
)


def arguments(asked: Request, forms: Any = BEST, n: int = 1, first: int = 0) -> dict[str, Any]:
    return arguments_of(Question("m", asked, n, forms, first), 60)


def test_a_plain_request_asks_for_nothing_special() -> None:
    assert arguments(request(temperature=0.0)) == {
        "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "ask"}],
        "temperature": 0.0, "max_tokens": 60,
    }  # fmt: skip
    assert used(request(temperature=0.0)) == []


def test_a_server_that_takes_everything_is_asked_for_everything() -> None:
    found = arguments(FULL, n=3)
    assert (found["n"], found["top_p"], found["stop"]) == (3, 0.9, ["\n", "END"])
    assert found["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    }
    assert [one["role"] for one in found["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    assert found["messages"][-1]["content"] == "A:"
    assert found["messages"][1:3] == [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]


def test_a_server_that_takes_nothing_is_told_in_words() -> None:
    found = arguments(FULL, WORST)
    assert set(found) == {"messages", "temperature", "max_tokens"}
    system, user = found["messages"]
    assert system["role"] == "system"
    assert user["content"] == "2 + 2?\n4\n\nask\n\nBegin your answer with: A:"


def test_everything_a_request_uses_is_named_once() -> None:
    assert set(used(FULL)) == {
        Capability.SEED, Capability.TOP_P, Capability.STOP, Capability.SCHEMA, Capability.PREFILL, Capability.EXAMPLES,
        Capability.CHOICES,
    }  # fmt: skip
    assert used(request(temperature=0.0, raw=True)) == [Capability.RAW]


def test_a_schema_may_be_taken_in_another_form_or_not_at_all() -> None:
    ways = [arguments(FULL, {**BEST, Capability.SCHEMA: number}).get("response_format") for number in range(3)]
    assert [one and one["type"] for one in ways] == ["json_schema", "json_object", None]


def test_no_more_stops_are_sent_than_servers_take() -> None:
    assert len(arguments(request(stop=tuple("abcdefg")))["stop"]) == MOST_STOPS


def test_each_draw_has_a_seed_of_its_own_that_is_always_the_same() -> None:
    seeds = [arguments(request(), first=number)["seed"] for number in range(3)]
    assert len(set(seeds)) == 3
    assert seeds == [seed_of(3, draw) for draw in (7, 8, 9)]
    assert seeds != [seed_of(4, draw) for draw in (7, 8, 9)]
    assert "seed" not in arguments(request(temperature=0.0))


@settings(max_examples=50)
@given(st.integers(0, 2**63), st.integers(0, 2**63))
def test_seeds_are_numbers_that_servers_keep(seed: int, draw: int) -> None:
    assert 0 <= seed_of(seed, draw) < LARGEST_SEED


def test_a_system_message_that_is_empty_is_left_out() -> None:
    assert [one["role"] for one in arguments(request(prompt=Prompt("ask")))["messages"]] == ["user"]


texts = st.text(st.characters(codec="utf-8"), max_size=12)


@settings(max_examples=50)
@given(texts, texts, texts)
def test_bytes_are_an_upper_bound_on_what_is_sent(user: str, system: str, prefill: str) -> None:
    asked = request(prompt=Prompt(user, system), prefill=prefill, examples=(Example("é", "x"),))
    sent = sum(len(one["content"].encode()) for one in arguments(asked)["messages"])
    assert sent <= bytes_of(asked) == sent + TURN


@pytest.mark.parametrize(
    "change",
    [{"prompt": Prompt("other", "be brief")}, {"prompt": Prompt("ask", "be long")}, {"temperature": 0.6},
     {"max_tokens": 51}, {"prefill": "A"}, {"stop": ("x",)}, {"top_p": 0.5}, {"schema": SCHEMA},
     {"examples": (Example("a", "b"),)}],
)  # fmt: skip
def test_whatever_a_reply_depends_on_is_part_of_the_wording(change: dict[str, Any]) -> None:
    assert wording_of(request(**change)) != wording_of(request())


def test_seed_and_draws_are_not() -> None:
    assert wording_of(request(seed=9, draws=(1,))) == wording_of(request())


@pytest.mark.parametrize(
    ("text", "kept", "cut"),
    [
        ("A:yes", "yes", False),
        ("yes\nno", "yes", True),
        ("A:a END b\n", "a ", True),
        ("", "", False),
        ("A", "A", False),
    ],
)
def test_what_a_server_could_not_cut_is_cut_on_arrival(text: str, kept: str, cut: bool) -> None:
    assert without(text, FULL) == (kept, cut)


class Table:
    """LiteLLM's table of prices, with one model of one provider."""

    def __init__(self, says: Any = (0.001, 0.002), **entry: Any) -> None:
        usual = {"litellm_provider": "p", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6}
        self.model_cost, self._says = {"p/m": {**usual, **entry}}, says

    def cost_per_token(self, key: str, **_: Any) -> Any:
        if isinstance(self._says, Exception):
            raise self._says
        return self._says


def prices(table: Any = None, provider: str = "p", **settings: Any) -> Prices:
    return Prices(table or Table(), LiteLLMSettings(name="p/m", **settings), "m", provider)


def test_prices_are_those_of_the_table_or_of_the_user() -> None:
    assert prices().per_token == (1e-6, 4e-6)
    assert prices(price_in=2.0).per_token == (2e-6, 4e-6)
    assert prices(price_in=0.0, price_out=0.0).per_token == (0.0, 0.0)


def test_a_price_of_another_provider_is_none() -> None:
    assert prices(provider="q").per_token is None
    assert prices(provider="q").at_most(request(), 1, 50) == 0.0
    assert prices(provider="q").cost(None, 10, 10) is None
    assert prices(provider="q", price_in=1.0, price_out=2.0).cost(None, 10, 10) == (1e-5, 2e-5)


def test_the_most_that_a_call_costs_counts_a_token_for_every_byte() -> None:
    found = prices().at_most(request(), 3, 50)
    assert found == pytest.approx(1e-6 * (len("askbe brief") + OVERHEAD_TOKENS) + 4e-6 * 3 * 50)


def test_a_server_that_charged_for_more_is_expected_to_do_so_again() -> None:
    known = prices()
    before = known.at_most(request(), 1, 50)
    known.seen(request(), 1, 50, tokens_in=500, tokens_out=90)
    assert known.at_most(request(), 1, 50) == pytest.approx(1e-6 * 500 + 4e-6 * 90)
    known.seen(request(), 1, 50, tokens_in=1, tokens_out=1)
    assert known.at_most(request(), 1, 50) > before, "what was seen once is not forgotten"


@pytest.mark.parametrize(
    ("says", "cost"),
    [((5e-6, 8e-6), (5e-6, 8e-6)), ((1.0, -1.0), (1e-5, 0.0)), ((float("nan"), float("inf")), (1e-5, 4e-5)),
     ((None, 8e-6), None), (TypeError("odd details"), (1e-5, 4e-5))],
)  # fmt: skip
def test_an_account_that_lies_stays_between_nothing_and_the_dearest(says: Any, cost: Any) -> None:
    """Ten tokens in and ten out, at the prices of the table, are the most that may be said."""
    found = prices(Table(says)).cost({}, 10, 10)
    assert found == (None if cost is None else pytest.approx(cost))


def test_dearer_kinds_of_tokens_count_for_the_most() -> None:
    dear = Table(cache_creation_input_token_cost=3e-6, output_cost_per_reasoning_token=9e-6)
    assert prices(dear).per_token == (3e-6, 9e-6)
