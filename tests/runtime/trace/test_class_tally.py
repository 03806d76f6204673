"""Ballots and verdicts against what the run went on with; of a chain that was given up, up to its first difference."""

from typing import Any

import pytest

from surefoot.decompose.assumptions import Assumption, Evidence
from surefoot.decompose.revision import Report, Revision
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.kept_step import KeptReply, KeptStep
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import Batch, Contested, Counts, Record, record_of_revision
from surefoot.runtime.trace.class_tally import ClassTally, Tallies, name_the_only_kind, tally
from surefoot.runtime.trace.traced_run import TracedRun
from surefoot.voting.ballot import Ballot
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.trace.test_diagnosis import JournalAlone


def counted(*records: Record) -> ClassTally:
    journal = InMemoryJournal()
    journal.commit([Write("/", Batch(pack(list(records)), Counts()))], 1.0)
    return tally([JournalAlone(journal)]).level("execution")


def run(*entries: Any, attempt: int = 0, part: str = "run") -> Record:
    return Record((0,), part, attempt, 0, 2, entries)


DISPUTED = Contested(2, (Ballot(0, "b"), Ballot(1, None, "illegal"), Ballot(2, "a"), Ballot(3, "a"), Ballot(4, "a")))


def test_ballots_are_held_against_the_answer_that_stands() -> None:
    found = counted(run("x", DISPUTED))
    assert (found.questions, found.ballots, found.against, found.discarded, found.wrong) == (2, 6, 1, 1, 0)
    assert found.leads == {2: 2}
    assert sorted(found.margins.elements()) == [2, 2]


def test_a_run_that_was_given_up_is_wrong_at_its_first_difference_and_not_judged_behind_it() -> None:
    found = counted(run("x", "wrong", "elsewhere"), run("x", "right", "there", attempt=1))
    assert (found.wrong, found.questions) == (1, 5)
    assert (found.against, found.ballots) == (2, 10)


def split(entry: Any, attempt: int = 0) -> Record:
    return Record((), "split", attempt, 0, 2, (entry,))


AGAINST = Report((1,), Evidence(Assumption("gate 1", "left"), "contradicts", found="right"))
GIVEN_UP = {
    "revised": record_of_revision((), Revision(0, "evidence", (AGAINST,))),
    "broken": Record((), "broken", 0, 0, 0, ()),
}


@pytest.mark.parametrize(("why", "wrong", "refuted", "against"), [("revised", 0, 1, 1), ("broken", 1, 0, 4)])
def test_a_version_that_evidence_refuted_is_no_mistake_of_those_who_voted_on_it(
    why: str, wrong: int, refuted: int, against: int
) -> None:
    """The placebo is the same decomposition given up because a promise was broken: that is a mistake."""
    first = Contested(2, (Ballot(0, "b"), Ballot(1, "left"), Ballot(2, "left"), Ballot(3, "left")))
    journal = InMemoryJournal()
    records = [split(first), GIVEN_UP[why], split("right", attempt=1)]
    journal.commit([Write("/", Batch(pack(records), Counts()))], 1.0)
    found = tally([JournalAlone(journal)])
    plan = found.level("plan")
    assert (plan.questions, plan.ballots, plan.against) == (2, 6, against)
    assert (plan.wrong, plan.refuted) == (wrong, refuted)
    assert found.plan_entropy() > 0, "one ballot was against the first version in any case"


def test_versions_that_all_voted_for_have_no_entropy_between_them() -> None:
    journal = InMemoryJournal()
    records = [split("left"), GIVEN_UP["revised"], split("right", attempt=1)]
    journal.commit([Write("/", Batch(pack(records), Counts()))], 1.0)
    found = tally([JournalAlone(journal)])
    assert (found.plan_entropy(), len(found.choices)) == (0, 2), "they are answers to different questions"


def test_the_draws_of_a_pilot_count_as_ballots_and_as_no_question() -> None:
    sample = Contested(3, (Ballot(0, "a"), Ballot(1, "a"), Ballot(2, "b")))
    found = counted(Record((5,), "sample", 0, 0, 3, (sample,)))
    assert (found.questions, found.ballots, found.against) == (0, 3, 1)


def test_a_run_of_its_own_engine_is_counted_as_its_totals_say(run_with_retries: TracedRun) -> None:
    found, counts = tally([run_with_retries]), run_with_retries.journal.totals
    assert found.level("plan").questions == counts.decompositions
    assert found.level("execution").questions >= counts.steps
    assert 1 <= found.level("execution").wrong <= counts.seam_retries + counts.escalations
    assert {kind for _, kind in found.classes} >= {"move", "split"}


def test_a_question_of_how_to_split_is_a_plan_whatever_it_is_a_part_of() -> None:
    kept = KeptStep("sub-questions", "TaskDecomposer", "", "split?", (KeptReply("x", "", "x"),))
    journal = InMemoryJournal()
    records = [run("x"), Record((0,), "replies", 0, 0, 0, (), kept=kept)]
    journal.commit([Write("/", Batch(pack(records), Counts()))], 1.0)
    assert set(tally([JournalAlone(journal)]).classes) == {("plan", "sub-questions")}


@pytest.mark.parametrize(
    ("kinds", "named"), [(("", "row"), {"row": 5}), (("", "row", "sum"), {"": 2, "row": 3, "sum": 3}), (("",), {"": 2})]
)
def test_questions_without_a_kept_reply_are_of_the_only_kind_there_is(
    kinds: tuple[str, ...], named: dict[str, int]
) -> None:
    """Of two kinds nothing is guessed."""
    found = Tallies({("execution", kind): ClassTally(questions=3 if kind else 2) for kind in kinds})
    name_the_only_kind(found)
    assert {kind: one.questions for (_, kind), one in found.classes.items()} == named
