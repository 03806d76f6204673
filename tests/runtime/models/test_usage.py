"""Accounts: what a reply used is booked once and found in every sum."""

from surefoot.runtime.models.port import Reply
from surefoot.runtime.models.usage import UsageMeter
from surefoot.runtime.records import Counts, Usage


def test_sums_are_made_once_and_nothing_is_left() -> None:
    accounts, counts = UsageMeter(), Counts(calls=1, by_kind={"move": Usage(calls=1)})
    for kind, model in (("move", "small"), ("move", "large"), ("split", "large"), ("move", "small")):
        accounts.book(kind, model, Reply("?", tokens_in=5, tokens_out=2, cost_usd=0.5, failed_calls=1))
    accounts.book("split", "small", Reply("?", cost_usd=None))
    accounts.move_to(counts)
    accounts.move_to(counts)
    assert {kind: account.calls for kind, account in counts.by_kind.items()} == {"move": 4, "split": 2}
    assert {model: account.calls for model, account in counts.by_model.items()} == {"small": 3, "large": 2}
    assert (counts.calls, counts.failed_calls, counts.tokens_in, counts.tokens_out) == (6, 4, 20, 8)
    assert (counts.cost_usd, counts.unpriced_calls) == (2.0, 1)


def test_calls_that_brought_no_reply_are_counted() -> None:
    meter, counts = UsageMeter(), Counts()
    meter.book_failures("move", "m", 0)
    assert not meter
    meter.book_failures("move", "m", 3)
    meter.move_to(counts)
    assert (counts.calls, counts.failed_calls, counts.by_kind["move"].failed_calls) == (0, 3, 3)
