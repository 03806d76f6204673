"""Methods as generators: turns are replayed from answers, replies are read strictly, prompts show what steps read."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import pytest

from surefoot.decompose.methods.asking import (
    ANSWER,
    LONGEST_LINE,
    Asked,
    Asking,
    Goal,
    Turn,
    Turning,
    Wording,
    asked_next,
    child,
    labelled,
    settled,
)
from surefoot.decompose.methods.program import StepSpec
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.plan import Expansion, Literal
from surefoot.decompose.problem import Problem
from surefoot.decompose.step import Call, Done, Flag, Step
from surefoot.decompose.task import NothingToAsk
from tests.decompose.methods import worlds

ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]


class Counting(Asking, frozen=True):
    """Asks for two numbers a turn, until the board holds six."""

    wordings: ClassVar[Mapping[str, Wording]] = {"answer": ANSWER}

    def turn(self, problem: Problem, goal: Goal, board: Any) -> Turn:
        if len(board) >= 6:
            return Done(list(board))
        one = yield self.ask("answer", goal, f"after {len(board)}")
        two = yield Call("next", {"number": one})
        return (*board, one, two)


class Riddle(Problem, frozen=True, kw_only=True):
    """A question with a number as its answer."""

    text: str = "How many legs has a spider?"

    def question(self) -> str:
        return self.text

    def first_state(self, text: str, number: int) -> dict[str, Any]:
        return {"text": text}

    def next_spec(self, state: dict[str, Any]) -> StepSpec | str:
        return state["said"] if "said" in state else StepSpec(("text",), "said", "{text}")

    def answer_form(self) -> str:
        return "a number"

    def read_answer(self, text: str) -> str | None:
        return text if text.isdigit() else None


def test_a_method_is_asked_again_from_its_answers() -> None:
    method, problem, goal = Counting(), Riddle(), Goal("q")
    state = settled(method, problem, goal, Turning(()))
    asked = []
    while not isinstance(found := asked_next(method, problem, goal, state), Done):
        asked.append(found)
        answer = f"a{len(asked)}" if isinstance(found, Step) else f"b{len(asked)}"
        state = settled(method, problem, goal, Turning(state.board, (*state.answers, answer)))
        # A state is all that a method knows: from a copy of it the same is asked.
        copy = msgspec.convert(msgspec.to_builtins(state), Turning)
        assert asked_next(method, problem, goal, copy) == asked_next(method, problem, goal, state)
    assert [type(one) for one in asked] == [Step, Call] * 3
    assert found.output == ["a1", "b2", "a3", "b4", "a5", "b6"]
    assert asked[3] == Call("next", {"number": "a3"})


def test_a_turn_that_asks_nothing_does_not_go_on_for_ever() -> None:
    class Idle(Asking, frozen=True):
        def turn(self, problem: Problem, goal: Goal, board: Any) -> Turn:
            yield from ()
            return board

    with pytest.raises(ValueError, match="without having asked anything"):
        settled(Idle(), Riddle(), Goal("q"), Turning(()))


def test_a_prompt_shows_what_its_step_reads_and_nothing_else() -> None:
    problem = Riddle()
    step = Counting().ask("answer", Goal("hidden", 3, "hidden", given="hidden"), "shown?", (("Found", "shown too"),))
    prompt = Counting().prompt(problem, step)
    assert prompt.user == (
        "Answer the question.\n\nFound: shown too\nQuestion: shown?\n\nEnd with one line: Answer: <a number>"
    )
    assert "hidden" not in prompt.user
    other = msgspec.structs.replace(step, reads=Asked("shown?", (("Found", "shown too"),), 99))
    assert Counting().prompt(problem, other) == prompt


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("Answer: 8", "8"),
        ("I think.\n**Answer:** 8\n", "8"),
        ("> answer: **8**", "8"),
        ("Answer: 6\nno, wait\nAnswer: 8", "8"),
        ("The Answer: 8", None),
        ("8", None),
        ("", None),
        ("Answer:", ""),
        ("x" * 100_000, None),
    ],
)
def test_the_last_labelled_line_counts(reply: str, said: str | None) -> None:
    assert labelled(reply, "Answer") == said


def test_a_reply_that_is_no_answer_is_a_red_flag() -> None:
    problem = Riddle()
    step = Step("answer", ANSWER.role, Asked("q"))
    assert problem.parse(step, "Answer: 8", "chat") == "8"
    for reply in ("eight", "Answer: eight", "Answer: ", "Answer: " + "9" * LONGEST_LINE + "x"):
        assert isinstance(problem.parse(step, reply, "chat"), Flag)


def test_a_problem_of_ones_own_has_one_method_to_write() -> None:
    class Bare(Problem, frozen=True, kw_only=True):
        pass

    with pytest.raises(NotImplementedError, match=r"Bare has no question\(\)"):
        Bare().root()
    with pytest.raises(ValueError, match="there is no 'chain'"):
        Riddle(method="chain")
    assert Riddle().read_part("8") == "8"
    assert Problem.read_answer(Riddle(), "  two \n words ") == "two words"
    assert Problem.read_answer(Riddle(), " ") is None
    assert Problem.read_answer(Riddle(), "x" * 3000) is None


@pytest.mark.parametrize("name", ASKING)
def test_every_method_words_its_questions_apart(name: str) -> None:
    """An answer key knows the kind of a question by its first line."""
    wordings = [(kind, one) for make in METHODS.values() for kind, one in getattr(make(0), "wordings", {}).items()]
    by_line: dict[str, set[str]] = {}
    for kind, wording in wordings:
        by_line.setdefault(wording.instruction, set()).add(kind)
    assert all(len(kinds) == 1 for kinds in by_line.values())
    for wording in METHODS[name](0).wordings.values():  # type: ignore[attr-defined]
        assert "\n" not in wording.instruction
        assert wording.most_tokens > 0


@pytest.mark.parametrize("name", ASKING)
def test_every_method_is_sampled_where_it_begins_with_a_question(name: str) -> None:
    if name == "modular":  # takes problems with a world, whose question in words it does not show
        assert isinstance(worlds.Counting(method=name).sample_step(0), Step)
        return
    problem = Riddle(method=name)
    try:
        step = problem.sample_step(0)
    except NothingToAsk:
        return
    assert isinstance(step, Step)
    assert problem.text in problem.prompt(step, "chat").user


def test_a_part_may_fail_alone() -> None:
    found = Expansion((child(Goal("a"), (Literal(1),)),))
    assert found.children[0].may_fail
