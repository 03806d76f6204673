"""A sub-plan that a chain asks for is revised like any other plan: the chain is told what was found, and asks again."""

import itertools
import pathlib
from collections.abc import Callable, Generator
from typing import Any

import pytest

from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.methods.asking import Asking, Goal
from surefoot.decompose.next_version import next_version
from surefoot.decompose.plan import Child, Expansion, Literal, Node
from surefoot.decompose.problem import Problem
from surefoot.decompose.referees.verification import Verification
from surefoot.decompose.step import Done
from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.plan_versions import version_chains
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.session.answers import plan_of
from surefoot.runtime.session.run import Run
from surefoot.runtime.trace.level_reader import levels_at
from surefoot.scripts.commands.verify import ReadSteps, judged
from tests.data.own.convoy import Convoy, answers, verify
from tests.runtime.execution.models import QUIET, Counted


def run(task: Any, directory: pathlib.Path, model: Counted | None = None, **options: Any) -> Run:
    return api.run(task, model or Counted(answers), run_dir=directory, **{**QUIET, **options})


def read_back(run: Run, task: Any) -> Verification:
    journal = open_journal(run.run_dir, write=False)
    try:
        return judged(verify, task, ReadSteps(plan_of(journal, read_config(run.run_dir), task)))
    finally:
        journal.close()


def chains(run: Run) -> Any:
    journal = open_journal(run.run_dir, write=False)
    try:
        return version_chains(journal)
    finally:
        journal.close()


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_the_sub_plan_is_made_again_until_its_way_holds(broken: int, tmp_path: pathlib.Path) -> None:
    task = Convoy(broken=broken)
    found = run(task, tmp_path / "r")
    assert (found.status, found.output) == ("solved", task.wanted())
    assert found.counts.revisions == broken
    assert [(path, len(chain.versions)) for path, chain in chains(found).items()] == (
        [((1,), broken + 1)] * bool(broken)
    )
    assert read_back(found, task) == Verification(True, True, 4)
    if broken:
        levels = levels_at(tmp_path / "r")
        assert levels is not None
        assert (levels.revisions, levels.stale_steps, levels.depths) == (broken, 0, {"1": broken})


def test_without_revisions_the_run_fails_with_what_was_found(tmp_path: pathlib.Path) -> None:
    found = run(Convoy(), tmp_path / "r", revise="never")
    assert (found.status, found.counts.revisions) == ("failed", 0)
    assert "way = bridge does not hold" in found.message


@pytest.mark.parametrize("revise", ["at-once", "end-of-pass"])
def test_resumed_after_every_question(revise: str, tmp_path: pathlib.Path) -> None:
    task, whole = Convoy(broken=2), Counted(answers)
    expected = chains(run(task, tmp_path / "whole", whole, revise=revise))
    for cut in itertools.count():
        first, second = Counted(answers, cut), Counted(answers)
        if run(task, tmp_path / str(cut), first, revise=revise).status == "solved":
            break
        found = api.resume(tmp_path / str(cut), task=task, model=second)
        assert (found.status, found.output) == ("solved", task.wanted())
        assert chains(found) == expected
        held = {asked for asked in first.asked if not asked[0].startswith("look")}  # kept once it is confirmed
        assert not held & set(second.asked)
    assert cut > 5


def test_a_chain_that_is_not_told_asks_for_the_same_and_is_stopped(tmp_path: pathlib.Path) -> None:
    found = run(Convoy(told=False), tmp_path / "r")
    assert (found.status, found.counts.revisions) == ("failed", 2)
    assert "revised 2 times in vain; the last time: restated: way = bridge" in found.message


def test_a_chain_that_is_told_and_asks_for_no_sub_plan_is_at_fault(tmp_path: pathlib.Path) -> None:
    found = run(Convoy(loses_its_way=True), tmp_path / "r")
    assert found.status == "failed"
    assert "told what was found, the task asks for no sub-plan again" in found.message


def test_the_next_version_is_asked_for_behind_the_same_answers() -> None:
    task, gone = Convoy(), Evidence(Assumption("way", "bridge"), "contradicts")
    node, findings = task.root(), Findings((gone,))
    found = next_version(task, node, ["go"], findings)
    assert found is not None
    assert {one.rests_on for one in found.children[:2]} == {(Assumption("way", "ford"),)}
    assert next_version(task, node, [], findings) is None
    assert next_version(task, node, ["go", "[1,2,3,4]", "rest", "more"], findings) is None


class Sides(Asking, frozen=True):
    """A method of one's own whose parts rest on something: the first one that it tries is wrong."""

    def turn(self, problem: Problem, goal: Goal, board: Any) -> Generator[Any, Any, Any]:
        if goal.part:
            return Done((yield self.step(goal)))
        side = "right" if board and board[0].evidence else "left"
        part = Goal(f"{side}?", part="side")
        rests_on = (Assumption("side", side),)
        [found] = yield Expansion((Child(part, (Literal(side),), rests_on=rests_on),))
        return Done(found)

    def step(self, goal: Goal) -> Any:
        from surefoot.decompose.methods.asking import Asked
        from surefoot.decompose.step import Role, Step

        return Step("part", Role.ACTOR, Asked(goal.text))

    def prompt(self, problem: Problem, step: Any) -> Any:
        from surefoot.decompose.step import Prompt

        return Prompt(step.reads.question)

    def parse(self, problem: Problem, step: Any, text: str) -> Any:
        return text


class Which(Problem, frozen=True, kw_only=True):
    """Its parts report evidence; ``decomposed_by`` is a method of its own."""

    def question(self) -> str:
        return "which side?"

    def decomposed_by(self) -> Asking:
        return Sides()

    def posed(self, number: int, text: str, path: tuple[int, ...] = ()) -> Node:
        return Node(path, Goal(text, number), (Findings(),))

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        return (Evidence(Assumption("side", "left"), "contradicts"),) if answer == "shut" else ()


def test_the_parts_of_a_method_of_ones_own_are_revised(tmp_path: pathlib.Path) -> None:
    from surefoot.decompose.answer_keys.answers import Answers

    key: Callable[[Any], Answers] = lambda prompt: Answers(("shut" if prompt.user == "left?" else "open",), ("?",))  # noqa: E731
    found = run(Which(), tmp_path / "r", Counted(key))
    assert (found.status, found.output, found.counts.revisions) == ("solved", "open", 1)


def test_a_problem_whose_method_makes_parts_that_rest_on_nothing_is_refused() -> None:
    class Deaf(Which, frozen=True, kw_only=True):
        decomposed_by = Problem.decomposed_by

    with pytest.raises(ValueError, match=r"evidence: Deaf reports evidence, and the parts that direct makes"):
        Deaf()
