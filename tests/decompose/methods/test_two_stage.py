"""Divide, then conquer: parts are read strictly, the two roles are apart, a bad role is the one that shows."""

import pytest

from surefoot.decompose.answer_keys.problems import answers
from surefoot.decompose.methods.asking import Goal
from surefoot.decompose.methods.two_stage import NONE, TwoStage, read_parts
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Flag, Prompt, Role
from surefoot.decompose.tasks.generated import Generated
from surefoot.runtime.models.port import Request
from surefoot.runtime.models.simulated import SimulatedModel, parse_profile
from tests.decompose.methods.walking import Walk


def test_parts_are_read_in_order() -> None:
    assert read_parts("Let me see.\n1. What is 1 + 1?\n 2) What  is #1 * 3?\n") == ("What is 1 + 1?", "What is #1 * 3?")
    assert read_parts("It is simple.\nSub-questions: None.") == ()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "0 sub-questions"),
        ("no idea", "0 sub-questions"),
        ("1. a\n3. b", "not numbered"),
        ("2. a", "not numbered"),
        ("1. a\n2. a", "asked twice"),
        ("1. a #1", "sub-question 1 refers to an answer"),
        ("1. a #2\n2. b", "sub-question 1 refers to an answer"),
        ("1. a #0", "sub-question 1 refers to an answer"),
        ("1. " + "x" * 2000, "too long"),
        ("\n".join(f"{n}. q{n}" for n in range(1, 1200)), "1,199 sub-questions"),
    ],
)
def test_parts_that_cannot_be_answered_are_a_red_flag(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_parts(text)
    step = TwoStage().ask("split", Goal("q"), "q")
    assert step.role is Role.TASK_DECOMPOSER
    assert isinstance(Generated(method="two-stage").parse(step, text, "chat"), Flag)


def test_no_decomposition_is_honoured() -> None:
    task = Generated(family="expressions", length=1, method="two-stage")
    walk = Walk(task)
    assert walk.run() == answer_of(task.question())
    assert walk.kinds == ["split", "answer"]
    assert NONE not in walk.prompts[1].user


def test_the_solver_sees_the_parts_that_won_and_nothing_else_of_the_decomposer() -> None:
    def reply(prompt: Prompt) -> str:
        right = answers(prompt).right[0]
        return f"SCRATCH of mine\n{right}" if prompt.user.startswith("Split") else right

    walk = Walk(Generated(family="chains", length=4, method="two-stage"), reply)
    walk.run()
    assert walk.kinds == ["split", "solve parts"]
    assert "Part 4: " in walk.prompts[1].user
    assert "SCRATCH" not in walk.prompts[1].user


def right(decomposer: float, solver: float, seed: int) -> int:
    """Questions of ten that two models answer rightly, which err at these rates."""
    models = [SimulatedModel(answers, parse_profile(f"p_error={p}"), name=f"m{p}") for p in (decomposer, solver)]

    def reply(prompt: Prompt) -> str:
        model = models[0] if prompt.user.startswith("Split") else models[1]
        return model.reply(Request(prompt, (0,), 1.0, 4096, seed), 0).text

    count = 0
    for number in range(1, 11):
        task = Generated(family="chains", length=5, number=number, method="two-stage")
        count += Walk(task, reply).run() == answer_of(task.question())
    return count


def test_both_roles_matter_each_by_itself() -> None:
    """2 x 2 over 20 seeds (systems reference, section 4, A1): each bad role costs answers, paired by seed."""
    good, bad = 0.0, 0.5
    arms = {(d, s): [right(d, s, seed) for seed in range(20)] for d in (good, bad) for s in (good, bad / 5)}
    best = arms[good, good]
    assert best == [10] * 20
    for worse in (arms[bad, good], arms[good, bad / 5]):
        assert sum(one < other for one, other in zip(worse, best, strict=True)) >= 18  # a sign test: p < 0.001
    both = arms[bad, bad / 5]
    assert sum(both) < min(sum(arms[bad, good]), sum(arms[good, bad / 5]))
