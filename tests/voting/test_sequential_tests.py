"""Alarms of the whole run. Each kind is raised where it was planted, and not where the same errors come alone."""

import itertools
from collections import Counter

import numpy as np
import pytest
from scipy.stats import hypergeom

from surefoot.voting.alarms import SHARE, Kind, Pattern
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.sequential import Sequential, learned_weights, needed
from surefoot.voting.sequential_tests import FIRST_LOOK, STRETCHES, SequentialTests, pair_up
from tests.voting.simulated_races import easy, simulate
from tests.voting.watched_runs import kinds_raised

STEPS = 2**14


def watched(races: int, contested: dict[Pattern, int], k: int = 3) -> SequentialTests:
    """A run of even batches, looked at whenever a look is due; rounded down to whole batches."""
    watch, batches = SequentialTests(races), 64
    left = Counter(contested)
    for batch in range(batches):
        part = Counter({str(p): n * (batch + 1) // batches - n * batch // batches for p, n in left.items()})
        watch.saw({str(k): races // batches}, part, {})
        watch.passed({str(k): races // batches}, part)
        if watch.due and batch + 1 < batches:
            watch.look()
    return watch


def test_disagreements_that_cluster_are_told_from_the_same_number_that_do_not() -> None:
    alone = watched(9_984, {Pattern(3, 5, 1, 0): 290, Pattern(3, 7, 2, 0): 5})
    together = watched(9_984, {Pattern(3, 5, 1, 0): 100, Pattern(3, 7, 2, 0): 100})
    assert alone.look() == ()
    (found,) = together.look()
    assert found.kind is Kind.DISAGREEMENTS_CLUSTER
    assert found.p_value <= found.limit < SHARE
    assert found.worse


def test_spoiled_ballots_that_cluster_are_told_from_the_same_number_that_do_not() -> None:
    alone = watched(9_984, {Pattern(3, 3, 0, 1): 880, Pattern(3, 3, 0, 2): 20})
    together = watched(9_984, {Pattern(3, 3, 0, 1): 600, Pattern(3, 3, 0, 2): 160})
    assert alone.look() == ()
    assert [alarm.kind for alarm in together.look()] == [Kind.SPOILED_CLUSTER]


@pytest.mark.parametrize("rises", [True, False])
def test_drift_is_noticed_and_a_steady_rate_is_not(rises: bool) -> None:
    for drifts in (True, False):
        watch = SequentialTests(16_384)
        for batch in range(64):
            bad = (10 if (batch >= 32) is rises else 2) if drifts else 6
            watch.saw({"3": 256}, {str(Pattern(3, 5, 1, 0)): bad}, {})
            watch.passed({"3": 256}, {str(Pattern(3, 5, 1, 0)): bad})
        found = watch.look()
        assert [alarm.kind for alarm in found] == ([Kind.DRIFT] if drifts else [])
        assert all(alarm.worse is rises for alarm in found)
        if drifts:
            law = hypergeom(16_384, 384, 8_192)
            assert found[0].p_value == pytest.approx(float(law.cdf(64) if rises else law.sf(319)), rel=1e-6)


def test_failing_chains_drift_where_single_ballots_cannot_disagree() -> None:
    watch, steady = SequentialTests(16_384), SequentialTests(16_384)
    for batch in range(64):
        watch.passed({"1": 256}, {}, retried=5 if batch > 40 else 0)
        steady.passed({"1": 256}, {}, retried=2)
    assert [alarm.kind for alarm in watch.look()] == [Kind.DRIFT]
    assert steady.look() == ()


@pytest.mark.parametrize("changes", [True, False])
def test_chains_that_fail_less_since_their_lead_is_larger_do_not_drift(changes: bool) -> None:
    """Placebo: the same where the lead stays."""
    watch = SequentialTests(16_384)
    for batch in range(64):
        late = batch >= 32
        watch.passed({"2" if late and changes else "1": 256}, {}, retried=1 if late else 6)
    assert [alarm.kind for alarm in watch.look()] == ([] if changes else [Kind.DRIFT])


def test_ways_that_fail_together_are_told_from_ways_that_fail_as_often() -> None:
    together, apart = SequentialTests(10_000), SequentialTests(10_000)
    together.saw({}, {}, {"other names/00": 150, "other names/10": 1, "other names/11": 4})
    apart.saw({}, {}, {"other names/00": 146, "other names/10": 5, "other names/01": 4})
    (found,) = together.look()
    assert found.kind is Kind.WAYS_TOGETHER
    assert "4 of 5 steps" in found.detail
    assert found.p_value == pytest.approx(float(hypergeom(155, 5, 4).sf(3)))
    assert apart.look() == ()


def test_ways_that_err_independently_raise_no_alarm() -> None:
    """1,000 runs of 30 refuted chains each; the budget of one look is below 8e-4, four or more have 1e-2."""
    rng = np.random.default_rng(7)
    raised = 0
    for _ in range(1_000):
        cells: Counter[str] = Counter()
        for _ in range(30):
            length = int(rng.integers(1, 32))
            other = rng.random(length) < 0.05
            first = np.arange(length) == length - 1
            cells.update(f"w/{int(a)}{int(b)}" for a, b in zip(first, other, strict=True))
        watch = SequentialTests(1_000)
        watch.saw({}, {}, cells)
        raised += bool(watch.look())
    assert raised <= 8  # 9 or more: below 1e-7


def test_pairs() -> None:
    assert pair_up("abxd", "abcd", "abcd") == {"00": 2, "10": 1}
    assert pair_up("abxd", "abyd", "abcd") == {"00": 2, "11": 1}
    assert pair_up("abxd", "zb", "abcd") == {"01": 1, "00": 1}
    assert pair_up("", "", "ab") == {}


def test_looks_come_when_the_run_has_doubled_and_never_spend_more_than_the_share() -> None:
    watch, at = SequentialTests(100_000), []
    for _ in range(400):
        watch.saw({"2": 250}, {}, {})
        watch.passed({"2": 250}, {})
        if watch.due:
            at.append(watch.seen)
            watch.look()
    assert at[0] >= FIRST_LOOK
    assert all(later >= 1.5 * earlier for earlier, later in itertools.pairwise(at))
    assert watch.looks == len(at) < 12
    assert len(watch.stretches[2]) <= STRETCHES
    assert sum(races for races, _ in watch.stretches[2]) == watch.seen == 100_000


def test_what_steps_are_held_against_is_learned_on_the_way() -> None:
    watch = watched(9_984, {Pattern(3, 5, 1, 0): 20})
    before = SequentialTests(9_984).limits
    assert before.dissent == 1.0
    watch.look()
    assert 20 / 9_984 / 3 < watch.limits.dissent < 0.002
    pilot = SequentialTests(9_984, {Pattern(3, 3, 0, 0): 200}).limits
    assert watch.limits.dissent < pilot.dissent < 0.02


def test_a_rule_that_asks_for_more_after_a_dissent_raises_no_alarm() -> None:
    """The sequential rule draws many ballots after one dissent: two of them are no cluster."""
    rule = Sequential(1e-6, learned_weights(Counter({(4, 0): 9_900, (5, 1): 90, (6, 2): 2})))
    k = needed(rule, (), 100)
    for seed in range(5):
        run = simulate(rule, [(easy(0.01), STEPS)], np.random.default_rng(seed), 0.02)
        steps, whole, _ = kinds_raised(run, k)
        assert not steps
        assert not whole


def test_planted_clusters_are_raised_in_whole_runs() -> None:
    """One step in a hundred has half of all errors: at the same error rate, draws of one step fail together."""
    for seed in range(3):
        rng = np.random.default_rng(seed)
        mixed = simulate(FirstToAheadBy(3), [((0.999, 0.001, 0.0), STEPS), ((0.9, 0.1, 0.0), STEPS // 100)], rng)
        even = simulate(FirstToAheadBy(3), [((0.998, 0.002, 0.0), STEPS)], rng)
        assert Kind.DISAGREEMENTS_CLUSTER in {alarm.kind for alarm in kinds_raised(mixed, 3)[1]}
        assert not kinds_raised(even, 3)[1]
