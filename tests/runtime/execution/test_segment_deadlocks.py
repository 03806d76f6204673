"""A segment that comes to no end, or to a step that cannot be decided: what is tried, and what is said."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.plan import Node
from surefoot.decompose.referees.hanoi import verify
from surefoot.decompose.segment import Segment
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.errors import RunFailed, StepDeadlocked
from surefoot.runtime.leads import Leads
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Contradicted, Finished
from tests.runtime.execution.hanoi_segments import ASTRAY, PLACE, ROOT, TASK, Ended, Make, plan


async def test_a_chain_that_does_not_end_is_stopped(segment: Make, planted: Any) -> None:
    """Round and round with disk 1: with a promise the seam notices, without one the run has failed."""

    class Endless(Hanoi, frozen=True, kw_only=True):
        def size(self, goal: Any, inputs: Any = ()) -> int:
            return 5

        def next_step(self, goal: Any, state: Any) -> Any:
            return Hanoi(disks=30).next_step(goal, state)

    task, round_and_round = Endless(disks=3), {"aaa": "1ac caa", "caa": "1cb baa", "baa": "1ba aaa"}
    model = planted(None, lambda text, nth: round_and_round[text.split(" ")[-1]])
    outcome = await segment(model, task, Chain()).run(Segment(task.root()))
    assert isinstance(outcome, Contradicted)
    assert model.asked == 10
    lone = Node((7,), task.root().goal, ("aaa",))
    with pytest.raises(RunFailed, match="node 7 did not come to an end within 5 steps"):
        await segment(model, task, Chain()).run(Segment(lone))


async def test_a_deadlock_is_run_again_then_decided_anew_above_and_then_says_where(segment: Make, planted: Any) -> None:
    """A step that cannot be decided: two runs of its chain, under each of four decompositions, then an end."""
    turns = [ASTRAY, "1ca acba"]
    model = planted(answers, lambda text, nth: turns[nth % 2] if text == PLACE else None)
    runner = segment(model, leads=Leads(2, 2, 4), max_ballots=8)
    outcome = await runner.run(Segment(ROOT))
    why = "no candidate led by 2 within 8 ballots; 4 for '1cb bcba', 4 for '1ca acba'"
    assert outcome == Contradicted((), why, levels=1)
    taken = runner.work.take()
    undecided = [record for record in taken if record.part == "undecided"]
    assert {(record.path, record.attempt) for record in undecided} == {
        ((1024 * again,), run) for again in range(4) for run in range(2)
    }
    assert {record.first for record in undecided} == {4}
    named = {b.candidate for record in undecided for e in record.entries for b in e.ballots}  # type: ignore[union-attr]
    assert named == set(turns)
    assert runner.work.counts.seam_retries == 4
    assert runner.work.counts.broken_promises == 4
    # A resumed segment asks the undecided step of every last run again, and nothing else.
    again = planted(answers, model.say)
    assert await segment(again, leads=Leads(2, 2, 4), max_ballots=8).run(Segment(ROOT), [pack(taken)]) == outcome
    assert again.asked == 4 * 8


@pytest.mark.parametrize(
    ("place", "turns"),
    [(PLACE, [ASTRAY, "1ca acba"]), ("move cw - aaaa", ["1ab baaa", "1ac caaa"])],
    ids=["in the middle", "at the first step"],
)
async def test_a_deadlock_that_a_second_run_does_not_meet_is_put_right_by_it(
    segment: Make, planted: Any, place: str, turns: list[str]
) -> None:
    model = planted(answers, lambda text, nth: turns[nth % 2] if text == place and nth < 8 else None)
    runner = segment(model, leads=Leads(2, 2, 4), max_ballots=8)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert runner.work.counts.steps == 15, "every step that stands, once"
    assert runner.work.counts.caught == {"the same again": 1}
    assert verify(TASK, Ended(plan(r for r in runner.work.take() if r.part == "run"))).reached_goal


async def test_a_deadlock_without_a_seam_says_where(segment: Make, planted: Any) -> None:
    turns = [ASTRAY, "1ca acba"]
    model = planted(answers, lambda text, nth: turns[nth % 2] if text == PLACE else None)
    with pytest.raises(BaseExceptionGroup) as caught:
        await segment(model, leads=Leads(2, 2, 4), max_ballots=8, seams=False).run(Segment(ROOT))
    assert caught.group_contains(StepDeadlocked, match="no candidate led by 2 within 8 ballots")
    (error,) = caught.value.exceptions
    assert isinstance(error, StepDeadlocked)
    assert error.context["path"] == [0]
    assert dict(error.context["tally"]) == {"1cb bcba": 4, "1ca acba": 4}
