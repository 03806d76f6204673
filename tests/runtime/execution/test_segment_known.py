"""What an earlier session decided, or left undecided, is neither asked nor counted again."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.segment import Segment
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Counts, Finished, Record
from tests.runtime.execution.hanoi_segments import ASTRAY, PLACE, ROOT, SPLIT, WRONG_SPLIT, Make


@pytest.mark.parametrize(
    ("place", "astray", "caught"),
    [(PLACE, ASTRAY, "the same again"), (SPLIT, WRONG_SPLIT, "the decomposition again")],
)
async def test_a_session_that_finds_everything_journalled_counts_nothing_again(
    segment: Make, planted: Any, place: str, astray: str, caught: str
) -> None:
    model = planted(answers, lambda text, nth: astray if text == place and nth == 0 else None)
    first = segment(model, red_flags="none")
    await first.run(Segment(ROOT))
    assert first.work.counts.caught == {caught: 1}
    silent = planted(None)
    again = segment(silent, red_flags="none")
    assert await again.run(Segment(ROOT), [pack(first.work.take())]) == Finished("cccc")
    assert silent.asked == 0
    assert again.work.counts == Counts()
    assert again.work.take() == []
    assert again.work.take_events() == ()


async def test_a_decomposition_that_was_undecided_before_is_not_asked_again(segment: Make, planted: Any) -> None:
    """The journal holds the attempt after it: the one before had no verdict."""
    silent = planted(None)
    runner = segment(silent)
    runner.work.load([pack([Record((), "split", 1, 0, 3, ("x",))])])
    with pytest.raises(StepDeadlocked, match="undecided in an earlier session"):
        await runner.split(ROOT, 0)
    assert await runner.split(ROOT, 1) == "x"
    assert silent.asked == 0
