"""How a run goes back and forth between planning and execution: exact on events whose measures are known by hand."""

import random
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.trace.level_events import LevelEvent, Levels, VersionSpan
from surefoot.runtime.trace.level_switching import LevelSwitching, levels_of
from tests.runtime.trace.level_streams import coupled, end_of_pass, fixed

RUNS = 60


def steps(*paths: tuple[int, ...], count: int = 1) -> list[LevelEvent]:
    return [LevelEvent("step", path, count) for path in paths]


def plan(path: tuple[int, ...] = (), version: int = 0, says: str = "", *children: int) -> LevelEvent:
    return LevelEvent("decomposition", path, version=version, says=says, children=children)


def found(path: tuple[int, ...], *, refutes: bool = True) -> LevelEvent:
    return LevelEvent("evidence", path, refutes=refutes)


def revised(path: tuple[int, ...], version: int, *triggers: tuple[int, ...], says: str = "") -> LevelEvent:
    return LevelEvent("revision", path, version=version, triggers=triggers, says=says)


def test_nothing_happened() -> None:
    assert levels_of([]) == Levels()


def test_a_chain_without_a_plan_never_switches() -> None:
    found = levels_of(steps((), count=7))
    assert found == Levels(steps=7)


def test_a_plan_that_holds_switches_once() -> None:
    found = levels_of([plan(), *steps((0,), (1,), (0,))])
    assert (found.switches, found.switch_rate) == (1, round(1 / 3, 6))
    assert (found.revisions, found.latency, found.stability, found.depth) == (0, None, None, None)
    assert (found.sketches, found.refined, found.refined_share) == (1, 0, 0.0)


def test_each_plan_below_a_plan_is_a_switch_of_its_own() -> None:
    inner = [plan((0,)), plan((1,)), *steps((0, 0), (1, 0), (0, 1), (1, 1))]
    assert levels_of([plan(), *inner]).switches == 2
    assert levels_of([plan(), *inner, *steps((2,))]).switches == 3


def by_hand() -> list[LevelEvent]:
    """Two children of four rest on what the third finds to be wrong after two steps; three steps come too late."""
    revision = LevelEvent(
        "revision", (), version=0, says="gate = left", triggers=((2,),), children=(0, 1, 2, 3), affected=(2, 3),
        why="gate = left does not hold",
    )  # fmt: skip
    return [
        plan((), 0, "left", 0, 1, 2, 3),
        *steps((0,), (1,), (2,), (3,), (2,)),
        found((2,)),
        *steps((3,), (3,), (1,)),
        revision,
        plan((), 1, "right", 0, 1, 1026, 1027),
        *steps((1,), (1026,), count=2),
    ]


def test_every_measure_of_a_revision_that_came_late() -> None:
    assert levels_of(by_hand()) == Levels(
        steps=12, decompositions=2, evidence=1, unanswered=0, revisions=1, switches=3, switch_rate=0.25, latency=3.0,
        latency_most=3, stale_steps=2, stability=1.0, replaced=0, depth=0.0, depths={"0": 1}, thrash=0, sketches=1,
        refined=1, refined_share=1.0,
    )  # fmt: skip


def test_steps_of_what_was_refuted_are_stale_whenever_they_come() -> None:
    """Also behind the revision, and behind the next version: a worker that was not told goes on for nothing."""
    events = by_hand()
    ends = len(events)
    for place in (11, ends):
        late = [*events[:place], *steps((2, 0), (3,), (0,), (1026,), count=2), *events[place:]]
        assert levels_of(late).stale_steps == 2 + 4
    assert levels_of([*events, *steps((0,), (1,), (1026,))]).stale_steps == 2


def test_a_revision_at_once_has_no_latency() -> None:
    events = by_hand()
    late = events[7:10]
    assert [one.what for one in late] == ["step"] * 3
    found = levels_of(events[:7] + events[10:])
    assert (found.latency, found.latency_most, found.stale_steps) == (0.0, 0, 0)


def test_steps_elsewhere_are_no_latency() -> None:
    events = [plan(), plan((0,)), plan((1,)), *steps((0, 0), (1, 0)), found((0, 0)), *steps((1, 0), (1, 1))]
    events += [revised((0,), 0, (0, 0)), plan((0,), 1)]
    found_ = levels_of(events)
    assert (found_.latency, found_.depths, found_.depth) == (0.0, {"1": 1}, 1.0)
    assert (found_.sketches, found_.refined) == (3, 1)


def test_an_unaffected_child_that_is_replaced_is_counted() -> None:
    events = by_hand()
    events[11] = plan((), 1, "right", 0, 1025, 1026, 1027)
    found = levels_of(events)
    assert (found.stability, found.replaced) == (0.5, 1)
    assert found.stale_steps == 2, "nothing spoke against the step of the child that was dropped as well"


def test_what_was_dropped_counts_as_stale_where_nobody_knows_what_was_refuted() -> None:
    events = by_hand()
    events[10] = msgspec.structs.replace(events[10], affected=None)
    found = levels_of(events)
    assert (found.stale_steps, found.stability) == (2, None)
    assert levels_of(events[:11]).stale_steps == 0, "no version says what was dropped"


def test_what_is_not_known_of_a_revision_is_not_measured() -> None:
    found = levels_of([plan((), 0, "", 0, 1), *steps((0,)), revised((), 0), plan((), 1, "", 0, 1025)])
    assert (found.revisions, found.latency, found.stability, found.replaced) == (1, None, None, 0)


def test_a_plan_that_goes_back_and_forth() -> None:
    events = []
    for version, says in enumerate("ABABC"):
        events += [plan((), version, says), *steps((version * 1024,))]
        events += [found((version * 1024,)), revised((), version, (version * 1024,))]
    assert levels_of(events).thrash == 2
    assert levels_of([*events, plan((), 5, "C")]).thrash == 3
    assert levels_of([*events, plan((), 5, "D")]).thrash == 2
    assert levels_of([*events, plan((7,), 0, "A")]).thrash == 2, "another node's plan may say the same"


def test_what_a_version_took_for_granted_is_what_counts_where_it_is_known() -> None:
    events = [plan((), 0, "text 1"), revised((), 0, says="left"), plan((), 1, "text 2"), revised((), 1, says="left")]
    assert levels_of(events).thrash == 1
    assert levels_of([plan((), 0), revised((), 0), plan((), 1), revised((), 1)]).thrash == 0, "nothing is known"


def test_evidence_that_revises_nothing_is_unanswered_and_no_switch() -> None:
    events = [plan(), *steps((0,)), found((0,)), found((0,), refutes=False), *steps((1,))]
    measured = levels_of(events)
    assert (measured.evidence, measured.unanswered, measured.switches, measured.revisions) == (2, 1, 1, 0)


def test_a_plan_that_no_version_followed_drops_what_was_spoken_against() -> None:
    events = by_hand()
    found = levels_of(events[:11])
    assert (found.stale_steps, found.refined, found.stability) == (2, 0, None)


def test_plans_below_children_that_were_given_up_are_no_sketches() -> None:
    """What was begun of them when their parent's plan was revised is a matter of chance."""
    events = [plan((), 0, "", 0, 1), plan((0,)), plan((1,)), plan((1, 0)), *steps((0, 0), (1, 0, 0))]
    assert levels_of(events).sketches == 4
    later = [*events, revised((), 0), plan((), 1, "", 0, 1025), plan((1025,))]
    assert (levels_of(later).sketches, levels_of(later).refined_share) == (3, round(1 / 3, 4))


def test_the_versions_of_a_plan_along_the_run() -> None:
    measured = LevelSwitching()
    for event in [*by_hand(), plan((1,))]:
        measured.add(event)
    assert measured.versions() == [
        VersionSpan((), 0, 0, 8, 0, (5,), "gate = left does not hold"),
        VersionSpan((), 1, 8, None, 2),
    ]


def test_a_first_version_that_the_journal_does_not_say_is_in_the_picture() -> None:
    measured = LevelSwitching()
    for event in [*steps((0, 0)), found((0, 0)), revised((), 0, (0, 0)), plan((), 1)]:
        measured.add(event)
    assert [(one.start, one.end) for one in measured.versions()] == [(0, 1), (1, None)]


def auc(high: list[float], low: list[float]) -> float:
    """The chance that one of the first is above one of the second; half where they are equal."""
    won = sum((a > b) + (a == b) / 2 for a in high for b in low)
    return won / (len(high) * len(low))


@pytest.mark.parametrize(
    ("measure", "high", "low"),
    [
        (lambda one: one.latency or 0, end_of_pass, coupled),
        (lambda one: one.stale_steps, end_of_pass, coupled),
        (lambda one: one.switch_rate, coupled, fixed),
        (lambda one: one.switch_rate, end_of_pass, fixed),
        (lambda one: one.unanswered, fixed, coupled),
        (lambda one: one.unanswered, fixed, end_of_pass),
    ],
)
def test_three_ways_to_run_a_plan_are_told_apart(
    measure: Callable[[Levels], float],
    high: Callable[[int], list[LevelEvent]],
    low: Callable[[int], list[LevelEvent]],
) -> None:
    above, below = ([measure(levels_of(way(seed))) for seed in range(RUNS)] for way in (high, low))
    assert auc(above, below) >= 0.95
    # The placebo: two halves of the runs of one way are not told apart.
    assert 0.2 <= auc(above[::2], above[1::2]) <= 0.8


def test_the_plan_is_stable_and_at_once_wastes_nothing() -> None:
    for seed in range(RUNS):
        found, late = levels_of(coupled(seed)), levels_of(end_of_pass(seed))
        assert (found.stability in (1.0, None), found.replaced, found.stale_steps, found.latency) == (True, 0, 0, 0.0)
        assert (late.revisions, late.thrash, found.thrash) == (1, 0, 0)
        assert found.steps <= late.steps


numbers = st.integers(0, 3)
paths = st.lists(numbers, max_size=3).map(tuple)
events = st.lists(
    st.builds(
        LevelEvent, st.sampled_from(("step", "decomposition", "evidence", "revision")), paths, st.integers(1, 9),
        version=numbers, says=st.sampled_from(("", "A", "B")), refutes=st.booleans(),
        triggers=st.lists(paths, max_size=2).map(tuple), children=st.lists(numbers, max_size=3).map(tuple),
        affected=st.none() | st.lists(numbers, max_size=2).map(tuple),
    ),
    max_size=20,
)  # fmt: skip


@settings(max_examples=40)
@given(events, st.randoms(use_true_random=False))
def test_steps_side_by_side_may_come_in_any_order_and_in_any_pieces(
    told: list[LevelEvent], dice: random.Random
) -> None:
    """A run that is killed and resumed cuts and orders its batches otherwise."""
    mixed: list[LevelEvent] = []
    for event in told:
        if event.what != "step":
            mixed.append(event)
            continue
        cut = dice.randint(0, event.count)
        pieces = [msgspec.structs.replace(event, count=count) for count in (cut, event.count - cut) if count]
        for piece in pieces:
            behind = next((n for n, one in enumerate(reversed(mixed)) if one.what != "step"), len(mixed))
            mixed.insert(len(mixed) - dice.randint(0, behind), piece)
    assert levels_of(mixed) == levels_of(told)


@settings(max_examples=40)
@given(events)
def test_the_measures_of_any_events_are_bounded(told: list[LevelEvent]) -> None:
    found = levels_of(told)
    assert found.steps == sum(one.count for one in told if one.what == "step")
    assert found.revisions == sum(one.what == "revision" for one in told) == sum(found.depths.values())
    assert found.revisions <= found.switches <= found.revisions + len(told)
    assert 0 <= found.unanswered <= found.evidence
    assert found.thrash <= found.decompositions + found.revisions
    assert found.refined <= found.sketches <= len(told)
    for share in (found.stability, found.refined_share):
        assert share is None or 0 <= share <= 1
    assert found.stale_steps <= found.revisions * found.steps
    assert (found.latency_most or 0) <= found.steps
