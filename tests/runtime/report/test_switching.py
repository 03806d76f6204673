"""How a run switched between plan and steps: exact on records whose figures are known."""

from typing import Any

import msgspec
import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.plan import Path
from surefoot.decompose.revision import Because, Report, Revision
from surefoot.runtime.records import EVIDENCE, Record, record_of_revision
from surefoot.runtime.report.switching import Switching, switching_of

LEFT, RIGHT = Assumption("gate", "left"), Assumption("gate", "right")


def steps(path: Path, count: int, first: int = 0, k: int = 2) -> Record:
    return Record(path, "run", 0, first, k, ("x",) * count)


def split(path: Path, attempt: int = 0) -> Record:
    return Record(path, "split", attempt, 0, 2, ("x",))


def evidence(path: Path, verdict: Any = "contradicts") -> Record:
    return Record(path, EVIDENCE, 0, 0, 0, (msgspec.json.encode(Evidence(LEFT, verdict)).decode(),))


def revised(
    path: Path,
    parent: int,
    source: Path,
    dropped: tuple[int, ...] = (),
    on: Assumption = LEFT,
    because: Because = "evidence",
) -> Record:
    reports = (Report(source, Evidence(on, "contradicts")),)
    return record_of_revision(path, Revision(parent, because, reports, (on,), dropped))


def children(path: Path, version: int, *elements: int) -> Record:
    return Record(path, "children", version, 0, 0, (), elements)


COUPLED = [
    split(()),
    steps((0,), 3),
    steps((1,), 2),
    steps((2,), 5),
    evidence((0,)),
    revised((), 0, (0,), (0, 1)),
    split((), 1),
    children((), 1, 1024, 1025, 2),
    steps((1024,), 3),
    steps((2,), 4, 5),
]
LATE = [*COUPLED[:5], steps((1,), 6, 2), steps((2,), 7, 5), *COUPLED[5:8], steps((1024,), 3)]


def test_a_run_that_revises_at_once() -> None:
    found = switching_of(COUPLED)
    assert found == Switching(
        steps=19, switches=3, revisions=1, latency=(0,), depth=(1,), dropped_steps=5, late_steps=0
    )
    assert found.rate == pytest.approx(3 / 19)


def test_a_run_that_revises_at_the_end_of_a_pass_has_steps_in_between() -> None:
    found = switching_of(LATE)
    assert (found.latency, found.late_steps, found.dropped_steps) == ((13,), 6, 11)


def test_a_fixed_run_switches_once() -> None:
    found = switching_of([split(()), steps((0,), 9), evidence((0,)), steps((1,), 5)])
    assert (found.switches, found.revisions, found.latency) == (1, 0, ())


def test_a_part_that_is_not_taken_over_although_nothing_was_found_against_it_has_moved() -> None:
    moved = [*COUPLED[:7], children((), 1, 1024, 1025, 1026), steps((1026,), 5)]
    assert switching_of(moved).moved == 1
    assert switching_of(moved).dropped_steps == 10


def test_a_part_that_had_not_begun_cannot_move() -> None:
    assert switching_of([*COUPLED[:3], *COUPLED[4:7], children((), 1, 1024, 1025, 1026)]).moved == 0


def test_going_back_to_what_was_taken_for_granted_before_is_thrash() -> None:
    there = [revised((), n, (0,), (), (LEFT, RIGHT)[n % 2]) for n in range(4)]
    assert switching_of(there).thrash == 2
    assert switching_of([revised((), n, (0,), (), LEFT) for n in range(4)]).thrash == 0


def test_sketches_are_nodes_below_the_root_whose_own_plan_is_asked_for() -> None:
    found = switching_of(
        [split(()), split((0,)), split((1,)), steps((1, 0), 2), evidence((1, 0)), revised((1,), 0, (1, 0))]
    )
    assert (found.planned, found.refined, found.depth) == (2, 1, (1,))


def test_depth_is_counted_from_the_report_to_the_plan_that_it_revised() -> None:
    assert switching_of([evidence((0, 3, 1)), revised((), 0, (0, 3, 1))]).depth == (3,)


def test_what_nobody_voted_on_and_what_supports_a_plan_is_not_counted() -> None:
    found = switching_of([steps((0,), 4, k=0), evidence((0,), "supports"), steps((0,), 2), revised((), 0, (0,))])
    assert (found.steps, found.latency) == (2, ())


def test_a_plan_that_is_only_said_again_has_no_latency() -> None:
    found = switching_of([evidence((0,)), revised((), 0, (0,)), revised((), 1, (), because="restated")])
    assert (found.revisions, found.latency) == (2, (0,))


def test_three_ways_to_revise_are_told_apart() -> None:
    """At once, at the end of a pass, and never: by latency and the steps that came too late."""
    once, late, never = (switching_of(records) for records in (COUPLED, LATE, COUPLED[:5]))
    assert once.late_steps == 0 < late.late_steps
    assert (once.revisions, late.revisions, never.revisions) == (1, 1, 0)
