"""Flags of a bench: ballots that disagree at the same problems, and plans that depend on how they are asked for."""

import random
from collections.abc import Iterator

import msgspec
import pytest

from surefoot.decompose.plan import PlanStep
from surefoot.runtime.report.journal_steps import JournalStep, Shown
from surefoot.scripts.commands.bench_flags import LEVEL, hard_together, plans_apart
from surefoot.scripts.commands.bench_table import BY_METHOD, Score, flags_of, page_of


def step(problem: int, said: list[str | None], **changes: object) -> JournalStep:
    told = {"node": f"{problem}.0", "what": "step", "attempt": 0, "number": 0, "lead": 4, "answer": said[0], **changes}
    return JournalStep(ballots=tuple(Shown(one) for one in said), **told)  # type: ignore[arg-type]


def races(rates: list[float], seed: int) -> Iterator[JournalStep]:
    """The first races of problems at which so many plans are wrong; each wrong plan is its own."""
    rng = random.Random(seed)
    for problem, rate in enumerate(rates):
        yield step(problem, ["right" if rng.random() >= rate else f"wrong {rng.random()}" for _ in range(6)])


def test_problems_that_are_hard_together_are_flagged_and_alike_ones_are_not() -> None:
    """The placebo has as many wrong plans, at all problems alike: flagged in no more sets than the level says."""
    hard = [0.85] * 35 + [0.05] * 65
    alike = [sum(hard) / len(hard)] * 100
    assert sum(bool(hard_together(races(hard, seed), 4)) for seed in range(30)) >= 28
    assert sum(bool(hard_together(races(alike, seed), 4)) for seed in range(100)) <= 100 * LEVEL + 3
    [line] = hard_together(races(hard, 0), 4)
    assert "of 100 both pairs agree at" in line
    assert "common cause" in line


def test_only_the_first_question_of_a_problem_counts_and_leads_of_four() -> None:
    hard = [0.85] * 35 + [0.05] * 65
    assert hard_together(races(hard, 0), 3) == []
    for changes in ({"number": 1}, {"attempt": 1}, {"node": "0.0.1"}, {"remembered": True}, {"what": "result"}):
        others = [step(0, [one.candidate for one in race.ballots], **changes) for race in races(hard, 0)]
        assert hard_together(others, 4) == [], changes
    assert hard_together([], 4) == []
    mended = [msgspec.structs.replace(race, way="another wording" if race.disputed else "") for race in races(hard, 0)]
    assert hard_together(mended, 4) == hard_together(races(hard, 0), 4), "what was asked again counts as it began"


def plan(*won: str) -> list[PlanStep]:
    kinds = ("plan", "plan, reworded", "plan, reworded again")
    steps = [PlanStep(kind, None, text) for kind, text in zip(kinds, won, strict=False)]
    return [*steps, PlanStep("part", None, "7"), PlanStep("solve", None, "7")]


@pytest.mark.parametrize(("won", "apart"), [(("a",), 0), (("a", "a"), 0), (("a", "b", "a"), 1), (("a", "b", "b"), 1)])
def test_plans_are_apart_where_the_first_two_wordings_differ(won: tuple[str, ...], apart: int) -> None:
    assert plans_apart([plan(*won)]) == apart
    assert plans_apart([plan(*won), plan("a", "a"), []]) == apart


def test_flags_stand_below_the_table() -> None:
    score = Score("rewoo", "m", 4, flags=["<b> of 4"])
    assert flags_of([Score("direct", "m", 4), score]) == ["rewoo: <b> of 4"]
    assert "<p>rewoo: &lt;b&gt; of 4</p>" in page_of("t", [score], (), BY_METHOD)
    assert score.shown()["flags"] == ["<b> of 4"]
