"""Queries about one candidate are added up, and a share of few calls is trusted less."""

import math

from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.tuning.space import Measured, Outcome, Record, together

outcomes = st.integers(1, 50).flatmap(lambda calls: st.builds(Outcome, st.integers(0, calls), st.just(calls)))
records = st.lists(st.builds(Record[str], st.sampled_from("abcd"), outcomes), max_size=30)


@given(records)
def test_every_call_is_counted_for_its_candidate_once(found: list[Record[str]]) -> None:
    measured = together(found)
    assert [one.candidate for one in measured] == list(dict.fromkeys(record.candidate for record in found))
    for one in measured:
        mine = [record.outcome for record in found if record.candidate == one.candidate]
        assert one.outcome == Outcome(sum(o.right for o in mine), sum(o.calls for o in mine))
        assert 0 <= one.share <= 1
    assert sum(one.outcome.calls for one in measured) == sum(record.outcome.calls for record in found)


@given(outcomes, st.integers(2, 9))
def test_the_same_share_of_more_calls_is_trusted_more(outcome: Outcome, times: int) -> None:
    few, many = (Measured("w", Outcome(outcome.right * n, outcome.calls * n)) for n in (1, times))
    assert math.isclose(few.share, many.share)
    assert few.cautious < many.cautious < many.share
    assert math.isclose(few.share - few.cautious, math.sqrt(times) * (many.share - many.cautious))


def test_one_lucky_call_does_not_beat_many_good_ones() -> None:
    lucky, good = Measured("l", Outcome(1, 1)), Measured("g", Outcome(18, 20))
    assert lucky.share > good.share
    assert lucky.cautious < good.cautious
