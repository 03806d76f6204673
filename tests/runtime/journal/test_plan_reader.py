"""A finished plan comes back from its journal as it was decided, and an unfinished one does not."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.tasks.hanoi_states import moved
from surefoot.runtime.errors import JournalError
from surefoot.runtime.models.simulated import Profile, SimulatedModel

NewRun = Callable[..., Any]


@pytest.mark.parametrize("segment_steps", [1, 3, 15, 1024])
@pytest.mark.parametrize("leaf_steps", [1, 3, 100])
async def test_steps_come_in_plan_order_with_what_they_read(
    new_run: NewRun, planted: Any, segment_steps: int, leaf_steps: int
) -> None:
    run = new_run(options={"disks": 5}, segment_steps=segment_steps, leaf_steps=leaf_steps)
    assert await run.session(planted(hanoi.answers)) == "solved"
    steps, output = run.plan()
    assert (len(steps), output) == (31, "ccccc")
    state = "aaaaa"
    for step in steps:
        move, *words = step.candidate.split(" ")
        assert step.reads.state == state
        state = moved(state, move)
        assert "".join(words) == state
    assert {step.kind for step in steps} == ({"move"} if leaf_steps == 100 else {"move", "carry"})


async def test_an_unfinished_plan_is_not_read_as_a_finished_one(new_run: NewRun, planted: Any) -> None:
    run = new_run(options={"disks": 5}, segment_steps=3)
    assert await run.session(planted(hanoi.answers), max_calls=10) == "paused"
    with pytest.raises(JournalError, match=r"the journal has no (run|split) of node|is not complete"):
        run.plan()


@pytest.mark.parametrize("rule", ["first-to-ahead-by", "first-to"])
async def test_contested_steps_are_read_by_counting_their_ballots_again(
    new_run: NewRun, planted: Any, rule: str
) -> None:
    """A wrong answer first, outvoted: what is read is the winner."""
    wrong = "1ac caaa"
    model = planted(hanoi.answers, lambda text, nth: wrong if text == "move cw - aaaa" and nth == 0 else None)
    run = new_run(options={"disks": 4}, k=2, rule=rule, strategy="chain")
    assert await run.session(model) == "solved"
    assert model.times["move cw - aaaa"] == (4 if rule == "first-to-ahead-by" else 3)
    assert run.totals.disagreements == 1
    assert run.plan()[0][0].candidate == "1ab baaa"


async def test_the_last_attempt_of_a_chain_is_the_one_that_is_read(new_run: NewRun, planted: Any) -> None:
    """The fifth move of the first tower goes astray once; the seam has the tower run again."""
    wrong = {"move cw 3ab ccba": "1cb bcba"}
    model = planted(hanoi.answers, lambda text, nth: wrong.get(text) if nth == 0 else None)
    run = new_run(options={"disks": 4}, leaf_steps=7)
    assert await run.session(model) == "solved"
    assert run.totals.seam_retries == 1
    assert [step.candidate.split(" ")[0] for step in run.plan()[0]][4] == "1ca"


@pytest.mark.parametrize("seed", [3, 5, 11, 13, 14, 16, 17])
async def test_a_plan_whose_promises_nobody_held_is_read_as_it_was_run(new_run: NewRun, seed: int) -> None:
    """Siblings begin with what was promised of each other, kept or not; read otherwise, steps would be missing."""
    values = {"leaf_steps": 1, "seams": False, "k": 1, "red_flags": "none", "ladder": False, "seed": seed}
    run = new_run(options={"disks": 6}, segment_steps=64, **values)
    if await run.session(SimulatedModel(hanoi.answers, Profile(p_error=0.4))) == "solved":
        steps, output = run.plan()
        assert 55 < len(steps) <= 63
        assert output == "cccccc"
