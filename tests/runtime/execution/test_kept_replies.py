"""Which replies a run keeps: the first few of each kind and reading, then ever fewer, or what its setting says."""

from typing import Any

import pytest

from surefoot.decompose.step import Flag, Prompt, Role, Step
from surefoot.runtime.execution.kept_replies import FIRST_FEW, LONGEST, Keep, ReplyKeeper

MOVE, SPLIT = Step("move", Role.ACTOR, None), Step("split", Role.TASK_DECOMPOSER, None)
PROMPT = Prompt("ask")
BAD = Flag("misformatted", "no number")


def kept(keeper: ReplyKeeper, count: int, step: Step = MOVE, read: str | Flag = "a") -> list[int]:
    """Numbers of the steps, each of one reply, of which something is kept."""
    found = []
    for number in range(count):
        keeper.heard(number, step, PROMPT, f"reply {number}", read)
        if keeper.take(number, step, disputed=False) is not None:
            found.append(number + 1)
    return found


def test_the_first_few_and_then_ever_fewer() -> None:
    assert FIRST_FEW == 4
    assert kept(ReplyKeeper("some"), 1000) == [1, 2, 3, 4, 8, 16, 32, 64, 128, 256, 512]


def test_each_kind_and_each_reading_has_its_own_first_few() -> None:
    keeper = ReplyKeeper("some")
    kept(keeper, 100)
    assert kept(keeper, 4, SPLIT) == [1, 2, 3, 4]
    assert kept(keeper, 4, MOVE, BAD) == [1, 2, 3, 4]
    assert kept(keeper, 4, MOVE, Flag("illegal")) == [1, 2, 3, 4]
    assert kept(keeper, 4) == []


@pytest.mark.parametrize(("keep", "count"), [("none", 0), ("some", 7), ("disputed", 7), ("all", 50)])
def test_settings(keep: Keep, count: int) -> None:
    assert len(kept(ReplyKeeper(keep), 50)) == count


def heard(keeper: ReplyKeeper, disputed: bool) -> Any:
    """What is kept of the last of many steps: two replies as usual, and one that reads otherwise."""
    kept(keeper, 100)
    for text in ("one", "two", "three"):
        keeper.heard(7, MOVE, PROMPT, text, "b" if text == "three" else "a")
    return keeper.take(7, MOVE, disputed=disputed)


@pytest.mark.parametrize(("keep", "whole"), [("none", False), ("some", False), ("disputed", True), ("all", True)])
def test_of_a_disputed_step(keep: Keep, whole: bool) -> None:
    found = heard(ReplyKeeper(keep), disputed=True)
    assert (found is not None) == whole
    if whole:
        assert [reply.text for reply in found.replies] == ["one", "two", "three"]


def test_with_a_notable_reply_the_whole_disputed_step_is_kept() -> None:
    keeper = ReplyKeeper("some")
    kept(keeper, 100)
    keeper.heard(7, MOVE, PROMPT, "odd", BAD)
    keeper.heard(7, MOVE, PROMPT, "usual", "a")
    found = keeper.take(7, MOVE, disputed=True)
    assert found is not None
    assert [(reply.text, reply.flag) for reply in found.replies] == [("odd", "misformatted"), ("usual", "")]


def test_long_texts_are_cut_and_nothing_is_held_after_it_was_taken() -> None:
    keeper = ReplyKeeper("all")
    keeper.heard(
        1, MOVE, Prompt("u" * 2 * LONGEST, "s" * 2 * LONGEST), "r" * 2 * LONGEST, Flag("illegal", "d" * LONGEST * 2)
    )
    found = keeper.take(1, MOVE, disputed=False)
    assert found is not None
    [reply] = found.replies
    assert {len(found.system), len(found.user), len(reply.text), len(reply.read)} == {LONGEST}
    assert keeper.take(1, MOVE, disputed=False) is None
    assert not keeper._heard
