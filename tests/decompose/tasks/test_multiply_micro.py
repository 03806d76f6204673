"""Long multiplication by counting: right answers give the product, a wrong one goes into it."""

import itertools
import random

import pytest

from surefoot.decompose.answer_keys.multiply import answers
from surefoot.decompose.referees.multiply import verify
from surefoot.decompose.step import Flag, Step
from surefoot.decompose.tasks.counting import OFFSET
from surefoot.decompose.tasks.multiply_micro import MultiplyMicro
from tests.decompose.tasks.micro_walks import right_by, walk

right = right_by(answers)


@pytest.mark.parametrize(
    ("x", "y"), [("47", "38"), ("9", "9"), ("99", "99"), ("10", "10"), ("1", "1"), ("007", "5"), ("1234", "9")]
)
def test_right_answers_give_the_product(x: str, y: str) -> None:
    task = MultiplyMicro(x=x, y=y)
    done = walk(task, right)
    assert verify(task, done).reached_goal
    root = task.root()
    assert len(done.steps) == task.usual_steps(root.goal, root.inputs) <= task.size(root.goal, root.inputs)
    assert task.outline(31).steps == len(done.steps) > 0


def test_random_factors() -> None:
    for draw in range(20):
        task = MultiplyMicro(digits=3, draw=draw)
        assert verify(task, walk(task, right)).reached_goal


@pytest.mark.parametrize("number", range(60))
def test_a_wrong_answer_goes_into_the_product(number: int) -> None:
    """Placebo: the referee finds nothing where nothing was changed (above)."""
    task = MultiplyMicro(x="47", y="38")
    numbers = itertools.count()

    def say(task: MultiplyMicro, step: Step) -> str:
        return str(int(right(task, step)) + (next(numbers) == number))

    found = verify(task, walk(task, say))
    assert (found.valid, found.reached_goal, found.steps) == (False, False, number)


def test_answers_that_know_nothing_give_no_product() -> None:
    rng, task = random.Random(1), MultiplyMicro(x="12", y="13")
    assert not any(walk(task, lambda *_: str(rng.randint(0, 99))).output == "156" for _ in range(200))


@pytest.mark.parametrize(("x", "y"), [("0", "5"), ("5", "000")])
def test_a_product_that_asks_nothing_is_refused(x: str, y: str) -> None:
    with pytest.raises(ValueError, match="a factor is 0"):
        MultiplyMicro(x=x, y=y)


def test_every_sample_can_be_asked_and_answered() -> None:
    task = MultiplyMicro(digits=4)
    for number in range(100):
        step = task.sample_step(number)
        assert step == task.sample_step(number)
        assert right(task, step) == str(step.reads.value + 1)
        assert 0 <= step.reads.value <= 80
    assert isinstance(task.parse(step, str(OFFSET - 9), "micro"), Flag)
