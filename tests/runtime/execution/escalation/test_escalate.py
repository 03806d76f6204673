"""What a step does whose first race raised an alarm: every rung, in order, and what stands at the end of each."""

from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers
from surefoot.decompose.step import Role, Step
from surefoot.decompose.tasks.hanoi import Hanoi, MoveFacts
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.escalation.escalate import (
    EscalationLevel,
    RaceResult,
    escalate,
    levels_above,
    raised_in_all,
    stands,
)
from surefoot.runtime.execution.escalation.prompt_variants import FIRST, PromptVariant
from surefoot.runtime.models.port import Reply
from surefoot.runtime.payloads import winner
from surefoot.runtime.records import LARGER, Contested
from surefoot.voting.alarms import Kind, Limits, Raised
from surefoot.voting.ballot import Ballot

TASK = Hanoi(disks=3)
STEP = Step("move", Role.ACTOR, MoveFacts("ccw", "1ac", "caa"), max_reply_tokens=10)
A, B = "2ab cba", "1ca aaa"  # A is right
KNOWN = Limits(dissent=0.001, spoiled=0.001, each=1e-3)
"""Two dissenting ballots of four raise an alarm, one does not; three spoiled ones do."""
ODD = Raised(Kind.DISAGREEMENT, 1e-9, 1e-6)
OTHER = PromptVariant("other names", relabeling=1)


def result(said: str | None, *raised: Raised, variant: PromptVariant = FIRST, k: int = 2) -> RaceResult:
    ballots = tuple(Ballot(i, said or A) for i in range(k))
    return RaceResult(variant, k, ballots, ("",) * k, None, said, raised)


def test_rungs_in_order() -> None:
    variants = (FIRST, OTHER, PromptVariant("the fallback model", fallback=True))
    names = [level.name for level in levels_above(result(None, ODD), variants, 5)]
    assert names == [LARGER, "other names", "the fallback model"]
    assert {level.k for level in levels_above(result(None, ODD), variants, 5)} == {5}
    # An undecided race has no use for more ballots of the same, nor have replies that cannot be read.
    assert [level.name for level in levels_above(result(None), variants, 5)] == names[1:]
    spoiled = result(None, Raised(Kind.SPOILED_AGAIN, 1e-9, 1e-6))
    assert [(level.name, level.k) for level in levels_above(spoiled, variants, 5)] == [(name, 2) for name in names[1:]]
    assert [level.name for level in levels_above(spoiled, variants[:1], 5)] == [LARGER]
    assert levels_above(result(None), variants[:1], 5) == []


@pytest.mark.parametrize(
    ("tried", "decides"),
    [
        ([result(A)], True),
        ([result(A, ODD)], False),  # the same way, and still odd
        ([result(None, variant=OTHER)], False),
        ([result(A, ODD), result(B, variant=OTHER)], True),  # without an alarm
        ([result(A, ODD), result(B, ODD, variant=OTHER)], False),
        ([result(A, ODD), result(A, ODD, variant=OTHER)], True),  # two ways agree
        ([result(B, ODD), result(A, ODD, variant=OTHER)], False),
        ([result(A, ODD), result(B, ODD, variant=OTHER), result(B, ODD, variant=PromptVariant("third"))], True),
    ],
)
def test_what_stands(tried: list[RaceResult], decides: bool) -> None:
    assert stands(result(None, ODD), tried) is decides


@pytest.mark.parametrize(
    ("said", "winner_", "leader"),
    [("AAB", None, A), ("AABB", None, None), ("--", None, None), ("A-", None, A), ("ABB", None, B), ("AB", A, A)],
)
def test_who_leads_a_race(said: str, winner_: str | None, leader: str | None) -> None:
    ballots = tuple(
        Ballot(i, {"A": A, "B": B}[one]) if one != "-" else Ballot(i, None, "illegal") for i, one in enumerate(said)
    )
    assert RaceResult(FIRST, 2, ballots, ("",) * len(said), None, winner_).leader == leader


async def test_nobody_wins_by_being_the_last() -> None:
    """Ways that disagree, each with an alarm: no verdict. With one way to ask its larger lead decides."""
    outcomes = {LARGER: result(A, ODD), "other names": result(B, ODD, variant=OTHER)}

    async def hold_race(level: EscalationLevel) -> RaceResult:
        return outcomes[level.name]

    first = result(None, ODD)
    found, tried = await escalate(first, levels_above(first, (FIRST, OTHER), 5), hold_race)
    assert found is None
    assert [level.name for level, _ in tried] == [LARGER, "other names"]
    assert Kind.WAYS_TOGETHER in {one.kind for one in raised_in_all(first, [one for _, one in tried])}
    found, _ = await escalate(first, levels_above(first, (FIRST,), 5), hold_race)
    assert found is outcomes[LARGER]


async def test_a_larger_lead_goes_on_with_the_same_ballots(scripted: Any, step_runner: Any) -> None:
    """A task with one way to ask: B A B A A, an alarm, and on with the same race until A leads by 4."""
    said = [B, A, B, A, A, A, A, A]
    steps = step_runner(TASK, scripted(*said), suspect=4, limits=KNOWN)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert candidate == A
    assert isinstance(entry, Contested)
    assert [ballot.candidate for ballot in entry.ballots] == said
    assert (entry.k, entry.way, entry.before) == (4, LARGER, ())
    assert [one.kind for one in entry.raised] == [Kind.DISAGREEMENT]
    assert winner(entry, "first-to-ahead-by") == A
    counts = steps.counts
    assert (counts.escalations, counts.alarms, counts.climbed) == (1, {"disagreement": 1}, {LARGER: 1})
    assert counts.contested == {"2/4/2/0": 1}


async def test_placebo_where_nothing_is_known_there_is_no_alarm(scripted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, scripted(B, A, B, A, A, A), suspect=4)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, entry.raised, steps.counts.alarms) == (A, (), {})
    assert steps.meter.take().calls == 6


def misled(text: str, nth: int) -> str | None:
    """One prompt at which a wrong answer is likelier than the right one; the others are easy."""
    return [B, A, A, B, B, A, B, A, *[B] * 8][nth] if text == TASK.prompt(STEP, "compact").user else None


async def test_other_names_decide_where_one_prompt_is_odd(planted: Any, step_runner: Any) -> None:
    """The pegs are relabelled, asked with the larger lead, and the answer comes back under the step's own names."""
    steps = step_runner(TASK, planted(answers, misled), suspect=4, limits=KNOWN, ladder=True)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert candidate == A
    assert (entry.way, entry.k) == ("other names", 4)
    assert {ballot.candidate for ballot in entry.ballots} == {A}
    assert [ballot.candidate for ballot in entry.before] == [B, A, A, B, B, A, B, A, B, B, B, B]
    assert steps.counts.climbed == {LARGER: 1, "other names": 1}
    assert steps.counts.caught == {"other names": 1}


async def test_placebo_without_the_ladder_the_odd_prompt_wins(planted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, planted(answers, misled), suspect=4, limits=KNOWN)
    assert (await steps.decide(STEP, 2, 0))[0] == B


async def test_another_wording_comes_before_other_names(scripted: Any, step_runner: Any) -> None:
    """Instruction models are asked in other words first; the second wording is another prompt, read by itself."""
    right, wrong = (
        "move = [2, 0, 1]\nnext_state = [[3], [2], [1]]",
        "move = [1, 2, 0]\nnext_state = [[3, 2, 1], [], []]",
    )
    model = scripted(wrong, right, wrong, right, right, wrong, right, wrong, *[right] * 3, dialect="chat")
    steps = step_runner(TASK, model, limits=KNOWN, ladder=True, max_ballots=8, suspect=3)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, entry.way) == (A, "another wording")
    prompts = [request.prompt for request in model.requests]
    assert prompts[-1] == TASK.prompt(STEP, "chat", 1)
    assert prompts[-1] != prompts[0] == TASK.prompt(STEP, "chat")
    assert steps.counts.climbed == {LARGER: 1, "another wording": 1}


async def test_the_fallback_model_is_asked_last(planted: Any, step_runner: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(Hanoi, "relabelings", 0)
    other = planted(answers)
    steps = step_runner(TASK, planted(answers, misled), suspect=3, limits=KNOWN, ladder=True, fallback=other)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, entry.way, other.asked) == (A, "the fallback model", 3)


async def test_replies_that_cannot_be_read_are_left_at_once(planted: Any, step_runner: Any) -> None:
    """Three spoiled ballots in a row are odd here: the prompt is not asked twenty times."""
    model = planted(answers, lambda text, nth: "?" if text == TASK.prompt(STEP, "compact").user else None)
    steps = step_runner(TASK, model, limits=KNOWN, ladder=True)
    candidate, entry = await steps.decide(STEP, 2, 0)
    assert (candidate, entry.way, [one.kind for one in entry.raised]) == (A, "other names", [Kind.SPOILED_AGAIN])
    assert len(entry.before) <= 6
    assert steps.meter.take().calls == len(entry.before) + 2
    unknown = step_runner(TASK, planted(answers, model.say), ladder=True)
    assert len((await unknown.decide(STEP, 2, 0))[1].before) == 20


async def test_odd_in_every_way_ends_without_a_verdict(planted: Any, step_runner: Any) -> None:
    """Whatever it is asked in, replies cannot be read: a typed end that carries the alarms."""
    model = planted(None, lambda text, nth: "?")
    steps = step_runner(TASK, model, limits=KNOWN, ladder=True)
    with pytest.raises(StepDeadlocked) as caught:
        await steps.decide(STEP, 2, 0)
    kinds = [one.kind for one in caught.value.context["entry"].raised]
    assert kinds == [Kind.SPOILED_AGAIN, Kind.WAYS_TOGETHER]
    assert steps.counts.alarms == {"spoiled-again": 1, "ways-fail-together": 1}
    assert steps.counts.climbed == {"other names": 2}


async def test_a_step_that_all_agree_on_counts_nothing(scripted: Any, step_runner: Any) -> None:
    steps = step_runner(TASK, scripted(Reply(A, tokens_out=2), A, A), limits=KNOWN, ladder=True)
    assert await steps.decide(STEP, 3, 0) == (A, A)
    counts = steps.counts
    assert (counts.alarms, counts.climbed, counts.contested, counts.escalations) == ({}, {}, {}, 0)
