"""A Ray is started where it pays, and the reason says so in one line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.worker.ray_decision import RAY_START_S, wants_ray


@pytest.mark.parametrize("seconds", [None, 0.0, 1e6])
@pytest.mark.parametrize(("address", "wanted"), [("none", False), ("local", True), ("10.0.0.5:6379", True)])
def test_an_address_decides_by_itself(seconds: float | None, address: str, wanted: bool) -> None:
    decision = wants_ray(seconds, 8, address)
    assert decision.wanted == wanted
    assert address in decision.reason


@pytest.mark.parametrize("seconds", [None, math.inf, math.nan])
def test_what_is_not_known_may_be_long(seconds: float | None) -> None:
    assert wants_ray(seconds, 2, "auto").wanted


@given(seconds=st.floats(0, 1e7), cores=st.integers(1, 256))
def test_work_that_is_over_sooner_without_ray_does_not_start_one(seconds: float, cores: int) -> None:
    decision = wants_ray(seconds, cores, "auto")
    assert decision.wanted == (RAY_START_S + seconds / cores < seconds)
    assert "\n" not in decision.reason
    assert ("--address local" in decision.reason) == (not decision.wanted)


def test_what_is_guessed_is_told_as_a_guess() -> None:
    said = wants_ray(9, 2, "auto", "guessed at 1 s a call").reason
    assert said.startswith("no Ray: the work takes about 9 s in one process, guessed at 1 s a call, ")
    assert "in one process, 1" in wants_ray(9, 2, "auto").reason


def test_one_core_never_pays() -> None:
    assert not wants_ray(1e9, 1, "auto").wanted
    assert wants_ray(1e9, 2, "auto").wanted
