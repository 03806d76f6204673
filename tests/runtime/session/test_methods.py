"""The conformance suite of methods: every method of the table passes it, on a small problem with an exact answer.

Killed at every journal event and resumed: the same answer, and no committed step asked twice. Calls and money stay
below their limits wherever they end. A branch that fails is a typed value.
"""

import pathlib
from typing import Any

import pytest

from surefoot.decompose.answer_keys.hanoi import answers as answers_of_hanoi
from surefoot.decompose.methods.asking import Asking
from surefoot.decompose.methods.of_plans import OF_PLANS
from surefoot.decompose.methods.recursive import MOST_CELLS
from surefoot.decompose.methods.table import METHODS
from surefoot.decompose.plan import Expansion, Node
from surefoot.decompose.problem import Problem
from surefoot.decompose.referees.problems import answer_of, verify
from surefoot.decompose.step import Call, Step
from surefoot.decompose.tasks.generated import Generated
from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime import api
from surefoot.runtime.journal.journal import open_journal
from surefoot.runtime.journal.run_directory import read_config
from surefoot.runtime.models.port import Reply, Request
from surefoot.runtime.records import Finished
from surefoot.runtime.session.answers import reader_of
from surefoot.scripts.commands.verify import ReadSteps
from tests.decompose.methods import worlds
from tests.decompose.methods.walking import Walk
from tests.decompose.methods.worlds import answers_of_all as answers
from tests.runtime.execution.attempts import Session
from tests.runtime.execution.models import QUIET, Counted

ASKING = [name for name, make in METHODS.items() if isinstance(make(0), Asking)]
SLOW = ("recursive-0", "recursive-2")
"""Variants of a method that is among the quick ones; each starts many sandboxes."""
CASES = [
    *(pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in ASKING),
    *(pytest.param(f"{name} with calc") for name in ("self-ask", "rewoo", "abstract-chain")),
]
PRICE_USD = 0.25


def problem(method: str) -> Problem:
    if method == "modular":  # it plans, so it takes a problem that offers a world
        return worlds.Counting(method=method)
    name, _, tool = method.partition(" with ")
    if name.startswith("recursive"):  # over an input that is kept apart; slices of a hundred lines
        return Generated(family="ledger", length=150, number=3, method=name)
    return Generated(family="chains", length=4, method=name, calculator=bool(tool))


def right(task: Problem) -> str:
    if isinstance(task, worlds.Counting):
        return worlds.right_answers(task)[0]
    assert isinstance(task, Generated)
    return answer_of(task.question(), task.context(task.number - 1))


class Priced(Counted):
    """Each answer costs the same; what, is known from the first on."""

    async def ask(self, request: Request) -> list[Reply]:
        return [Reply(one.text, one.stop, 1, 1, PRICE_USD) for one in await super().ask(request)]


def test_no_method_of_the_table_is_left_out() -> None:
    """A new line of the table is in the suite by being there; nobody has to think of it."""
    assert {str(case.values[0]).partition(" with ")[0] for case in CASES} == set(ASKING)
    assert set(METHODS) == {*ASKING, *OF_PLANS}
    assert {name.partition("-")[0] for name in SLOW} <= set(ASKING) - set(SLOW)


@pytest.mark.parametrize("method", OF_PLANS)
async def test_plans_are_killed_at_every_journal_event_as_well(step_runner: Any, method: str) -> None:
    """What ``--strategy`` takes stands in the same table."""
    task = Hanoi(disks=3)
    whole = Session(step_runner, task, answers_of_hanoi, OF_PLANS[method](2))
    ended = await whole.run([])
    assert isinstance(ended, Finished)
    assert len(whole.batches) >= 7
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner, task, answers_of_hanoi, OF_PLANS[method](2))
        assert await resumed.run(whole.batches[:cut]) == ended
        held = sum(record.k > 0 for batch in whole.batches[:cut] for record in batch)
        assert sorted(resumed.model.asked) == sorted(whole.model.asked[held:]), "a committed step was asked again"


@pytest.mark.parametrize("method", CASES)
async def test_killed_at_every_journal_event(step_runner: Any, method: str) -> None:
    task = problem(method)
    whole = Session(step_runner, task, answers)
    ended = await whole.run([])
    assert ended == Finished(right(task))
    for cut in range(len(whole.batches) + 1):
        resumed = Session(step_runner, task, answers)
        assert await resumed.run(whole.batches[:cut]) == ended
        held = sum(record.k > 0 for batch in whole.batches[:cut] for record in batch)
        assert sorted(resumed.model.asked) == sorted(whole.model.asked[held:]), "a committed step was asked again"


@pytest.mark.parametrize("method", CASES)
def test_a_killed_session_is_gone_on_with(method: str, tmp_path: pathlib.Path) -> None:
    """Whole sessions with their journal files: after each question the model is gone, and another session goes on."""
    task, whole = problem(method), Counted(answers)
    assert api.run(task, whole, run_dir=tmp_path / "w", **QUIET).output == right(task)
    for cut in {1, len(whole.asked) // 2, len(whole.asked) - 1} - {0, len(whole.asked)}:
        first, second = Counted(answers, cut), Counted(answers)
        assert api.run(task, first, run_dir=tmp_path / f"r{cut}", **QUIET).status == "paused"
        found = api.resume(tmp_path / f"r{cut}", task=task, model=second)
        assert (found.status, found.output) == ("solved", right(task))
        assert sorted(first.asked + second.asked) == sorted(whole.asked)


@pytest.mark.parametrize("method", CASES)
def test_limits_hold_wherever_they_end(method: str, tmp_path: pathlib.Path) -> None:
    """Calls and money: a run that pauses at a limit has kept it, and goes on from there with a larger one."""
    task, whole = problem(method), Priced(answers)
    api.run(task, whole, run_dir=tmp_path / "w", **QUIET)
    half = len(whole.asked) // 2
    if half == 0:  # one answer: no limit lets a half of it through
        return
    for name, limit in (("max_calls", half), ("max_cost_usd", half * PRICE_USD)):
        model = Priced(answers)
        paused = api.run(task, model, run_dir=tmp_path / name, chains_in_flight=1, **QUIET, **{name: limit})
        assert paused.status == "paused"
        assert len(model.asked) <= half
        on = Priced(answers)
        found = api.resume(tmp_path / name, task=task, model=on, **{name: 1000})
        assert (found.status, found.output) == ("solved", right(task))
        assert len(model.asked) + len(on.asked) == len(whole.asked)


@pytest.mark.parametrize("method", CASES)
def test_what_was_decided_reads_back_as_a_plan(method: str, tmp_path: pathlib.Path) -> None:
    """From the journal alone: the referee's verdict, and how many questions waited for each other."""
    task, model = problem(method), Counted(answers)
    found = api.run(task, model, run_dir=tmp_path / "r", **QUIET)
    journal = open_journal(found.run_dir, write=False)
    try:
        reader = reader_of(journal, read_config(found.run_dir), task)
        plan = ReadSteps(reader.steps())
        steps = sum(1 for _ in plan)
        assert plan.output == right(task)
        if isinstance(task, Generated):
            told = verify(task, ReadSteps(reader.steps()))
            assert (told.reached_goal, told.steps) == (True, steps)
    finally:
        journal.close()
    assert steps == len(model.asked)
    assert 1 <= reader.longest <= steps


@pytest.mark.parametrize("method", CASES)
def test_replies_that_nobody_can_read_end_in_a_typed_failure(method: str, tmp_path: pathlib.Path) -> None:
    """The model stops making sense after half of its questions: the run fails in one line, and does not hang."""
    task, whole = problem(method), Counted(answers)
    api.run(task, whole, run_dir=tmp_path / "w", **QUIET)
    half = len(whole.asked) // 2
    seen: list[str] = []

    def say(text: str, nth: int) -> str | None:
        seen.append(text)
        return "???" if len(seen) > half else None

    found = api.run(task, Counted(answers, say=say), run_dir=tmp_path / "r", max_ballots=5, **QUIET)
    assert found.status == "failed"
    assert found.message
    assert "\n" not in found.message


BRANCHES = {
    "rewoo": "Answer this part", "rewoo-3": "Answer this part", "abstract-chain": "Answer this part",
    "atom": "Answer this part",
    "as-needed": "Answer the question if that takes one step", "recursive": "Answer a question about a part",
    "auto": "Answer the question at once",
}  # fmt: skip
"""Methods that ask several things beside each other, with how the question of one branch begins."""


class Branching(Walk):
    """Counts the most questions that a method asks beside each other."""

    widest = 0

    def answer(self, node: Node, asked: Step | Call | Expansion) -> Any:
        self.widest = max(self.widest, len(asked.children) if isinstance(asked, Expansion) else 0)
        return super().answer(node, asked)


@pytest.mark.parametrize("method", [name for name in ASKING if not name.startswith("recursive")])
def test_every_method_that_has_branches_has_one_of_them_failed(method: str) -> None:
    """By construction: whoever asks several things beside each other stands among ``BRANCHES``."""
    task = problem(method)
    if isinstance(task, Generated) and method != "program":
        task = Generated(family="expressions", length=6, method=method)
    walk = Branching(task, lambda prompt: answers(prompt).right[0])
    walk.run()
    assert (walk.widest > 1) == (method in BRANCHES)


@pytest.mark.parametrize(
    "method", [pytest.param(one, marks=[pytest.mark.slow] if one == "recursive" else []) for one in BRANCHES]
)
def test_one_branch_that_fails_is_a_value_and_its_neighbours_go_on(method: str, tmp_path: pathlib.Path) -> None:
    """What fails is journalled as a typed failure; it is asked no more when the run is gone on with.

    Whether there is an answer all the same is the method's own business: one attempt of eight may be missing, and a
    contraction that failed is none; a line of a plan may not.
    """
    task, whole = problem(method), Counted(answers)
    if not method.startswith("recursive"):  # parts that do not read each other
        task = Generated(family="expressions", length=6, method=method)
    api.run(task, whole, run_dir=tmp_path / "w", **QUIET)
    branches = [text for text, _ in whole.asked if text.startswith(BRANCHES[method])]
    failing = branches[method == "as-needed"]  # whose first try is the question itself

    def say(text: str, nth: int) -> str | None:
        return "???" if text == failing else None

    model = Counted(answers, say=say)
    found = api.run(task, model, run_dir=tmp_path / "r", max_ballots=3, ladder=False, **QUIET)
    tries = [text for text, _ in model.asked].count(failing)
    # Who writes cells is told that one failed, and here writes the same one again each time.
    assert tries == 3 * (MOST_CELLS if method == "recursive" else 1), "a branch that failed was asked again"
    assert len({text for text, _ in model.asked} & set(branches)) > 1, "its neighbours were not asked"
    assert found.counts.failed_nodes >= 1
    if found.status == "solved":
        assert found.output == right(task)
        return
    assert found.status == "failed"
    assert "\n" not in found.message
    assert method not in ("atom", "auto")
    again = Counted(answers, say=say)
    api.resume(tmp_path / "r", task=task, model=again)
    assert failing not in [text for text, _ in again.asked]


def test_every_way_of_mending_is_reached_by_an_ordinary_run(tmp_path: pathlib.Path) -> None:
    """Pitfall 17: seams that are run again, disputes and escalations are no code that waits for its first user.

    Plans that are made anew are reached by planted decompositions: ``tests/runtime/execution/test_segment_runner.py``.
    """
    model = "simulated:p_error=0.15,p_shared=0.02"
    options = {**QUIET, "disks": 7, "k": 1, "leaf_steps": 7, "seed": 0}
    found = api.run("hanoi", model, run_dir=tmp_path / "r", **options)
    assert found.status == "solved"
    counts = found.counts
    assert min(counts.seam_retries, counts.escalations, counts.disagreements) > 0
