"""Models that say nothing are stopped at, and retries are a share of the calls."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.errors import ModelRejected, ModelUnavailable
from surefoot.runtime.models.retries import AT_ONCE, RetryBudget
from surefoot.runtime.models.silent_replies import FROM_THE_START, LATELY, Silence, SilentReplies


def after(*silences: Silence, limit: int = 900) -> SilentReplies:
    found = SilentReplies("m")
    for one in silences:
        found.note(one, limit)
    return found


ALLOWANCE, ELSEWHERE, NONE = Silence.ALLOWANCE, Silence.ELSEWHERE, Silence.NONE


def test_a_model_that_never_said_anything_is_rejected_soon() -> None:
    after(*[ALLOWANCE] * (FROM_THE_START - 1)).check()
    with pytest.raises(ModelRejected, match=rf"m: {FROM_THE_START} replies in a row spent all their 900 tokens"):
        after(*[ALLOWANCE] * FROM_THE_START).check()


def test_one_that_did_is_given_longer_and_only_pauses_the_run() -> None:
    after(NONE, *[ALLOWANCE] * (LATELY - 1)).check()
    with pytest.raises(ModelUnavailable, match="--thinking-tokens"):
        after(NONE, *[ALLOWANCE] * LATELY).check()


def test_one_word_begins_the_count_anew() -> None:
    after(NONE, *[ALLOWANCE] * (LATELY - 1), NONE, *[ALLOWANCE] * (LATELY - 1)).check()


def test_what_to_do_is_that_of_the_last_silence() -> None:
    with pytest.raises(ModelRejected, match="without a reasoning parser"):
        after(*[ALLOWANCE] * (FROM_THE_START - 1), ELSEWHERE).check()
    with pytest.raises(ModelRejected, match="raise --thinking-tokens"):
        after(*[ELSEWHERE] * (FROM_THE_START - 1), ALLOWANCE).check()


@settings(max_examples=30)
@given(st.floats(0, 1), st.integers(0, 2000))
def test_retries_never_exceed_their_share_and_what_was_in_hand(share: float, calls: int) -> None:
    budget, spent = RetryBudget(share), 0
    for _ in range(calls):
        budget.earn()
        spent += budget.spend()
    assert spent <= AT_ONCE + share * calls + 1e-6
    assert budget.left >= 0


def test_a_server_that_goes_on_failing_is_stopped_at_and_the_reason_is_said() -> None:
    budget = RetryBudget(0.3)
    assert budget.spent == ""
    assert all(budget.spend() for _ in range(AT_ONCE))
    assert not budget.spend()
    assert budget.spent == "more than 30% of the calls were retries (--retry-share)"
    for _ in range(4):
        budget.earn()
    assert budget.spent == ""
    assert budget.spend()
    assert not budget.spend()


def test_no_more_is_earned_than_can_be_in_hand() -> None:
    budget = RetryBudget(1.0)
    for _ in range(50):
        budget.earn()
    assert budget.left == AT_ONCE
