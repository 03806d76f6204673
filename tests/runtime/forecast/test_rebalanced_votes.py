"""Votes shared out by a pilot of both levels: where they go, what it costs, and when nothing is moved."""

import random

import pytest

from surefoot.decompose.outline import Chains, Outline
from surefoot.runtime.errors import ConfigurationError
from surefoot.runtime.forecast import rebalanced_votes
from surefoot.runtime.forecast.estimates import Estimate, KindEstimate
from surefoot.runtime.forecast.rebalanced_votes import (
    EACH,
    FEWEST,
    WORTH,
    Left,
    Levels,
    Seen,
    faded,
    levels_in,
    levels_of,
    pilot_of_both,
    rebalanced,
    rebalanced_again,
)
from surefoot.runtime.leads import Leads

OUTLINE = Outline((Chains("move", 40, 3), Chains("carry", 39, 1)), 39, "split", 5)


def seen(plan_errors: int, step_errors: int, trials: int = 120, spoiled: int = 0) -> Levels:
    """A pilot in which so many ballots of each level dissented."""
    kinds = (
        KindEstimate("split", trials, plan_errors, trials + spoiled, 10, 10),
        KindEstimate("move", trials - 20, step_errors, trials - 20 + spoiled, 10, 10),
        KindEstimate("carry", 20, 0, 20, 10, 10),
    )
    pilot = Estimate(2 * trials, plan_errors + step_errors, 2 * spoiled, 0.1, 0.2, kinds=kinds)
    return levels_of(pilot, OUTLINE.split_kind)


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


STEADY = Levels(Seen(120, 120, 24), Seen(120, 120, 1))
SWAPPED = Levels(Seen(120, 120, 1), Seen(120, 120, 24))
LEFT = Left(100, 100)


def split(found: Leads) -> tuple[int, int]:
    return found.plan, found.unguarded


def test_votes_follow_a_level_that_begins_to_err() -> None:
    first = rebalanced_again(leads(4), 4, LEFT, STEADY)
    then = rebalanced_again(first, 4, LEFT, SWAPPED)
    assert first.plan > first.unguarded
    assert then.plan < then.unguarded
    assert then.suspect == then.unguarded + 2
    assert then.guarded == then.unguarded


def test_leads_stay_where_others_prevent_little() -> None:
    now = rebalanced_again(leads(4), 4, LEFT, STEADY)
    assert rebalanced_again(now, 4, LEFT, Levels(Seen(120, 120, 26), Seen(120, 120, 1))) == now
    assert rebalanced_again(now, 4, LEFT, STEADY) == now


def test_leads_that_come_to_more_than_what_is_left_are_given_up() -> None:
    dear = rebalanced_again(leads(4), 4, LEFT, STEADY, saved=400)
    assert dear != rebalanced_again(leads(4), 4, LEFT, STEADY)
    assert rebalanced_again(dear, 4, LEFT, STEADY, saved=400) == dear
    assert rebalanced_again(dear, 4, LEFT, STEADY, saved=0) != dear


def test_a_level_keeps_two_ballots_where_there_are_votes_to_spare() -> None:
    """One ballot shows no dissent: nobody would see that the level begins to err."""
    surely = Levels(Seen(120, 120, 40), Seen(120, 120, 0))
    assert rebalanced(leads(3), OUTLINE, surely).leads.unguarded == 2
    assert rebalanced(leads(2), OUTLINE, surely).leads.unguarded == 1


def counted(plan: tuple[int, int], steps: tuple[int, int]) -> dict[str, int]:
    """Ballots and dissent of both levels, as a run counts them."""
    levels = {"plan": plan, "steps": steps}
    return {
        f"{name}/{what}": number
        for name, (ballots, dissent) in levels.items()
        for what, number in (("answers", ballots), ("valid", ballots), ("dissent", dissent))
    }


def test_what_was_seen_long_ago_counts_less() -> None:
    pilot = Levels(Seen(100, 100, 30), Seen(100, 100, 0))
    begin, later = counted((0, 0), (0, 0)), counted((100, 0), (100, 20))
    found = faded(pilot, [begin, later])
    assert found.plan == Seen(170, 170, 21)
    assert found.steps.dissent == 20
    assert faded(pilot, [begin, later, later]).plan.dissent == pytest.approx(14.7)
    assert faded(pilot, [begin]) == pilot


def test_what_was_counted_is_read_by_level() -> None:
    assert levels_in(counted((9, 2), (30, 1))) == Levels(Seen(9, 9, 2), Seen(30, 30, 1))
    assert levels_in({}) == Levels()


def test_chance_alone_moves_few_votes() -> None:
    """Both levels err as the pilot said: of forty checkpoints few change the leads, and without hysteresis more do."""
    changes = {WORTH: 0, 1.0: 0}
    for worth in changes:
        for seed in range(10):
            dice, now = random.Random(seed), leads(4)
            totals = [counted((0, 0), (0, 0))]
            for left in range(40, 0, -1):
                plan, steps = [sum(dice.random() < p for _ in range(n)) for n, p in ((24, 0.1), (128, 0.03))]
                before = totals[-1]
                ballots = counted((24, plan), (128, steps))
                totals.append({name: before[name] + ballots[name] for name in before})
                chosen = again(now, left, faded(STEADY, totals), worth)
                changes[worth] += chosen != now
                now = chosen
    assert changes[WORTH] < 60
    assert changes[WORTH] < 0.7 * changes[1.0]


def again(now: Leads, left: int, seen: Levels, worth: float) -> Leads:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(rebalanced_votes, "WORTH", worth)
        return rebalanced_again(now, 4, Left(8 * left, 32 * left), seen)
