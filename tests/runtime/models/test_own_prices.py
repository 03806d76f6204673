"""What an answer costs that states tokens: by given prices, else the model's; unknown where nobody says, never 0."""

import asyncio
from typing import Any

import pytest

from surefoot.decompose.step import Prompt
from surefoot.runtime.config import RunConfig
from surefoot.runtime.errors import ModelRejected, UserCodeError
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.factory import open_model
from surefoot.runtime.models.own_model import OwnModel, watched, with_prices
from surefoot.runtime.models.own_prices import GivenPrices, are_prices, priced, priced_one, wrong_number
from surefoot.runtime.models.port import Likelihood, Look, Model, Reply, Request

REQUEST = Request(Prompt("say ash"), (0, 1), 0.1, 10, 0)
GIVEN = GivenPrices(2.0, 8.0)
TOLD = [Reply("a", tokens_in=100, tokens_out=3), Reply("b", tokens_out=5)]


class Says(Model):
    """Says what it was made with, whatever it is asked."""

    name = "says"

    def __init__(self, replies: Any = TOLD, prices: Any = None) -> None:
        self.replies, self.said_prices = replies, prices

    async def ask(self, request: Request) -> list[Reply]:
        return self.replies  # type: ignore[no-any-return]

    async def look(self, request: Request) -> Look:
        return Look((("ash", 1.0),), tokens_in=10, tokens_out=1)

    async def score(self, request: Request, text: str) -> Likelihood:
        return Likelihood(-1.0, 1, tokens_in=10, tokens_out=1)

    def prices(self) -> Any:
        return self.said_prices


def own(model: Model, given: GivenPrices = GIVEN, told: list[str] | None = None) -> OwnModel:
    found = with_prices(watched(model), given, None if told is None else told.append)
    assert isinstance(found, OwnModel)
    return found


def costs(model: Model) -> list[float | None]:
    return [reply.cost_usd for reply in asyncio.run(model.ask(REQUEST))]


def test_tokens_without_a_cost_cost_what_the_user_says() -> None:
    assert costs(own(Says())) == pytest.approx([(200 + 24) / 1e6, 40 / 1e6])
    look = asyncio.run(own(Says()).look(REQUEST))
    scored = asyncio.run(own(Says()).score(REQUEST, "a"))
    assert (look.cost_usd, scored.cost_usd) == pytest.approx((28e-6, 28e-6))


def test_a_cost_of_its_own_stays_also_one_of_nothing() -> None:
    said = [Reply("a", tokens_in=100, cost_usd=0.5), Reply("b", tokens_out=5, cost_usd=0.0)]
    assert costs(own(Says(said, (1.0, 1.0)))) == [0.5, 0.0]


def test_without_given_prices_the_models_own_hold_and_without_those_the_price_is_unknown() -> None:
    assert costs(own(Says(prices=(0.5, 0.25)), GivenPrices())) == [50.75, 1.25]
    assert costs(own(Says(prices=(0.5, 0.25)), GivenPrices(million_out=4e6))) == [50 + 12.0, 20.0]
    assert costs(own(Says(), GivenPrices())) == [None, None]
    assert costs(own(Says(), GivenPrices(million_in=1.0))) == [None, None]


def test_where_no_tokens_are_said_the_price_is_unknown() -> None:
    assert costs(own(Says([Reply("a"), Reply("b")]))) == [None, None]
    assert [one.cost_usd for one in priced([Reply("a", tokens_in=1), Reply("")], (1.0, 1.0))] == [1.0, 0.0]
    assert priced_one(Look(()), (1.0, 1.0)).cost_usd is None


def test_a_limit_holds_at_given_prices_and_an_unknown_price_ends_the_run() -> None:
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    model = own(Says())
    model.use_lease(lease)
    asyncio.run(model.ask(REQUEST))
    assert (lease.reserved, 1 - lease.balance) == pytest.approx((0.0, 264e-6))
    nameless = own(Says(), GivenPrices())
    nameless.use_lease(lease)
    with pytest.raises(ModelRejected, match="so --max-cost-usd cannot be kept: say what it cost, or its tokens"):
        asyncio.run(nameless.ask(REQUEST))


@pytest.mark.parametrize("name", ["bundled", "simulated"])
def test_models_of_ours_are_free_unless_prices_are_given(name: str) -> None:
    config = RunConfig(task="hanoi", task_options={"disks": 3}, model=name)
    free, paid, half = (
        open_model(RunConfig(task="hanoi", task_options={"disks": 3}, model=name, **prices))  # type: ignore[arg-type]
        for prices in ({}, {"price_in": 1.0, "price_out": 4.0}, {"price_out": 4.0})
    )
    assert not isinstance(free, OwnModel)
    assert (free.prices(), paid.prices(), half.prices()) == (None, (1e-6, 4e-6), (0.0, 4e-6))
    assert (paid.name, paid.dialect, paid.shared) == (free.name, free.dialect, free.shared)
    assert open_model(config).name == free.name


def test_prices_hold_for_ours_whatever_their_replies_say() -> None:
    said = [Reply("a", tokens_in=7, tokens_out=1, cost_usd=0.0)]
    assert priced(said, (1.0, 2.0), always=True)[0].cost_usd == 9.0
    assert priced(said, (1.0, 2.0))[0].cost_usd == 0.0


@pytest.mark.parametrize(
    "found",
    [(float("nan"), 1.0), (-1.0, 1.0), (1.0, float("inf")), (1.0, 1e300), (1.0,), 3.0, "ab", (True, 1.0), ("1", 2)],
)
def test_what_is_no_pair_of_prices_is_the_models_fault(found: Any) -> None:
    assert not are_prices(found)
    with pytest.raises(UserCodeError, match=r"^Says\.prices \(.*must return None or two prices for a token in USD"):
        asyncio.run(own(Says(prices=found)).ask(REQUEST))


@pytest.mark.parametrize(
    ("numbers", "wrong"),
    [
        ({"tokens_in": -5}, "tokens_in"),
        ({"tokens_in": 10**30}, "tokens_in"),
        ({"tokens_out": 2.5}, "tokens_out"),
        ({"tokens_out": True}, "tokens_out"),
        ({"tokens_cached": -1}, "tokens_cached"),
        ({"failed_calls": None}, "failed_calls"),
        ({"cost_usd": -0.1}, "cost_usd"),
        ({"cost_usd": 1e300}, "cost_usd"),
        ({"cost_usd": float("nan")}, "cost_usd"),
        ({"cost_usd": "1"}, "cost_usd"),
    ],
    ids=range(10),
)
def test_numbers_that_cannot_be_are_one_line_that_names_the_model(numbers: dict[str, Any], wrong: str) -> None:
    with pytest.raises(UserCodeError, match=rf"^Says\.ask \(.*must return {wrong} as ") as error:
        asyncio.run(own(Says([Reply("a"), Reply("b", **numbers)])).ask(REQUEST))
    assert "\n" not in str(error.value)


def test_numbers_that_can_be_are_taken() -> None:
    assert not any(map(wrong_number, (*TOLD, Look((), calls=8), Likelihood(-1.0, 3), Reply("", cost_usd=0))))


def test_an_answer_above_what_was_reserved_is_charged_and_told_of_once() -> None:
    lease, told = BudgetLease(limited=True), list[str]()
    lease.grant(5.0)
    model = own(Says([Reply("a", cost_usd=1.0), Reply("b", cost_usd=0.5)]), told=told)
    model.use_lease(lease)
    for _ in range(3):
        asyncio.run(model.ask(REQUEST))
    assert (lease.reserved, lease.balance) == (pytest.approx(0.0), pytest.approx(0.5))
    (line,) = told
    assert line.startswith("says: an answer cost $1.5 where its prices allow $0.000174 at most; --max-cost-usd may be")


def test_a_model_with_a_price_list_is_left_as_it_is() -> None:
    class Listed(Model):
        lease = BudgetLease()

        async def ask(self, request: Request) -> list[Reply]:
            raise AssertionError("not asked")

    Listed.ask.__module__ = "surefoot.runtime.models.listed"
    listed = Listed()
    assert with_prices(listed, GIVEN) is listed
