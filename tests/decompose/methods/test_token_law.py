"""What a method's prompts cost as questions grow: planned ahead they grow with slope 1, step by step with slope 2."""

import functools
import math
from collections.abc import Callable

import pytest

from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods.walking import Walk

SHORT, LONG = (4, 8, 16, 32, 64), (64, 128, 256, 512)


@functools.cache
def words(method: str, steps: int) -> int:
    """All words of all prompts of one question."""
    walk = Walk(Generated(family="chains", length=steps, method=method))
    walk.run()
    return walk.words


def law(method: str) -> tuple[int, int, int]:
    """The coefficients a, b, c of a parabola a n^2 + b n + c through 8, 16 and 24 steps; whole numbers."""
    first, second, third = (words(method, steps) for steps in (8, 16, 24))
    a, rest = divmod(third - 2 * second + first, 2 * 8 * 8)
    b, more = divmod(second - first - a * (16 * 16 - 8 * 8), 8)
    assert rest == more == 0
    return a, b, first - a * 64 - b * 8


def slope(of: Callable[[int], float], steps: tuple[int, ...]) -> float:
    """Least squares through the logarithms."""
    points = [(math.log(one), math.log(of(one))) for one in steps]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


@pytest.mark.parametrize(("method", "found"), [("rewoo", (0, 43, 84)), ("self-ask", (10, 79, 46))])
def test_words_are_a_line_and_a_parabola_to_the_digit(method: str, found: tuple[int, int, int]) -> None:
    """The reason for slopes below 1 and 2 on short questions: instructions come first, 79 words a step of self-ask.

    What an earlier step adds to a later prompt are 10 words, which outweigh the 79 from eight steps on.
    """
    a, b, c = law(method)
    assert (a, b, c) == found
    for steps in (4, 32, 64):
        assert words(method, steps) == a * steps * steps + b * steps + c


@pytest.mark.parametrize(("method", "asked", "short"), [("rewoo", 1.0, 0.871), ("self-ask", 2.0, 1.621)])
def test_slopes_are_one_and_two_where_the_steps_outweigh_the_instructions(
    method: str, asked: float, short: float
) -> None:
    """Asked (systems reference, section 5, A1): 1.0 and 2.0 within 0.15. On 64 to 512 steps: 0.988 and 1.952.

    On 4 to 64 steps, as the reference has it, rewoo's slope is within the band, and that of self-ask is not.
    """
    a, b, c = law(method)
    assert slope(lambda n: a * n * n + b * n + c, LONG) == pytest.approx(asked, abs=0.05)
    assert slope(lambda n: words(method, n), SHORT) == pytest.approx(short, abs=0.001)


def test_a_question_of_64_steps_costs_an_eighth() -> None:
    assert 8 * words("rewoo", 64) <= words("self-ask", 64)


def carried(method: str, steps: int) -> int:
    """Words of all prompts of one question without those that each prompt of its kind has: instruction and form."""
    task = Generated(family="chains", length=steps, method=method)
    walk, wordings = Walk(task), task.decomposed_by().wordings
    walk.run()
    forms = {kind: one.form.replace("{form}", task.answer_form()) for kind, one in wordings.items()}
    return walk.words - sum(len(f"{wordings[kind].instruction} {forms[kind]}".split()) for kind in walk.kinds)


@pytest.mark.parametrize(("method", "found"), [("rewoo", 0.937), ("self-ask", 1.810)])
def test_slopes_of_what_is_carried_are_nearer_to_one_and_two(method: str, found: float) -> None:
    """What is left to explain the slope of short questions once instructions are not counted: labels of each line."""
    assert slope(lambda steps: carried(method, steps), SHORT) == pytest.approx(found, abs=0.001)
    assert slope(lambda steps: carried(method, steps), SHORT) > slope(lambda steps: words(method, steps), SHORT)
