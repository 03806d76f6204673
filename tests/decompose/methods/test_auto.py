"""The method that chooses: each way is reached, the reason is read from the steps again, shapes are read strictly."""

from typing import Any

import pytest

from surefoot.decompose.advisor import CHAIN, GRAPH, WHOLE, Shape, sure_of
from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.methods.asking import Asked, Goal
from surefoot.decompose.methods.auto import ATTEMPTS, MORE, MOST_ATTEMPTS, Auto, advice_of
from surefoot.decompose.plan import Expansion, PlanStep
from surefoot.decompose.problem import Problem
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Flag, Prompt, Role, Step
from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods.walking import Walk


class Blind(Generated, frozen=True, kw_only=True):
    """The same without a program."""

    def offers_program(self) -> bool:
        return False


def disagreeing(shape: str = "") -> Any:
    """A model whose attempts at whole questions all differ, and which is right otherwise."""
    number = iter(range(10**6))

    def reply(prompt: Prompt) -> str:
        if prompt.user.startswith("Answer the question at once"):
            return f"Answer: {next(number)}"
        if prompt.user.startswith("How many small steps") and shape:
            return f"Shape: {shape}"
        return answers(prompt).right[0]

    return reply


@pytest.mark.parametrize(
    ("cls", "family", "shape", "kinds"),
    [
        (Generated, "chains", "", {"part"}),  # deep: the problem's program
        (Blind, "chains", "12 12 no", {"follow-up", "part"}),  # the same without one, step by step
        (Generated, "graphs", "16 2 yes", {"plan", "part", "solve"}),  # wide
    ],
)
def test_noise_leads_to_a_chain_or_a_graph(cls: type[Generated], family: str, shape: str, kinds: set[str]) -> None:
    task = cls(family=family, length=16, number=3, method="auto")
    walk = Walk(task, disagreeing(shape))
    assert walk.run() == answer_of(task.question())
    assert walk.kinds[: ATTEMPTS + 1] == ["shape", *["attempt"] * ATTEMPTS]
    assert set(walk.kinds[ATTEMPTS + 1 :]) == kinds


def test_attempts_that_agree_lead_to_whole_answers() -> None:
    task = Generated(family="chains", length=16, method="auto")
    walk = Walk(task)
    assert walk.run() == answer_of(task.question())
    assert walk.kinds == ["shape", *["attempt"] * ATTEMPTS, "answer"]
    # Each attempt is a question of its own: the same prompt would be answered the same.
    assert len(set(walk.prompts)) == len(walk.prompts)


def test_one_step_is_not_attempted_first() -> None:
    walk = Walk(Generated(family="ledger", length=20, method="auto"))
    walk.run()
    assert walk.kinds == ["shape", "answer"]


def test_a_search_is_a_chain() -> None:
    task = Generated(family="bridges", length=3, method="auto")
    walk = Walk(task, disagreeing())
    assert walk.run() == answer_of(task.question())
    assert set(walk.kinds[ATTEMPTS + 1 :]) == {"part"}


def test_the_reason_is_read_from_the_steps_again() -> None:
    task = Generated(family="chains", length=16, method="auto")
    goal = task.root().goal
    steps = [PlanStep("shape", Asked(goal.text), "16 16 yes")]
    steps += [PlanStep("attempt", Asked(goal.text), str(number)) for number in range(ATTEMPTS)]
    found = advice_of(task, [*steps, PlanStep("part", Asked("What is 1 + 1?"), "2")])
    assert found is not None
    assert found.way == "chain"
    assert "of which 16 wait for each other" in found.why
    assert advice_of(task, []) is None
    assert advice_of(task, [PlanStep("answer", Asked(goal.text), "2")]) is None


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Shape: 16 4 yes", "16 4 yes"),
        ("Let me count.\n**Shape:** 15 5 no.", "16 4 no"),  # near numbers are one candidate
        ("Shape: 1000 1000 yes", "1024 1024 yes"),
        ("Shape: 1 1 yes", "1 1 yes"),
        ("Shape: 4 5 yes", None),
        ("Shape: 0 0 yes", None),
        ("Shape: 9999999 3 yes", None),
        ("Shape: 4 yes", None),
        ("Shape: 4 4 maybe", None),
        ("16 4 yes", None),
        ("", None),
    ],
)
def test_shapes_are_read_strictly(reply: str, said: str | None) -> None:
    task = Generated(method="auto")
    read = task.parse(Auto().ask("shape", Goal("q"), "q"), reply, "chat")
    assert read == said if said is not None else isinstance(read, Flag)


def test_an_attempt_that_failed_is_no_answer() -> None:
    """Attempts that nobody can read are failures beside the others; the question goes on without them."""
    task = Generated(family="chains", length=16, method="auto")
    whole = Walk(task)
    state = task.begin(task.root().goal, ())
    goal = task.root().goal
    state = task.advance(goal, state, "16 16 yes")
    failed = {"failure": {"error": "StepDeadlocked", "message": "no"}}
    state = task.advance(goal, state, [failed] * ATTEMPTS)
    asked = task.next_step(goal, state)
    assert isinstance(asked, Step)
    assert asked.role is Role.ACTOR
    assert whole.run()


def test_more_attempts_are_made_while_they_leave_the_choice_open() -> None:
    """Eight that agree leave nothing open; where they do not, four more at a time, until it is sure or there are 32."""
    task = Generated(family="graphs", length=16, method="auto")
    goal = task.root().goal

    def asked_for(answers: list[str]) -> int:
        state, given = task.advance(goal, task.begin(goal, ()), "16 4 yes"), 0
        while isinstance(asked := task.next_step(goal, state), Expansion) and asked.children[0].goal.part == "attempt":
            count = len(asked.children)
            assert count == (MORE if given else ATTEMPTS)
            assert [one.goal.given for one in asked.children] == list(range(given + 1, given + count + 1))
            state, given = task.advance(goal, state, (answers * 32)[given : given + count]), given + count
        return given

    assert asked_for(["7"]) == ATTEMPTS
    assert ATTEMPTS < asked_for(["7", "7", "7", "8", "7", "9"]) <= MOST_ATTEMPTS


def test_how_sure_a_choice_is() -> None:
    shape = Shape(16, 4)
    sure = [sum(sure_of(way, attempts, shape, 100) for way in (WHOLE, GRAPH, CHAIN)) for attempts in ([], ["1"] * 8)]
    assert sure == pytest.approx([1.0, 1.0])
    assert sure_of(WHOLE, ["1"] * 16, shape, 100) > sure_of(WHOLE, ["1"] * 4, shape, 100)
    assert sure_of(WHOLE, [str(n) for n in range(8)], shape, 100) < 0.1


def test_problems_say_whether_they_have_a_program() -> None:
    class Bare(Problem, frozen=True, kw_only=True):
        def question(self) -> str:
            return "q"

    assert not Bare().offers_program()
    assert Generated(family="chains").offers_program()
    assert not Generated(family="ledger").offers_program()
