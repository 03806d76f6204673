"""Money of batches: reserved before they are sent, settled when they are back, whatever a server says it cost."""

import asyncio
import pathlib

import pytest

from surefoot.runtime.errors import (
    ModelUnavailable,
)
from surefoot.runtime.models.batches.batched_model import BatchedModel
from surefoot.runtime.models.budget_lease import BudgetLease
from surefoot.runtime.models.litellm_prices import batch_share
from surefoot.runtime.models.port import Reply
from tests.runtime.models.batch_server import BatchServer
from tests.runtime.models.batches.batching import FIVE, Kill, Killed, Session, asked, right


def test_money_is_reserved_before_a_batch_is_sent_and_settled_when_it_is_back(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    lease, seen = BudgetLease(limited=True), list[float]()
    lease.grant(1.0)
    provider.on_create = lambda: seen.append(lease.reserved)
    provider.ends = ["expired:3"]
    replies = Session(provider, tmp_path, lease=lease).ask(*FIVE)
    spent = sum(reply.cost_usd or 0 for each in replies for reply in each)
    at_most = 5 * (0.2 * (64 + len("question 0Be brief.")) + 0.8 * 2 * 9) / 1e6
    assert seen[0] == pytest.approx(at_most)
    assert 2 / 5 * at_most <= seen[1] < 3 / 5 * at_most, "two are left; the server was seen to charge for more"
    assert (lease.reserved, 1 - lease.balance) == pytest.approx((0, spent))


def test_money_of_a_batch_that_is_taken_up_is_not_reserved_twice(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    first, second = BudgetLease(limited=True), BudgetLease(limited=True)
    first.grant(0.001)
    long = asked("long " * 100, (0, 1))
    with pytest.raises(Killed):
        Session(provider, tmp_path, Kill("batch.known"), lease=first).ask(long)
    held = 0.001 - first.balance
    replies = Session(provider, tmp_path, lease=second).ask(long)
    spent = sum(reply.cost_usd or 0 for each in replies for reply in each)
    assert right(replies, [long])
    assert (second.reserved, second.balance) == pytest.approx((0, held - spent)), "what is left can be given back"


def test_draws_that_an_earlier_session_sent_are_told_apart_once(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    """Two of three draws were sent before the kill; what was only gathered then was sent nowhere."""
    with pytest.raises(Killed):
        Session(provider, tmp_path, Kill("batch.known")).ask(asked("long", (0, 1)))
    found: list[int] = []

    async def work(model: BatchedModel) -> list[Reply]:
        found.extend(model.begun_earlier(one) for one in (asked("short", (0, 1)), asked("long", (1, 2))))
        found.extend(model.begun_earlier(asked("long", (0, 1, 2))) for _ in range(2))
        return await model.ask(asked("long", (0, 1, 2)))

    replies = Session(provider, tmp_path).run(work)
    assert found == [0, 1, 1, 0]
    assert right([replies], [asked("long", (0, 1, 2))])
    again = tmp_path / "again"
    again.mkdir()
    with pytest.raises(Killed):
        Session(provider, again, Kill("batch.gathered")).ask(asked("long", (0, 1)))
    found.clear()
    assert right([Session(provider, again).run(work)], [asked("long", (0, 1, 2))])
    assert found == [0, 0, 0, 0]


def test_a_model_that_stops_says_so_when_it_is_asked_what_was_sent(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    async def work(model: BatchedModel) -> None:
        model.stop_waiting()
        model.begun_earlier(FIVE[0])

    with pytest.raises(ModelUnavailable, match="resume takes them up"):
        Session(provider, tmp_path).run(work)


def test_a_limit_that_does_not_cover_a_question_pauses_before_anything_is_sent(
    provider: BatchServer, tmp_path: pathlib.Path
) -> None:
    lease = BudgetLease(limited=True)

    async def work(model: BatchedModel) -> None:
        asking = asyncio.ensure_future(model.ask(FIVE[0]))
        await lease.shortage()
        lease.grant(0.0)
        await asking

    with pytest.raises(ModelUnavailable, match="--max-cost-usd: what is left does not cover the next call"):
        Session(provider, tmp_path, lease=lease).run(work)
    assert provider.seen == []


def test_lies_about_money_cost_no_more_than_was_reserved(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    lease = BudgetLease(limited=True)
    lease.grant(1.0)
    provider.ends = ["dear"]
    Session(provider, tmp_path, lease=lease).ask(FIVE[0])
    assert 0 < 1 - lease.balance < 1e-4


HELD = 0.2 * (64 + len("question 0Be brief.")) + 0.8 * 2 * 9
"""Millionths of a USD that are reserved for each of ``FIVE``."""
COST = 0.2 * 100 + 0.8 * 14
"""Millionths that each of them costs."""


@pytest.mark.parametrize("limit", [None, 1.0])
@pytest.mark.parametrize(
    ("end", "doubted"),
    [
        ("garbage", COST),  # one of five is in no file; the others were charged more than was reserved
        ("empty", 5 * HELD),
        ("nothing", 5 * HELD),
        ("hollow", 5 * COST),  # nothing to read in it, and the tokens are said
        ("dear", 5 * HELD),  # tokens that cannot be
        ("failed", 0.0),
        ("expired:3", 0.0),
        ("errors:500:2", 0.0),
        ("policy:2", 0.0),
    ],
)
def test_answers_that_cannot_be_read_count_as_charged(
    provider: BatchServer, tmp_path: pathlib.Path, end: str, doubted: float, limit: float | None
) -> None:
    provider.ends = [end]
    lease = BudgetLease(limited=limit is not None)
    lease.grant(limit or 0.0)
    replies = Session(provider, tmp_path, lease=lease).ask(*FIVE)
    spent = sum(reply.cost_usd or 0 for each in replies for reply in each)
    assert lease.take_uncertain() == pytest.approx(doubted / 1e6)
    if limit is not None:
        assert (lease.reserved, limit - lease.balance) == pytest.approx((0, spent + doubted / 1e6))
    again = BudgetLease()
    Session(provider, tmp_path, lease=again).ask(*FIVE)
    assert again.take_uncertain() == 0.0, "what an earlier session counted is not counted again"


def test_an_unread_answer_is_told_with_what_it_may_cost(provider: BatchServer, tmp_path: pathlib.Path) -> None:
    provider.ends = ["garbage"]
    session = Session(provider, tmp_path)
    session.ask(*FIVE)
    line = "batch 1: 1 of its questions may be charged though their answers or tokens cannot be read, up to $0.000031"
    assert line in session.noted


def test_shares_of_the_price_are_the_tables_or_a_half() -> None:
    entry = {"input_cost_per_token": 4.0, "input_cost_per_token_batches": 1.0, "output_cost_per_token": 8.0}
    assert batch_share(entry, None) == (0.25, 0.5)
    assert batch_share({}, None) == (0.5, 0.5)
    assert batch_share(entry, 0.8) == (0.8, 0.8)
