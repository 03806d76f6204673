"""The answer key of long multiplication: arithmetic, plausible slips, and guesses where a fact is missing."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.multiply import answers
from surefoot.decompose.step import Prompt, Role, Step
from surefoot.decompose.tasks.multiply import DigitFacts, Multiply, SplitFacts
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel

DIALECTS: tuple[Any, ...] = ("compact", "chat")


def digit_steps() -> list[Step]:
    """Every digit question that a run can ask."""
    return [
        Step(kind, Role.ACTOR, DigitFacts(str(x), str(y), str(carry)))
        for kind, carries in (("times", 9), ("plus", 2))
        for x in range(10)
        for y in range(10)
        for carry in range(carries)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_digit_question(dialect: Any) -> None:
    task = Multiply()
    for step in digit_steps():
        x, y, carry = (int(fact) for fact in (step.reads.x, step.reads.y, step.reads.carry))
        value = (x * y if step.kind == "times" else x + y) + carry
        known = answers(task.prompt(step, dialect))
        assert [task.parse(step, right, dialect) for right in known.right] == [f"{value // 10} {value % 10}"]
        wrong = [task.parse(step, text, dialect) for text in known.wrong]
        assert wrong
        assert all(isinstance(one, str) for one in wrong)
        assert f"{value // 10} {value % 10}" not in wrong
        assert len(set(wrong)) == len(wrong)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("number", ["12", "70", "000", "87054", "10101010", "9" * 100])
def test_splits_are_even_and_wrong_ones_are_noticed(dialect: Any, number: str) -> None:
    task, step = Multiply(), Step("split", Role.TASK_DECOMPOSER, SplitFacts(number))
    known = answers(task.prompt(step, dialect))
    (right,) = [task.parse(step, text, dialect) for text in known.right]
    assert isinstance(right, str)
    high, low = right.split(" ")
    assert high + low == number
    assert 0 <= len(high) - len(low) <= 1
    wrong = [task.parse(step, text, dialect) for text in known.wrong]
    assert wrong
    for candidate in wrong:
        assert isinstance(candidate, str)
        assert task.check(step, candidate) is not None


WITHOUT: dict[str, Any] = {
    "compact": lambda text: text.rsplit(" ", 1)[0],
    "chat": lambda text: text.split(" and then add")[0],
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_carry_that_is_not_shown_has_to_be_guessed(dialect: Any) -> None:
    task, model, wrong = Multiply(), SimulatedModel(answers, Profile(), dialect), 0
    for number, step in enumerate(digit_steps()):
        whole = task.prompt(step, dialect)
        poor = Prompt(WITHOUT[dialect](whole.user), whole.system)
        (right,) = answers(whole).right
        assert len(answers(poor).right) == (10 if step.kind == "times" else 2)
        assert right in answers(poor).right
        (reply,) = await model.ask(Request(poor, (number,), 1.0, 64, 0))
        wrong += reply.text != right
    # 900 guesses right one time in ten, 200 one time in two: 910 wrong on average, sigma 11.4.
    # False-alarm rate over seeds: 5.5 sigma, below 1e-7.
    assert abs(wrong - 910) < 63


def test_digits_that_are_not_shown_have_to_be_guessed() -> None:
    assert len(answers(Prompt("times 7")).right) == 37  # as many different products as digits make


def test_a_changed_digit_changes_the_answer() -> None:
    for dialect in DIALECTS:
        shown = {
            (x, y, carry): answers(Multiply().prompt(Step("times", Role.ACTOR, DigitFacts(x, y, carry)), dialect)).right
            for x, y, carry in (("7", "8", "3"), ("6", "8", "3"), ("7", "9", "3"), ("7", "8", "4"))
        }
        assert len(set(shown.values())) == 4


@pytest.mark.parametrize("prompt", [Prompt(""), Prompt("times x y 0"), Prompt("move cw - aaa"), Prompt("Hello", "Hm")])
def test_other_questions_are_refused(prompt: Prompt) -> None:
    with pytest.raises(ValueError, match="not a question about long multiplication"):
        answers(prompt)
