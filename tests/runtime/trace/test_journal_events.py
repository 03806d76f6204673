"""Events of a journal: each once, in an order in which it can have happened, and nothing that was not recorded."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.plan import Path, node_name
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.errors import JournalError
from surefoot.runtime.execution.children import ATTEMPT
from surefoot.runtime.execution.reports import record_of_evidence
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import (
    ASIDE,
    FAILED_NODES,
    REVIEWED,
    SHARED,
    SUB_PLANS,
    Batch,
    Contested,
    Contradicted,
    Counts,
    Finished,
    Record,
    record_of_revision,
)
from surefoot.runtime.trace.causality import leaks_in
from surefoot.runtime.trace.events import Event, path_of
from surefoot.runtime.trace.journal_events import events_of, segment_path
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.trace.random_runs import RULE, RandomRun

UNDECIDED = Contested(2, (Ballot(0, "a"), Ballot(1, "b")))


def written(*writes: tuple[str, list[Record], Any]) -> list[Event]:
    """Events of a journal of some batches: segment, records, outcome."""
    journal = InMemoryJournal()
    for segment, records, end in writes:
        journal.commit([Write(segment, Batch(pack(records), Counts(), end))], 1.0)
    return list(events_of(journal, RULE))


def run(path: Path, *entries: Any, **more: Any) -> Record:
    return Record(
        path, more.get("part", "run"), more.get("attempt", 0), more.get("first", 0), more.get("k", 1), entries
    )


def named(events: list[Event]) -> list[str]:
    return [f"{event.what} {event.node} {event.attempt}" for event in events]


@pytest.fixture(scope="module")
def runs() -> list[RandomRun]:
    return [RandomRun(seed) for seed in range(60)]


def test_every_question_rejection_retry_and_conviction_is_told_once(runs: list[RandomRun]) -> None:
    for one in runs:
        events, happened = list(events_of(one.journal, RULE)), one.happened
        places = [(path_of(e.node), e.part, e.attempt, e.number) for e in events if e.what == "verdict"]
        assert sorted(places) == sorted(happened.questions)
        verdicts = {e.place: e.candidate for e in events if e.what == "verdict"}
        ballots = [e for e in events if e.what == "ballot"]
        assert sum(e.candidate != verdicts[e.place] for e in ballots) == happened.rejected
        retries = [(path_of(e.node), e.attempt) for e in events if e.what == "retry"]
        assert sorted(retries) == sorted(happened.retries)
        convicted = [(path_of(e.node), e.attempt) for e in events if e.what == "conviction"]
        assert sorted(convicted) == sorted(happened.convicted)
        assert sum(e.what == "result" for e in events) == happened.results
        assert [path_of(e.node) for e in events if e.what == "evidence"] == happened.evidence
        assert [(path_of(e.node), e.attempt) for e in events if e.what == "revision"] == happened.revised


def test_nothing_stands_before_what_it_follows_from(runs: list[RandomRun]) -> None:
    for one in runs:
        assert list(leaks_in(events_of(one.journal, RULE))) == []


def test_a_conviction_stands_between_the_decomposition_with_all_below_it_and_the_next(runs: list[RandomRun]) -> None:
    seen = 0
    for one in runs:
        events = list(events_of(one.journal, RULE))
        for event in (e for e in events if e.what in ("conviction", "revision")):
            seen += 1
            path, number = path_of(event.node), event.attempt
            for other in events:
                below = path_of(other.node)[len(path) : len(path) + 1]
                if path_of(other.node)[: len(path)] == path and below:
                    assert (other.id < event.id) == (below[0] < (number + 1) * ATTEMPT)
                elif other.node == event.node and other.part == "split":
                    assert (other.id <= event.id) == (other.attempt <= number)
    assert seen > 5


def test_a_revision_follows_from_its_evidence_and_names_what_is_cancelled(runs: list[RandomRun]) -> None:
    seen = 0
    for one in runs:
        events = {event.id: event for event in events_of(one.journal, RULE)}
        for event in (e for e in events.values() if e.what == "revision"):
            seen += 1
            (found,) = [events[number] for number in event.after if events[number].what == "evidence"]
            assert event.elements == found.elements == path_of(found.node)[-1:]
            assert event.why == found.why
            assert found.why.endswith("= left does not hold: it is right")
    assert seen > 5


def test_evidence_and_a_revision_that_are_written_again_are_told_once() -> None:
    evidence = Evidence(Assumption("gate", "left"), "contradicts", found="right")
    report = record_of_evidence(((0,), 0, 0), (evidence,), evidence)
    given_up = record_of_revision((), Revision(0, "evidence", (Report((0,), evidence),), (), (0,)))
    twice = written(("/", [run((0,), "x"), report], None), ("/", [report, given_up], None), ("/", [given_up], None))
    assert [event.what for event in twice].count("evidence") == 1
    assert [event.what for event in twice].count("revision") == 1


def test_a_revision_of_the_coordinator_s_comes_behind_the_segment_that_gave_the_reason() -> None:
    evidence = Evidence(Assumption("gate", "left"), "contradicts", found="right")
    report = record_of_evidence(((0,), 0, 0), (evidence,), evidence)
    given_up = record_of_revision((), Revision(0, "evidence", (Report((0,), evidence),), (), (0,)))
    events = written(
        ("/#0", [run((), "a", part="split")], None),
        ("/0", [run((0,), "x"), report], None),
        ("/#0", [given_up], None),
        ("/#1", [run((), "b", part="split", attempt=1)], None),
    )
    told = [event.what for event in events if event.what in ("question", "evidence", "revision")]
    assert told == ["question", "question", "evidence", "revision", "question"]
    assert list(leaks_in(events)) == []


def test_batches_may_be_cut_anywhere(runs: list[RandomRun]) -> None:
    """As one batch, the same events: their places and their order below each node are the plan's."""
    for one in runs[:30]:
        whole = InMemoryJournal()
        records = [record for payload in one.journal.payloads("/") for record in unpacked(payload)]
        whole.commit([Write("/", Batch(pack(records), Counts()))], 1.0)
        there = Counter((e.place, e.what, e.candidate, e.text) for e in events_of(one.journal, RULE))
        here = Counter((e.place, e.what, e.candidate, e.text) for e in events_of(whole, RULE))
        assert {key for key in there if key[1] not in ("end", "seam held")} == set(here)


def unpacked(payload: bytes) -> Any:
    from surefoot.runtime.payloads import unpack

    return unpack(payload)


def test_steps_that_a_second_session_wrote_again_come_once() -> None:
    events = written(
        ("/", [run((), "a", "b")], None), ("/", [run((), "b", "c", first=1)], None), ("/1", [run((1,), "x")], None)
    )
    assert [e.candidate for e in events if e.what == "verdict"] == ["a", "b", "c", "x"]


def test_two_readings_do_not_know_of_each_other() -> None:
    journal = RandomRun(7).journal
    assert list(events_of(journal, RULE)) == list(events_of(journal, RULE))


def test_notes_of_the_coordinator_come_when_they_happened_not_where_they_are_filed() -> None:
    events = written(
        ("/#0", [run((), "s", part="split")], Finished("s")),
        ("/0", [run((0,), "x"), run((0,), "y", attempt=1)], Contradicted((0,), "returned 1, promised was 2")),
        ("/#0", [Record((), "broken", 0, 0, 0, ())], None),
        ("/#1", [run((), "t", part="split", attempt=1)], Finished("t")),
        ("/#1", [Record((), "children", 1, 0, 0, (), (1024,))], None),
        ("/1024", [run((1024,), "z")], Finished(3)),
        ("/#1", [Record((), "mended", 1, 0, 0, ())], None),
    )
    told = [one for one in named(events) if one.split()[0] not in ("question", "ballot")]
    assert told == [
        "verdict root 0", "verdict 0 0", "seam broke 0 0", "retry 0 1", "verdict 0 1", "contradiction 0 0",
        "conviction root 0", "verdict root 1", "verdict 1024 0", "seam held 1024 0", "children root 1", "mended root 1",
    ]  # fmt: skip
    conviction = next(e for e in events if e.what == "conviction")
    assert [events[number].what for number in conviction.after] == ["contradiction"]
    assert next(e for e in events if e.what == "children").elements == (1024,)


def test_a_child_follows_from_the_decomposition_that_made_it() -> None:
    events = written(("/", [run((), "s", part="split"), run((0,), "x"), run((1,), "y")], None))
    split = next(e for e in events if e.part == "split" and e.what == "verdict")
    assert [e.after for e in events if e.what == "question"] == [(), (split.id,), (split.id,)]


def test_a_result_follows_from_the_sub_plan_that_it_is_of() -> None:
    path = (2,)
    below = (2, SUB_PLANS * 0 + 1, 0)
    records = [run(path, "a"), run(path, '{"x":1}', k=0, first=1), run(below, "b")]
    events = written(("/2", records, None))
    result = next(e for e in events if e.what == "result")
    assert [events[number].node for number in result.after] == ["2", "2.1.0"]
    assert max(result.after) < result.id


def test_a_tool_is_named_with_its_result() -> None:
    noted = Record((), "tool", 0, 0, 0, ("calc", '{"x":2}'))
    (result,) = [e for e in written(("/", [noted, run((), "4", k=0)], None)) if e.what == "result"]
    assert (result.tool, result.arguments, result.candidate) == ("calc", '{"x":2}', "4")


def test_a_step_for_a_person_and_the_answer_are_told() -> None:
    records = [
        run((), UNDECIDED, part="undecided", k=2),
        Record((), ASIDE, 0, 0, 2, (UNDECIDED,)),
        Record((), REVIEWED, 0, 0, 2, (Contested(2, UNDECIDED.ballots, decided="b"),)),
        run((), Contested(2, UNDECIDED.ballots, way="a person", decided="b")),
    ]
    events = written(("/", records, None))
    assert [e.what for e in events if e.what not in ("ballot", "question")] == [
        "undecided", "aside", "review", "escalation", "verdict",
    ]  # fmt: skip
    assert events[-1].by_person
    assert next(e for e in events if e.what == "review").candidate == "b"


def test_failures_and_calls_that_are_about_to_be_made_are_told() -> None:
    failed = Record((3,), "failed", 0, 0, 0, ('{"error":"x","message":"y"}',))
    events = written(
        (FAILED_NODES, [failed], None), ("/", [Record((), "intent", 0, 0, 0, ("key",)), run((), "1", k=0)], None)
    )
    assert [e.what for e in events] == ["intent", "result", "failure"]


def test_that_one_reply_stated_several_steps_is_told_before_them() -> None:
    events = written(("/", [run((), "a", "b"), Record((), SHARED, 0, 0, 2, ())], None))
    assert (events[0].what, events[0].count) == ("shared", 2)
    assert sum(e.what == "verdict" for e in events) == 2


def test_replies_of_a_step_that_was_never_decided_are_told_as_replies() -> None:
    kept = KeptStep("move", "Actor", "s", "p", (KeptReply("t", "", "a"), KeptReply("?", "illegal", "no")))
    events = written(("/", [Record((0,), "replies", 0, 5, 0, (), kept=kept)], None))
    assert [(e.what, e.text, e.flag) for e in events] == [
        ("question", None, ""), ("reply", "t", ""), ("reply", "?", "illegal"),
    ]  # fmt: skip
    assert events[1].after == (0,)


def test_rows_do_not_follow_from_each_other() -> None:
    events = written(("/0", [Record((0,), "rows", 0, 0, 2, ("x", "y"), (3, 1))], Finished(None)))
    assert [(e.number, e.after) for e in events if e.what == "question"] == [(1, ()), (3, ())]


def test_what_was_not_kept_is_empty_and_agreeing_ballots_are_one_event() -> None:
    question, ballot, verdict = written(("/", [run((), "a", k=4)], None))
    assert (question.prompt, question.kind, question.lead) == ("", "", 4)
    assert (ballot.text, ballot.count, ballot.candidate) == (None, 4, "a")
    assert verdict.after == (ballot.id,)


def test_a_run_says_how_it_ended() -> None:
    journal = InMemoryJournal()
    journal.set_meta(status="failed", message="undecided")
    (end,) = events_of(journal, RULE)
    assert (end.what, end.candidate, end.why) == ("end", "failed", "undecided")


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("/", ()),
        ("/0.12", (0, 12)),
        ("/1#2", (1,)),
        ("pilot", None),
        ("/x", None),
        ("/1." + "9" * 40, None),
        ("/ 1", None),
    ],
)
def test_the_path_of_a_segment(key: str, path: Path | None) -> None:
    assert segment_path(key) == path
    if path is not None and "#" not in key:
        assert path_of(node_name(path)) == path


def test_the_checks_above_miss_nothing_when_records_are_read_as_they_lie() -> None:
    """The placebo: in the order of the records, notes come before what they are about."""
    read: Callable[[Any], Any] = unpacked
    early = 0
    for seed in range(40):
        one = RandomRun(seed)
        for payload in one.journal.payloads("/"):
            parts = [record.part for record in read(payload)]
            early += "broken" in parts and "run" in parts[parts.index("broken") :]
    assert early > 3


def test_a_forged_number_of_runs_is_not_counted_through() -> None:
    events = written(("/", [run((), "x", attempt=2**52)], None))
    assert events[-1].what == "verdict"
    assert len(events) < 3000


def test_a_node_deeper_than_any_plan_is_refused() -> None:
    with pytest.raises(JournalError, match="levels deep"):
        written(("/", [run((0,) * 2000, "x")], None))
