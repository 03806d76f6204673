"""Pairs of runs with several steps a call and with one: how they are made, and the ratios from made-up times."""

from collections.abc import Callable, Sequence

import pytest

from surefoot.scripts.benchmarks import long_replies
from surefoot.scripts.benchmarks.long_replies import Took, children_s, main, took


def test_a_run_is_verified_and_its_time_is_its_own() -> None:
    before = children_s()
    found = took(3, "4", ("--model", "simulated", "--address", "none", "--k", "1"))
    assert found.right
    assert 0 < found.processor_s < children_s() - before + 1e-6
    assert found.wall_s > 0
    assert found.calls_per_step < 1
    assert found.tokens > 1


def test_every_other_pair_is_the_other_way_round(monkeypatch: pytest.MonkeyPatch, printed: Callable[..., str]) -> None:
    asked: list[tuple[str, str, bool]] = []

    def made_up(disks: int, count: str, options: Sequence[str]) -> Took:
        asked.append((count, options[-1], "--minimize" in options))
        seconds = 10.0 if count == "1" else 2.0 + len(asked)
        return Took(len(asked) != 4, seconds, 2 * seconds, 1.03, 14.0)

    monkeypatch.setattr(long_replies, "took", made_up)
    lines = printed(main, "--disks", "5", "--pairs", "2").splitlines()
    assert asked == [("1", "0", False), ("auto", "0", True), ("auto", "1", True), ("1", "1", False)]
    assert lines[0].startswith("5 disks,    1 a call: right, 10.0 s of a processor, 20.0 s, 1.030 calls and 14.00")
    assert "WRONG" in lines[4]
    assert lines[2] == "  processor time 0.400, time 0.400 of one step a call"
    assert lines[-1] == "auto steps a call against one, 2 pairs: processor time 0.450, time 0.450"
