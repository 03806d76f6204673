"""Evidence is confirmed in other ways to ask before it may revise a plan; what a tool says is taken as it is."""

import contextlib
import itertools
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.plan import Node
from surefoot.decompose.revision import Report
from surefoot.decompose.step import Call, Role, Step
from surefoot.decompose.task import Task
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.chain_runner import SHARED_DRAWS
from surefoot.runtime.execution.evidence_check import MOST_WAYS, EvidenceCheck, Said
from surefoot.runtime.execution.record_buffer import NOT_VOTED
from surefoot.runtime.execution.reports import report_in
from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.records import EVIDENCE, Counts, Entry, Record, agreed

OPEN, OTHER = Assumption("way", "left"), Assumption("other")
NODE = Node((3,), "go", (), None, (OPEN,))
KEY = ((3,), "run", 0)
STEP = Step("look", Role.ACTOR, None)


class Watched(Task, frozen=True):
    """Answers that are not ``fine`` speak against the way; ``aside`` against what another node rests on."""

    def evidence(self, goal: Any, state: Any, asked: Any, answer: Any) -> tuple[Evidence, ...]:
        if answer == "fine":
            return ()
        if answer == "good":
            return (Evidence(OPEN, "supports"),)
        return (Evidence(OTHER if answer == "aside" else OPEN, "contradicts"),)


class Steps:
    """Answers each way to ask as it is told; remembers how it was asked."""

    def __init__(self, ways: list[str | None]) -> None:
        self.ways, self.asked = ways, list[tuple[int, int]]()
        self.variants = [SimpleNamespace(name=f"way {number}") for number in range(len(ways))]
        self.leads = SimpleNamespace(suspect=5)

    async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
        self.asked.append((level, k))
        said = self.ways[level]
        if said is None:
            raise StepDeadlocked("undecided")
        return said, said


class Bench:
    """A segment without a model: what was kept, counted and noted."""

    def __init__(self, ways: list[str | None]) -> None:
        self.steps, self.counts = Steps(ways), Counts()
        self.kept: list[Record] = []
        self.notes: list[str] = []
        self.buffer = SimpleNamespace(add=self.kept.append, flush=lambda: None)
        self.held: list[Assumption | None] = []
        self.doubts: list[list[Assumption | None]] = []
        self.under_way = contextlib.nullcontext

    def note(self, event: str, path: Any, **context: Any) -> None:
        self.notes.append(event)

    def suspend(self, assumption: Assumption | None) -> None:
        self.held.append(assumption)
        self.doubts.append(list(self.held))

    async def look(self, said: Said, asked: Any = STEP) -> Said:
        plan: Any = SimpleNamespace(suspend=self.suspend, release=self.held.remove)
        return await EvidenceCheck(Watched(), self, plan).look(NODE, 7, None, asked, said)  # type: ignore[arg-type]


def said(candidate: str, k: int = 2, entry: Entry | None = "") -> Said:
    return Said(KEY, candidate, candidate if entry == "" else entry, k)


async def test_an_answer_without_evidence_costs_nothing() -> None:
    bench = Bench(["fine"] * 3)
    assert await bench.look(said("fine")) == said("fine")
    assert (bench.steps.asked, bench.kept, bench.counts.evidence) == ([], [], 0)


async def test_what_speaks_for_an_assumption_is_kept_and_not_asked_again() -> None:
    bench = Bench(["good"] * 3)
    assert (await bench.look(said("good"))).refuted is None
    assert (bench.steps.asked, bench.counts.evidence) == ([], 1)


async def test_what_speaks_against_it_is_asked_with_a_larger_lead_and_in_two_other_ways() -> None:
    bench = Bench(["shut"] * 4)
    found = await bench.look(said("shut"))
    assert bench.steps.asked == [(0, 5), (1, 5), (2, 5)]
    assert (found.candidate, found.entry, found.refuted) == ("shut", "shut", Evidence(OPEN, "contradicts"))
    [record] = bench.kept
    assert (record.path, record.part, record.first, record.k) == ((3,), EVIDENCE, 7, NOT_VOTED)
    assert msgspec.json.decode(str(record.entries[0]), type=Evidence) == found.refuted
    assert report_in(record) == Report((3,), Evidence(OPEN, "contradicts"))
    assert bench.counts.doubted_evidence == 0
    assert bench.held == [OPEN]  # until the plan is revised


async def test_a_large_lead_is_not_asked_for_again_in_the_same_way() -> None:
    bench = Bench(["shut"] * 2)
    await bench.look(said("shut", k=5))
    assert bench.steps.asked == [(1, 5)]


async def test_a_mistake_of_one_prompt_is_doubted_and_the_answer_of_the_others_taken() -> None:
    """Every draw of the first prompt says shut: only the other ways can tell."""
    bench = Bench(["shut", "fine", "fine"])
    found = await bench.look(said("shut"))
    assert (found.candidate, found.entry, found.refuted) == ("fine", agreed("fine", 5), None)
    assert (bench.counts.doubted_evidence, bench.notes, bench.kept) == (1, ["evidence doubted"], [])
    assert (bench.doubts, bench.held) == ([[OPEN]], [])


async def test_a_doubt_that_most_ways_do_not_share_is_counted_and_the_evidence_stands() -> None:
    bench = Bench(["shut", "fine", "shut"])
    assert (await bench.look(said("shut"))).refuted is not None
    assert bench.counts.doubted_evidence == 1


@pytest.mark.parametrize("ways", [["shut", "fine"], ["shut", None], ["shut", "fine", "good"], ["shut", None, None]])
async def test_no_answer_that_most_ways_give_stops_there(ways: list[str | None]) -> None:
    bench = Bench(ways)
    with pytest.raises(StepDeadlocked, match="contradict each other about evidence"):
        await bench.look(said("shut"))
    assert bench.held == []


async def test_an_answer_from_the_journal_was_confirmed_before_it_was_kept() -> None:
    bench = Bench(["fine"] * 3)
    assert (await bench.look(said("shut", entry=None))).refuted == Evidence(OPEN, "contradicts")
    assert (bench.steps.asked, bench.kept, bench.counts.evidence) == ([], [], 0)


async def test_what_a_tool_gave_is_a_fact() -> None:
    bench = Bench(["fine"] * 3)
    found = await bench.look(Said(KEY, '"shut"', '"shut"', NOT_VOTED), Call("look"))
    assert (found.refuted is not None, bench.steps.asked) == (True, [])


async def test_evidence_against_what_others_rest_on_does_not_end_the_node() -> None:
    bench = Bench(["aside"] * 3)
    assert (await bench.look(said("aside"))).refuted is None
    assert bench.counts.evidence == 1
    assert report_in(bench.kept[0]) is None


async def test_a_mistake_that_two_of_three_ways_share_is_told_by_asking_on() -> None:
    """A majority of three would have revised the plan: each further way has one vote until an answer is three ahead."""
    bench = Bench(["shut", "shut", "fine", "fine", "fine", "fine", "fine", "fine"])
    found = await bench.look(said("shut"))
    assert (found.candidate, found.refuted, bench.counts.doubted_evidence) == ("fine", None, 1)
    assert [level for level, _ in bench.steps.asked] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("ways", "asked"),
    [(["shut"] * 8, 3), (["shut", "fine", "shut", "shut", "shut", "fine"], 5), (["shut", None, "shut", "shut"], 4)],
)
async def test_ways_are_asked_until_one_answer_is_three_ahead(ways: list[str | None], asked: int) -> None:
    bench = Bench(ways)
    assert (await bench.look(said("shut"))).refuted is not None
    assert len(bench.steps.asked) == asked


async def test_no_two_ways_share_a_draw_and_ways_have_a_bound() -> None:
    draws: list[int] = []

    class Drawn(Steps):
        async def decide(self, step: Step, k: int, draw: int, level: int = 0) -> tuple[str, Entry]:
            draws.append(draw % MAX_DRAWS)
            return await super().decide(step, k, draw, level)

    bench = Bench(["shut", "fine"] * 20)
    bench.steps = Drawn(bench.steps.ways)
    assert (await bench.look(said("shut"))).refuted is not None, "five of nine"
    assert len(draws) == MOST_WAYS
    assert min(later - earlier for earlier, later in itertools.pairwise(draws)) == MAX_DRAWS // 32 >= 100
    assert draws[-1] + MAX_DRAWS // 32 <= MAX_DRAWS
    assert all(one + MAX_DRAWS // 32 <= SHARED_DRAWS or one >= SHARED_DRAWS + MAX_DRAWS // 16 for one in draws)
