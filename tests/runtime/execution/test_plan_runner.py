"""How a plan grows and heals, with hands that do as they are told: no model, no votes, no journal."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.plan import Child, Expansion, Failure, Literal, Node, Path, Ref
from surefoot.decompose.revision import Report, Revision
from surefoot.decompose.task import Task
from surefoot.runtime.errors import PlanTooDeep, SeamBroken, StepDeadlocked
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.execution.node_plan import LEVELS
from surefoot.runtime.execution.plan_runner import DEEPEST, PlanRunner
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.records import Contradicted, Finished


class Shapes(Task, frozen=True, kw_only=True):
    """A decomposition's candidate is looked up in a table of expansions."""

    shapes: dict[str, Expansion]

    def expand(self, goal: Any, inputs: tuple[Any, ...], candidate: str) -> Expansion:
        return self.shapes[candidate]


class Hands:
    """Leaves are goals in lower case; ``outputs`` says what they return, ``splits`` how the others are split.

    A leaf named in ``held`` waits until it is let go.
    """

    def __init__(self, splits: list[str], outputs: dict[str, Any] | None = None, held: str = "") -> None:
        self.splits, self.outputs = list(splits), outputs or {}
        self.held = {name: asyncio.Event() for name in held}
        self.begun: list[tuple[str, Path, tuple[Any, ...]]] = []
        self.done: list[str] = []
        self.cancelled: list[str] = []
        self.attempts: list[int] = []
        self.mended: list[int] = []
        self.broken: list[int] = []
        self.kept: list[tuple[int, ...]] = []
        self.given: dict[str, Expansion] = {}
        self.failures: dict[Path, Failure] = {}
        self.revisions: dict[tuple[Path, int], Revision] = {}
        self.revised: list[tuple[Path, Revision]] = []
        self.reports: list[Report] = []
        self.unwanted: list[Path] = []

    def is_leaf(self, node: Node) -> bool:
        return str(node.goal).islower()

    async def run_leaf(self, node: Node) -> Finished | Contradicted:
        self.begun.append((node.goal, node.path, node.inputs))
        try:
            if node.goal in self.held:
                await self.held[node.goal].wait()
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.cancelled.append(node.goal)
            raise
        self.done.append(node.goal)
        output = self.outputs.get(node.goal, node.promise)
        if isinstance(output, Exception):
            raise output
        if output is None:
            output = f"{node.goal}({','.join(map(str, node.inputs))})"
        if node.promise is not None and output != node.promise:
            return Contradicted(node.path, f"returned {output!r}, promised was {node.promise!r}")
        return Finished(output)

    async def split(self, node: Node, attempt: int) -> str:
        self.attempts.append(attempt)
        return self.splits.pop(0)

    def promise_broken(self, node: Node, attempt: int, by: Contradicted) -> None:
        self.broken.append(attempt)

    def promise_mended(self, node: Node, attempt: int) -> None:
        self.mended.append(attempt)

    async def children_kept(self, node: Node, attempt: int, elements: tuple[int, ...]) -> None:
        self.kept.append(elements)

    def expansion_of(self, node: Node) -> Expansion | None:
        return self.given.get(node.goal)

    def failure_known(self, path: Path) -> Failure | None:
        return self.failures.get(path)

    def child_failed(self, path: Path, failure: Failure) -> None:
        self.failures[path] = failure

    def revision_known(self, path: Path, version: int) -> Revision | None:
        return self.revisions.get((path, version))

    def plan_revised(self, node: Node, revision: Revision) -> None:
        self.revised.append((node.path, revision))

    def reports_known(self) -> list[Report]:
        return self.reports

    def let_go(self, path: Path) -> None:
        self.unwanted.append(path)

    @property
    def names(self) -> list[str]:
        return [name for name, _, _ in self.begun]


def child(goal: str, *reads: int | str, promise: Any = None) -> Child:
    inputs = tuple(Literal(r) if isinstance(r, str) else Ref(r) for r in reads)
    return Child(goal, inputs, promise)


def shape(*children: Child, result: int = -1) -> Expansion:
    return Expansion(children, result)


@pytest.fixture
def plan() -> Callable[..., PlanRunner]:
    def make(hands: Hands, slots: int = 9, attempts: int = 2, **shapes: Expansion) -> PlanRunner:
        return PlanRunner(Shapes(shapes=shapes), hands, PrioritySemaphore(slots), attempts)

    return make


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


ROOT = Node((), "WHOLE", ("in",))


async def test_outputs_flow_along_references(plan: Any) -> None:
    hands = Hands(["two"])
    outcome = await plan(
        hands, two=shape(child("a", "x"), child("b", 0, "y"), child("c", 1, 0), child("d", "z"), result=2)
    ).run(ROOT)
    assert outcome == Finished("c(b(a(x),y),a(x))")
    assert [path for _, path, _ in sorted(hands.begun)] == [(0,), (1,), (2,), (3,)]
    assert (hands.attempts, hands.broken, hands.kept) == ([0], [], [])


async def test_nodes_are_split_all_the_way_down(plan: Any) -> None:
    hands = Hands(["top", "left"])
    shapes = {"top": shape(child("L", "x"), child("r", 0)), "left": shape(child("a", "y"), child("b", 0))}
    assert await plan(hands, **shapes).run(ROOT) == Finished("r(b(a(y)))")
    assert sorted(path for _, path, _ in hands.begun) == [(0, 0), (0, 1), (1,)]


@pytest.mark.parametrize(("promise", "together"), [("A", True), (None, False)])
async def test_readers_start_at_once_on_a_promise_and_else_wait(plan: Any, promise: Any, together: bool) -> None:
    hands = Hands(["two"], {"a": "A"}, held="a")
    two = shape(child("a", "x", promise=promise), child("b", 0), child("c", "y"))
    work = asyncio.create_task(plan(hands, two=two).run(ROOT))
    await settle()
    assert ("b" in hands.done) == together
    assert "c" in hands.done  # reads nothing of a
    hands.held["a"].set()
    assert await work == Finished("c(y)")
    assert [inputs for name, _, inputs in hands.begun if name == "b"] == [("A",)]


async def test_the_gate_limits_what_runs_and_keeps_plan_order(plan: Any) -> None:
    hands = Hands(["wide"])
    wide = shape(*(child("e", "x") for _ in range(7)))
    await plan(hands, slots=1, wide=wide).run(ROOT)
    assert [path for _, path, _ in hands.begun] == [(number,) for number in range(7)]


async def test_a_broken_promise_is_asked_again_and_what_stood_apart_is_kept(plan: Any) -> None:
    """``a`` returns right, was promised wrong. ``b`` reads the promise: cancelled. ``c`` and ``d`` do not: kept."""
    hands = Hands(["wrong", "right"], {"a": "A"}, held="b")
    shapes = {
        name: shape(child("a", "x", promise=said), child("b", 0), child("c", "y"), child("d", 2), result=1)
        for name, said in (("wrong", "Z"), ("right", "A"))
    }
    work = asyncio.create_task(plan(hands, **shapes).run(ROOT))
    await settle()
    hands.held["b"].set()
    assert await work == Finished("b(A)")
    assert hands.cancelled == ["b"]
    assert sorted(hands.names) == ["a", "a", "b", "b", "c", "d"]
    assert (hands.attempts, hands.broken) == ([0, 1], [0])
    assert hands.kept == [(ATTEMPT, ATTEMPT + 1, 2, 3)]
    assert [(path, inputs) for name, path, inputs in hands.begun if name == "b"] == [
        ((1,), ("Z",)),
        ((ATTEMPT + 1,), ("A",)),
    ]


async def test_what_was_built_on_what_was_built_on_it_is_cancelled_too(plan: Any) -> None:
    hands = Hands(["wrong", "wrong", "wrong"], {"a": "A"}, held="bc")
    wrong = shape(child("a", "x", promise="Z"), child("b", 0, promise="B"), child("c", 1))
    outcome = await plan(hands, wrong=wrong).run(ROOT)
    assert isinstance(outcome, Contradicted)
    assert outcome.path == ()
    assert "returned 'A', promised was 'Z'" in outcome.detail
    assert hands.cancelled == ["b", "c"] * 3
    assert (hands.attempts, hands.broken) == ([0, 1, 2], [0, 1, 2])


async def test_finished_work_that_read_a_broken_promise_is_not_kept(plan: Any) -> None:
    """``b`` was quick: it had finished on the promise before the promise broke. It is run again."""
    hands = Hands(["wrong", "right"], {"a": "A"}, held="a")
    shapes = {
        name: shape(child("a", "x", promise=said), child("b", 0)) for name, said in (("wrong", "Z"), ("right", "A"))
    }
    work = asyncio.create_task(plan(hands, **shapes).run(ROOT))
    await settle()
    assert "b" in hands.done
    hands.held["a"].set()
    assert await work == Finished("b(A)")
    assert [inputs for name, _, inputs in hands.begun if name == "b"] == [("Z",), ("A",)]


async def test_a_child_that_is_described_otherwise_is_not_kept(plan: Any) -> None:
    hands = Hands(["wrong", "right"], {"a": "A"})
    shapes = {
        "wrong": shape(child("a", "x", promise="Z"), child("c", "y")),
        "right": shape(child("a", "x", promise="A"), child("c", "other")),
    }
    assert await plan(hands, **shapes).run(ROOT) == Finished("c(other)")
    assert hands.names.count("c") == 2
    assert hands.kept == [(ATTEMPT, ATTEMPT + 1)]


async def test_what_is_kept_can_be_kept_again(plan: Any) -> None:
    hands = Hands(["wrong", "wrong", "right"], {"a": "A"})
    shapes = {
        name: shape(child("a", "x", promise=said), child("c", "y")) for name, said in (("wrong", "Z"), ("right", "A"))
    }
    assert await plan(hands, **shapes).run(ROOT) == Finished("c(y)")
    assert hands.names.count("c") == 1
    assert hands.kept == [(ATTEMPT, 1), (2 * ATTEMPT, 1)]


async def test_a_decomposition_that_does_not_end_where_it_should_is_asked_again(plan: Any) -> None:
    hands = Hands(["astray", "right"], {"a": "A"})
    shapes = {"astray": shape(child("a", "x", promise="Q")), "right": shape(child("a", "x", promise="A"))}
    assert await plan(hands, **shapes).run(Node((), "WHOLE", (), promise="A")) == Finished("A")
    assert (hands.names, hands.attempts, hands.broken) == (["a"], [0, 1], [0])


async def test_the_news_goes_up_only_when_a_decomposition_cannot_be_mended(plan: Any) -> None:
    """Inner node L keeps failing: its own decomposition is asked 3 times, then its parent's; r is kept."""
    hands = Hands(["top", *["inner"] * 3, "other"], {"a": "A"})
    shapes = {
        "top": shape(child("L", "x", promise="P"), child("r", "y")),
        "inner": shape(child("a", "x", promise="Z")),
        "other": shape(child("a", "x", promise="A"), child("r", "y")),
    }
    shapes["inner"] = shape(child("a", "x", promise="Z"), child("p", "y", promise="P"))
    assert await plan(hands, **shapes).run(ROOT) == Finished("r(y)")
    assert hands.attempts == [0, 0, 1, 2, 1]
    assert hands.broken == [0, 1, 2, 0]
    assert (hands.names.count("r"), hands.names.count("p")) == (1, 1)


async def test_a_failure_ends_the_plan_and_its_siblings(plan: Any) -> None:
    hands = Hands(["two"], {"a": StepDeadlocked("no winner")}, held="b")
    with pytest.raises(BaseExceptionGroup) as caught:
        await plan(hands, two=shape(child("b", "x"), child("a", "y"))).run(ROOT)
    assert caught.group_contains(StepDeadlocked, match="no winner")
    assert hands.cancelled == ["b"]
    assert hands.broken == []


async def test_a_cancelled_plan_leaves_nothing_running(plan: Any) -> None:
    hands = Hands(["two"], held="ab")
    work = asyncio.create_task(plan(hands, two=shape(child("a", "x"), child("b", "y"), child("c", 0))).run(ROOT))
    await settle()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert sorted(hands.cancelled) == ["a", "b"]
    assert len(asyncio.all_tasks()) == 1


class Measured(Shapes, frozen=True):
    """Shapes whose nodes have sizes: the length of their goal's name."""

    def size(self, goal: Any, inputs: tuple[Any, ...]) -> int:
        return len(goal)


async def test_a_decomposition_that_gets_no_smaller_is_refused_and_asked_again(plan: Any) -> None:
    """A node whose part is as large as itself would be split for ever."""
    shapes = {"round": shape(child("WHOLE", "x")), "down": shape(child("part", "x"))}
    hands = Hands(["round", "down"])
    runner = PlanRunner(Measured(shapes=shapes), hands, PrioritySemaphore(9), 2)
    assert await runner.run(ROOT) == Finished("part(x)")
    assert (hands.broken, hands.mended) == ([0], [1])
    hands = Hands(["round"] * 3)
    ended = await PlanRunner(Measured(shapes=shapes), hands, PrioritySemaphore(9), 2).run(ROOT)
    assert isinstance(ended, Contradicted)
    assert "it gets no smaller" in ended.detail


async def test_a_plan_without_sizes_that_never_ends_is_stopped(plan: Any) -> None:
    hands = Hands(["round"] * (DEEPEST + 9))
    with pytest.raises(BaseExceptionGroup) as caught:
        await plan(hands, round=shape(child("WHOLE", "x"))).run(ROOT)
    error: BaseException = caught.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PlanTooDeep)
    assert len(hands.attempts) == DEEPEST + 1


async def test_a_plan_that_code_gives_without_end_is_stopped_as_well(plan: Any) -> None:
    hands = Hands([])
    hands.given = {"WHOLE": shape(child("WHOLE", "x"))}
    with pytest.raises(BaseExceptionGroup) as caught:
        await plan(hands).run(ROOT)
    error: BaseException = caught.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, PlanTooDeep)
    assert len(error.context["path"]) == DEEPEST + 1


async def test_a_node_that_keeps_failing_stops_the_run_some_levels_up(plan: Any) -> None:
    """Every level above asks again, which multiplies: after ``LEVELS`` of them the run says that it is stuck."""
    names = ["ROOT", "A", "B", "C", "D"]
    shapes = {name: shape(child(below, "x")) for name, below in itertools.pairwise(names)}
    shapes["D"] = shape(child("bad", "x", promise="P"))

    class Named(Hands):
        async def split(self, node: Node, attempt: int) -> str:
            self.attempts.append(attempt)
            return str(node.goal)

    hands = Named([], {"bad": "Q"})
    with pytest.raises(BaseExceptionGroup) as caught:
        await plan(hands, attempts=1, **shapes).run(Node((), "ROOT", ("in",)))
    error: BaseException = caught.value
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, SeamBroken)
    assert "3 decompositions above it were asked again in vain" in str(error)
    assert hands.names.count("bad") == 2**LEVELS


async def test_an_undecided_decomposition_is_asked_again_like_one_that_did_not_hold(plan: Any) -> None:
    class Undecided(Hands):
        async def split(self, node: Node, attempt: int) -> str:
            if not attempt:
                raise StepDeadlocked("no candidate led by 3")
            return await super().split(node, attempt)

    hands = Undecided(["one"])
    assert await plan(hands, one=shape(child("a", "x"))).run(ROOT) == Finished("a(x)")
    assert (hands.broken, hands.mended) == ([0], [1])


@pytest.mark.parametrize("attempts", [0, 1, 3])
async def test_an_attempt_to_plan_anew_that_raises_is_charged_like_any_other(plan: Any, attempts: int) -> None:
    """A public system raised its counter after the call: one that raises was then tried for ever."""

    class Raising(Hands):
        async def split(self, node: Node, attempt: int) -> str:
            self.attempts.append(attempt)
            raise StepDeadlocked("no candidate led by 3")

    hands = Raising([])
    assert isinstance(await plan(hands, attempts=attempts).run(ROOT), Contradicted)
    assert hands.attempts == list(range(attempts + 1))


@pytest.mark.parametrize(
    ("counts", "firsts"),
    [
        ((2, 1), [0, 1024]),
        ((1, 1025, 3), [0, 1024, 2049]),  # the third would begin within the second
        ((1500, 100, 7), [0, 1500, 2048]),
        ((5000, 3, 2), [0, 5000, 5003]),
    ],
)
async def test_children_of_another_decomposition_are_numbered_behind_all_before_it(
    plan: Any, counts: tuple[int, ...], firsts: list[int]
) -> None:
    """Journals hold these numbers: two children under one number would take each other's answers after a resume."""
    names = [str(count) for count in counts]
    shapes = {name: shape(*[child("a", name, promise="P")] * int(name)) for name in names[:-1]}
    shapes[names[-1]] = shape(*[child("b", "x")] * counts[-1])
    hands = Hands(names, {"a": "Q"})
    assert isinstance(await plan(hands, **shapes).run(ROOT), Finished)
    begun = [path[0] for _, path, _ in hands.begun]
    assert len(set(begun)) == len(begun) == sum(counts)
    assert [kept[0] for kept in hands.kept] == firsts[1:]
    assert sorted(begun) == [first + n for first, count in zip(firsts, counts, strict=True) for n in range(count)]
