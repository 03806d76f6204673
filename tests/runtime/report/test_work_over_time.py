"""The picture of the workers is as long as the work: pauses between sessions are left out."""

from surefoot.runtime.report.gather import Span
from surefoot.runtime.report.work_over_time import COLUMNS, work_over_time

DAY = 86_400.0


def spans(*starts: float) -> list[Span]:
    return [Span("w", "/", 1e9 + start, 1e9 + start + 10, 100) for start in starts]


def test_a_night_between_two_sessions_is_left_out() -> None:
    found = work_over_time(spans(0, 10, DAY, DAY + 10))
    assert found is not None
    assert (round(found.seconds), found.pauses) == (40, 1)
    [(_, hands)] = found.workers
    assert all(value > 0.9 for value in hands), "somebody works in every stretch"


def test_short_gaps_are_work() -> None:
    found = work_over_time(spans(0, 10.5, 21))
    assert found is not None
    assert (round(found.seconds), found.pauses) == (31, 0)


def test_with_the_night_nearly_all_stretches_would_be_empty() -> None:
    """The placebo: one clock for both sessions."""
    shares = [(start / (DAY + 20)) * COLUMNS for start in (0, 10, DAY, DAY + 10)]
    assert len({int(share) for share in shares}) < 4


def test_steps_are_kept() -> None:
    found = work_over_time(spans(0, 10, DAY))
    assert found is not None
    wide = found.seconds / COLUMNS
    assert round(sum(pace for _, pace in found.pace) * wide) == 300


def test_nothing_known_is_nothing_shown() -> None:
    assert work_over_time([]) is None
    assert work_over_time([Span("w", "/", 0.0, 0.0, 1), Span("w", "/", 5.0, 1.0, 1)]) is None
