import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.correlation import Collisions, count_collisions

ROWS = st.lists(
    st.sampled_from(
        [
            (False, False, True),
            (True, False, False),
            (False, True, False),
            (True, True, False),
            (True, True, True),
        ]
    )
)


def test_an_example() -> None:
    rows = [(True, True, True), (True, True, False), (True, False, False), (False, False, True)]
    assert count_collisions(rows) == Collisions(
        steps=4, both_wrong=2, wrong_alike=1, expected_both_wrong=4 * 3 / 4 * 2 / 4
    )


def test_no_steps() -> None:
    assert count_collisions(iter([])) == Collisions(0, 0, 0, 0.0)


@given(ROWS)
def test_counts_add_up(rows: list[tuple[bool, bool, bool]]) -> None:
    found = count_collisions(rows)
    assert found.steps == len(rows)
    assert found.both_wrong == rows.count((True, True, True)) + rows.count((True, True, False))
    assert found.wrong_alike == rows.count((True, True, True)) <= found.both_wrong
    assert 0 <= found.expected_both_wrong <= found.steps
    # Which draw was called the first changes nothing.
    assert count_collisions((second, first, alike) for first, second, alike in rows) == found


def test_tells_errors_that_go_together_from_errors_that_do_not() -> None:
    rng = random.Random(3)
    apart = [(rng.random() < 0.05, rng.random() < 0.05) for _ in range(20_000)]
    hard = [rng.random() < 0.1 for _ in range(20_000)]  # the same error rate, all of it on a tenth of the steps
    together = [(h and rng.random() < 0.5, h and rng.random() < 0.5) for h in hard]
    independent, correlated = (count_collisions((a, b, a == b) for a, b in x) for x in (apart, together))
    assert independent.both_wrong == pytest.approx(independent.expected_both_wrong, abs=45)  # 6.4 standard errors
    assert correlated.both_wrong > 5 * correlated.expected_both_wrong


def test_a_row_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="step 1: equal answers"):
        count_collisions([(False, False, True), (True, False, True)])
