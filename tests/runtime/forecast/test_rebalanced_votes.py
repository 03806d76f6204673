"""Votes shared out by a pilot of both levels: where they go, what it costs, and when nothing is moved."""

import pytest

from surefoot.decompose.outline import Chains, Outline
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.rebalanced_votes import EACH, FEWEST, pilot_of_both, rebalanced
from surefoot.runtime.leads import Leads

OUTLINE = Outline((Chains("move", 40, 3), Chains("carry", 39, 1)), 39, "split", 5)


def seen(plan_errors: int, step_errors: int, trials: int = 120, spoiled: int = 0) -> Estimate:
    """A pilot in which so many ballots of each level dissented."""
    kinds = (
        KindEstimate("split", trials, plan_errors, trials + spoiled, 10, 10),
        KindEstimate("move", trials - 20, step_errors, trials - 20 + spoiled, 10, 10),
        KindEstimate("carry", 20, 0, 20, 10, 10),
    )
    return Estimate(2 * trials, plan_errors + step_errors, 2 * spoiled, 0.1, 0.2, kinds=kinds)


def leads(k: int) -> Leads:
    return Leads(k, k, k + 2, 3)


def test_votes_go_to_decompositions_where_these_err_and_come_to_no_more_calls() -> None:
    found = rebalanced(leads(4), OUTLINE, seen(36, 0))
    assert found.leads.plan > 4 > found.leads.unguarded == found.leads.guarded
    assert found.best.calls <= found.now.calls
    assert found.best.wrong < found.now.wrong / 2
    assert found.leads.suspect == found.leads.plan + 2


def test_votes_go_to_single_steps_where_these_err() -> None:
    found = rebalanced(leads(4), Outline((Chains("move", 40, 1),), 160, "split"), seen(0, 30))
    assert found.leads.plan < 4 < found.leads.unguarded
    assert found.best.calls <= found.now.calls
    assert found.best.wrong < found.now.wrong / 2


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("errors", [(0, 0), (5, 5), (60, 1), (1, 60), (120, 120)])
def test_never_more_calls_nor_more_wrong_verdicts_than_with_the_lead_that_was_asked_for(
    k: int, errors: tuple[int, int]
) -> None:
    found = rebalanced(leads(k), OUTLINE, seen(*errors))
    assert found.best.calls <= found.now.calls
    assert found.best.wrong <= found.now.wrong
    assert found.leads.plan >= 1
    assert found.leads.guarded == found.leads.unguarded >= 1


def test_a_level_that_never_dissented_is_not_taken_for_one_that_never_errs() -> None:
    few, many = (rebalanced(leads(4), OUTLINE, seen(0, 3, trials)) for trials in (30, 3000))
    assert few.now.wrong > many.now.wrong > 0


def test_discarded_replies_are_calls_too() -> None:
    calm, spoiled = (rebalanced(leads(2), OUTLINE, seen(3, 3, spoiled=spoiled)).now for spoiled in (0, 100))
    assert spoiled.calls > 1.5 * calm.calls
    assert spoiled.wrong == calm.wrong


def test_leaves_and_everything_else_stay() -> None:
    found = rebalanced(Leads(3, 3, 5, 7, steps_per_call=4), OUTLINE, seen(30, 0)).leads
    assert (found.leaf_steps, found.steps_per_call) == (7, 4)


def test_what_was_done_is_one_line() -> None:
    found = rebalanced(leads(4), OUTLINE, seen(36, 0))
    assert f"lead {found.leads.plan} for decompositions and {found.leads.unguarded} for single steps" in found.why
    assert "\n" not in found.why


def test_the_pilot_asks_as_many_decompositions_as_single_steps_although_they_are_rare() -> None:
    chosen = pilot_of_both(range(10_000), lambda number: number % 16 == 15)
    assert len(chosen) == 2 * EACH
    assert sum(number % 16 == 15 for number in chosen) == EACH
    assert chosen == sorted(chosen)


@pytest.mark.parametrize(("every", "name"), [(10_000, "decompositions"), (1, "single steps")])
def test_a_task_without_one_of_the_levels_is_refused(every: int, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        pilot_of_both(range(1000), lambda number: number % every == 0)


def test_few_of_a_level_are_enough() -> None:
    assert len(pilot_of_both(range(1000), lambda number: number < FEWEST)) == EACH + FEWEST
