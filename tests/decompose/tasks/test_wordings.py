"""Chat wordings: they differ in words and examples, and in nothing that an answer depends on."""

import json
import re

import pytest

from surefoot.decompose.answer_keys import hanoi as hanoi_key
from surefoot.decompose.answer_keys import multiply as multiply_key
from surefoot.decompose.step import Flag, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import GoalFacts, Hanoi
from surefoot.decompose.tasks.hanoi_chat import parse
from surefoot.decompose.tasks.hanoi_states import illegal, moved
from surefoot.decompose.tasks.hanoi_wordings import WORDINGS
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.decompose.tasks.multiply_wordings import DIGIT, SPLIT

KEYS = {Hanoi: hanoi_key.answers, Multiply: multiply_key.answers}
TASKS = [Hanoi(disks=3), Hanoi(disks=8), Hanoi(disks=8, state_by="task"), Multiply()]


def steps(task: Task) -> list[Step]:
    """A step of every kind, and others."""
    return [task.sample_step(number) for number in range(200)]


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_every_wording_asks_for_the_same_answer_in_the_same_form(task: Task) -> None:
    key = KEYS[type(task)]
    for step in steps(task):
        prompts = [task.prompt(step, "chat", wording) for wording in range(task.wordings)]
        answers = [key(prompt) for prompt in prompts]  # read off the text: a fact left out gives several answers
        assert len({prompt.user for prompt in prompts}) == len({prompt.system for prompt in prompts}) == 3
        assert all(answer == answers[0] and len(answer.right) == 1 for answer in answers)
        candidate = task.parse(step, answers[0].right[0], "chat")
        assert isinstance(candidate, str)
        assert task.check(step, candidate) is None


@pytest.mark.parametrize("task", TASKS, ids=repr)
def test_the_wording_is_counted_round_and_is_not_for_compact(task: Task) -> None:
    step = task.sample_step(0)
    assert task.prompt(step, "chat") == task.prompt(step, "chat", 0) == task.prompt(step, "chat", task.wordings)
    assert task.prompt(step, "compact", 1) == task.prompt(step, "compact")


@pytest.mark.parametrize("task", TASKS, ids=repr)
@pytest.mark.parametrize("wording", range(3))
def test_what_changes_comes_last(task: Task, wording: int) -> None:
    """Prompts of one kind share all but their last 400 characters, and the system message whole."""
    by_kind: dict[str, list[str]] = {}
    for step in steps(task):
        prompt = task.prompt(step, "chat", wording)
        kind = step.kind + ("counter" if "counter-clockwise" in prompt.user else "")
        by_kind.setdefault(kind, []).append(prompt.system + "\0" + prompt.user)
    for prompts in by_kind.values():
        columns = enumerate(zip(*prompts, strict=False))
        shared = prompts[0][: next((at for at, letters in columns if len(set(letters)) > 1), None)]
        assert "\0" in shared
        assert max(map(len, prompts)) - len(shared) < 400


@pytest.mark.parametrize("wording", WORDINGS)
@pytest.mark.parametrize("disks", [3, 4, 10])
def test_hanoi_examples_are_right_and_of_another_size(wording: object, disks: int) -> None:
    number, more = WORDINGS.index(wording), "4, " if disks == 3 else ""
    task, state = Hanoi(disks=disks), "a" * disks
    step = task.next_step(task.root().goal, task.begin(task.root().goal, (state,)))
    assert isinstance(step, Step)
    system = task.prompt(step, "chat", number).system
    example = 4 if disks == 3 else 3
    before = re.findall(r"\[\[.*?\](?:, \[.*?\]){2}\]", system)[-2]
    said = parse("move", GoalFacts("1ab", "a" * example), system)  # the last answer in the text: the example's
    assert isinstance(said, str)
    move, *words = said.split(" ")
    assert before.startswith(f"[[{more}3")
    assert illegal(_letters(before), move) == ""
    assert moved(_letters(before), move) == "".join(words)
    split = task.decomposition_step(task.root().goal, (state,))
    assert split is not None
    system = task.prompt(split, "chat", number).system
    candidate = parse("split", GoalFacts("2ab", "a" * example), system)
    assert not isinstance(candidate, Flag)
    found = re.search(
        r"2 smallest disks from peg (\d) to peg (\d)[,\s]+(?:in|from)[^\[]*(\[\[.*?\](?:, \[.*?\]){2}\])", system
    )
    assert found is not None
    goal = f"2{'abc'[int(found[1])]}{'abc'[int(found[2])]}"
    facts = GoalFacts(goal, _letters(found[3]))
    assert task.check(Step("split", step.role, facts), candidate) is None


def _letters(text: str) -> str:
    where = {disk: "abc"[i] for i, peg in enumerate(json.loads(text)) for disk in peg}
    return "".join(where[disk] for disk in sorted(where))


def test_multiply_examples_are_right() -> None:
    for text in DIGIT:
        carry, digit = re.search(r"carry = (\d)\ndigit = (\d)", text).groups()  # type: ignore[union-attr]
        number = re.search(r"make (\d\d)|result (\d\d)|number was (\d\d)", text)
        assert number is not None
        assert next(filter(None, number.groups())) == carry + digit
    for text in SPLIT:
        high, low = re.search(r"high = (\d+)\nlow = (\d+)", text).groups()  # type: ignore[union-attr]
        assert high + low in text.split("Split the multiplier")[0]
        assert len(high) - len(low) in (0, 1)
