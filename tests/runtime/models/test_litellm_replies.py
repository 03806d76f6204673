"""Reading responses."""

import pytest

from surefoot.runtime.models.litellm_replies import split


@pytest.mark.parametrize("weights", [[1], [0, 0], [1, 0, 2], [5, 5, 5, 5], [1000, 1, 1]])
@pytest.mark.parametrize("total", [0, 1, 7, 1001])
def test_shares_add_up(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    assert min(shares) >= 0
    if sum(weights):
        assert all(abs(s - total * w / sum(weights)) < 1 for s, w in zip(shares, weights, strict=True))
