"""Tool calls of chains: results are journalled, once-only calls are made once, and what is unknown pauses the run."""

import asyncio
import math
import pathlib
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from surefoot.decompose.plan import Node, failure_of
from surefoot.decompose.step import Call, Done, Prompt, Step
from surefoot.decompose.task import Task
from surefoot.runtime import api
from surefoot.runtime.errors import ConfigurationError, RunPaused, UserCodeError
from surefoot.runtime.execution.record_buffer import RecordBuffer
from surefoot.runtime.execution.tool_calls import ToolCaller, call_key, named_call
from surefoot.runtime.execution.work import Work
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.models.port import Likelihood
from surefoot.runtime.payloads import pack, unpack
from surefoot.runtime.records import Record
from surefoot.runtime.session.run import Run
from surefoot.runtime.tools.contract import NOT_HAPPENED, Tool, ToolError
from surefoot.scripts.commands.steps import described
from tests.data.own.paying import Ledger, Paying, answers
from tests.runtime.execution.models import QUIET, Counted


class Calling(Task, frozen=True, kw_only=True):
    """Calls one tool and returns what came of it; asks nothing."""

    tool: str = "sync"
    may_fail: bool = False

    def root(self) -> Node:
        return Node((), "call", (0,))

    def begin(self, goal: Any, inputs: tuple[Any, ...]) -> Any:
        return []

    def next_step(self, goal: Any, state: Any) -> Call | Done:
        return Done(state[0]) if state else Call(self.tool, {"number": 20}, may_fail=self.may_fail)

    def advance(self, goal: Any, state: Any, candidate: Any) -> Any:
        return [candidate]

    def prompt(self, step: Step, dialect: Any, wording: int = 0) -> Prompt:
        raise AssertionError("nothing is asked")

    def parse(self, step: Step, text: str, dialect: Any) -> str:
        raise AssertionError("nothing is asked")

    def tools(self) -> Mapping[str, Any]:
        flaky = Flaky()
        return {
            "sync": sync,
            "async": later,
            "refuses": refuses,
            "crashes": crashes,
            "flaky": Tool(name="flaky", function=flaky.call, timeout_s=5, attempts=3, retried=(OSError,), wait_s=0),
            "stubborn": Tool(name="flaky", function=flaky.call, timeout_s=5, attempts=2, retried=(OSError,), wait_s=0),
        }


def sync(number: int) -> dict[str, int]:
    return {"twice": 2 * number}


async def later(number: int) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"twice": 2 * number}


def refuses(number: int) -> None:
    raise ToolError("not today")


def crashes(number: int) -> float:
    return number / 0


class Flaky:
    """Works at the third time."""

    def __init__(self) -> None:
        self.times = 0

    def call(self, number: int) -> dict[str, int]:
        self.times += 1
        if self.times < 3:
            raise OSError("not yet")
        return sync(number)


def run(task: Task, directory: pathlib.Path, model: Counted | None = None, **options: Any) -> Run:
    return api.run(task, model or Counted(answers), run_dir=directory, **{**QUIET, **options})


@pytest.mark.parametrize("tool", ["sync", "async", "flaky"])
def test_a_result_is_the_answer_of_the_call(tool: str, tmp_path: pathlib.Path) -> None:
    found = run(Calling(tool=tool), tmp_path / "r")
    assert (found.status, found.output, found.counts.tool_calls) == ("solved", {"twice": 40}, 1)


def test_people_see_which_tool_a_step_called_and_with_what(tmp_path: pathlib.Path) -> None:
    run = api.run(Calling(), Counted(answers), run_dir=tmp_path / "run", **QUIET)
    [step] = run.steps()
    assert (step.what, step.tool, step.arguments, step.answer) == ("result", "sync", '{"number":20}', '{"twice":40}')
    lines = list(described(step))
    assert lines == [
        "node root, result 1: tool sync",
        '    arguments: {"number":20}',
        '    result: {"twice":40}',
    ]


def test_long_arguments_are_cut_short_for_people() -> None:
    record = named_call(Node((1,), "call", (0,)), 0, 2, Call("look", {"text": "x" * 10_000}))
    assert (record.path, record.first, record.entries[0]) == ((1,), 2, "look")
    assert len(str(record.entries[1])) < 400


@pytest.mark.parametrize(
    ("tool", "kind"), [("refuses", "refused"), ("crashes", "crashed"), ("stubborn", "crashed")], ids=str
)
def test_a_failure_has_a_kind(tool: str, kind: str, tmp_path: pathlib.Path) -> None:
    """As a value where it may be one; else it fails the run, and says so in one line."""
    failed = run(Calling(tool=tool), tmp_path / "failed")
    assert failed.status == "failed"
    assert kind in failed.message
    assert "\n" not in failed.message
    found = run(Calling(tool=tool, may_fail=True), tmp_path / "value")
    failure = failure_of(found.output)
    assert failure is not None
    assert failure.error == kind


def test_a_tool_that_the_task_does_not_have(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigurationError, match=r"calls the tool 'none'; the task has sync, async"):
        run(Calling(tool="none"), tmp_path / "r")


def test_the_key_of_a_call_is_the_same_everywhere() -> None:
    node, call = Node((1, 2), "g", ()), Call("pay", {"b": 1, "a": 2})
    assert call_key(node, 3, call) == call_key(Node((1, 2), "h", (9,)), 3, Call("pay", {"a": 2, "b": 1}))
    others = [call_key(node, 4, call), call_key(Node((1, 3), "g", ()), 3, call), call_key(node, 3, Call("pay", {}))]
    assert len({call_key(node, 3, call), *others}) == 4
    # Journals of all versions hold such keys: under another one, a once-only call would be made a second time.
    assert call_key(node, 3, call) == "c023f9868350265f9086055d5c91f6c6"


def intents(directory: pathlib.Path) -> int:
    """Intents that are on the disk."""
    journal = open_journal(directory, write=False)
    try:
        payloads = [payload for key in journal.begun() for payload in journal.payloads(key)]
        return sum(record.part == "intent" for payload in payloads for record in unpack(payload))
    finally:
        journal.close()


def seen_at_payment(directory: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many intents are on the disk while each payment is made."""
    seen: list[int] = []
    pay = Ledger.pay

    def watched(ledger: Ledger, number: int, call_key: str) -> str:
        seen.append(intents(directory))
        return pay(ledger, number, call_key)

    monkeypatch.setattr(Ledger, "pay", watched)
    return seen


def test_an_intent_is_on_the_disk_before_the_call(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = seen_at_payment(tmp_path / "r", monkeypatch)
    task = Paying(ledger=str(tmp_path / "ledger"))
    assert run(task, tmp_path / "r", chains_in_flight=1).output == task.wanted()
    assert sorted(seen) == seen
    assert all(count >= number for number, count in enumerate(seen, 1))


def test_without_waiting_for_the_disk_it_is_not(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The placebo of the test above."""

    async def at_once(work: Work) -> None:
        pass

    monkeypatch.setattr(Work, "made_durable", at_once)
    seen = seen_at_payment(tmp_path / "r", monkeypatch)
    run(Paying(ledger=str(tmp_path / "ledger")), tmp_path / "r", chains_in_flight=1, flush_steps=64)
    assert not all(count >= number for number, count in enumerate(seen, 1))


@pytest.mark.parametrize("cut", range(8))
def test_resumed_after_every_question_nothing_is_paid_twice(cut: int, tmp_path: pathlib.Path) -> None:
    task = Paying(ledger=str(tmp_path / "ledger"))
    first, second = Counted(answers, questions=cut), Counted(answers)
    assert run(task, tmp_path / "r", first).status == "paused"
    found = api.resume(tmp_path / "r", task=task, model=second)
    assert found.output == task.wanted()
    assert len(Ledger(task.ledger).lines()) == len({line.split()[0] for line in Ledger(task.ledger).lines()}) == 4
    assert len(set(first.asked + second.asked)) == len(first.asked + second.asked) == 8


def test_the_result_is_kept_where_the_tasks_own_code_fails_at_it(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call was made: a mended task goes on with its result, also where the tool could not say that it was."""
    task = Paying(parts=1, ledger=str(tmp_path / "ledger"), checked=False)
    advance = Paying.advance

    def faulty(task: Paying, goal: Any, state: Any, candidate: Any) -> Any:
        return 1 // 0 if state[0] == "pay" else advance(task, goal, state, candidate)

    with monkeypatch.context() as patched:
        patched.setattr(Paying, "advance", faulty)
        with pytest.raises(UserCodeError):
            run(task, tmp_path / "r")
    found = api.resume(tmp_path / "r", task=task, model=Counted(answers), accept_change=True)
    assert found.output == task.wanted()
    assert len(Ledger(task.ledger).lines()) == 1


@pytest.mark.parametrize("checked", [False, True])
def test_a_chain_that_is_run_again_pays_nothing_again(checked: bool, tmp_path: pathlib.Path) -> None:
    """The step after the payment contradicts the promise at first: the chain is run again, the payment is not made."""
    task = Paying(ledger=str(tmp_path / "ledger"), promised=True, checked=checked)
    model = Counted(answers, say=lambda text, nth: "99" if text == "after: 11" and not nth else None)
    found = run(task, tmp_path / "r", model)
    assert found.output == task.wanted(), found.message
    assert found.counts.seam_retries > 0
    assert len(Ledger(task.ledger).lines()) == 4


def test_a_tool_that_may_be_repeated_is_called_again_then(tmp_path: pathlib.Path) -> None:
    """The placebo of the test above."""
    task = Paying(ledger=str(tmp_path / "ledger"), promised=True, repeatable=True)
    model = Counted(answers, say=lambda text, nth: "99" if text == "after: 11" and not nth else None)
    assert run(task, tmp_path / "r", model).output == task.wanted()
    assert len(Ledger(task.ledger).lines()) > 4


def test_failed_payments_are_values_where_they_may_be(tmp_path: pathlib.Path) -> None:
    task = Paying(ledger=str(tmp_path / "ledger"), negative=True, may_fail=True)
    found = run(task, tmp_path / "r")
    assert found.status == "solved"
    assert [one["error"] if isinstance(one, dict) else one[0] for one in found.output] == [
        "receipt 1", *["refused"] * 3,
    ]  # fmt: skip


class Once(Task, frozen=True, kw_only=True):
    """Has one once-only tool, which remembers its calls; ``check`` says what is known of earlier ones."""

    check: Any = None
    calls: list[int] = msgspec.field(default_factory=list)

    def tools(self) -> Mapping[str, Any]:
        def pay(number: int) -> str:
            self.calls.append(number)
            return f"paid {number}"

        return {"pay": Tool(name="pay", function=pay, timeout_s=5, repeatable=False, check=self.check)}


def fails(key: str, arguments: Mapping[str, Any]) -> Any:
    raise OSError("the bank is closed")


@pytest.mark.parametrize(
    ("check", "result", "calls"),
    [
        (lambda key, arguments: f"receipt of {arguments['number']}", '"receipt of 7"', 0),
        (lambda key, arguments: NOT_HAPPENED, '"paid 7"', 1),
        (
            None,
            'once-only tool pay was called with {"number":7} before .* returns its result, or NOT_HAPPENED',
            0,
        ),
        (fails, "the check of the once-only tool pay failed", 0),
    ],
)
async def test_a_call_that_was_perhaps_made_before_a_crash_is_looked_up(
    step_runner: Any, check: Any, result: str, calls: int
) -> None:
    """The journal holds its intent and no result."""
    task, node, call = Once(check=check), Node((1,), "call", (0,)), Call("pay", {"number": 7})
    segment = Work(step_runner(task, Counted(answers)), RecordBuffer(1000, math.inf))
    segment.load([pack([Record((1,), "intent", 0, 2, 0, (call_key(node, 2, call),))])])
    asking = ToolCaller(task, segment).call(node, 0, 2, call)
    if result.startswith('"'):
        assert await asking == result
    else:
        with pytest.raises(RunPaused, match=result):
            await asking
    assert task.calls == [7] * calls


class Finds(Once, frozen=True, kw_only=True):
    """Has one tool whose passages the model ranks."""

    gives: Any = None

    def tools(self) -> Mapping[str, Any]:
        def search(query: str) -> Any:
            return self.gives

        return {"search": Tool(name="search", function=search, timeout_s=5, ranked=True)}


class Likes(Counted):
    """Finds a question likely after long passages."""

    async def score(self, request: Any, text: str) -> Likelihood:
        return Likelihood(-1.0 / len(request.prompt.user), 1)


async def test_passages_come_in_the_order_of_their_relevance_and_as_many_as_are_wanted(step_runner: Any) -> None:
    found = [{"text": "a" * length, "path": f"{length}"} for length in (3, 9, 1, 9)]
    task, node, call = Finds(gives={"passages": found, "limit": 3, "left_out": []}), Node((1,), "call", (0,)), SEARCH
    work = Work(step_runner(task, Likes(answers)), RecordBuffer(1000, math.inf))
    kept = msgspec.json.decode(await ToolCaller(task, work).call(node, 0, 0, call))
    assert [one["path"] for one in kept["passages"]] == ["9", "9", "3"], "those that are level stay in their order"
    assert kept["left_out"] == []
    assert "limit" not in kept
    assert all(one["relevance"] <= 0 for one in kept["passages"])
    assert work.steps.meter.take().by_kind["relevance"].calls == 4


@pytest.mark.parametrize(
    "gives", [None, 5, "text", [], {}, {"passages": 3}, {"passages": [{}]}, {"passages": [{"text": 5}]},
              {"passages": [], "limit": 0}, {"passages": [], "limit": "many"}],
)  # fmt: skip
async def test_a_ranked_tool_that_gives_no_passages_has_failed(step_runner: Any, gives: Any) -> None:
    task = Finds(gives=gives)
    work = Work(step_runner(task, Likes(answers)), RecordBuffer(1000, math.inf))
    kept = await ToolCaller(task, work).call(Node((1,), "call", (0,)), 0, 0, SEARCH)
    failed = failure_of(msgspec.json.decode(kept))
    assert failed is not None
    assert "a ranked tool returns passages with a text" in failed.message
    assert not work.steps.meter.take().calls


SEARCH = Call("search", {"query": "what?"}, may_fail=True)
