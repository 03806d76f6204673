"""The walk of ``surefoot test`` through a plan: failures that are permitted are results, as in a run."""

from typing import Any

import pytest

from surefoot.scripts.commands.task_checks import Subject, limits, plan
from surefoot.scripts.commands.task_walk import Walk
from surefoot.scripts.commands.tool_results import ToolResults
from tests.data.own.fetching import Fetching, answers


def subject(task: Fetching, call_tools: bool = True, k: int | None = None) -> Subject:
    tools = ToolResults(task, call_tools)
    walked = Walk(task, answers, "chat", 100, tools).run()
    return Subject(task, answers, "chat", walked, None, 100, tools, k)


def test_failures_that_may_be_are_outputs_of_their_nodes() -> None:
    state, text = plan(subject(Fetching()))
    assert state == "ok"
    assert "[7, 'tool fetch: " in text
    assert "no such page" in text
    assert "'the page is empty']" in text, "as a run hands it on"


@pytest.mark.parametrize(
    ("pages", "says", "found"),
    [(2, "tool fetch: ", "note"), (1, "the output is [7]", "ok")],
)
def test_a_failure_that_may_not_be_ends_the_walk(pages: int, says: str, found: str) -> None:
    state, text = plan(subject(Fetching(pages=pages, may_fail=False)))
    assert says in text
    assert state == found


def test_a_chain_that_fails_with_right_answers_is_a_fault() -> None:
    class Empty(Fetching, frozen=True, kw_only=True):
        def tools(self) -> dict[str, Any]:
            return {"fetch": lambda number: ""}

    state, text = plan(subject(Empty(may_fail=False)))
    assert (state, text) == ("failed", "node 0 fails with right answers: the page is empty")


def test_a_tool_that_comes_first_is_no_fault() -> None:
    state, text = plan(subject(Fetching(), call_tools=False))
    assert state == "note"
    assert "--call-tools calls it" in text


@pytest.mark.parametrize(("k", "state"), [(None, "note"), (2, "ok")])
def test_a_task_without_sampled_steps_is_told_what_its_runs_need(k: int | None, state: str) -> None:
    found, text = limits(subject(Fetching(), k=k))
    assert found == state
    assert "or run it with --k N" in text
