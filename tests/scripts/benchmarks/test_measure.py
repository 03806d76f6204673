"""How often the interval of a measurement holds the true rate, told at the smallest size."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.scripts.benchmarks import measure
from surefoot.scripts.benchmarks.measure import holds, main


def test_a_line_for_each_rate(printed: Callable[..., str]) -> None:
    lines = printed(main, "--seeds", "1", "--samples", "200", "--rates", "0.05,0.2").splitlines()
    assert lines[0].startswith("true error rate 0.05: in the 95 % interval in ")
    assert lines[1].startswith("true error rate 0.2: in the 95 % interval in ")
    assert all(line.endswith(" of 1 seeds (aim 90 of 100)") for line in lines)


def test_the_seeds_that_hold_are_counted(printed: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    async def every_third(rate: float, seed: int, samples: int) -> bool:
        return seed % 3 == 0

    monkeypatch.setattr(measure, "holds", every_third)
    assert "in 4 of 10 seeds" in printed(main, "--seeds", "10", "--rates", "0.01")


def test_an_interval_around_another_rate_does_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(holds(0.3, 1, 60))
    kept: Any = vars(measure)["measure"]

    def shifted(*given: Any) -> Any:
        class Elsewhere:
            p_error_low, p_error_high = 0.9, 1.0

        assert kept(*given).p_error_low <= 0.3
        return Elsewhere

    monkeypatch.setattr(measure, "measure", shifted)
    assert not asyncio.run(holds(0.3, 1, 60))
