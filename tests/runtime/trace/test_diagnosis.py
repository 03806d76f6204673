"""What limits a run is told from its journal alone, in four regimes; a journal that does not say it is not made to."""

import random
from collections import Counter

import pytest

from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contested, Counts, Entry, Record
from surefoot.runtime.trace.class_tally import ClassTally, Tallies, entropy, tally
from surefoot.runtime.trace.diagnosis import Diagnosis, diagnose
from surefoot.runtime.trace.traced_run import TracedRun
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal

QUESTIONS = 60
LEAD = 4
GOOD, BAD = 0.001, 0.15


class JournalAlone(TracedRun):
    """A run of which there is a journal and nothing else."""

    def __init__(self, journal: InMemoryJournal) -> None:
        from surefoot.runtime.config import RunConfig

        self.journal, self.config = journal, RunConfig(task="hanoi", model="simulated")


def race(error: float, dice: random.Random) -> Entry:
    drawn: list[Ballot] = []
    ahead = 0
    while abs(ahead) < LEAD:
        said = dice.random() >= error
        ahead += 1 if said else -1
        drawn.append(Ballot(len(drawn), "right" if said else "wrong"))
    return Contested(LEAD, tuple(drawn)) if len(drawn) > LEAD else str(drawn[0].candidate)


def run(plan_error: float, step_error: float, seed: int) -> JournalAlone:
    """A run of as many decompositions as steps, at two rates of error that nothing in its journal says."""
    dice = random.Random(seed)
    records = []
    for number in range(QUESTIONS):
        records.append(Record((number,), "split", 0, 0, LEAD, (race(plan_error, dice),)))
        records.append(Record((number, 0), "run", 0, 0, LEAD, (race(step_error, dice),)))
    journal = InMemoryJournal()
    journal.commit([Write("/", Batch(pack(records), Counts()))], 1.0)
    return JournalAlone(journal)


REGIMES = {
    (GOOD, GOOD): "neither", (BAD, GOOD): "planning-limited", (GOOD, BAD): "execution-limited", (BAD, BAD): "both",
}  # fmt: skip


def told(regimes: dict[tuple[float, float], str], seeds: range, *, swapped: bool = False) -> float:
    """Share of the runs whose verdict is that of their regime."""
    right = 0
    for (plan, step), verdict in regimes.items():
        for seed in seeds:
            found = tally([run(*((step, plan) if swapped else (plan, step)), seed=seed)])
            right += diagnose(found).verdict == verdict
    return right / len(regimes) / len(seeds)


@pytest.mark.parametrize(
    ("seeds", "least"), [(range(3), 0.9), pytest.param(range(100, 150), 0.95, marks=pytest.mark.long)]
)
def test_four_regimes_are_told_apart_from_their_journals(seeds: range, least: float) -> None:
    assert told(REGIMES, seeds) >= least


def test_levels_that_are_mixed_up_are_not() -> None:
    """The placebo: steps counted as plans."""
    assert told(REGIMES, range(2), swapped=True) <= 0.6


def diagnosed(plan: float, step: float) -> Diagnosis:
    return diagnose(tally([run(plan, step, seed) for seed in range(4)]))


def test_votes_are_recommended_for_the_level_that_errs_at_no_more_calls() -> None:
    for pair in ((BAD, GOOD), (GOOD, BAD)):
        found = diagnosed(*pair)
        assert found.now is not None
        assert found.recommended is not None
        assert found.other is not None
        assert found.recommended.calls <= found.now.calls
        assert 2 * found.recommended.wrong < found.now.wrong <= found.other.wrong
        assert (found.recommended.first > found.recommended.second) == (pair[0] == BAD)
        assert found.modules == f"TaskDecomposer.k={found.recommended.first}; Actor.k={found.recommended.second}"


def test_the_share_of_plans_has_an_interval_around_it() -> None:
    found = diagnosed(BAD, BAD)
    assert found.interval is not None
    assert found.plan_share is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert found.interval.low < found.plan_share < found.interval.high
    assert found.runs == 4


def test_choices_of_plans_have_an_entropy() -> None:
    assert diagnosed(GOOD, BAD).plan_entropy < 0.05 < 0.2 < diagnosed(BAD, GOOD).plan_entropy
    assert entropy(Counter(a=1, b=1, c=1, d=1)) == 2
    assert entropy(Counter(a=3)) == entropy(Counter()) == 0


def test_single_ballots_tell_nothing() -> None:
    one = ClassTally(questions=50, patterns=Counter({(1, 0): 50}), leads=Counter({1: 50}))
    found = diagnose(Tallies({("plan", ""): one, ("execution", ""): one}, runs=1))
    assert found.verdict == "cannot be told"
    assert "0 ballots can be compared" in found.why
    assert found.now is None


def test_a_run_without_plans_says_so() -> None:
    one = ClassTally(questions=50, patterns=Counter({(3, 1): 50}), leads=Counter({1: 50}))
    assert diagnose(Tallies({("execution", ""): one}, runs=1)).why == "no question of how to split work was decided"


@pytest.mark.parametrize("against", [0, 1, 6])
def test_the_interval_of_an_error_holds_the_error(against: int) -> None:
    """Draws alone begin a little above 0 where no ballot was against, and end below 1 where all were."""
    one = ClassTally(questions=3, patterns=Counter({(6, against): 1}))
    (found,) = diagnose(Tallies({("execution", "move"): one}, runs=1)).classes
    assert found.interval.low <= found.error <= found.interval.high
    assert found.interval.low < found.interval.high
