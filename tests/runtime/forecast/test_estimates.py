"""What ballots say of a model when nobody knows the right answers."""

import math

import pytest

from surefoot.runtime.forecast.estimates import (
    Estimate,
    KindEstimate,
    Sample,
    busy_seconds,
    judge_pilot,
    pilot_steps,
    pooled_estimate,
    sample_numbers,
)
from surefoot.runtime.forecast.rate_table import rate_table
from surefoot.runtime.records import Counts, Usage
from surefoot.voting.ballot import Ballot
from surefoot.voting.error_rate import confidence_sequence


def sample(*said: str | None, number: int = 0, kind: str = "move", seconds: float = 0.0, ended: float = 0.0) -> Sample:
    ballots = (Ballot(n, one) if one is not None else Ballot(n, None, "refused") for n, one in enumerate(said))
    return Sample(number, kind, tuple(ballots), seconds, ended)


def test_a_pilot_counts_dissent_without_knowing_what_is_right() -> None:
    samples = [sample("a", "a", "a"), sample("b", "a", "b"), sample("a", "b", "c"), sample(None, "a", None)]
    pilot = judge_pilot(samples, Counts())
    assert (pilot.ballots, pilot.dissenting, pilot.spoiled) == (10, 3, 2)
    assert pilot.p_error == 3.5 / 11
    assert pilot.p_error_high == confidence_sequence(3, 10).high
    assert judge_pilot([sample("a", "a", "a")] * 20, Counts()).dissenting == 0
    nothing = judge_pilot([sample(None, None)], Counts())
    assert (nothing.ballots, nothing.spoiled, nothing.p_error_high) == (0, 2, 1.0)
    assert nothing.valid_rate > 0


def test_kinds_are_told_apart() -> None:
    counts = Counts(
        by_kind={"move": Usage(calls=9, tokens_in=30, tokens_out=90), "split": Usage(calls=3, tokens_in=20)}
    )
    samples = [
        sample("a", "a", "b"),
        sample("a", "a", "a"),
        sample("a", "a", "a"),
        sample("a", None, None, kind="split"),
    ]
    moves, splits = judge_pilot(samples, counts).kinds
    assert moves == KindEstimate("move", 9, 1, 9, 10.0, 10.0)
    assert splits == KindEstimate("split", 1, 0, 3, 20.0, 0.0)


def test_a_pilot_takes_the_time_in_which_it_asks_whatever_lies_between() -> None:
    """Two questions at the same time, one alone, and a kill of an hour between them and the last."""
    spans = [(0.0, 4.0, "move"), (1.0, 5.0, "move"), (6.0, 8.0, "split"), (3608.0, 3609.0, "split")]
    samples = [sample("a", "a", kind=kind, seconds=end - start, ended=end) for start, end, kind in spans]
    found = judge_pilot(samples, Counts())
    assert busy_seconds(samples) == 5 + 2 + 1
    assert found.seconds_per_answer == 8 / 8
    assert [(kind.kind, kind.seconds) for kind in found.kinds] == [("move", 4.0), ("split", 1.5)]
    for wrong in (math.inf, -math.inf, math.nan):  # a clock, or a journal, that says anything
        assert busy_seconds([sample("a", seconds=1.0, ended=wrong)]) == 0
    assert judge_pilot([], Counts()).seconds_per_answer == 0


def test_a_pilot_is_small_beside_its_run() -> None:
    for size in (1, 63, 1023, 2**14, 2**30):
        assert 20 <= pilot_steps(size) <= 200
        assert 3 * pilot_steps(size) <= max(60, size / 10)


def test_seeds_sample_other_steps() -> None:
    ranges = [sample_numbers(seed, 1000) for seed in range(5)]
    assert len({number for numbers in ranges for number in numbers}) == 5000
    assert sample_numbers(3, 10) == sample_numbers(3, 10)


def test_few_answers_of_a_kind_lean_on_the_others() -> None:
    kinds = (KindEstimate("move", 1000, 50, 1000, 8, 5), KindEstimate("split", 5, 0, 5, 8, 20))
    known = Estimate(1005, 50, 0, 50.5 / 1006, 0.08, kinds=kinds, trials=1005, errors=50)
    assert rate_table(known).of("move").p == pytest.approx(0.95, abs=0.001)
    assert 0.96 < rate_table(known).of("split").p < 0.97  # placebo: 1.0, as five answers say
    assert rate_table(known).of("split").reply_tokens == 20
    spotless = (KindEstimate("move", 90, 0, 90, 5, 5), KindEstimate("split", 12, 0, 12, 5, 20))
    middle = Estimate(102, 0, 0, 0.5 / 103, 0.04, kinds=spotless)
    for kind in ("move", "split"):  # no kind is taken for better than all of them; placebo: 0.0005, ten times as good
        assert rate_table(middle).of(kind).p == pytest.approx(1 - 0.5 / 103, abs=1e-4)
    assert rate_table(known).of("").reply_tokens == pytest.approx(5.07, abs=0.01)
    assert rate_table(Estimate(60, 0, 40, 0.01, 0.06)).of("move").valid == pytest.approx(0.6)


def test_a_kind_is_believed_where_it_is_worse_for_sure() -> None:
    kinds = (
        KindEstimate("move", 9000, 9, 9000, 1, 1),
        KindEstimate("few", 30, 0, 30, 1, 1),
        KindEstimate("bad", 100, 20, 100, 1, 1),
    )
    known = Estimate(9130, 29, 0, 0.003, 0.006, kinds=kinds)
    table = rate_table(known)
    assert [table.of(kind).p_error_high for kind in ("few", "move", "unheard of")] == [0.006] * 3
    assert table.of("bad").p_error_high > 0.2


def test_what_a_run_sees_sharpens_a_pilot() -> None:
    pilot = judge_pilot([sample("a", "a", "a")] * 20, Counts())
    later = pooled_estimate(pilot, [(1000, 2.0), (1000, 3.0)])
    assert later.p_error == pytest.approx(5.5 / 2061)
    assert later.p_error_high < 0.2 * pilot.p_error_high
    assert pooled_estimate(pilot, []).p_error_high == pilot.p_error_high
    assert later.ballots == pilot.ballots  # what the pilot saw stays told


def test_a_rate_that_rises_makes_the_past_worthless() -> None:
    pilot = judge_pilot([sample("a", "a", "a")] * 20, Counts())
    quiet = [(5000, 5.0)] * 4
    risen = pooled_estimate(pilot, [*quiet, (512, 26.0)])
    assert risen.p_error == pytest.approx(0.05, rel=0.1)  # placebo: the mean of all, below 0.3 %
    assert pooled_estimate(pilot, [*quiet, (512, 1.0)]).p_error == pytest.approx(21.5 / 20573)
    assert pooled_estimate(pilot, [(512, 26.0), *quiet]).p_error < 0.003  # a rate that falls is only averaged
