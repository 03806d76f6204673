"""Numbers of draws: the same for ever, and no two questions of a run have one in common."""

from typing import Any

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.segment import Segment
from surefoot.runtime.execution.chain_runner import SHARED_DRAWS
from surefoot.runtime.execution.draw_numbers import draws_of
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from tests.runtime.execution.hanoi_segments import ASTRAY, PLACE, ROOT, Make


def test_draw_numbers_are_the_same_everywhere_and_for_ever() -> None:
    """Journals of all versions rely on them: a resumed step must not be asked under another number."""
    keys = [((), "run", 0), ((), "run", 1), ((), "split", 0), ((0,), "run", 0), ((0, 1), "run", 0), ((1, 0), "run", 0)]
    numbers = [draws_of(key) for key in keys]
    assert len(set(numbers)) == len(numbers)
    assert all(number % MAX_DRAWS == 0 and number < 2**60 for number in numbers)
    assert numbers[4] == draws_of(((0, 1), "run", 0)) == 142390676301856768


async def test_a_suspect_step_is_drawn_from_the_second_half_of_its_numbers(segment: Make, planted: Any) -> None:
    """Also for ever: a resumed run asks a suspect under the numbers that it would have had."""
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE and nth == 0 else None)
    await segment(model).run(Segment(ROOT))
    first = draws_of(((0,), "run", 1)) + 4 * MAX_DRAWS
    assert [draw - first for draw in model.draws if first <= draw < first + MAX_DRAWS] == [0, 2048, 2049, 2050]
    assert SHARED_DRAWS == 3072
    assert len(set(model.draws)) == len(model.draws), "no number is drawn twice"
