"""Planning beats random search and hill climbing at equal calls (A3), and each of its parts is needed (A4 to A6).

Simulated landscapes, everything seeded: 20 seeds with ``--long``, the first 8 of them else, or 3 where arms lie far
apart. Each claim has its placebo arm.
"""

from collections.abc import Callable

import numpy
import pytest
from numpy.typing import NDArray

from surefoot.decompose.wordings.edit import SCALES, Scale
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.tuning.latent import Lesson
from surefoot.runtime.tuning.planning import Planning
from surefoot.runtime.tuning.searches import SEARCHES, HillClimbing, RandomSearch, Search, search_named
from surefoot.runtime.tuning.space import Outcome, Record, together
from tests.runtime.tuning.landscapes import Flags, easy, error, lessons, searched, trap

Arm = Callable[[int], float]


Errors = NDArray[numpy.float64]


class Seeds:
    """The seeds that claims are tested over."""

    def __init__(self, count: int) -> None:
        self.count = count

    def errors(self, arm: Arm) -> Errors:
        return numpy.array([arm(seed) for seed in range(self.count)])


@pytest.fixture(scope="module")
def seeds(request: pytest.FixtureRequest) -> Seeds:
    return Seeds(20 if request.config.getoption("--long") else 8)


def other_tasks(seed: int) -> tuple[Lesson, ...]:
    return lessons(easy(2000 + seed, 4)[1:], 100, 0.3, seed)


@pytest.fixture(scope="module")
def few(request: pytest.FixtureRequest) -> Seeds:
    return Seeds(20 if request.config.getoption("--long") else 3)


@pytest.fixture(scope="module")
def planned(seeds: Seeds) -> Errors:
    return seeds.errors(lambda seed: error(Planning(), easy(2000 + seed)[0], 50, seed))


@pytest.fixture(scope="module")
def baselines(seeds: Seeds) -> Errors:
    """Of random search and of hill climbing, one a row."""

    def arm(search: Search) -> Errors:
        return seeds.errors(lambda seed: error(search, easy(2000 + seed)[0], 50, seed))

    return numpy.array([arm(RandomSearch()), arm(HillClimbing())])


def test_planning_beats_search_without_a_model_at_equal_calls(planned: Errors, baselines: Errors) -> None:
    assert planned.mean() < 0.6 * baselines.mean(axis=1).min()
    # Of 20 seeds, 16; of the first 8, 6.
    assert (planned < baselines.min(axis=0)).mean() >= (0.8 if len(planned) == 20 else 0.75)


def test_what_planning_learns_is_what_wins(few: Seeds, baselines: Errors) -> None:
    """Shown the same outcomes in another order, it finds less than search without a model."""
    placebo = few.errors(lambda seed: error(Planning(), easy(2000 + seed)[0], 50, seed, shuffled=True))
    assert placebo.mean() > baselines.mean(axis=1).max()


@pytest.mark.parametrize("scale", SCALES)
def test_each_scale_of_edits_is_needed(few: Seeds, planned: Errors, scale: Scale) -> None:
    rest = tuple(one for one in SCALES if one != scale)
    ablated = few.errors(lambda seed: error(Planning(scales=rest), easy(2000 + seed)[0], 50, seed, Flags(rest)))
    assert ablated.mean() > 1.5 * planned[: few.count].mean()


def test_lessons_of_other_tasks_save_more_than_half_of_the_queries(few: Seeds, planned: Errors) -> None:
    warm = few.errors(lambda seed: error(Planning(lessons=other_tasks(seed)), easy(2000 + seed)[0], 12, seed))
    cold = few.errors(lambda seed: error(Planning(cold=4), easy(2000 + seed)[0], 12, seed))
    assert warm.mean() <= planned[: few.count].mean()
    assert cold.mean() > 1.5 * planned[: few.count].mean()


def test_a_horizon_of_two_gets_out_of_a_trap_that_greed_stays_in(few: Seeds) -> None:
    """Each half of a pair across scales hurts, and no single edit makes a whole pair."""
    taught, queries = 120, 40 if few.count == 20 else 24

    def arm(horizon: int) -> Arm:
        def one(seed: int) -> float:
            task, *others = trap(5000 + seed, 4)
            return error(Planning(horizon=horizon, lessons=lessons(others, taught, 1.0, seed)), task, queries, seed)

        return one

    greedy, planned = few.errors(arm(1)).mean(), few.errors(arm(2)).mean()
    assert planned <= 0.5 * greedy
    at_random = few.errors(lambda seed: error(RandomSearch(), trap(5000 + seed)[0], queries, seed))
    climbing = few.errors(lambda seed: error(HillClimbing(), trap(5000 + seed)[0], queries, seed))
    assert climbing.mean() > 0.5
    # At 24 queries random search is as good; the claim is about 40.
    assert planned < at_random.mean() or queries < 40


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_is_a_function_of_its_records(name: str) -> None:
    """What it asks after any number of records is what it asks when it is resumed there."""
    search, (landscape,) = search_named(name), easy(3)
    records = searched(search, landscape, 22, 3)
    assert [search_named(name).propose(Flags(), records[:n], 3) for n in range(22)] == [r.candidate for r in records]
    assert records[0].candidate == Flags().start
    assert searched(search, landscape, 22, 4)[1:] != records[1:]
    asked = {record.candidate for record in records}
    assert set(search.ranked(Flags(), records, 3)) == asked


def test_few_calls_do_not_win_by_luck() -> None:
    records = [Record("lucky", Outcome(5, 5)), *[Record("good", Outcome(18, 20))] * 5]
    assert RandomSearch().ranked(Flags(), records, 0) == ["good", "lucky"]  # type: ignore[type-var]
    assert [one.outcome for one in together(records)] == [Outcome(5, 5), Outcome(90, 100)]


def test_hill_climbing_stays_where_it_is_answered_best() -> None:
    space, worse = Flags(), Record(frozenset({1}), Outcome(2, 20))
    start = Record(space.start, Outcome(9, 20))
    for seed in range(20):
        after = HillClimbing().propose(space, [start, worse], seed)
        assert after is not None
        assert 1 <= len(after ^ space.start) <= 2


def test_an_unknown_search_is_named() -> None:
    with pytest.raises(ConfigurationError, match="unknown search 'clever': use planning, random, hill-climbing"):
        search_named("clever")
