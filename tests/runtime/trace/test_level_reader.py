"""A journal as the events of planning and execution, and the same measures whatever was killed in between."""

import pathlib
import shutil
from typing import Any

import pytest

from surefoot.decompose.answer_keys import hanoi
from surefoot.runtime.errors import JournalError
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contested, Contradicted, Counts, End, Finished, Record
from surefoot.runtime.trace.level_events import LevelEvent, Levels
from surefoot.runtime.trace.level_reader import level_events, levels_in
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.trace.random_runs import RandomRun

RULE = "first-to-ahead-by"
SPLIT, WRONG = "split 6ac aaaaa a", "5ab bbbbb a / 6ac cbbbb c / 5bc ccccc c"


def journal(*batches: tuple[str, list[Record], End | None]) -> InMemoryJournal:
    made = InMemoryJournal()
    for segment, records, end in batches:
        made.commit([Write(segment, Batch(pack(records), Counts(), end))], 1.0)
    return made


def run(path: tuple[int, ...], first: int, count: int, attempt: int = 0) -> Record:
    return Record(path, "run", attempt, first, 1, ("x",) * count)


def split(path: tuple[int, ...], says: str, attempt: int = 0) -> Record:
    return Record(path, "split", attempt, 0, 1, (says,))


def children(path: tuple[int, ...], attempt: int, *elements: int) -> Record:
    return Record(path, "children", attempt, 0, 0, (), elements)


def broken(path: tuple[int, ...], attempt: int) -> Record:
    return Record(path, "broken", attempt, 0, 0, ())


def told(made: InMemoryJournal) -> list[LevelEvent]:
    return list(level_events(made, RULE))


def measured(made: Any) -> Levels:
    opened = made.journal()
    try:
        return levels_in(opened, made.config.rule)
    finally:
        opened.close()


def test_an_empty_journal_has_no_levels() -> None:
    assert levels_in(InMemoryJournal(), RULE) == Levels()


def test_a_coordinator_that_asks_again_after_a_segment_broke_its_promise() -> None:
    events = told(
        journal(
            ("/#0", [split((), "a")], Finished("a")),
            ("/0", [run((0,), 0, 3)], Finished(1)),
            ("/1", [run((1,), 0, 2)], None),
            ("/1", [run((1,), 0, 2, attempt=1)], Contradicted((1,), "no")),
            ("/2", [run((2,), 0, 1)], None),
            ("/#0", [broken((), 0)], None),
            ("/#1", [split((), "b", 1)], Finished("b")),
            ("/#1", [children((), 1, 0, 1025)], None),
            ("/1025", [run((1025,), 0, 2)], Finished(2)),
        )
    )
    kinds = [(one.what, one.path, one.version, one.count if one.what == "step" else 0) for one in events]
    assert kinds == [
        ("decomposition", (), 0, 0), ("step", (0,), 0, 3), ("step", (1,), 0, 2), ("step", (1,), 0, 2),
        ("evidence", (1,), 0, 0), ("step", (2,), 0, 1), ("revision", (), 0, 0), ("decomposition", (), 1, 0),
        ("step", (1025,), 0, 2),
    ]  # fmt: skip
    revision, version = events[6:8]
    assert (revision.triggers, revision.children, revision.affected) == (((1,),), (0, 1, 2), None)
    assert version.children == (0, 1025)
    assert events[0].says != version.says


def test_a_promise_that_is_broken_within_a_segment_has_no_known_evidence() -> None:
    first = [split((), "a"), run((0,), 0, 1), run((1,), 0, 1), broken((), 0)]
    second = [split((), "a", 1), children((), 1, 0, 1025), run((1025,), 0, 4)]
    found = levels_in(journal(("/", first, None), ("/", second, Finished(1))), RULE)
    assert found == levels_in(journal(("/", [*second, *first], Finished(1))), RULE), "wherever batches are cut"
    assert (found.revisions, found.evidence, found.latency, found.stability) == (1, 0, None, None)
    assert (found.decompositions, found.switches, found.thrash, found.refined) == (2, 3, 1, 1)
    assert found.steps == 6


def test_a_decomposition_that_was_not_decided_is_evidence_against_itself() -> None:
    undecided = Record((), "undecided", 0, 0, 2, (Contested(2, (Ballot(0, "a"), Ballot(1, "b"))),))
    made = journal(
        ("/#0", [undecided], Contradicted((), "undecided")),
        ("/#0", [broken((), 0)], None),
        ("/#1", [split((), "b", 1)], Finished("b")),
        ("/#1", [children((), 1, 1024)], None),
        ("/1024", [run((1024,), 0, 1)], None),
    )
    assert [one.what for one in told(made)] == ["evidence", "revision", "decomposition", "step"]
    found = levels_in(made, RULE)
    assert (found.latency, found.unanswered, found.switches) == (0.0, 0, 2)


def test_what_a_resumed_session_wrote_again_counts_once() -> None:
    made = journal(
        ("/", [split((), "a"), run((0,), 0, 3)], None),
        ("/", [split((), "a"), run((0,), 2, 3), run((0,), 0, 2)], None),
    )
    assert [(one.what, one.count) for one in told(made)] == [("decomposition", 1), ("step", 3), ("step", 2)]


def test_a_version_whose_children_were_never_noted_is_told_before_its_steps_or_its_end() -> None:
    later = [split((), "a"), broken((), 0), split((), "b", 1)]
    worked = told(journal(("/", later, None), ("/", [run((1024,), 0, 1)], None)))
    assert [one.what for one in worked] == ["decomposition", "revision", "decomposition", "step"]
    ended = told(journal(("/", later, None), ("/", [broken((), 1)], None)))
    assert [(one.what, one.version) for one in ended[2:]] == [("decomposition", 1), ("revision", 1)]
    assert [(one.what, one.version) for one in told(journal(("/", later, None)))[2:]] == [("decomposition", 1)]


def test_ballots_that_decide_nothing_say_nothing() -> None:
    torn = Record((), "split", 0, 0, 2, (Contested(2, (Ballot(0, "a"), Ballot(1, "b"))),))
    (version,) = told(journal(("/", [torn], None)))
    assert version == LevelEvent("decomposition", ())


def test_a_journal_that_no_run_makes_is_refused() -> None:
    with pytest.raises(JournalError, match="levels deep"):
        told(journal(("/", [run((0,) * 2000, 0, 1)], None)))


def test_random_runs_are_read_whole_and_the_same_in_any_batches() -> None:
    revisions = 0
    for seed in range(40):
        random_run = RandomRun(seed)
        happened, found = random_run.happened, levels_in(random_run.journal, RULE)
        again = InMemoryJournal()
        for payload in random_run.journal.payloads("/"):
            again.commit([Write("/", Batch(payload, Counts()))] * 2, 1.0)
        assert found.steps == sum(one[1] == "run" for one in happened.questions) + happened.results
        assert found.decompositions == sum(one[1] == "split" for one in happened.questions)
        assert found.revisions == len(happened.convicted) + len(happened.revised)
        twice = levels_in(again, RULE)
        assert twice.steps == found.steps
        revisions += found.revisions
    assert revisions > 20


@pytest.mark.usefixtures("prompt_commits")
@pytest.mark.parametrize("segment_steps", [1024, 31, 7])
async def test_a_run_that_mends_a_decomposition(new_run: Any, planted: Any, segment_steps: int) -> None:
    made = new_run(red_flags="none", segment_steps=segment_steps, ladder=False)
    model = planted(hanoi.answers, lambda text, nth: WRONG if text == SPLIT and nth == 0 else None)
    assert await made.session(model) == "solved"
    found = measured(made)
    assert found.revisions == made.totals.broken_promises >= 1
    assert found.depths == {"0": found.revisions}
    assert (found.refined, found.thrash) == (1, 0)
    assert found.decompositions == made.totals.decompositions
    assert found.steps >= made.totals.steps == 63
    known = segment_steps < 63  # the decomposition is the coordinator's own, and a child's segment ended
    assert (found.latency is not None, found.evidence > 0) == (known, known)


async def test_a_run_without_anything_to_tell(new_run: Any, planted: Any) -> None:
    made = new_run()
    assert await made.session(planted(hanoi.answers)) == "solved"
    found = measured(made)
    assert (found.evidence, found.revisions, found.stale_steps, found.thrash, found.refined) == (0, 0, 0, 0, 0)
    assert (found.steps, found.latency, found.depth) == (63, None, None)


WHOLE = ("evidence", "unanswered", "revisions", "stability", "replaced", "depth", "thrash", "sketches", "refined")
"""Measures that no kill changes; the others count work that a kill may drop."""


@pytest.mark.usefixtures("prompt_commits")
async def test_a_killed_and_resumed_run_has_the_same_versions(
    new_run: Any, planted: Any, tmp_path: pathlib.Path
) -> None:
    values = {"red_flags": "none", "segment_steps": 7, "flush_steps": 1}
    whole, kills = new_run(**values), []

    def kill(counts: Counts, wall_s: float) -> None:
        kills.append(tmp_path / f"killed{len(kills)}")
        shutil.copytree(whole.directory, kills[-1])

    wrong = planted(hanoi.answers, lambda text, nth: WRONG if text == SPLIT and nth == 0 else None)
    assert await whole.session(wrong, on_progress=kill) == "solved"
    expected = measured(whole)
    assert (expected.revisions, expected.evidence, expected.refined) == (1, 1, 1)
    for copy in kills[2 :: len(kills) // 3 + 1]:  # the wrong decomposition is in the first commit
        killed = new_run(**values)
        shutil.copytree(copy, killed.directory, dirs_exist_ok=True)
        assert await killed.session(planted(hanoi.answers)) == "solved"
        found = measured(killed)
        assert {name: getattr(found, name) for name in WHOLE} == {name: getattr(expected, name) for name in WHOLE}
