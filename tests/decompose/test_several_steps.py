"""Several steps in one reply: each is read as a step of its own, and nothing behind the first red flag."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.several_steps import ReadSteps, read_steps, reply_of
from surefoot.decompose.step import Dialect, Done, Flag, Prompt, Role, Step
from surefoot.decompose.task import Task
from surefoot.decompose.tasks.hanoi import Carry, Hanoi, Tower, Walk
from tests.decompose.several import whole_reply

TASK, GOAL = Hanoi(disks=4), Tower(3, "a", "c")
START = TASK.begin(GOAL, ("aaaa",))


def read(text: str, task: Hanoi = TASK, state: Any = START, dialect: Dialect = "compact", count: int = 7) -> ReadSteps:
    def one(step: Step, said: str) -> str | Flag:
        candidate = task.parse(step, said, dialect)
        return candidate if isinstance(candidate, Flag) else task.check(step, candidate) or candidate

    first = task.next_step(GOAL, state)
    assert isinstance(first, Step)
    return read_steps(task, GOAL, state, task.split_reply(first, count, text, dialect), one)


def prompt(task: Hanoi = TASK, dialect: Dialect = "compact", count: int = 7, wording: int = 0) -> Prompt:
    first = task.next_step(GOAL, START)
    assert isinstance(first, Step)
    shown = task.prompt_several(first, count, dialect, wording)
    assert shown is not None
    return shown


@pytest.mark.parametrize("state_by", ["model", "task"])
@pytest.mark.parametrize("dialect", ["compact", "chat"])
def test_a_right_reply_is_the_steps_that_would_be_asked_one_by_one(dialect: Dialect, state_by: Any) -> None:
    task = Hanoi(disks=4, state_by=state_by)
    found = read(whole_reply(answers, prompt(task, dialect)), task, dialect=dialect)
    state, stated = START, []
    while not isinstance(asked := task.next_step(GOAL, state), Done):
        candidate = task.parse(asked, answers(task.prompt(asked, "compact")).right[0], "compact")
        stated.append((asked, candidate))
        state = task.advance(GOAL, state, str(candidate))
    assert [(one.step, one.candidate) for one in found.stated] == stated
    assert (len(stated), found.flag) == (7, None)


def test_what_stands_behind_the_first_red_flag_is_not_read() -> None:
    lines = whole_reply(answers, prompt()).splitlines()
    for place, slip in ((0, "???"), (3, "1ab bcba"), (6, "2ab ccca")):
        found = read("\n".join([*lines[:place], slip, *lines[place + 1 :]]))
        assert len(found.stated) == place
        assert found.flag is not None
        assert found.flag.name in ("misformatted", "illegal", "inconsistent")
    assert read("\n".join([*lines[:2], lines[3]])).flag is not None, "a step is left out: the next one does not follow"


def test_nothing_is_read_behind_the_end_of_the_chain() -> None:
    text = whole_reply(answers, prompt(count=12))
    assert len(text.splitlines()) == 12
    assert (len(read(text, count=12).stated), read(text, count=12).flag) == (7, None)


@pytest.mark.parametrize("text", ["", "\n\n", " \r\n\t\n"])
def test_an_empty_reply_is_a_red_flag(text: str) -> None:
    assert read(text) == ReadSteps((), Flag("misformatted", "no answer in the reply"))


def test_replies_of_any_form_never_state_more_than_they_say() -> None:
    """Lines of right replies shuffled, doubled, cut and mixed with noise: what is read is a chain of legal moves."""
    lines, rng = whole_reply(answers, prompt()).splitlines(), random.Random(7)
    for _ in range(300):
        said = [rng.choice([*lines, "", "move", "1ab", "\x00", "9" * 50]) for _ in range(rng.randrange(9))]
        state = START
        for one in read("\n".join(said)).stated:
            assert one.step == TASK.next_step(GOAL, state)
            assert one.candidate in said
            state = TASK.advance(GOAL, state, one.candidate)


@pytest.mark.parametrize("wording", range(3))
def test_chat_asks_for_the_moves_in_every_wording_and_for_one_no_more(wording: int) -> None:
    shown = prompt(dialect="chat", wording=wording, count=5)
    assert "Make the next 5 moves" in shown.user
    assert "Make the next move" not in shown.user
    assert "for each of them, in order" in shown.system
    found = read("Let me see.\n" + whole_reply(answers, shown), dialect="chat", count=5)
    assert (len(found.stated), found.flag) == (5, None)


def test_of_a_chat_reply_with_drafts_the_last_moves_count() -> None:
    shown = prompt(dialect="chat", count=2)
    draft = "Perhaps move = [2, 0, 1] comes first? No.\n"
    assert len(read(draft + whole_reply(answers, shown), dialect="chat", count=2).stated) == 2


def test_only_moves_of_a_tower_are_asked_for_together() -> None:
    carry = TASK.next_step(Carry(4, "a", "c"), Walk("bbba"))
    split = TASK.decomposition_step(GOAL, ("aaaa",))
    for step in (carry, split):
        assert isinstance(step, Step)
        assert TASK.prompt_several(step, 4, "compact") is None


class Doubling(Task, frozen=True, kw_only=True):
    """Doubles a number five times: one method more than a plain task."""

    def next_step(self, goal: Any, state: Any) -> Any:
        return Done(state) if state >= 32 else Step("double", Role.ACTOR, state)

    def advance(self, goal: Any, state: Any, candidate: str) -> int:
        return int(candidate)

    def prompt_several(self, step: Step, count: int, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"Double {step.reads} {count} times, a line for each result.")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if text == str(2 * step.reads) else Flag("misformatted", text)


def test_a_task_of_ones_own_joins_with_one_method() -> None:
    task = Doubling()
    step = task.next_step(None, 1)
    parts = task.split_reply(step, 8, "2\n4\n\n8\n17\n34", "chat")
    found = read_steps(task, None, 1, parts, lambda step, text: task.parse(step, text, "chat"))
    assert [one.candidate for one in found.stated] == ["2", "4", "8"]
    assert found.flag == Flag("misformatted", "17")
    assert Task.prompt_several(task, step, 8, "chat") is None, "without it, steps are asked one at a time"


@given(st.lists(st.text()), st.text())
def test_a_reply_is_read_back_as_it_was_written(stated: list[str], flag: str) -> None:
    assert reply_of(msgspec.json.encode((stated, flag)).decode()) == (stated, flag)


@pytest.mark.parametrize(
    "text", ["", "moves 3", "[[" * 5000, "\ud800", '[["a"], "overlong", 1]', '{"a": 1}', "[[1], 2]", "[null, null]"]
)
def test_what_a_journal_holds_in_another_form_states_no_step(text: str) -> None:
    assert reply_of(text) == ([], "misformatted")
