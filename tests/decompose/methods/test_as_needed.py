"""As needed: what can be answered is not split, what cannot is split again and again, and depth has an end."""

from surefoot.decompose.answer_keys.problems import ABLE, answers
from surefoot.decompose.methods.as_needed import DEEPEST, AsNeeded, named_in
from surefoot.decompose.methods.asking import Goal, Turning, asked_next
from surefoot.decompose.plan import Failure, as_output, failure_of
from surefoot.decompose.referees.problems import answer_of
from surefoot.decompose.step import Done, Prompt
from surefoot.decompose.tasks.generated import Generated
from tests.decompose.methods.walking import Walk


def walked(length: int, family: str = "expressions", number: int = 1) -> tuple[Walk, bool]:
    task = Generated(family=family, length=length, number=number, method="as-needed")
    walk = Walk(task)
    return walk, walk.run() == answer_of(task.question())


def test_what_can_be_answered_is_not_split() -> None:
    walk, right = walked(ABLE)
    assert right
    assert walk.kinds == ["try"]


def test_what_cannot_is_split_until_it_can() -> None:
    for number in range(1, 12):
        walk, right = walked(9, number=number)
        assert right
        assert walk.kinds[:2] == ["try", "split once"]
        assert walk.kinds.count("split once") >= 2, "true recursion: parts of parts"
        assert walk.kinds.count("try") > walk.kinds.count("split once")


def test_families_that_nest_and_chains() -> None:
    for family in ("graphs", "chains", "crafting", "dictionary"):
        assert walked(5, family)[1], family


def test_depth_has_an_end_and_says_so() -> None:
    """Pitfall 7: the limit stands in the method; no reply changes it. A model that never answers ends in a failure."""
    endless = {"n": 0}

    def reply(prompt: Prompt) -> str:
        if prompt.user.startswith("Split"):
            endless["n"] += 1
            return f"1. What is {endless['n']} + 1?"
        return "Answer: cannot"

    walk = Walk(Generated(family="expressions", length=3, method="as-needed"), reply)
    failed = failure_of(walk.run())
    assert failed is not None
    assert failed.message == f"it could not be answered in one step after {DEEPEST} splits"
    assert walk.kinds.count("split once") == DEEPEST


def test_a_question_that_is_split_into_itself_ends() -> None:
    """Pitfall 11: recursion that goes nowhere is noticed at once."""

    def reply(prompt: Prompt) -> str:
        question = prompt.user.split("Question: ")[1].split("\n")[0]
        return f"1. {question}" if prompt.user.startswith("Split") else "Answer: cannot"

    walk = Walk(Generated(family="expressions", length=3, method="as-needed"), reply)
    failed = failure_of(walk.run())
    assert failed is not None
    assert failed.message == "it was split into itself"
    assert len(walk.kinds) == 2


def test_a_part_that_reads_a_failure_asks_nothing() -> None:
    goal = Goal("What is #1 + 1?", depth=1)
    ended = asked_next(AsNeeded(), Generated(), goal, Turning((as_output(Failure("RunFailed", "gone")),)))
    assert ended == Done(None, "a part that it reads failed")
    assert named_in("#2 + #10 + #2") == (2, 10)


def test_nothing_leaks_from_one_question_to_the_next() -> None:
    """Pitfall 13: the second question's prompts are the same whether or not another came first."""
    walked(7, number=3)
    alone = Walk(Generated(family="expressions", length=7, number=4, method="as-needed"))
    alone.run()
    again = Walk(Generated(family="expressions", length=7, number=4, method="as-needed"))
    again.run()
    assert alone.prompts == again.prompts
    assert answers(alone.prompts[0]).right
