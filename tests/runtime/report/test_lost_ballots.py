"""Doubts by kind of question: ballots that lost or were discarded, over all that were drawn."""

from surefoot.runtime.records import Usage
from surefoot.runtime.report.journal_steps import JournalStep, Shown
from surefoot.runtime.report.lost_ballots import LostBallots, lost_by_kind


def step(kind: str, answer: str | None, *ballots: str | None) -> JournalStep:
    shown = tuple(Shown(text) if text is not None else Shown(None, "misformatted") for text in ballots)
    return JournalStep("root", "step", 0, 0, 2, answer, shown, kind=kind)


def test_what_lost_or_was_discarded_is_counted_by_kind() -> None:
    steps = [
        step("plan", "a", "a", "b", "a"),
        step("plan", None, "a", "b"),  # nobody won: all of them count
        step("part", "x", "x", None, "x", "x"),
        step("", "y", "z", "y"),  # of a kind that the journal does not know
    ]
    asked = {"part": Usage(calls=100), "plan": Usage(calls=10), "solve": Usage(calls=5)}
    assert lost_by_kind(steps, asked) == [
        LostBallots("plan", 10, 3),
        LostBallots("part", 100, 1),
        LostBallots("solve", 5, 0),
    ]
    assert LostBallots("plan", 10, 3).share == 0.3
    assert LostBallots("none", 0, 0).share == 0.0
