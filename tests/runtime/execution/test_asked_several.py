"""The reply to a question for several steps: taken apart by its task, or discarded whole."""

from collections.abc import Sequence
from typing import Any

import pytest

from surefoot.decompose.several_steps import ReadSteps
from surefoot.decompose.step import Dialect, Flag, Step
from surefoot.decompose.tasks.hanoi import Hanoi, Tower, Walk
from surefoot.runtime.checked_task import checked_class
from surefoot.runtime.errors import UserCodeError
from surefoot.runtime.execution.asked_several import SeveralAnswers, asked_several
from surefoot.runtime.execution.escalation.prompt_variants import PromptVariant, asked, variants_of

GOAL, START = Tower(3, "a", "c"), Walk("aaab")
RIGHT = "1ac 2ab 1cb 3ac 1ba 2bc 1ac cccb"
ALL = ("illegal", "inconsistent")


def answers(
    task: Any, said: str | Flag, variant: PromptVariant, flags: Sequence[str] = ALL, count: int = 7
) -> ReadSteps:
    step = task.next_step(GOAL, START)
    assert isinstance(step, Step)
    question = asked_several(asked(task, step, variant, "compact"), count)
    assert question is not None
    return SeveralAnswers(question, said, frozenset(flags)).read(GOAL, START)


def test_moves_in_one_line_are_steps_in_every_variant_that_is_asked() -> None:
    task = Hanoi(disks=4)
    variants = variants_of(task, "compact", False)
    assert {variant.relabeling for variant in variants} == {0, 1, 2}
    first = answers(task, RIGHT, variants[0])
    assert (len(first.stated), first.flag) == (7, None)
    for variant in variants:
        names = {0: "abc", 1: "bca", 2: "cba"}[variant.relabeling]
        said = RIGHT.translate(str.maketrans("abc", names))
        assert answers(task, said, variant) == first, "the plan has its own names, whatever the model was asked with"


@pytest.mark.parametrize("flags", [ALL, ()])
def test_of_a_reply_that_contradicts_itself_no_step_is_taken_whatever_flags_are_on(flags: Sequence[str]) -> None:
    found = answers(
        Hanoi(disks=4), RIGHT.replace("cccb", "bccb"), variants_of(Hanoi(disks=4), "compact", False)[0], flags
    )
    assert found.stated == ()
    assert found.flag is not None
    assert found.flag.name == "inconsistent"


def test_no_more_is_taken_than_was_asked_for() -> None:
    variant = variants_of(Hanoi(disks=4), "compact", False)[0]
    assert len(answers(Hanoi(disks=4), RIGHT, variant, count=3).stated) == 3
    assert answers(Hanoi(disks=4), Flag("overlong", ""), variant).flag == Flag("overlong", "")


class Picky(Hanoi, frozen=True, kw_only=True):
    """Somebody's task that throws whole replies away, and one that returns something else."""

    says: Any = None

    def split_reply(self, step: Step, count: int, text: str, dialect: Dialect) -> Sequence[str] | Flag:
        said: Sequence[str] | Flag = self.says
        return said


def test_a_task_of_ones_own_may_discard_a_whole_reply() -> None:
    variant = variants_of(Hanoi(), "compact", False)[0]
    watched = checked_class(Picky)
    flag = Flag("unsure", "it said perhaps")
    assert answers(watched(disks=4, says=flag), RIGHT, variant) == ReadSteps((), flag)
    with pytest.raises(UserCodeError, match="a list of texts, or a Flag"):
        answers(watched(disks=4, says=3), RIGHT, variant)
