"""What ``surefoot test`` checks of a task: each check passes a sound task and names the fault of one that has it."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from surefoot.decompose.answer_keys.answers import Answers
from surefoot.decompose.drawing import Drawing, Shape
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Call, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import UserCodeError
from surefoot.scripts.commands.task_checks import CHECKS, GARBAGE, Subject, check_task
from surefoot.scripts.commands.task_walk import Walk, Walked
from surefoot.scripts.commands.tool_results import ToolResults

Key = Callable[[Prompt], Answers | None]


class Up(Task, frozen=True, kw_only=True):
    """Counts from a number to another, one step a question; halves what is long."""

    chainable: ClassVar[bool] = True

    until: int = 4
    leaf: int = 9

    def root(self) -> Node:
        """Begin at nothing."""
        return Node((), self.until, (0,), self.until)

    def begin(self, goal: int, inputs: tuple[Any, ...]) -> int:
        """Stand at the first number."""
        return int(inputs[0])

    def next_step(self, goal: int, state: int) -> Step | Done:
        """Ask for the number after this one."""
        return Done(state) if state == goal else Step("next", Role.ACTOR, state)

    def advance(self, goal: int, state: int, candidate: Any) -> int:
        """Stand at the next number."""
        return int(candidate)

    def size(self, goal: int, inputs: tuple[Any, ...]) -> int:
        """Count the numbers to the goal."""
        return goal - int(inputs[0])

    def prompt(self, step: Step, dialect: Any, wording: int = 0) -> Prompt:
        """Ask in figures."""
        return Prompt(f"after {step.reads}")

    def parse(self, step: Step, text: str, dialect: Any) -> str | Flag:
        """Read a number."""
        return text if text.isdecimal() and len(text) < 9 else Flag("misformatted", text[:9])

    def decomposition_step(self, goal: int, inputs: tuple[Any, ...]) -> Step | Expansion | None:
        """Halve what is longer than a leaf."""
        low = int(inputs[0])
        if goal - low <= self.leaf:
            return None
        half = (low + goal) // 2
        return Expansion((Child(half, (Literal(low),), half), Child(goal, (Ref(0),), goal)))

    def sample_step(self, number: int) -> Step:
        """Draw a number."""
        return Step("next", Role.ACTOR, number % 7)


def key(prompt: Prompt) -> Answers:
    number = int(prompt.user.split()[1])
    return Answers((str(number + 1),), (str(number + 2), "no number"))


def verify(task: Any, plan: Any) -> Verification:
    steps = [int(step.candidate) for step in plan]
    wrong = next((number for number, said in enumerate(steps) if said != number + 1), None)
    return Verification(wrong is None, wrong is None and plan.output == task.until, len(steps), wrong and "wrong")


def walk(task: Task, answers: Key = key, most: int = 100, split: bool = True) -> Walked:
    return Walk(task, answers, "compact", most, ToolResults(task, True), split).run()


def subject(task: Task, answers: Key = key, referee: Any = verify, most: int = 100) -> Subject:
    tools = ToolResults(task, True)
    walked = Walk(task, answers, "compact", most, tools).run()
    return Subject(task, answers, "compact", walked, referee, most, tools)


def check(name: str, task: Task, answers: Key = key, referee: Any = verify) -> tuple[str, str]:
    return CHECKS[name](subject(task, answers, referee))


def test_a_sound_task_passes_every_check() -> None:
    for task in (Up(), Up(until=6, leaf=2)):
        found = {one.name: one for one in check_task(subject(task))}
        assert list(found) == list(CHECKS)
        states = {name: one.state for name, one in found.items()}
        assert states == dict.fromkeys(CHECKS, "ok"), found


def test_a_walk_meets_every_question_in_plan_order() -> None:
    found = walk(Up(until=6, leaf=2))
    assert [one.prompt.user for one in found.asked] == [f"after {number}" for number in range(6)]
    assert (found.splits, found.output, found.wrong, found.ended) == (3, 6, [], "")
    assert [step.candidate for step in found.plan] == list("123456")
    assert walk(Up(until=6, leaf=2), split=False).splits == 0


def test_a_walk_ends_where_a_reply_is_not_known_or_discarded_or_too_many_were_asked() -> None:
    assert walk(Up(), lambda prompt: None).ended == "a reply is not known"
    assert walk(Up(), lambda prompt: Answers(("x",), ("y",))).ended == "a right reply is discarded as misformatted"
    assert walk(Up(), most=2).ended == "2 questions were asked"
    assert len(walk(Up(), most=2).asked) == 2


class Fan(Up, frozen=True, kw_only=True):
    """Asks a tool, and then for a sub-plan."""

    fails: str = ""

    def tools(self) -> dict[str, Any]:
        """Name one tool."""
        return {"double": lambda number: 2 * number}

    def next_step(self, goal: int, state: int) -> Any:
        """Ask the tool at 1, for a sub-plan at 2, and else as ever."""
        if state == 1:
            return Call("double", {"number": 1})
        if state == 2:
            return Expansion((Child(3, (Literal(2),)), Child(4, (Ref(0),))))
        return Done(state, self.fails) if state == goal else Step("next", Role.ACTOR, state)

    def begin(self, goal: int, inputs: tuple[Any, ...]) -> int:
        """Stand at the number before the goal in a sub-plan."""
        return goal if goal == 3 else int(inputs[0]) if goal == 4 and inputs[0] == 0 else goal

    def advance(self, goal: int, state: int, candidate: Any) -> int:
        """Stand where the answer says."""
        return int(candidate[-1] if isinstance(candidate, list) else candidate)


def test_tools_are_called_and_sub_plans_are_walked() -> None:
    found = walk(Fan())
    assert (found.output, found.wrong, found.ended) == (4, [], "")
    assert [one.prompt.user for one in found.asked] == ["after 0"]
    assert found.silent == 2, "both children of the sub-plan are where they want to be"


def test_a_chain_that_fails_with_right_answers_is_wrong() -> None:
    found = walk(Fan(fails="no way"))
    assert found.wrong == ["node 0 fails with right answers: no way"]
    assert found.ended == "no way", "a run ends there as well"


class Lies(Up, frozen=True, kw_only=True):
    """Promises another output than its own."""

    def root(self) -> Node:
        """Promise one more."""
        return Node((), self.until, (0,), self.until + 1)


class Endless(Up, frozen=True, kw_only=True):
    """Never comes to its end."""

    def next_step(self, goal: int, state: int) -> Step | Done:
        """Ask on and on."""
        return Step("next", Role.ACTOR, state)


class Grows(Up, frozen=True, kw_only=True):
    """Splits into parts that are as large as the whole."""

    def decomposition_step(self, goal: int, inputs: tuple[Any, ...]) -> Expansion:
        """Give the whole again."""
        return Expansion((Child(goal, (Literal(inputs[0]),)),))


@pytest.mark.parametrize(
    ("task", "said"),
    [(Lies(), "returned 4, promised was 5"), (Endless(), "not at its end after 4 steps"),
     (Grows(), "it gets no smaller")],
)  # fmt: skip
def test_a_plan_that_does_not_hold_together_is_named(task: Task, said: str) -> None:
    state, text = check("plan", task)
    assert state == "failed"
    assert said in text


class Typed(Up, frozen=True, kw_only=True):
    """Says that its output is text."""

    output_type = str


def test_an_output_of_another_type_is_named() -> None:
    assert check("plan", Typed()) == ("failed", check("plan", Typed())[1])
    assert "not of output_type" in check("plan", Typed())[1]


def test_a_walk_that_could_not_begin_failed_and_one_that_ended_early_is_a_note() -> None:
    def some(prompt: Prompt) -> Answers | None:
        return key(prompt) if prompt.user != "after 2" else None

    state, text = check("plan", Up(), some)
    assert state == "note"
    assert text.startswith("3 questions, 0 splits")


class Flags(Up, frozen=True, kw_only=True):
    """Flags the right answer 3."""

    def check(self, step: Step, candidate: str) -> Flag | None:
        """Refuse a 3."""
        return Flag("illegal", "a three") if candidate == "3" else None


class Deaf(Up, frozen=True, kw_only=True):
    """Reads every number as the one that is wanted."""

    def parse(self, step: Step, text: str, dialect: Any) -> str:
        """Read nothing."""
        return str(step.reads + 1)


@pytest.mark.parametrize(
    ("task", "said"), [(Flags(), "flagged by check() as illegal"), (Deaf(), "is read like the right")]
)
def test_replies_that_are_read_wrongly_are_named(task: Task, said: str) -> None:
    state, text = check("prompt and parse", task)
    assert state == "failed"
    assert said in text


class Fragile(Up, frozen=True, kw_only=True):
    """Fails at a reply that is no number."""

    def parse(self, step: Step, text: str, dialect: Any) -> str:
        """Trust the reply."""
        if not text.isdecimal():
            raise UserCodeError("Fragile.parse: no number")
        return text


def test_an_error_of_the_tasks_code_is_the_finding_of_its_check_and_hinders_no_other() -> None:
    def right_only(prompt: Prompt) -> Answers:
        return Answers(key(prompt).right, ("7",))

    found = {one.name: one for one in check_task(subject(Fragile(), right_only))}
    assert found["senseless replies"].state == "failed"
    assert found["senseless replies"].text == "Fragile.parse: no number"
    assert found["plan"].state == "ok"
    assert len(GARBAGE) > 3


asked: list[int] = []


class Impure(Up, frozen=True, kw_only=True):
    """Words each question with how many were asked before."""

    def prompt(self, step: Step, dialect: Any, wording: int = 0) -> Prompt:
        """Count."""
        asked.append(1)
        return Prompt(f"after {step.reads} ({len(asked)})")


def test_a_task_that_asks_something_else_the_second_time_is_impure() -> None:
    state, text = check("purity", Impure())
    assert state == "failed"
    assert text.startswith("asked twice, 'after 0 (")


class Leaks(Up, frozen=True, kw_only=True):
    """Shows an option that its steps do not read."""

    def prompt(self, step: Step, dialect: Any, wording: int = 0) -> Prompt:
        """Show the goal."""
        return Prompt(f"after {step.reads} of {self.until}")


def test_a_prompt_that_shows_more_than_its_step_reads_is_noted() -> None:
    state, text = check("options", Leaks())
    assert state == "note"
    assert "'until'" in text


class Hopeful(Up, frozen=True, kw_only=True):
    """Says that it is usually longer than ever."""

    def usual_steps(self, goal: Any, inputs: Any) -> int:
        """Return too many."""
        return 99


class Sampled(Up, frozen=True, kw_only=True):
    """Samples a step that cannot be read."""

    def sample_step(self, number: int) -> Step:
        """Return a step whose right answer is long."""
        return Step("next", Role.ACTOR, 10**9)


@pytest.mark.parametrize(
    ("task", "said"), [(Hopeful(), "usual_steps() says 99, and size() allows only 4"), (Sampled(), "is discarded")]
)
def test_limits_that_contradict_each_other_are_named(task: Task, said: str) -> None:
    state, text = check("limits", task)
    assert state == "failed"
    assert said in text


class Chained(Up, frozen=True, kw_only=True):
    """Ends elsewhere when it is run as one chain."""

    def next_step(self, goal: int, state: int) -> Step | Done:
        """Stop early where the whole is one chain."""
        return Done(state + (goal - state) * 9) if goal == self.until and state == 1 else super().next_step(goal, state)


def test_an_output_that_depends_on_the_leaves_is_named() -> None:
    state, text = check("split or not", Chained(until=6, leaf=2))
    assert state == "failed"
    assert "as one chain" in text
    assert check("split or not", Up()) == ("ok", "nothing is split")


class Drawn(Up, frozen=True, kw_only=True):
    """Draws a number."""

    def picture(self, state: Any) -> Drawing:
        """Draw one box."""
        return Drawing(1, 1, (Shape("box", state, 0, 1, 1),))


def test_states_that_are_drawn_are_counted() -> None:
    assert check("pictures", Drawn()) == ("ok", "5 of 5 states drawn")
    assert check("pictures", Up()) == ("ok", "no pictures")


@pytest.mark.parametrize(
    ("referee", "state", "said"),
    [
        (verify, "ok", "and a wrong one noticed"), (None, "note", "there is no function verify"),
        (lambda task, plan: Verification(False, False, 0, "no"), "failed", "refuses a plan of right answers: no"),
        (lambda task, plan: Verification(True, False, 0), "failed", "the goal is not reached"),
        (lambda task, plan: Verification(True, True, len(list(plan))), "note", "looks at the output only"),
    ],
)  # fmt: skip
def test_a_referee_is_tried_with_a_right_plan_and_a_wrong_one(referee: Any, state: str, said: str) -> None:
    found, text = check("referee", Up(), referee=referee)
    assert found == state
    assert said in text
