"""Consistently wrong steps: the planted model errs alike in every draw, and only where its mistake reaches."""

import asyncio

import surefoot
from surefoot.decompose.tasks.checkers import Checkers
from surefoot.scripts.benchmarks.lead import REACHES, RUNGS, Consistent, measure

TASK = Checkers(checkers=3)
LOSING = "RR_RBBB"
"""A row with a losing move: the middle red may close up."""


def said(model: Consistent, row: str, wording: int = 0, renamed: bool = False) -> str:
    step = TASK.next_step("swap", row)
    assert isinstance(step, surefoot.Step)
    return model.reply(TASK.prompt(TASK.relabel(step, 1) if renamed else step, "chat", wording))


def test_all_draws_are_the_same_losing_move() -> None:
    model = Consistent(1.0, "position", 0)
    step = TASK.next_step("swap", LOSING)
    assert isinstance(step, surefoot.Step)
    replies = asyncio.run(model.ask(surefoot.Request(TASK.prompt(step, "chat"), (0, 1, 2), 1.0, 64, 0)))
    assert {reply.text for reply in replies} == {"answer = 2 R_RRBBB"}
    assert model.planted == {LOSING}


def test_a_mistake_reaches_as_far_as_it_is_said_to() -> None:
    """Over many seeds: with the wording it comes and goes, with the names it does not, and so on."""
    changes = {}
    for reach in REACHES:
        seeds = [Consistent(0.5, reach, seed) for seed in range(40)]
        first = [said(model, LOSING) for model in seeds]
        other = [said(model, LOSING, wording=1) for model in seeds]
        names = ["R_RRBBB" in said(model, LOSING, renamed=True).translate(str.maketrans("XO", "RB")) for model in seeds]
        changes[reach] = (first != other, ["R_RRBBB" in text for text in first] != names)
    assert changes == {"wording": (True, True), "names": (False, True), "position": (False, False)}


def test_votes_cannot_mend_what_is_wrong_alike_and_another_model_can() -> None:
    votes = measure("votes only", "position", 3, 1.0, 1)
    other = measure("another model", "position", 3, 1.0, 1)
    assert (votes.solved, other.solved) == (0, 1)
    assert votes.named == votes.alarmed == 0 < other.named
    assert 0 < other.alarmed <= other.named  # once the seam broke, the alarm names steps that answer wrongly every time
    assert set(RUNGS) >= {"one answer", "votes only", "other wordings", "other names", "another model"}
