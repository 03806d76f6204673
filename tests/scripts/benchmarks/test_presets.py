"""The table of differences between the presets: which rows stand in it, and that they differ where they should."""

from typing import Any

import pytest

from surefoot.scripts.benchmarks.presets import SUITES, main, methods, table


def row(method: str, solved: float, calls: float = 10.0) -> dict[str, Any]:
    return {
        "method": method, "problems": 24, "solved_percent": solved, "low_percent": solved - 5,
        "high_percent": solved + 5, "calls_per_problem": calls, "tokens_in_per_problem": 1234.0,
    }  # fmt: skip


@pytest.mark.parametrize("suite", SUITES)
def test_each_part_that_matters_has_a_row(suite: str) -> None:
    found = methods(suite)
    assert len(found) == len(set(found))
    assert {"paper", "paper-history", "paper-feedback", "paper-resort", "surefoot", "surefoot-climbing"} <= set(found)
    assert ("paper-phases" in found) == (suite in ("detour", "revaluation"))
    assert ("paper-description" in found) == (suite == "transfer")


def test_a_row_without_a_part_is_compared_with_its_own_preset() -> None:
    shown = table(
        "hanoi3", [row("paper", 50), row("paper-history", 40), row("surefoot", 90), row("surefoot-light", 95)]
    )
    lines = shown.splitlines()
    assert "| paper without history | 40 % (35 to 45) | -10 | 10 | 1,234 |" in lines
    assert "| surefoot without light | 95 % (90 to 100) | +5 | 10 | 1,234 |" in lines
    assert "| paper | 50 % (45 to 55) |  | 10 | 1,234 |" in lines


def test_two_phases_ask_twice_as_much(capsys: pytest.CaptureFixture[str]) -> None:
    """One real suite without errors: the phases cost calls, and everything is solved."""
    main(["--suite", "detour", "--error", "0", "--repeats", "1"])
    printed = capsys.readouterr().out
    calls = {line.split("|")[1].strip(): int(line.split("|")[4]) for line in printed.splitlines() if " % (" in line}
    assert calls["paper"] > 1.7 * calls["paper without phases"]
    assert calls["surefoot"] < calls["paper without phases"]
    assert printed.count("100 % (") == len(calls) == len(methods("detour"))
