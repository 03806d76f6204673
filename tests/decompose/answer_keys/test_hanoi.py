"""The answer key of Tower of Hanoi: one right answer to a whole prompt, guesses where a fact is missing."""

import itertools
import re
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Flag, Prompt, Role, Step
from surefoot.decompose.tasks.hanoi import GoalFacts, Hanoi, MoveFacts
from surefoot.decompose.tasks.hanoi_states import moved
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import Profile, SimulatedModel

DIALECTS: tuple[Any, ...] = ("compact", "chat")


def sampled(disks: int, state_by: Any = "model") -> list[Step]:
    """Steps of every kind, with both directions."""
    towers = [Hanoi(disks=disks, start=a, goal=b, state_by=state_by) for a, b in itertools.permutations("abc", 2)]
    return [task.sample_step(number) for task in towers for number in range(48)]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("state_by", ["model", "task"])
@pytest.mark.parametrize("disks", [1, 2, 5, 11])
def test_a_whole_prompt_has_one_right_answer(dialect: Any, state_by: Any, disks: int) -> None:
    task = Hanoi(disks=disks, state_by=state_by)
    for step in sampled(disks, state_by):
        known = answers(task.prompt(step, dialect))
        assert len(known.right) == 1
        candidate = task.parse(step, known.right[0], dialect)
        assert isinstance(candidate, str)
        assert task.check(step, candidate) is None
        assert candidate == task.parse(step, answers(task.prompt(step, "compact")).right[0], "compact")


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("state_by", ["model", "task"])
@pytest.mark.parametrize("disks", [1, 2, 5, 11])
def test_wrong_answers_are_wrong_and_can_be_read(dialect: Any, state_by: Any, disks: int) -> None:
    task = Hanoi(disks=disks, state_by=state_by)
    for step in sampled(disks, state_by):
        known = answers(task.prompt(step, dialect))
        right = task.parse(step, known.right[0], dialect)
        said = [task.parse(step, wrong, dialect) for wrong in known.wrong]
        assert said
        assert not [one for one in said if isinstance(one, Flag)]
        assert right not in said
        assert len(set(said)) == len(said)


def test_wrong_answers_raise_every_flag_and_none() -> None:
    """Some mistakes only a vote can catch: a legal move, done correctly, that the strategy does not want."""
    task, step = Hanoi(disks=5), Step("move", Role.ACTOR, MoveFacts("cw", "1ab", "bbacc"))
    known = answers(task.prompt(step, "compact"))
    found = [task.check(step, wrong) for wrong in known.wrong]
    assert {flag.name for flag in found if flag is not None} == {"illegal", "inconsistent"}
    assert None in found


WITHOUT: dict[str, dict[str, str]] = {
    "compact": {"direction": r" c?cw", "previous": r" (-|\d+[abc]{2})(?= [abc])", "state": r"( [abc]+)+$"},
    "chat": {
        "direction": r" (counter-)?clockwise, that is, [^.]*",
        "previous": r"Previous move: .*\n",
        "state": r"Current state: .*\n",
    },
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("fact", ["direction", "previous", "state"])
async def test_what_a_prompt_does_not_show_has_to_be_guessed(dialect: Any, fact: str) -> None:
    """Take one fact out of the text: a model that never errs now does. With the whole text it does not."""
    task, changed, wrong, wrong_before = Hanoi(disks=5), 0, 0, 0
    model = SimulatedModel(answers, Profile(), dialect)
    for number in range(200):
        step = task.sample_step(number)
        if step.kind != "move":
            continue
        whole = task.prompt(step, dialect)
        text, cuts = re.subn(WITHOUT[dialect][fact], "", whole.user)
        assert cuts == 1, whole.user
        (right,), poor = answers(whole).right, answers(Prompt(text, whole.system)).right
        changed += poor != (right,)
        if fact != "state":
            assert right in poor
        for prompt, is_cut in ((whole, False), (Prompt(text, whole.system), True)):
            (reply,) = await model.ask(Request(prompt, (number,), 1.0, 64, 0))
            wrong += is_cut and reply.text != right
            wrong_before += not is_cut and reply.text != right
    assert wrong_before == 0
    assert changed > 40
    assert wrong > 20


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", ["carry", "split"])
def test_a_goal_that_is_not_shown_has_to_be_guessed(dialect: Any, kind: str) -> None:
    whole = Hanoi().prompt(Step(kind, Role.ACTOR, GoalFacts("2ac", "aab" if kind == "split" else "bab")), dialect)
    assert len(answers(whole).right) == 1
    if dialect == "compact":
        assert len(answers(Prompt(re.sub(r" 2ac", "", whole.user))).right) > 1


def test_the_state_that_a_prompt_shows_is_the_one_answered_for() -> None:
    for state in ("aaa", "baa", "bca", "ccb"):
        step = Step("move", Role.ACTOR, MoveFacts("cw", "-", state))
        for dialect in DIALECTS:
            (right,) = answers(Hanoi().prompt(step, dialect)).right
            move = f"1{state[0]}{'bca'['abc'.index(state[0])]}"
            assert Hanoi().parse(step, right, dialect) == f"{move} {moved(state, move)}"


@pytest.mark.parametrize("prompt", [Prompt(""), Prompt("times 3 4 0"), Prompt("hello"), Prompt("Work out 3 * 4", "Hm")])
def test_other_questions_are_refused(prompt: Prompt) -> None:
    with pytest.raises(ValueError, match="not a question about Tower of Hanoi"):
        answers(prompt)
