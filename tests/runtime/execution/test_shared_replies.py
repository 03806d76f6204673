"""Several steps a call: kept up to the first red flag, caught at the seam, narrowed where the seam breaks."""

from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.methods.chain import Chain
from surefoot.decompose.referees.hanoi import verify
from surefoot.decompose.segment import Segment
from surefoot.decompose.several_steps import ReadSteps, StatedStep
from surefoot.decompose.step import Flag, Prompt, Role, Step
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.execution.escalation.prompt_variants import variants_of
from surefoot.runtime.execution.shared_replies import Narrowing, StepsAhead, alike, ask_ahead, pattern_behind
from surefoot.runtime.leads import Leads
from surefoot.runtime.models.port import Model, Reply, Request
from surefoot.runtime.records import LARGER, SHARED, Contested, Finished
from tests.runtime.execution.hanoi_segments import ASTRAY, PLACE, ROOT, Ended, Make, entries, plan

SEVEN = Leads(1, 1, 3, steps_per_call=7)
FIRST = "moves 7 cw - aaaa"
"""The question for the whole first tower of three disks; its fifth move is asked for at ``PLACE``."""


class Teller(Model):
    """Says right replies, one step or several, but for the lines that ``slip`` (prompt, nth time, line) replaces."""

    dialect = "compact"

    def __init__(self, slip: Callable[[str, int, int], str | None] = lambda text, nth, place: None) -> None:
        self.slip, self.asked = slip, list[str]()

    async def ask(self, request: Request) -> list[Reply]:
        return [Reply(self._said(request.prompt), tokens_in=1, tokens_out=1) for _ in request.draws]

    def _said(self, prompt: Prompt) -> str:
        nth = self.asked.count(prompt.user)
        self.asked.append(prompt.user)
        lines, asked, known = list[str](), prompt, answers(prompt)
        for place in range(known.count):
            right = answers(asked).right[0]
            lines.append(self.slip(prompt.user, nth, place) or right)
            if known.follow is not None:
                asked = known.follow(asked, right if lines[-1] == "???" else lines[-1])
        return "\n".join(lines)

    async def close(self) -> None:
        pass


def shared(records: list[Any]) -> list[tuple[Any, int, int, int]]:
    return [(r.path, r.attempt, r.first, r.k) for r in records if r.part == SHARED]


def voted(records: list[Any]) -> list[Any]:
    return [record for record in records if record.part != SHARED]


async def test_a_tower_takes_one_call_and_the_journal_holds_single_steps(segment: Make) -> None:
    model = Teller()
    runner = segment(model, leads=SEVEN)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert len(model.asked) == 4, "one decomposition, two towers of seven steps, one carry"
    counts = runner.work.steps.meter.take()
    assert (counts.steps, counts.calls, counts.shared_replies, counts.shared_steps) == (15, 4, 2, 14)
    records = runner.work.take()
    assert runner.work.counts.races == {"1": 2}, "split and carry: a reply to seven steps is no seven races"
    assert shared(records) == [((0,), 0, 0, 7), ((2,), 0, 0, 7)]
    alone = segment(Teller())
    await alone.run(Segment(ROOT))
    assert entries(voted(records)) == entries(alone.work.take()), "the same as one step a call, but for the calls"
    assert verify(Hanoi(disks=4), Ended(plan(voted(records)))).reached_goal


@pytest.mark.parametrize(("place", "slip"), [(3, "???"), (4, "3ab bbba"), (6, "2ab aaaa")])
async def test_what_stands_before_a_flag_is_kept_and_the_next_call_begins_there(
    segment: Make, place: int, slip: str
) -> None:
    model = Teller(lambda text, nth, at: slip if text == FIRST and at == place else None)
    runner = segment(model, leads=SEVEN)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    rest = 7 - place
    assert model.asked[2].startswith(f"moves {rest} " if rest > 1 else "move "), model.asked
    assert (len(model.asked), sum(runner.work.counts.red_flags.values()), runner.work.counts.seam_retries) == (5, 1, 0)


async def test_a_reply_that_says_nothing_of_its_first_step_has_it_asked_alone(segment: Make) -> None:
    model = Teller(lambda text, nth, at: "???" if text.startswith("moves") and at == 0 else None)
    runner = segment(model, leads=SEVEN)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert len([text for text in model.asked if text.startswith("move ")]) == 14
    assert runner.work.counts.shared_steps == 0


def wrong_at_first(text: str, nth: int, place: int) -> str | None:
    """The first reply goes astray at its fifth step, against no rule."""
    return ASTRAY if text == FIRST and place == 4 and nth == 0 else None


async def test_a_wrong_step_in_a_reply_is_caught_at_the_seam_and_two_replies_outvote_it(segment: Make) -> None:
    model = Teller(wrong_at_first)
    runner = segment(model, leads=SEVEN)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    tower = [text for text in model.asked if "aaaa" in text or "ccba" in text][1:]
    assert tower == [FIRST, FIRST, "moves 3 cw 3ab ccba"], "again, and once more from the step at which they differ"
    counts = runner.work.counts
    assert (counts.steps, counts.seam_retries, counts.escalations, counts.broken_promises) == (15, 1, 1, 0)
    assert (counts.guarded_steps, counts.refuted_steps) == (5 + 7 + 1, 1), "the run learns as from single questions"
    assert counts.climbed[LARGER] == 1, "no more can be put right than was asked again"
    records = runner.work.take()
    assert [len(entries(voted(records))[(0,), "run", attempt]) for attempt in (0, 1)] == [7, 7]
    assert verify(Hanoi(disks=4), Ended(plan(voted(records)))).reached_goal


async def test_placebo_without_seams_the_wrong_reply_goes_through(segment: Make) -> None:
    runner = segment(Teller(wrong_at_first), leads=SEVEN, seams=False)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert not verify(Hanoi(disks=4), Ended(plan(voted(runner.work.take())))).valid


async def test_placebo_without_checks_a_move_against_the_rules_is_taken(segment: Make) -> None:
    model = Teller(lambda text, nth, at: "3ab ccca" if text == FIRST and at == 4 and nth == 0 else None)
    runner = segment(model, leads=SEVEN, red_flags="none")
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert runner.work.counts.seam_retries == 1, "nothing but the seam notices"


async def test_where_three_replies_say_three_things_the_step_is_voted_on_alone(segment: Make) -> None:
    def slip(text: str, nth: int, place: int) -> str | None:
        if text == FIRST and place == 4:
            return (ASTRAY, "3ba ccaa")[nth] if nth < 2 else None
        return None

    model = Teller(slip)
    runner = segment(model, leads=SEVEN)
    assert await runner.run(Segment(ROOT)) == Finished("cccc")
    assert model.asked.count(PLACE) == 3, "with the lead of a suspect"
    kept = entries(voted(runner.work.take()))
    assert [isinstance(entry, Contested) for entry in kept[(0,), "run", 1]] == [False] * 4 + [True] + [False] * 2


async def test_a_chain_without_seams_takes_the_steps_on_which_k_replies_agree(segment: Make) -> None:
    """Every step has the lead that it would have alone; three fresh replies go on from where the first three differ."""
    task = Hanoi(disks=3)
    first, place = "moves 7 ccw - aaa", "moves 3 ccw 3ac bbc"

    def slip(text: str, nth: int, at: int) -> str | None:
        return "1bc cbc" if (text, at) in ((first, 4), (place, 0)) and nth == 1 else None

    model = Teller(slip)
    runner = segment(model, task, Chain(), Leads(3, 3, 5, steps_per_call=7))
    assert await runner.run(Segment(task.root())) == Finished("ccc")
    alone = "move ccw 3ac bbc"
    assert [model.asked.count(text) for text in (first, place, alone)] == [3, 3, 3]
    assert len(model.asked) == 4 * 3, "seven steps, three, one alone, and the last two"
    counts = runner.work.counts
    assert (counts.shared_steps, counts.disagreements, counts.contested) == (6, 2, {"3/3/1/0": 2})
    assert counts.races == {"3": 2}, "those that were contested in replies; the others are counted with their steps"
    (record,) = [record for record in runner.work.take() if record.part == "run"]
    assert (record.k, len(record.entries)) == (3, 7)


@pytest.mark.parametrize(("attempt", "races"), [(0, {"2": 1}), (1, {}), (3, {"2": 1})])
async def test_what_is_contested_in_replies_is_a_race_where_races_are_counted(
    segment: Make, attempt: int, races: dict[str, int]
) -> None:
    """In the first of three ways to ask; contested ones had outnumbered all races where chains were run again."""
    task = Hanoi(disks=3)
    root = task.root()
    state = task.begin(root.goal, root.inputs)
    step = task.next_step(root.goal, state)
    assert isinstance(step, Step)
    runner = segment(Teller(lambda text, nth, at: "1bc cbc" if at == 4 and nth else None), task, Chain(), SEVEN)
    runner.work.steps.variants = variants_of(task, "compact", has_fallback=False)
    assert len(runner.work.steps.variants) == 3
    await ask_ahead(runner.work, ((), "run", attempt), 0, root.goal, state, (step, 7), range(2))
    counts = runner.work.counts
    assert (counts.races, counts.contested) == (races, {"2/2/1/0": 1} if races else {})


def stated(*candidates: str) -> ReadSteps:
    return ReadSteps(tuple(StatedStep(Step("s", Role.ACTOR, [number]), c) for number, c in enumerate(candidates)))


def test_only_the_steps_that_all_replies_state_alike_are_taken() -> None:
    assert [one.candidate for one in alike([stated("a", "b", "c"), stated("a", "b", "d")])] == ["a", "b"]
    assert [one.candidate for one in alike([stated("a", "b"), stated("a")])] == ["a"]
    assert alike([stated("a"), stated("b")]) == alike([stated("a"), ReadSteps()]) == alike([]) == ()
    assert [one.candidate for one in alike([stated("x", "y")])] == ["x", "y"]


def test_what_replies_say_where_they_differ_is_counted() -> None:
    flagged = ReadSteps(stated("a").stated, Flag("illegal"))
    assert str(pattern_behind([stated("a", "b"), stated("a", "c"), flagged], 1)) == "3/2/1/1"
    assert pattern_behind([stated("a"), stated("a")], 1) is None, "both came to their end"
    assert pattern_behind([flagged], 1) is None, "one reply has nothing to differ from"


def test_a_stated_step_is_taken_for_its_own_question_and_lead_only() -> None:
    read = stated("a", "b", "c").stated
    ahead = StepsAhead()
    ahead.fill(read, 1)
    assert ahead.take(read[0].step, 1) == "a"
    assert ahead.take(read[2].step, 1) is None, "another question"
    assert ahead.take(read[1].step, 1) is None, "and what was left is forgotten"
    ahead.fill(read, 1)
    assert ahead.take(read[0].step, 2) is None, "one reply is no lead of two"


def test_runs_that_get_further_do_not_count_against_the_limit() -> None:
    one, several = Narrowing(1, 1), Narrowing(1, 16)
    for narrowing in (one, several):
        narrowing.note(None, ["a", "b", "c"])
        narrowing.note(["a", "b", "c"], ["a", "x", "c"])
        narrowing.note(["a", "x", "c"], ["a", "x", "y"])
    assert [one.allows(attempt) for attempt in (1, 2)] == [True, False]
    assert [several.allows(attempt) for attempt in (3, 4)] == [True, False]
    assert several.count == 16
    several.note(["a", "x", "y"], ["b", "x", "y"])
    assert (several.allows(4), several.count) == (False, 4), "a run that got no further asks for fewer steps a call"
    several.note(["a"], ["a"])
    several.note(["a"], ["a"])
    assert several.count == 1
