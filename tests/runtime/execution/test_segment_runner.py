"""A segment finds its own mistakes: seams, retries, suspects, and decompositions that are asked again."""

import asyncio
from typing import Any

import pytest

from surefoot.decompose.answer_keys import multiply
from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.methods.tree import Tree
from surefoot.decompose.plan import Node
from surefoot.decompose.referees.hanoi import verify
from surefoot.decompose.segment import Segment
from surefoot.decompose.tasks.hanoi import Carry, Hanoi
from surefoot.decompose.tasks.multiply import Multiply
from surefoot.runtime.errors import RunFailed
from surefoot.runtime.execution.chain_runner import half
from surefoot.runtime.execution.work import SegmentStopped
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Model, Reply, Request, Stop
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Contested, Contradicted, Finished
from tests.runtime.execution.hanoi_segments import (
    ASTRAY,
    PLACE,
    ROOT,
    SPLIT,
    TASK,
    WRONG_SPLIT,
    Ended,
    Make,
    entries,
    plan,
)


async def test_a_right_plan_costs_one_call_a_question(segment: Make, planted: Any) -> None:
    model = planted(answers)
    runner = segment(model)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert model.asked == 16
    assert set(model.times.values()) == {1}
    counts = runner.work.steps.meter.take()
    assert (counts.steps, counts.decompositions, counts.calls, counts.seam_retries) == (15, 1, 16, 0)
    found = verify(TASK, Ended(plan(runner.work.take())))
    assert (found.valid, found.reached_goal, found.steps) == (True, True, 15)
    assert runner.work.take() == []


async def test_one_wrong_step_is_caught_at_the_seam_and_found(segment: Make, planted: Any) -> None:
    """The tower is run again; the first step that differs is voted on with the larger lead; the rest is kept."""
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE and nth == 0 else None)
    runner = segment(model)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    counts = runner.work.counts
    assert (counts.steps, counts.seam_retries, counts.escalations, counts.broken_promises) == (15, 1, 1, 0)
    assert model.asked == 16 + 7 + 3
    assert model.times[PLACE] == 1 + 1 + 3
    elsewhere = {text: times for text, times in model.times.items() if text.endswith("c") or "carry" in text}
    assert len(elsewhere) == 8
    assert set(elsewhere.values()) == {1}
    kept = entries(records := runner.work.take())
    assert [len(kept[(0,), "run", attempt]) for attempt in (0, 1)] == [7, 7]
    assert [isinstance(entry, Contested) for entry in kept[(0,), "run", 1]] == [False] * 4 + [True] + [False] * 2
    assert verify(TASK, Ended(plan(records))).reached_goal
    assert [name for name, _ in runner.work.events] == ["seam retry", "suspect step"]
    suspect = {"node": "0", "step": 4, "kind": "move", "k": 3, "winner": "1ca acba"}
    assert runner.work.events[1][1] == suspect
    assert counts.ways == {"the same again/00": 4, "the same again/10": 1}, (
        "the first run alone was wrong, at its fifth"
    )


async def test_without_seams_the_wrong_step_goes_through(segment: Make, planted: Any) -> None:
    """The placebo: the same model, and nobody notices; the last tower starts from what was promised."""
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE and nth == 0 else None)
    runner = segment(model, seams=False)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert (model.asked, runner.work.counts.seam_retries, runner.work.counts.escalations) == (16, 0, 0)
    found = verify(TASK, Ended(plan(runner.work.take())))
    assert not (found.valid and found.reached_goal)


async def test_with_a_lead_of_three_the_vote_itself_mends_it(segment: Make, planted: Any) -> None:
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE and nth == 0 else None)
    runner = segment(model, leads=Leads(3, 3, 5))
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert model.asked == 16 * 3 + 2
    assert (runner.work.counts.disagreements, runner.work.counts.seam_retries) == (1, 0)


async def test_mistakes_in_both_runs_are_both_voted_on(segment: Make, planted: Any) -> None:
    """The second run errs earlier than the first one did: the vote there agrees with the first."""
    wrong = {(PLACE, 0): ASTRAY, ("move cw 1ab baaa", 1): "1bc caaa"}
    model = planted(answers, lambda text, nth: wrong.get((text, nth)))
    runner = segment(model)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert (runner.work.counts.seam_retries, runner.work.counts.escalations) == (1, 2)
    assert verify(TASK, Ended(plan(runner.work.take()))).reached_goal


async def test_an_error_shared_by_all_draws_goes_up_and_ends_contradicted(segment: Make, planted: Any) -> None:
    """Two runs that agree on what is not promised convict the promise; the decomposition is asked again."""
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE else None)
    runner = segment(model, re_decompositions=2)
    outcome = await runner.run(Segment(ROOT))
    assert isinstance(outcome, Contradicted)
    assert outcome.path == ()
    assert "promised was 'bbba'" in outcome.detail
    counts = runner.work.counts
    assert (counts.broken_promises, counts.seam_retries, counts.decompositions) == (3, 3, 3)
    assert model.times[SPLIT] == 1 + 3 + 3  # asked again with the lead of a suspect


async def test_a_wrong_decomposition_is_convicted_by_the_one_child_that_breaks_it(segment: Make, planted: Any) -> None:
    """The carry cannot keep what was promised of it. The first tower can: it is kept."""
    say = lambda text, nth: WRONG_SPLIT if text == SPLIT and nth == 0 else None  # noqa: E731
    model = planted(answers, say)
    runner = segment(model, red_flags="none")
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert {model.times[text] for text in model.times if text.startswith("move") and text.endswith("a")} == {1}
    assert model.times[SPLIT] == 1 + 3
    assert runner.work.counts.broken_promises == 1
    records = runner.work.take()
    (kept,) = [record for record in records if record.part == "children"]
    assert (kept.path, kept.attempt, kept.children) == ((), 1, (0, 1025, 1026))
    # The red flag sees the same mistake at once.
    model = planted(answers, say)
    runner = segment(model)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert (model.asked, runner.work.counts.red_flags) == (17, {"inconsistent": 1})


async def test_placebo_without_seams_a_wrong_decomposition_goes_through(segment: Make, planted: Any) -> None:
    model = planted(answers, lambda text, nth: WRONG_SPLIT if text == SPLIT and nth == 0 else None)
    runner = segment(model, red_flags="none", seams=False)
    assert isinstance(await runner.run(Segment(ROOT)), Finished)
    assert model.times[SPLIT] == 1
    assert not verify(TASK, Ended(plan(runner.work.take()))).valid


async def test_steps_counts_what_stands(segment: Make, planted: Any) -> None:
    """Also when a decomposition was asked again and half of the plan was thrown away."""
    model = planted(answers, lambda text, nth: WRONG_SPLIT if text == SPLIT and nth == 0 else None)
    runner = segment(model, red_flags="none")
    await runner.run(Segment(ROOT))
    assert runner.work.counts.steps == 15


async def test_nodes_run_together_as_far_as_promises_and_the_gate_allow(segment: Make, planted: Any) -> None:
    for chains, most in ((9, 3), (2, 2), (1, 1)):
        model = planted(answers)
        await segment(model, chains=chains).run(Segment(ROOT))
        assert model.most == most
    task = Multiply(x="1234", y="56")
    model = planted(multiply.answers)
    runner = segment(model, task, Tree(1))
    assert await runner.run(Segment(task.root())) == Finished(str(1234 * 56))
    assert model.most == 2  # both products; their sum has to wait
    chain = planted(multiply.answers)
    assert await segment(chain, task, Chain()).run(Segment(task.root())) == Finished(str(1234 * 56))
    assert chain.most == 1


class Straggler(Model):
    """Takes thousands of turns of the event loop over one prompt; counts what was answered before and by its end."""

    dialect = "compact"

    def __init__(self, slow: str) -> None:
        self.slow, self.answered, self.before, self.after = slow, 0, 0, 0

    async def ask(self, request: Request) -> list[Reply]:
        if request.prompt.user == self.slow:
            self.before = self.answered
            for _ in range(5_000):
                await asyncio.sleep(0)
            self.after = self.answered
        self.answered += 1
        return [Reply(answers(request.prompt).right[0], Stop.END, 1, 1) for _ in request.draws]


async def test_no_step_waits_for_a_straggler_of_another_chain(segment: Make) -> None:
    """All of the other chains come to their end, however long one answer takes. Placebo: one chain at a time."""
    tower = Hanoi(disks=6)
    for chains in (16, 1):
        model = Straggler("move cw - aaaaa a")  # the first step of the first of eight chains of 7 steps
        runner = segment(model, tower, Tree(7), chains=chains)
        assert await runner.run(Segment(tower.root())) == Finished("cccccc")
        assert model.answered == 63 + 7
        assert model.after == (63 + 7 - 7 if chains > 1 else model.before)


async def test_leads_go_with_the_protection(segment: Make, planted: Any) -> None:
    """Guarded by a promise; a decomposition and the root are not; a product has none; seams can be switched off."""
    leads = Leads(2, 4, 6)
    for options, calls in (({}, 15 * 2 + 4), ({"seams": False}, 15 * 4 + 4), ({"strategy": Chain()}, 15 * 4)):
        model = planted(answers)
        await segment(model, leads=leads, **options).run(Segment(ROOT))
        assert model.asked == calls
    task = Multiply(x="12", y="3")
    model = planted(multiply.answers)
    await segment(model, task, leads=leads).run(Segment(task.root()))
    assert model.asked == 2 * 4


async def test_only_a_decomposition_step(segment: Make, planted: Any) -> None:
    for attempt, calls in ((0, 2), (1, 5)):
        model = planted(answers)
        runner = segment(model, leads=Leads(1, 2, 5))
        assert await runner.run(Segment(ROOT, attempt)) == Finished("3ab bbba / 4ac bbbc / 3bc cccc")
        assert (model.asked, runner.work.counts.decompositions, runner.work.counts.steps) == (calls, 1, 0)
        assert list(entries(runner.work.take())) == [((), "split", attempt)]
    with pytest.raises(RunFailed, match="cannot be split"):
        await segment(planted(answers)).run(Segment(Node((3,), Carry(1, "a", "c"), ("aaaa",)), 0))


async def test_a_stop_ends_at_the_next_step_and_loses_nothing(segment: Make, planted: Any) -> None:
    model = planted(answers)
    runner = segment(model)

    def say(text: str, nth: int) -> None:
        runner.work.stopping = model.asked >= 6

    model.say = say
    with pytest.raises((SegmentStopped, BaseExceptionGroup)):
        await runner.run(Segment(ROOT))
    taken = runner.work.take()
    decided = sum(len(known) for known in entries(taken).values())
    assert 6 <= decided == model.asked
    again = planted(answers)
    assert await segment(again).run(Segment(ROOT), [pack(taken)]) == Finished("cccc")
    assert again.asked == 16 - decided
    assert not set(again.draws) & set(model.draws)


@pytest.mark.parametrize("attempt", [None, 0])
async def test_a_stopped_worker_begins_no_decomposition(segment: Make, planted: Any, attempt: int | None) -> None:
    model = planted(answers)
    runner = segment(model)
    runner.work.stopping = True
    with pytest.raises(SegmentStopped):
        await runner.run(Segment(ROOT, attempt))
    assert (model.asked, runner.work.take()) == (0, [])


async def test_what_is_known_of_first_answers_is_counted_once_it_is_known(segment: Make, planted: Any) -> None:
    """A chain that returned its promise was right; of one that did not, half, until its second run shows the place."""
    model = planted(answers, lambda text, nth: ASTRAY if text == PLACE and nth == 0 else None)
    runner = segment(model)
    await runner.run(Segment(ROOT))
    counts = runner.work.counts
    assert counts.refuted_steps == 1
    assert counts.guarded_steps == 5 + 1 + 7, "the fifth step of the first tower; the carry; the second tower"
    right = segment(planted(answers))
    await right.run(Segment(ROOT))
    assert (right.work.counts.guarded_steps, right.work.counts.refuted_steps) == (15, 0)


@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_about_half_of_a_chain_lies_before_a_mistake_that_may_be_anywhere(length: int) -> None:
    places = range(1, length + 1)
    assert half(["x"] * length) == sum(places) // length
    assert half([]) == 0
