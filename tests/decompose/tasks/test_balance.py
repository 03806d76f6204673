"""A ledger by counting: right answers give the balance, a wrong one goes into it, and nothing is done without any."""

import itertools
import random

import pytest

from surefoot.decompose.answer_keys.balance import answers
from surefoot.decompose.referees.balance import verify
from surefoot.decompose.step import Flag, Role, Step
from surefoot.decompose.tasks.balance import Balance
from surefoot.decompose.tasks.counting import OFFSET, Number
from tests.decompose.tasks.micro_walks import right_by, walk

right = right_by(answers)


@pytest.mark.parametrize(
    ("amounts", "balance"),
    [("5", "5"), ("99,1", "100"), ("999,1,1000", "2000"), ("0,7", "7"), ("007,3", "10"), ("95,95,95,95", "380")],
)
def test_right_answers_give_the_balance(amounts: str, balance: str) -> None:
    task = Balance(amounts=amounts)
    done, root = walk(task, right), task.root()
    assert done.output == balance
    assert verify(task, done).reached_goal
    assert len(done.steps) == task.usual_steps(root.goal, root.inputs) == task.outline(31).steps


def test_five_hundred_entries() -> None:
    task = Balance()
    done = walk(task, right)
    assert verify(task, done) == verify(task, done)
    assert verify(task, done).reached_goal
    assert 4000 < len(done.steps) < 6000
    assert {OFFSET + step.reads.value for step in done.steps} <= set(range(18, 37))
    assert f"{len(done.steps):,} facts for 500 entries" in task.mode()


@pytest.mark.parametrize("number", range(0, 25, 3))
def test_a_wrong_answer_goes_into_the_balance(number: int) -> None:
    """Placebo: the referee finds nothing where nothing was changed (above)."""
    task, numbers = Balance(amounts="47,38,9"), itertools.count()
    found = verify(task, walk(task, lambda task, step: str(int(right(task, step)) + (next(numbers) == number))))
    assert (found.valid, found.reached_goal, found.steps) == (False, False, number)


def test_answers_that_know_nothing_give_no_balance() -> None:
    rng, task = random.Random(1), Balance(amounts="12,13")
    assert not any(walk(task, lambda *_: str(rng.randint(0, 30))).output == "25" for _ in range(200))


def test_a_ledger_that_asks_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="every amount is 0"):
        Balance(amounts="0,00")


def test_every_sample_can_be_asked_and_answered_in_every_dialect() -> None:
    task = Balance()
    for number in range(40):
        step = task.sample_step(number)
        for dialect in ("micro", "compact", "chat"):
            assert right(task, step, dialect) == str(step.reads.value + 1)
    assert task.prompt(step, "chat").system
    assert isinstance(task.parse(step, "seventeen", "chat"), Flag)
    assert isinstance(task.parse(step, str(OFFSET - 9), "micro"), Flag)


def test_the_balance_with_another_wording_is_the_same_question() -> None:
    task = Balance()
    step = task.sample_step(3)
    texts = {task.prompt(step, "micro", wording).user for wording in range(task.ways_to_look("micro"))}
    assert len(texts) == 9


def test_every_look_asks_about_other_numbers_and_is_read_as_the_same_answer() -> None:
    """Placebo: one offset for all, where a number that is hard is hard in every look."""
    task = Balance()
    step = Step("next", Role.ACTOR, Number(0), 6)
    lasts = set()
    for number in range(task.ways_to_look("micro")):
        wording, shift = task.look_variant(number, "micro")
        shifted = task.relabel(step, shift) if shift else step
        shown = task.prompt(shifted, "micro", wording).user.rstrip(", ").split(", ")
        assert int(shown[0]) >= 2
        lasts.add(int(shown[-1]))
        said = task.parse(shifted, str(int(shown[-1]) + 1), "micro")
        assert isinstance(said, str)
        assert (task.unlabel(said, shift) if shift else said) == "1"
    assert len(lasts) == 8  # two of the nine windows are asked with the usual offset
    assert task.look_variant(3, "chat") == (3, 0)
