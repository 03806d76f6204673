"""Abstract plans: numbers become variables and come back, one plan serves all questions of a form."""

import random
from collections.abc import Sequence

import pytest

from surefoot.decompose.methods.abstract_chain import AbstractChain, abstracted, bound
from surefoot.decompose.methods.asking import Goal
from surefoot.decompose.methods.rewoo import read_plan
from surefoot.decompose.plan import failure_of
from surefoot.decompose.problem import Problem
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Flag, Prompt
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.problems.families import number
from tests.decompose.methods.walking import Walk


class Many(Problem, frozen=True, kw_only=True):
    """Questions of one form: five numbers, four operations."""

    method: str = "abstract-chain"
    count: int = 500

    def questions(self) -> Sequence[str]:
        rng = random.Random(4)
        drawn = [[rng.randrange(97) for _ in range(5)] for _ in range(self.count)]
        return [f"What is (({a} + {b}) * ({c} * {d}) + {e}) mod 97?" for a, b, c, d, e in drawn]

    def question(self) -> str:
        return self.questions()[0]

    def answer_form(self) -> str:
        return "a whole number"

    def read_answer(self, text: str) -> str | None:
        return number(text)


@pytest.mark.parametrize(
    ("question", "form", "values"),
    [
        ("What is (3 + 12) mod 97?", "What is (v1 + v2) mod v3?", ("3", "12", "97")),
        ("a1000 = 5, x2 = -7 or 2.5", "a1000 = v1, x2 = v2 or v3", ("5", "-7", "2.5")),
        ("no numbers", "no numbers", ()),
    ],
)
def test_numbers_become_variables(question: str, form: str, values: tuple[str, ...]) -> None:
    assert abstracted(question) == (form, values)


def test_values_take_the_places_of_variables_and_of_nothing_else() -> None:
    lines = read_plan("#E1 = Ask[v1 + v10 + vx v1x]", ())
    assert bound(lines, tuple("abcdefghij"))[0].parts == ("a + j + vx v1x",)
    with pytest.raises(ValueError, match="there is no v3: the question has 2 numbers"):
        bound(read_plan("#E1 = Ask[v3]", ()), ("1", "2"))
    step = AbstractChain().ask("abstract plan", Goal("q"), "What is v1 + v2?")
    assert isinstance(Many().parse(step, "#E1 = Ask[v3]", "chat"), Flag)
    assert isinstance(Many().parse(step, "nothing", "chat"), Flag)


def test_one_plan_serves_five_hundred_questions() -> None:
    """The prompts for plans are one and the same, and all answers are right. The placebo: rewoo has 500 of them."""
    for method, plans in (("abstract-chain", 1), ("rewoo", 500)):
        task = Many(method=method)
        prompts: set[Prompt] = set()
        for at, question in enumerate(task.questions()):
            walk = Walk(task)
            assert walk.run(task.posed(at, question)) == answer_of(question)
            prompts |= {one for one in walk.prompts if one.user.startswith("Write a plan")}
        assert len(prompts) == plans


def test_a_plan_that_ends_in_no_answer_is_a_failure() -> None:
    def reply(prompt: Prompt) -> str:
        return "#E1 = Ask[v1]" if prompt.user.startswith("Write a plan") else "Answer: 7"

    class Truth(Many, frozen=True, kw_only=True):
        def read_part(self, text: str) -> str | None:
            return "maybe"

    failed = failure_of(Walk(Truth(), reply).run())
    assert failed is not None
    assert failed.message == "the plan ends in no a whole number"


def test_tools_compute_where_there_are_some() -> None:
    task = Generated(family="expressions", length=6, number=3, method="abstract-chain", calculator=True)
    walk = Walk(task, tools={"calc": lambda expression: {"value": str(eval(expression)), "exact": True}})
    assert walk.run() == answer_of(task.question())
