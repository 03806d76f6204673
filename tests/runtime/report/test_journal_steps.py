"""Steps as the journal has them: each once, with its ballots, its replies and how it was decided."""

from typing import Any

from surefoot.runtime.journal.rows import Write
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import ASIDE, PERSON, Batch, Contested, Counts, Record
from surefoot.runtime.report.journal_steps import JournalStep, Shown, kept_of, kept_step, steps_of
from surefoot.voting.alarms import Kind, Raised
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal

RULE = "first-to-ahead-by"
KEPT = KeptStep("move", "Actor", "system", "ask", (KeptReply("said", "", "a"),))


def journal(*segments: list[list[Record]]) -> InMemoryJournal:
    made = InMemoryJournal()
    for number, batches in enumerate(segments):
        made.commit([Write(f"/{number}", Batch(pack(batch), Counts())) for batch in batches], 1.0)
    return made


def steps(*records: Record, rule: str = RULE) -> list[JournalStep]:
    return list(steps_of(journal([list(records)]), rule))


def run(*entries: Any, **more: Any) -> Record:
    return Record(more.get("path", (0, 2)), more.get("part", "run"), more.get("attempt", 0), more.get("first", 0),
                  more.get("k", 2), entries)  # fmt: skip


def test_steps_that_agreed_have_as_many_ballots_as_their_lead() -> None:
    one, two = steps(run("a", "b", k=3, first=4))
    assert (one.node, one.what, one.number, one.lead, one.answer) == ("0.2", "step", 4, 3, "a")
    assert one.ballots == (Shown("a"),) * 3
    assert (two.number, two.answer) == (5, "b")
    assert not one.disputed
    assert not one.flagged


def test_each_step_comes_once_though_its_record_came_twice() -> None:
    found = list(steps_of(journal([[run("a", "b")], [run("b", "c", first=1)], [run("x", attempt=1)]]), RULE))
    assert [(one.attempt, one.number, one.answer) for one in found] == [
        (0, 0, "a"),
        (0, 1, "b"),
        (0, 2, "c"),
        (1, 0, "x"),
    ]


def test_a_contested_step_shows_its_ballots_and_why_some_were_discarded() -> None:
    ballots = (Ballot(0, "a"), Ballot(1, None, "illegal"), Ballot(2, "b"), Ballot(3, "a"), Ballot(4, "a"))
    before = (Ballot(0, None, "overlong"), Ballot(1, "c"))
    raised = (Raised(Kind.DISAGREEMENT, 0.1, 0.2),)
    entry = Contested(
        2, ballots, ("", "no peg", "", "", "", "900 tokens"), None, "another wording", before, True, raised
    )
    (found,) = steps(run(entry))
    assert found.ballots == (
        Shown(None, "overlong", "900 tokens"), Shown("c"), Shown("a"), Shown(None, "illegal", "no peg"), Shown("b"),
        Shown("a"), Shown("a"),
    )  # fmt: skip
    assert (found.answer, found.way, found.remembered, found.alarms) == (
        "a",
        "another wording",
        True,
        ("disagreement",),
    )
    assert found.disputed
    assert found.flagged


def test_details_that_are_missing_are_empty() -> None:
    (found,) = steps(run(Contested(1, (Ballot(0, None, "illegal"), Ballot(1, "a")))))
    assert found.ballots[0] == Shown(None, "illegal", "")


def test_what_decided_nothing_has_no_answer() -> None:
    entry = Contested(2, (Ballot(0, "a"), Ballot(1, "b")))
    undecided, pilot, torn = steps(run(entry, part="undecided"), run(entry, part="sample", path=(7,)), run(entry))
    assert (undecided.what, undecided.answer) == ("undecided step", None)
    assert (pilot.what, pilot.answer, pilot.node) == ("pilot", None, "7")
    assert torn.answer is None, "ballots of a journal that was tampered with decide nothing"
    (by_person,) = steps(run(Contested(2, entry.ballots, way=PERSON, decided="b")))
    assert by_person.answer == "b"


def test_results_that_nobody_voted_on_are_called_so() -> None:
    result, failed = steps(run('{"a":1}', k=0), run('{"error":"x"}', k=0, part="failed", attempt=3))
    assert (result.what, result.ballots, result.answer) == ("result", (), '{"a":1}')
    assert failed.what == "failed node"


def test_rows_have_their_own_numbers() -> None:
    found = steps(Record((1,), "rows", 0, 0, 1, ("x", "y"), (9, 4)))
    assert [(one.number, one.answer) for one in found] == [(9, "x"), (4, "y")]


def test_replies_stand_at_their_step_whether_they_came_before_or_after_it() -> None:
    replies = Record((0, 2), "replies", 0, 1, 0, (), kept=KEPT)
    for batches in ([[replies], [run("a", "b")]], [[run("a", "b")], [replies]]):
        without, with_them = steps_of(journal(batches), RULE)
        assert without.replies == ()
        assert (with_them.kind, with_them.system, with_them.prompt) == ("move", "system", "ask")
        assert with_them.replies == KEPT.replies


def test_replies_of_another_attempt_are_not_shown() -> None:
    (found,) = steps(Record((0, 2), "replies", 1, 0, 0, (), kept=KEPT), run("a"))
    assert found.replies == ()


def test_other_records_are_no_steps() -> None:
    others = [Record((0,), part, 0, 0, 0, ()) for part in ("worked", "intent", "leads", "broken", "children")]
    assert steps(*others) == []


def test_a_step_for_a_person_shows_what_was_asked_and_answered() -> None:
    entry = Contested(3, (Ballot(0, "a"), Ballot(1, None, "illegal")), ("", "no"), raised=(Raised(Kind.DRIFT, 0, 1),))
    record = Record((), ASIDE, 2, 5, 3, (entry,))
    found = kept_step(record, entry, KEPT)
    assert (found.node, found.attempt, found.number, found.lead, found.answer) == ("root", 2, 5, 3, None)
    assert found.ballots == (Shown("a"), Shown(None, "illegal", "no"))
    assert (found.prompt, found.alarms) == ("ask", ("drift",))
    assert kept_step(record, entry, None).prompt == ""


def test_kept_replies_of_several_segments_are_found_by_place() -> None:
    one, other = (Record((n,), "replies", 0, 3, 0, (), kept=KEPT) for n in (0, 1))
    made = journal([[one]], [[other]])
    assert kept_of(made, ["/0", "/1"]) == {((0,), 0, 3): KEPT, ((1,), 0, 3): KEPT}
    assert kept_of(made, ["/1"]) == {((1,), 0, 3): KEPT}
