"""Evidence and revisions of a journal as events, and three ways to run a plan told apart by what is measured."""

import pathlib
import shutil
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from surefoot.decompose.answer_keys import gates
from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.run_directory import write_config
from surefoot.runtime.models.simulated import Profile, SimulatedModel
from surefoot.runtime.records import EVIDENCE, REVISED, Contradicted, Counts, Finished, Record, record_of_revision
from surefoot.runtime.trace.causality import leaks_in
from surefoot.runtime.trace.level_events import Levels
from surefoot.runtime.trace.level_reader import levels_in
from surefoot.runtime.trace.lines import graphs_of, line_of, read_graphs
from surefoot.runtime.trace.process import conversations
from surefoot.runtime.trace.traced_run import TracedRun
from tests.runtime.trace.test_level_reader import RULE, WHOLE, children, journal, measured, run, split, told
from tests.runtime.trace.test_level_switching import auc

LEFT, RIGHT = Assumption("gate 1", "left"), Assumption("gate 1", "right")
AGAINST = Evidence(LEFT, "contradicts", found="right")


def evidence(path: tuple[int, ...], *found: Evidence, first: int = 0) -> Record:
    return Record(path, EVIDENCE, 0, first, 0, tuple(msgspec.json.encode(one).decode() for one in found))


def revised(parent: int, *sources: tuple[int, ...], rests_on: Any = (LEFT,), dropped: tuple[int, ...] = ()) -> Record:
    triggers = tuple(Report(source, AGAINST) for source in sources)
    return record_of_revision((), Revision(parent, "evidence", triggers, rests_on, dropped))


def test_evidence_ends_its_batch_and_a_revision_begins_one() -> None:
    """Whatever order the records of a batch stand in: what was decided before stands before it in the journal."""
    events = told(
        journal(
            ("/", [split((), "left"), evidence((1,), AGAINST), run((1,), 0, 2), run((0,), 0, 3)], None),
            ("/", [run((0,), 3, 1), revised(0, (1,), dropped=(1, 2))], None),
            ("/", [split((), "right", 1), children((), 1, 0, 1025, 1026), run((0,), 4, 1), run((1025,), 0, 1)], None),
        )
    )
    assert [(one.what, one.path) for one in events] == [
        ("decomposition", ()), ("step", (0,)), ("step", (1,)), ("evidence", (1,)), ("revision", ()), ("step", (0,)),
        ("step", (0,)), ("decomposition", ()), ("step", (1025,)),
    ]  # fmt: skip
    revision = events[4]
    assert (revision.triggers, revision.children, revision.affected) == (((1,),), (0, 1), (1, 2))
    assert revision.why == "gate 1 = left does not hold: it is right"


def test_every_measure_of_evidence_that_revises_the_plan_late() -> None:
    late = [run((0,), 1, 2), run((2,), 0, 4)]
    found = levels_in(
        journal(
            ("/", [split((), "left"), run((0,), 0, 1), run((1,), 0, 1), evidence((1,), AGAINST)], None),
            ("/", late, None),
            ("/", [revised(0, (1,), dropped=(1, 2))], None),
            ("/", [split((), "right", 1), children((), 1, 0, 1025, 1026), run((1025,), 0, 1)], Finished(1)),
        ),
        RULE,
    )
    assert found == Levels(
        steps=9, decompositions=2, evidence=1, revisions=1, switches=3, switch_rate=round(3 / 9, 6), latency=6.0,
        latency_most=6, stale_steps=4, stability=1.0, depth=0.0, depths={"0": 1}, sketches=1, refined=1,
        refined_share=1.0,
    )  # fmt: skip


def test_the_end_of_a_segment_with_evidence_is_no_second_report() -> None:
    found = [run((1,), 0, 1), evidence((1,), AGAINST, Evidence(RIGHT, "supports"))]
    events = told(journal(("/1", found, Contradicted((1,), "no", evidence=AGAINST))))
    assert [(one.what, one.refutes) for one in events[1:]] == [("evidence", True), ("evidence", False)]


def test_evidence_that_a_session_wrote_again_counts_once() -> None:
    again = evidence((1,), AGAINST)
    assert len(told(journal(("/", [again], None), ("/", [again], None)))) == 1
    assert len(told(journal(("/", [again], None), ("/", [evidence((1,), AGAINST, first=2)], None)))) == 2


def test_a_version_that_only_restates_what_was_refuted_is_thrash() -> None:
    """It is given up before any child begins: the next version goes on from the one before."""
    restated = Revision(1, "restated", (Report((), AGAINST),), (LEFT,))
    found = levels_in(
        journal(
            ("/", [split((), "a"), run((0,), 0, 1), run((1,), 0, 1), evidence((1,), AGAINST)], None),
            ("/", [revised(0, (1,), dropped=(1,)), split((), "b", 1)], None),
            ("/", [record_of_revision((), restated)], None),
            ("/", [split((), "c", 2), children((), 2, 0, 2049)], None),
        ),
        RULE,
    )
    assert (found.decompositions, found.revisions, found.thrash, found.unanswered) == (3, 2, 1, 0)
    assert (found.stability, found.replaced, found.refined) == (1.0, 0, 1)


def test_a_plan_of_the_task_s_own_code_has_versions_as_well() -> None:
    found = levels_in(
        journal(
            ("/0", [run((0,), 0, 1), evidence((0,), AGAINST)], None),
            ("/#0", [revised(0, (0,), dropped=(0,))], None),
            ("/#1", [children((), 1, 1024)], None),
        ),
        RULE,
    )
    assert (found.decompositions, found.revisions, found.switches, found.refined) == (2, 1, 1, 1)


@pytest.mark.parametrize("part", [EVIDENCE, REVISED])
@pytest.mark.parametrize("text", ["", "{", '{"verdict":"maybe"}', '{"parent":"one"}'])
def test_what_no_run_writes_is_refused(part: str, text: str) -> None:
    with pytest.raises(JournalError):
        told(journal(("/", [Record((), part, 0, 0, 0, (text,))], None)))


WORLD = {"gates": 4, "disks": 2, "towers": 1}
REVISE = ("at-once", "end-of-pass", "never")


def begun(new_run: Callable[..., Any], world: int, **values: Any) -> Any:
    values = {"k": 1, "flush_steps": 1, "ladder": False, "workers": 1, "chains_in_flight": 1, **values}
    return new_run("gates", {**WORLD, "world": world}, **values)


def model() -> SimulatedModel:
    return SimulatedModel(gates.answers, Profile())


@pytest.mark.usefixtures("prompt_commits")
async def test_three_runtimes_are_told_apart(new_run: Callable[..., Any]) -> None:
    """Runs of a plan with hidden facts that are coupled, revised at the end of a pass, or fixed: the same worlds."""
    found: dict[str, list[Levels]] = {revise: [] for revise in REVISE}
    for world in (1, 2, 3):
        for revise in REVISE:
            made = begun(new_run, world, revise=revise)
            status = await made.session(model())
            levels = measured(made)
            assert (status == "solved") == (not levels.unanswered)
            if levels.evidence:
                found[revise].append(levels)
    coupled, late, fixed = (found[revise] for revise in REVISE)
    assert min(map(len, found.values())) >= 3
    assert auc([one.latency or 0 for one in late], [one.latency or 0 for one in coupled]) >= 0.95
    assert auc([one.switches for one in coupled], [one.switches for one in fixed]) >= 0.95
    assert auc([one.switches for one in late], [one.switches for one in fixed]) >= 0.95
    for one in coupled:
        assert (one.latency, one.stale_steps, one.replaced, one.refined, one.thrash) == (0.0, 0, 0, 1, 0)
        assert one.decompositions == one.revisions + 1
    assert all(one.stability == 1.0 and one.stale_steps for one in late)
    assert all((one.revisions, one.latency, one.unanswered) == (0, None, 1) for one in fixed)


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize("values", [{}, {"segment_steps": 3}])
async def test_an_export_tells_each_revision_once_and_learns_nothing_of_what_was_given_up(
    new_run: Callable[..., Any], tmp_path: pathlib.Path, values: Any
) -> None:
    made = begun(new_run, 3, keep_replies="all", **values)
    write_config(made.directory, made.config)
    assert await made.session(model()) == "solved"
    with TracedRun(made.directory) as traced:
        events = list(traced.events())
        talks = list(conversations(traced, Counter()))
    versions = [(e.node, e.attempt) for e in events if e.what == "revision"]
    assert len(versions) == len(set(versions)) == made.totals.revisions >= 1
    assert sum(e.what == "evidence" for e in events) == made.totals.evidence
    assert list(leaks_in(events)) == []
    lines = [line for graph in graphs_of({"run": "r", "task": "t", "model": "m", "settings": {}}, events)
             for line in line_of(graph, "events")]  # fmt: skip
    assert [e for graph in read_graphs(lines) for e in graph.events] == events
    said = [one for talk in talks for one in talk.messages]
    assert sum("of the plan is given up" in one.content for one in said) == len(versions)
    last = {e.node: e.attempt for e in events if e.what == "question" and e.part == "split"}
    assert [t.messages[-1].train for t in talks if t.provenance.node in last] == [True] * len(last)
    learned = [one for talk in talks if talk.provenance.node in last for one in talk.messages if one.train]
    assert len(learned) == len(last)


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize("values", [{"revise": "at-once"}, {"revise": "end-of-pass"}, {"segment_steps": 3}])
async def test_a_coupled_run_that_is_killed_has_the_same_measures(
    new_run: Callable[..., Any], tmp_path: pathlib.Path, values: Any
) -> None:
    whole, kills = begun(new_run, 3, **values), list[pathlib.Path]()

    def kill(counts: Counts, wall_s: float) -> None:
        kills.append(tmp_path / f"killed{len(kills)}")
        shutil.copytree(whole.directory, kills[-1])

    assert await whole.session(model(), on_progress=kill) == "solved"
    expected = measured(whole)
    assert expected.revisions >= 1
    for copy in kills[1 :: len(kills) // 3 + 1]:
        killed = begun(new_run, 3, **values)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        assert await killed.session(model()) == "solved"
        found = measured(killed)
        if "segment_steps" in values:  # segments go on side by side
            assert {name: getattr(found, name) for name in WHOLE} == {name: getattr(expected, name) for name in WHOLE}
        else:
            assert found == expected
