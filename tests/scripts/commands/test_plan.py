"""What ``surefoot plan`` says: calls with and without the pilot, and how much is known of the length."""

import json

import pytest

from surefoot.scripts.commands.cli import main

OWN = "tests.runtime.measurement.counting:Counting"


def said(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as left:
        main(["plan", *words, "--model", "simulated:p_error=0.01", "--samples", "40"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_the_pilot_is_not_counted_into_calls_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    """A run of 31 steps: its pilot alone asks 60. Placebo: all calls shared out over the steps."""
    words = ["hanoi", "--disks", "5"]
    told = json.loads(said(capsys, *words, "--json").splitlines()[-1])
    assert told["pilot_calls"] == 60
    assert 1 <= told["calls_per_step"] < 2 < told["calls_per_step_with_pilot"]
    assert told["calls"] == pytest.approx(31 * told["calls_per_step"] + 60)
    assert told["calls"] == pytest.approx(31 * told["calls_per_step_with_pilot"])
    assert "and 60 of the pilot" in said(capsys, *words)
    fixed = json.loads(said(capsys, *words, "--k", "2", "--json").splitlines()[-1])
    assert fixed["pilot_calls"] == 0
    assert fixed["calls_per_step"] == fixed["calls_per_step_with_pilot"]


def test_the_length_of_an_own_task_is_said_to_be_a_bound(capsys: pytest.CaptureFixture[str]) -> None:
    """It gives no usual number of steps: 1,000,000 is only where its chain is stopped."""
    text = " ".join(said(capsys, OWN, "--strategy", "chain").split())
    assert "at most 1,000,000 steps" in text
    assert "does not say how many steps are usual" in text
    assert "does not say how many" not in said(capsys, "hanoi", "--disks", "5")
    assert json.loads(said(capsys, OWN, "--strategy", "chain", "--json").splitlines()[-1])["length_is_bound"]


@pytest.mark.parametrize(("most", "code"), [("30", 3), ("10000", 0)])
def test_a_limit_holds_for_the_sample_and_is_not_waited_for(
    most: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Placebo: a limit that is large enough."""
    with pytest.raises(SystemExit) as left:
        main(["plan", "hanoi", "--disks", "5", "--model", "simulated", "--samples", "40", "--max-calls", most])
    assert left.value.code == code
    assert ("--max-calls: what is left does not cover" in capsys.readouterr().err) == bool(code)
