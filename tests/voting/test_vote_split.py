"""Votes are shared out where they prevent most, at no more calls; the other way round prevents less."""

import random

import pytest

from surefoot.voting.vote_split import VotedClass, best_split, other_split, split_of


def measured(voted: VotedClass, lead: int, runs: int, dice: random.Random) -> tuple[float, float]:
    """Share of simulated runs with a wrong verdict of a class, and their mean calls."""
    failed = calls = 0
    for _ in range(runs):
        wrong = False
        for _ in range(int(voted.questions)):
            ahead = 0
            while abs(ahead) < lead:
                calls += 1
                ahead += 1 if dice.random() < voted.p_right else -1
            wrong |= ahead < 0
        failed += wrong
    return failed / runs, calls / runs


@pytest.mark.parametrize("plans_err", [True, False])
def test_moving_votes_to_the_class_that_errs_halves_the_failures_and_the_other_way_does_not(plans_err: bool) -> None:
    bad, good = VotedClass(30, 0.75, 1.0, 4), VotedClass(60, 0.9999, 1.0, 4)
    first, second = (bad, good) if plans_err else (good, bad)
    now = split_of(first, second, (4, 4))
    best, other = best_split(first, second, now.calls), other_split(first, second, now.calls)
    dice = random.Random(1)
    failures = []
    for split in (now, best, other):
        (one, calls), (two, more) = measured(first, split.first, 150, dice), measured(second, split.second, 150, dice)
        assert calls + more <= 1.05 * now.calls
        failures.append(1 - (1 - one) * (1 - two))
    assert failures[0] > 2 * failures[1]
    assert failures[2] > 0.7 * failures[0]


def test_what_is_expected_is_what_the_closed_forms_say() -> None:
    voted = VotedClass(10, 0.75, 0.5, 2)
    assert voted.wrong(2) == pytest.approx(10 * (1 / 9) / (1 + 1 / 9))
    assert voted.calls(1) == pytest.approx(20)


def test_nothing_is_taken_for_certain() -> None:
    assert VotedClass(10, 1.0, 1.0, 1).wrong(1) > 0


def test_without_a_better_way_the_leads_stay() -> None:
    alike = VotedClass(10, 0.9, 1.0, 2)
    now = split_of(alike, alike, (2, 2))
    assert best_split(alike, alike, now.calls) == now
    assert best_split(alike, alike, 0) == now
    assert best_split(alike, alike, 2 * now.calls).wrong < now.wrong


def test_an_audited_level_has_a_second_ballot_in_its_share_of_the_questions() -> None:
    plain, audited = (VotedClass(80, 0.9, 1.0, 1, share) for share in (0.0, 0.125))
    assert audited.calls(1) == pytest.approx(70 * plain.calls(1) / 80 + 10 * plain.calls(2) / 80)
    assert audited.wrong(1) == pytest.approx(70 * plain.wrong(1) / 80 + 10 * plain.wrong(2) / 80)
    assert (audited.calls(2), audited.wrong(2)) == (plain.calls(2), plain.wrong(2))


def test_no_lead_below_the_fewest_is_chosen() -> None:
    sure, unsure = VotedClass(400, 0.999999, 1.0, 3), VotedClass(100, 0.7, 1.0, 3)
    calls = split_of(sure, unsure, (3, 3)).calls
    assert best_split(sure, unsure, calls).first == 1
    assert best_split(sure, unsure, calls, 2).first == 2
