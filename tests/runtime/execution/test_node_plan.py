"""Evidence revises a plan while it runs, with hands that do as they are told: no model, no votes, no journal."""

import asyncio
from typing import Any

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence, Findings
from surefoot.decompose.plan import Child, Expansion, Literal, Node, Ref
from surefoot.decompose.revision import Report, Revision, When
from surefoot.runtime.errors import RevisionsUsedUp, SurefootError
from surefoot.runtime.execution.plan_runner import PlanRunner
from surefoot.runtime.execution.policy import RevisionPolicy
from surefoot.runtime.execution.priority_semaphore import PrioritySemaphore
from surefoot.runtime.records import Contradicted, Finished
from tests.runtime.execution.test_plan_runner import Hands, Shapes, settle

LEFT, RIGHT = Assumption("gate", "left"), Assumption("gate", "right")
ROOT = Node((), "WHOLE", ("in", Findings()))


class World(Hands):
    """Leaves whose name is a key of ``finds`` report that evidence if they rest on it, once they are let go."""

    def __init__(self, splits: list[str], finds: dict[str, Evidence], held: str = "") -> None:
        super().__init__(splits, {}, held)
        self.finds = finds
        self.asked: list[Any] = []

    async def run_leaf(self, node: Node) -> Finished | Contradicted:
        outcome = await super().run_leaf(node)
        found = self.finds.get(node.goal)
        if found is not None and (found.assumption is None or found.assumption in node.rests_on):
            return Contradicted(node.path, str(found), evidence=found)
        return outcome

    async def split(self, node: Node, attempt: int) -> str:
        self.asked.append(node.inputs[-1])
        return await super().split(node, attempt)

    def plan_revised(self, node: Node, revision: Revision) -> None:
        super().plan_revised(node, revision)
        self.revisions[node.path, revision.parent] = revision


def child(goal: str, *reads: int, on: Assumption | None = None) -> Child:
    inputs = tuple(Ref(one) for one in reads) or (Literal("x"),)
    return Child(goal, inputs, rests_on=() if on is None else (on,))


def runner(hands: Hands, when: When = "at-once", most: int = 9, **shapes: Expansion) -> PlanRunner:
    return PlanRunner(Shapes(shapes=shapes), hands, PrioritySemaphore(9), 2, RevisionPolicy(when, most))


def gate(side: Assumption) -> Expansion:
    """``s`` and ``b`` go through the gate, ``c`` reads ``b``; ``i`` and ``j`` have nothing to do with it."""
    children = (child("s", on=side), child("b", on=side), child("c", 1), child("i"), child("j"))
    return Expansion(children, result=2)


SHUT = Evidence(LEFT, "contradicts", found="right")


async def test_what_rests_on_it_stops_at_once_and_what_does_not_runs_on_and_is_kept() -> None:
    """``i`` had ended and ``j`` had not when the gate was found shut: neither is begun again."""
    hands = World(["left", "right"], {"s": SHUT}, held="sbj")
    work = asyncio.create_task(runner(hands, left=gate(LEFT), right=gate(RIGHT)).run(ROOT))
    await settle()
    assert (hands.done, hands.cancelled) == (["i"], [])
    hands.held["s"].set()
    await settle()
    assert hands.cancelled == ["b"]
    assert hands.names.count("b") == 2  # the new version goes on while j still runs
    assert "j" not in hands.done
    hands.held["b"].set()
    hands.held["j"].set()
    assert await work == Finished("c(b(x))")
    assert [hands.names.count(name) for name in "sbcij"] == [2, 2, 1, 1, 1]
    assert hands.kept == [(1024, 1025, 1026, 3, 4)]


async def test_the_question_for_the_next_version_shows_what_was_found() -> None:
    hands = World(["left", "right"], {"s": SHUT})
    await runner(hands, left=gate(LEFT), right=gate(RIGHT)).run(ROOT)
    assert hands.asked == [Findings(), Findings((SHUT,), (LEFT,))]
    [(path, revision)] = hands.revised
    assert (path, revision.parent, revision.because) == ((), 0, "evidence")
    assert revision.triggers == (Report((0,), SHUT),)
    assert revision.rests_on == (LEFT,)


async def test_at_the_end_of_a_pass_everything_is_run_to_its_end_first() -> None:
    hands = World(["left", "right"], {"s": SHUT}, held="b")
    work = asyncio.create_task(runner(hands, "end-of-pass", left=gate(LEFT), right=gate(RIGHT)).run(ROOT))
    await settle()
    assert (hands.cancelled, hands.attempts) == ([], [0])
    hands.held["b"].set()
    assert await work == Finished("c(b(x))")
    assert [hands.names.count(name) for name in "sbcij"] == [2, 2, 2, 1, 1]


async def test_a_fixed_plan_fails_with_what_was_found() -> None:
    hands = World(["left", "right"], {"s": SHUT})
    outcome = await runner(hands, "never", left=gate(LEFT), right=gate(RIGHT)).run(ROOT)
    assert isinstance(outcome, Contradicted)
    assert (outcome.detail, outcome.evidence) == (str(SHUT), SHUT)
    assert hands.attempts == [0]


async def test_evidence_goes_to_the_plan_that_made_the_assumption() -> None:
    """The leaf is two levels below; the plan between them took the assumption over and is not asked again."""
    shapes = {
        "top-left": Expansion((child("MIDDLE", on=LEFT), child("i"))),
        "top-right": Expansion((child("MIDDLE", on=RIGHT), child("i"))),
        "middle": Expansion((child("s", on=LEFT), child("b"))),
        "other": Expansion((child("s", on=RIGHT), child("b"))),
    }
    hands = World(["top-left", "middle", "top-right", "other"], {"s": SHUT}, held="b")
    work = asyncio.create_task(runner(hands, **shapes).run(ROOT))
    await settle()
    hands.held["b"].set()
    assert await work == Finished("i(x)")
    assert [path for path, _ in hands.revised] == [()]
    assert hands.cancelled == ["b"]
    assert hands.names.count("i") == 1


async def test_a_node_that_cannot_be_solved_has_the_plan_right_above_it_made_again() -> None:
    shapes = {
        "top": Expansion((child("MIDDLE"),)),
        "bad": Expansion((child("u"),)),
        "good": Expansion((child("g"),)),
    }
    hands = World(["top", "bad", "good"], {"u": Evidence(None, "unsolvable")})
    assert await runner(hands, **shapes).run(ROOT) == Finished("g(x)")
    assert [path for path, _ in hands.revised] == [(0,)]


async def test_an_assumption_that_was_refuted_is_not_tried_again_and_costs_a_version() -> None:
    hands = World(["left", "left", "right"], {"s": SHUT})
    assert await runner(hands, left=gate(LEFT), right=gate(RIGHT)).run(ROOT) == Finished("c(b(x))")
    assert [revision.because for _, revision in hands.revised] == ["evidence", "restated"]
    assert hands.names.count("s") == 2


@pytest.mark.parametrize("most", [0, 1, 4])
async def test_a_planner_that_goes_round_stops_with_its_versions(most: int) -> None:
    """Two plans that are both wrong, one after the other for ever: every try costs, also what is only said again."""
    wrong = {"s": SHUT, "t": Evidence(RIGHT, "contradicts", found="left")}
    two = (child("s", on=LEFT), child("i")), (child("t", on=RIGHT), child("i"))
    hands = World(["left", "right"] * 20, wrong)
    with pytest.raises(RevisionsUsedUp, match="in vain") as caught:
        await runner(hands, most=most, left=Expansion(two[0]), right=Expansion(two[1])).run(ROOT)
    assert len(caught.value.context["versions"]) == most + 1 == len(hands.attempts)
    assert hands.names.count("s") + hands.names.count("t") == min(2, most + 1)


async def test_a_planner_that_cannot_decide_uses_up_its_tries() -> None:
    from surefoot.runtime.errors import StepDeadlocked

    class Undecided(World):
        async def split(self, node: Node, attempt: int) -> str:
            if attempt:
                self.attempts.append(attempt)
                raise StepDeadlocked("undecided")
            return await super().split(node, attempt)

    hands = Undecided(["left"], {"s": SHUT})
    outcome = await runner(hands, left=gate(LEFT)).run(ROOT)
    assert isinstance(outcome, Contradicted)
    assert (hands.attempts, hands.broken) == ([0, 1, 2, 3], [1, 2, 3])


async def test_code_that_plans_is_told_and_code_that_says_the_same_again_is_stopped() -> None:
    class Given(World):
        def expansion_of(self, node: Node) -> Expansion | None:
            told = node.inputs[-1] if node.inputs else None
            found = told.found("gate") if isinstance(told, Findings) else None
            return gate(self.sides[found]) if node.goal == "WHOLE" else None

        sides: dict[Any, Assumption] = {None: LEFT, "right": RIGHT}  # noqa: RUF012

    assert await runner(Given([], {"s": SHUT})).run(ROOT) == Finished("c(b(x))")
    stubborn = Given([], {"s": SHUT})
    stubborn.sides = {None: LEFT, "right": LEFT}
    with pytest.raises(RevisionsUsedUp, match="restated"):
        await runner(stubborn).run(ROOT)


async def test_a_version_that_the_journal_gave_up_begins_nothing_that_it_cancelled() -> None:
    hands = World(["left", "right"], {"s": SHUT})
    hands.revisions[(), 0] = Revision(0, "evidence", (Report((0,), SHUT),), (LEFT,), (1,))
    assert await runner(hands, left=gate(LEFT), right=gate(RIGHT)).run(ROOT) == Finished("c(b(x))")
    assert [path for name, path, _ in hands.begun if name in "sbc"] == [(1024,), (1025,), (1026,)]
    assert hands.revised == []
    assert hands.asked == [Findings(), Findings((SHUT,), (LEFT,))]


async def test_two_parts_that_are_described_alike_are_two() -> None:
    """Each is taken over once: a part of the next version never stands for two."""
    twice = (child("s", on=LEFT), child("e"), child("e"))
    again = (child("s", on=RIGHT), child("e"), child("e"))
    hands = World(["left", "right"], {"s": SHUT})
    await runner(hands, left=Expansion(twice), right=Expansion(again)).run(ROOT)
    assert hands.kept == [(1024, 1, 2)]


async def test_chains_wait_while_what_they_rest_on_is_in_doubt() -> None:
    plan = runner(World([], {}))
    node = Node((1,), "b", (), None, (LEFT,))
    plan.suspend(LEFT)
    waiting = asyncio.create_task(plan.go_ahead(node))
    await plan.go_ahead(msgspec.structs.replace(node, rests_on=(RIGHT,)))
    await settle()
    assert not waiting.done()
    plan.release(LEFT)
    await waiting


async def test_a_failure_of_a_part_ends_a_plan_that_is_being_revised() -> None:
    hands = World(["left", "right"], {"s": SHUT})
    hands.outputs = {"j": SurefootError("broken")}
    with pytest.raises(BaseExceptionGroup):
        await runner(hands, left=gate(LEFT), right=gate(RIGHT)).run(ROOT)
    assert len(asyncio.all_tasks()) == 1


def two(one: Assumption, other: Assumption) -> Expansion:
    """``s`` and ``b`` rest on the one, ``t`` and ``d`` on the other, ``i`` on nothing; ``e`` reads ``b`` and ``d``."""
    rest = child("s", on=one), child("b", on=one), child("t", on=other), child("d", on=other)
    return Expansion((*rest, child("i"), child("e", 1, 3)))


DRY, WET = Assumption("ford", "dry"), Assumption("ford", "wet")
FLOODED = Evidence(DRY, "contradicts", found="wet")


class Slow(World):
    """Versions after the first are made when ``asking`` is set."""

    def __init__(self, splits: list[str], finds: dict[str, Evidence], held: str = "") -> None:
        super().__init__(splits, finds, held)
        self.asking = asyncio.Event()

    async def split(self, node: Node, attempt: int) -> str:
        if attempt:
            await self.asking.wait()
        return await super().split(node, attempt)


VERSIONS = {"both": two(LEFT, DRY), "first": two(RIGHT, DRY), "second": two(RIGHT, WET), "lucky": two(RIGHT, WET)}


async def test_what_is_found_while_the_next_version_is_made_stops_what_rests_on_it_at_once() -> None:
    hands = Slow(["both", "first", "second"], {"s": SHUT, "t": FLOODED}, held="stdbi")
    work = asyncio.create_task(runner(hands, **VERSIONS).run(ROOT))
    await settle()
    hands.held["s"].set()
    await settle()
    assert hands.cancelled == ["b"]
    hands.held["t"].set()
    await settle()
    assert hands.cancelled == ["b", "d"], "nobody waits for the version that is being made"
    hands.asking.set()
    for name in "bdi":
        hands.held[name].set()
    assert await work == Finished("e(b(x),d(x))")
    assert [(one.parent, one.triggers[0].evidence) for _, one in hands.revised] == [(0, SHUT), (1, FLOODED)]
    assert [hands.names.count(name) for name in "sbtdie"] == [2, 2, 2, 2, 1, 1], "not of the version between"
    assert hands.asked[-1].evidence == (SHUT, FLOODED)


async def test_what_is_found_meanwhile_costs_nothing_where_the_next_version_does_not_say_it() -> None:
    hands = Slow(["both", "lucky"], {"s": SHUT, "t": FLOODED}, held="std")
    work = asyncio.create_task(runner(hands, **VERSIONS).run(ROOT))
    await settle()
    for name in "st":
        hands.held[name].set()
        await settle()
    hands.asking.set()
    hands.held["d"].set()
    assert await work == Finished("e(b(x),d(x))")
    assert len(hands.revised) == 1


async def test_a_report_ahead_of_its_nodes_end_stops_the_node_too() -> None:
    hands = World(["both", "first", "second"], {}, held="stbdi")
    plan = runner(hands, **VERSIONS)
    work = asyncio.create_task(plan.run(ROOT))
    await settle()
    plan.hear([Report((0,), SHUT), Report((2,), FLOODED), Report((2,), FLOODED)])
    assert set(hands.unwanted) == {(0,), (1,), (5,), (2,), (3,)}, "before anything else happens"
    await settle()
    assert sorted(hands.cancelled) == ["b", "d", "s", "t"]
    for name in "stbdi":
        hands.held[name].set()
    assert await work == Finished("e(b(x),d(x))")
    assert [one.triggers for _, one in hands.revised] == [(Report((0,), SHUT),), (Report((2,), FLOODED),)]


@pytest.mark.parametrize("when", ["end-of-pass", "never"])
async def test_elsewhere_a_report_ahead_of_the_end_stops_nothing(when: When) -> None:
    hands = World(["both"], {}, held="b")
    plan = runner(hands, when, **VERSIONS)
    work = asyncio.create_task(plan.run(ROOT))
    await settle()
    plan.hear([Report((0,), SHUT)])
    assert hands.unwanted == []
    hands.held["b"].set()
    assert await work == Finished("e(b(x),d(x))")


@pytest.mark.parametrize("revised", [False, True], ids=["evidence", "and-its-revision"])
async def test_what_the_journal_holds_begins_nothing_that_it_stopped_and_gives_the_same_versions(revised: bool) -> None:
    """A kill after the evidence, and one after the revision that followed it, with evidence that came meanwhile."""
    whole = Slow(["both", "first", "second"], {"s": SHUT, "t": FLOODED}, held="st")
    work = asyncio.create_task(runner(whole, **VERSIONS).run(ROOT))
    await settle()
    whole.held["s"].set()
    await settle()
    whole.held["t"].set()
    await settle()
    whole.asking.set()
    await work
    hands = World(["both", "first", "second"], {})
    hands.reports = [Report((0,), SHUT), Report((2,), FLOODED)]
    if revised:
        hands.revisions[(), 0] = whole.revised[0][1]
    assert await runner(hands, **VERSIONS).run(ROOT) == Finished("e(b(x),d(x))")
    assert hands.revised == whole.revised[revised:]
    assert hands.kept == whole.kept
    assert [hands.names.count(name) for name in "sbtdie"] == [1, 1, 1, 1, 1, 1]


async def test_evidence_against_a_plan_above_that_comes_while_a_version_is_made_goes_up() -> None:
    """A plan revises itself when its child finds out that what is said of the node itself is wrong as well."""
    hands = Slow(["left", "right"], {"s": SHUT, "t": FLOODED}, held="t")
    shapes = {name: Expansion((child("s", on=side), child("t"))) for name, side in (("left", LEFT), ("right", RIGHT))}
    below = asyncio.create_task(runner(hands, **shapes).run(Node((0,), "MIDDLE", ("in",), None, (DRY,))))
    await settle()
    hands.held["t"].set()
    await settle()
    hands.asking.set()
    outcome = await below
    assert isinstance(outcome, Contradicted)
    assert (outcome.path, outcome.evidence) == ((0, 1), FLOODED)


async def test_chains_wait_while_what_they_read_on_a_promise_rests_on_what_is_in_doubt() -> None:
    told = Child("b", (Literal("x"),), "B", rests_on=(LEFT,))
    hands = World(["way"], {}, held="bc")
    plan = runner(hands, way=Expansion((told, child("c", 0), child("i"))))
    work = asyncio.create_task(plan.run(ROOT))
    await settle()
    plan.suspend(LEFT)
    waiting = [asyncio.create_task(plan.go_ahead(Node((number,), "c", ()))) for number in (1, 2)]
    await settle()
    assert [one.done() for one in waiting] == [False, True]
    plan.release(LEFT)
    await waiting[0]
    for name in "bc":
        hands.held[name].set()
    await work
