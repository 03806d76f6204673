"""A person decides what votes did not: the step is put aside, answered, and gone on with without being asked again."""

import pathlib
from typing import Any

import pytest

import surefoot
from surefoot.decompose.answer_keys import hanoi
from surefoot.decompose.step import Dialect, Flag, Prompt, Role, Step
from surefoot.runtime.errors import ConfigurationError, RunDirectoryError
from surefoot.runtime.journal.lock import take_lock
from surefoot.runtime.records import PERSON
from surefoot.runtime.report.facts import facts_of
from surefoot.runtime.report.page import render
from surefoot.runtime.session.mapping import MapRun
from surefoot.runtime.session.review import give_answers, put_aside_in
from tests.runtime.execution.models import QUIET, Counted
from tests.runtime.session.test_mapping import Echo, ask

TURNS = ("1ab baaaa", "1ac caaaa")
OTHERS = ("left", "right")
PLANTED = "aaaaa"
OPTIONS = {**QUIET, "k": 2, "max_ballots": 6, "ladder": False}


def split_votes(text: str, nth: int) -> str | None:
    return TURNS[nth % 2] if text.endswith(f"- {PLANTED}") else None


def hanoi_run(directory: pathlib.Path, turns: tuple[str, str] = TURNS, **options: object) -> surefoot.Run:
    def say(text: str, nth: int) -> str | None:
        return turns[nth % 2] if text.endswith(f"- {PLANTED}") else None

    model = Counted(hanoi.answers, say=say)
    return surefoot.run("hanoi", model, disks=5, run_dir=directory, **{**OPTIONS, "strategy": "chain", **options})


def rows_run(directory: pathlib.Path, review: bool = True) -> tuple[MapRun, Echo]:
    """Three rows of which the second is disputed for ever and the third has a reply that is discarded."""
    model = Echo({"b": ["x", "b"] * 9, "c": ["", "c", "c"]}, cost_usd=0.5)
    return ask(["a", "b", "c"], directory, model, **{**OPTIONS, "review": review}), model


def test_an_undecided_step_of_a_plan_pauses_the_run(tmp_path: pathlib.Path) -> None:
    run = hanoi_run(tmp_path / "r", review=True)
    assert (run.status, run.message, run.standing.waiting) == ("paused", "1 step waits for a person", 1)
    [waiting] = put_aside_in(tmp_path / "r")
    assert {one.candidate for one in waiting.step.ballots} == set(TURNS)
    assert waiting.step.prompt.endswith(PLANTED)


def test_without_the_option_the_same_run_fails(tmp_path: pathlib.Path) -> None:
    run = hanoi_run(tmp_path / "r")
    assert (run.status, put_aside_in(tmp_path / "r")) == ("failed", [])


def test_resume_without_an_answer_waits_on_and_asks_nothing(tmp_path: pathlib.Path) -> None:
    hanoi_run(tmp_path / "r", review=True)
    again = Counted(hanoi.answers)
    run = surefoot.resume(tmp_path / "r", model=again)
    assert (run.status, run.standing.waiting, again.asked) == ("paused", 1, [])


@pytest.mark.parametrize("named", [True, False])
def test_resume_goes_on_with_a_persons_answer(tmp_path: pathlib.Path, named: bool) -> None:
    """Whether some ballot named it, or it is read as a reply of the model would be."""
    hanoi_run(tmp_path / "r", turns=TURNS if named else OTHERS, review=True)
    give_answers(tmp_path / "r", [(one, " 1ac caaaa ") for one in put_aside_in(tmp_path / "r")])
    assert put_aside_in(tmp_path / "r") == []
    again = Counted(hanoi.answers, say=split_votes)
    run = surefoot.resume(tmp_path / "r", model=again)
    assert (run.status, len(run.output)) == ("solved", 31)
    assert not [text for text, _ in again.asked if text.endswith(f"- {PLANTED}")], (
        "the person's step is not asked again"
    )
    [decided] = [step for step in run.steps() if step.way == PERSON]
    assert decided.answer == "1ac caaaa"
    facts = facts_of(tmp_path / "r")
    assert facts.gathered.by_person == 1
    assert "a person" in render(facts)


def test_an_answer_that_cannot_be_read_is_one_line_and_can_be_given_again(tmp_path: pathlib.Path) -> None:
    hanoi_run(tmp_path / "r", review=True)
    give_answers(tmp_path / "r", [(one, "left") for one in put_aside_in(tmp_path / "r")])
    refused = surefoot.resume(tmp_path / "r", model=Counted(hanoi.answers))
    assert refused.status == "paused"
    assert refused.message.startswith("what a person answered to node root, step 1 cannot be read: misformatted")
    assert refused.message.endswith("surefoot review RUN_DIR --again takes another answer")
    [waiting] = put_aside_in(tmp_path / "r", again=True)
    give_answers(tmp_path / "r", [(waiting, TURNS[1])])
    run = surefoot.resume(tmp_path / "r", model=Counted(hanoi.answers))
    assert (run.status, run.counts.reviewed, run.counts.put_aside) == ("solved", 1, 1)


def test_before_a_seam_the_chain_is_run_again_first(tmp_path: pathlib.Path) -> None:
    """A person is the last rung: where another run of the chain is decided, nobody is asked."""
    model = Counted(hanoi.answers, say=split_votes)
    found = surefoot.run("hanoi", model, disks=5, run_dir=tmp_path / "r", leaf_steps=7, review=True, **OPTIONS)
    assert found.status == "paused"
    asked = len(model.asked)
    waiting = put_aside_in(tmp_path / "r")
    assert all(one.place[1] > 0 for one in waiting), "earlier runs of the chain were undecided as well"
    give_answers(tmp_path / "r", [(one, TURNS[1]) for one in waiting])
    again = Counted(hanoi.answers, say=split_votes)
    assert surefoot.resume(tmp_path / "r", model=again).status == "solved"
    assert asked > 6
    assert not [text for text, _ in again.asked if text.endswith(f"- {PLANTED}")]


def test_rows_that_wait_stop_no_others(tmp_path: pathlib.Path) -> None:
    run, model = rows_run(tmp_path / "r")
    assert (run.status, run.message) == ("paused", "2 steps wait for a person")
    assert [(one.answer, one.error) for one in run.results()] == [
        ("a", ""), (None, "waits for a person"), (None, "waits for a person"),
    ]  # fmt: skip
    paid = [one.cost_usd for one in run.results()]
    assert paid == [0.5 * len([text for text in model.asked if text == name]) for name in "abc"]
    given = {"b": "b", "c": "see"}
    told = [(one, given[one.step.prompt.partition("again: ")[2][0]]) for one in put_aside_in(tmp_path / "r")]
    give_answers(tmp_path / "r", told)
    model.asked.clear()
    again = surefoot.resume(tmp_path / "r", model=model)
    assert (again.status, again.output, model.asked) == ("solved", ["a", "b", "see"], [])
    assert [one.by_person for one in again.results()] == [False, True, True]
    assert all(one.margin >= 0 for one in again.results()), "a person is no minority"
    assert [one.cost_usd for one in again.results()] == paid  # what was paid before a person answered


class Letters(surefoot.RowTask, frozen=True):
    """Somebody's own rows: the command line cannot tell whether an answer can be read."""

    def row_step(self, row: Any) -> Step:
        return Step("letter", Role.ACTOR, row["name"])

    def prompt(self, step: Step, dialect: Dialect, wording: int = 0) -> Prompt:
        return Prompt(f"again: {step.reads}")

    def parse(self, step: Step, text: str, dialect: Dialect) -> str | Flag:
        return text if len(text) == 1 else Flag("misformatted", f"{text!r} is no letter")


def test_an_unreadable_answer_to_a_row_stops_no_other_row(tmp_path: pathlib.Path) -> None:
    """Of two rows that wait one gets an answer that can be read; the next session pauses with the other's fault."""
    replies = {"b": ["x", "b"] * 9, "c": ["x", "c"] * 9}
    options = {**OPTIONS, "review": True, "workers": 1, "keep_replies": "all", "run_dir": tmp_path / "r"}
    names = "abcdefghijklmnopqrstuvwx"  # so many that the first three travel together
    rows = [{"name": name} for name in names]
    surefoot.map(rows, Letters(), Echo(replies), **options)
    given = {"b": "neither", "c": "z"}
    told = [(one, given[one.step.prompt[-1]]) for one in put_aside_in(tmp_path / "r")]
    give_answers(tmp_path / "r", told)
    again = surefoot.resume(tmp_path / "r", task=Letters(), model=Echo({}))
    assert again.status == "paused"
    assert "node 0, step 2 cannot be read: misformatted 'neither' is no letter; surefoot review" in again.message
    assert [one.answer for one in again.results()][:4] == ["a", None, "z", "d"]
    [other] = [one for one in put_aside_in(tmp_path / "r", again=True) if one.answered == "neither"]
    give_answers(tmp_path / "r", [(other, "b")])
    last = surefoot.resume(tmp_path / "r", task=Letters(), model=Echo({}))
    assert (last.status, last.output) == ("solved", [*"abz", *names[3:]])


def test_an_answer_that_is_refused_at_once_names_its_step(tmp_path: pathlib.Path) -> None:
    rows_run(tmp_path / "r")
    first, _ = put_aside_in(tmp_path / "r")
    with pytest.raises(ConfigurationError, match=r"node \S+, number 0: an answer has 1 to 100,000 characters"):
        give_answers(tmp_path / "r", [(first, "  ")])
    assert len(put_aside_in(tmp_path / "r")) == 2


def test_without_the_option_a_row_fails_alone(tmp_path: pathlib.Path) -> None:
    run, _ = rows_run(tmp_path / "r", review=False)
    assert run.status == "solved"
    assert [bool(one.error) for one in run.results()] == [False, True, False]
    assert "no candidate led by 2 within 6 ballots; 3 for" in next(one.error for one in run.results() if one.error)


def test_a_run_at_work_takes_no_answer(tmp_path: pathlib.Path) -> None:
    hanoi_run(tmp_path / "r", review=True)
    waiting = put_aside_in(tmp_path / "r")
    lock = take_lock(tmp_path / "r")
    try:
        with pytest.raises(RunDirectoryError):
            give_answers(tmp_path / "r", [(waiting[0], TURNS[0])])
    finally:
        lock.release()
