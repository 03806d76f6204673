"""What votes and flags make of wrong plans with a common cause; small sets of the benchmark's own cases."""

import random

import pytest

from surefoot.scripts.benchmarks.wrong_plans import (
    CASES,
    Planner,
    common_cause,
    hard_questions,
    independent,
    main,
    one_wrong_plan,
    raises_alarm,
    seen,
)


@pytest.mark.parametrize(("planner", "shared"), CASES)
def test_every_planner_is_wrong_in_three_of_ten(planner: Planner, shared: float) -> None:
    rng = random.Random(1)
    said = [planner(rng, shared)() for _ in range(4000)]
    assert said.count("right") / 4000 == pytest.approx(0.7, abs=0.03)


def test_votes_mend_plans_that_are_wrong_in_their_own_ways() -> None:
    """At least 99 % right; the placebo, where all wrong plans are alike, is not."""
    assert seen(independent, 0.0, 100, 5).right >= 0.99
    assert 0.9 < seen(one_wrong_plan, 0.0, 100, 5).right < 0.99


def test_one_race_raises_nothing() -> None:
    found = seen(common_cause, 1.0, 1, 30)
    assert (found.alarms, found.pairs) == (0, 0)
    assert found.right < 0.9


def test_over_many_questions_pairs_see_hard_ones_and_not_one_common_plan() -> None:
    """Draws that all give the same wrong plan are an easy question's to whoever does not know the answer."""
    assert seen(hard_questions, 0.3, 100, 10).pairs >= 8
    assert seen(independent, 0.0, 100, 10).pairs <= 1
    blind = seen(common_cause, 1.0, 100, 10)
    assert (blind.pairs, blind.alarms) == (0, 0)
    assert blind.right == pytest.approx(0.7, abs=0.06)


def test_a_runs_alarm_is_made_for_rare_errors() -> None:
    """The same cluster of disagreements raises it where others hardly err, and not among plans of 70 %."""
    hard, easy = ["a", "b", "c", "a", "d", "a", "a", "a", "a"], ["a"] * 4
    assert raises_alarm([hard] * 6 + [easy] * 1000)
    assert not raises_alarm([hard] * 6 + [easy] * 6)


def test_the_table_has_a_row_for_each_case(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--questions", "2", "--sets", "1"])
    assert len(capsys.readouterr().out.splitlines()) == 2 + len(CASES)
