"""One pass over a journal: every step is counted once, however often its record came, and ballots add up."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import PERSON, Batch, Contested, Counts, Record
from surefoot.runtime.report.gather import BINS, Gathered, gather
from surefoot.voting.alarms import Kind, Pattern, Raised
from surefoot.voting.ballot import Ballot
from surefoot.voting.sequential import TYPES, Sequential
from tests.runtime.journal.in_memory import InMemoryJournal

ALARM = Raised(Kind.DISAGREEMENT, 0.001, 0.01)


def journal(*batches: tuple[str, list[Record]]) -> InMemoryJournal:
    made = InMemoryJournal()
    made.commit([Write(segment, Batch(pack(records), Counts())) for segment, records in batches], 1.0)
    return made


def read(*records: Record, segment: str = "/0") -> Gathered:
    return gather(journal((segment, list(records))))


def run(*entries: Any, attempt: int = 0, first: int = 0, k: int = 2, part: str = "run") -> Record:
    return Record((0,), part, attempt, first, k, entries)


def contested(said: str, k: int = 2, **more: Any) -> Contested:
    ballots = tuple(Ballot(n, None, "illegal") if one == "." else Ballot(n, one) for n, one in enumerate(said))
    return Contested(k, ballots, **more)


def test_an_empty_journal_has_nothing() -> None:
    found = gather(InMemoryJournal())
    assert (found.steps, found.ballots, found.chains, found.bins) == (0, 0, 0, [])


def test_ballots_dissent_and_spoiled_ones_add_up() -> None:
    found = read(run("a", contested("ab.aa"), contested("aa.")))
    assert (found.steps, found.ballots, found.dissent, found.spoiled) == (3, 2 + 5 + 3, 1, 2)
    assert found.sampled == {("run", 2): {2: 1, 5: 1, 3: 1}}
    assert found.voted == {("run", 2): {2: 2, 4: 1}}
    assert found.patterns == {Pattern(2, 2, 0, 0): 1, Pattern(2, 4, 1, 1): 1, Pattern(2, 2, 0, 1): 1}


def test_ballots_of_lower_levels_are_ballots_too() -> None:
    before = (Ballot(0, "b"), Ballot(1, None, "illegal"))
    found = read(run(contested("aa", way="another wording", before=before)))
    assert (found.ballots, found.spoiled, found.undecided) == (4, 1, 1)
    assert found.sampled == {("run", 2): {4: 1}}
    raised = read(run(contested("aa", way="another wording", before=before, raised=(ALARM,))))
    assert (raised.undecided, raised.raised) == (0, {"disagreement": 1})


def test_an_attempt_that_a_later_one_replaced_does_not_stand() -> None:
    found = read(run("a", "b", attempt=0), run("a", "c", "d", attempt=1), run("x", part="split"))
    assert (found.chains, found.retried, found.steps) == (1, 1, 6)
    assert found.standing == {("run", 2): {2: 3}, ("split", 2): {2: 1}}
    assert found.voted[("run", 2)] == {2: 5}


def test_a_step_without_a_verdict_is_given_up_and_its_ballots_are_ballots() -> None:
    found = read(run(contested("ab", before=(Ballot(0, "c"),)), part="undecided"))
    assert (found.given_up, found.steps, found.ballots) == (1, 0, 3)
    assert found.standing == {}


def test_what_nobody_voted_on_and_what_a_person_decided_are_counted_apart() -> None:
    found = read(
        run('{"a":1}', "2", k=0), run(contested("ab", way=PERSON, decided="b"), attempt=1), run("a", attempt=2)
    )
    assert (found.results, found.by_person, found.steps) == (2, 1, 1)


def test_rows_are_counted_once_in_whatever_order_they_came() -> None:
    one = Record((0,), "rows", 0, 0, 1, ("a", "b"), (7, 3))
    again = Record((0,), "rows", 0, 0, 1, ("b", "c"), (3, 9))
    found = read(one, again)
    assert found.steps == 3
    assert found.standing == {("rows", 1): {1: 3}}


def test_who_worked_when_and_on_how_many_steps() -> None:
    def worked(started: float) -> Record:
        return Record((), "worked", 0, 0, 0, (), (), "host 1", started, started + 2)

    found = gather(journal(("/0", [run("a", "b"), worked(10)]), ("/0", [run("c", first=2), worked(20)])))
    assert [(span.worker, span.segment, span.started, span.ended, span.steps) for span in found.spans] == [
        ("host 1", "/0", 10, 12, 2), ("host 1", "/0", 20, 22, 1),
    ]  # fmt: skip


@settings(max_examples=25)
@given(st.text("ab.", min_size=1, max_size=40), st.integers(0, 99))
def test_overlapping_records_change_nothing(said: str, seed: int) -> None:
    """After a kill, batches come again from somewhere before the place where it was killed."""
    entries = [one * 2 if one != "." else contested("a.a") for one in said]
    whole = read(run(*entries))
    batches, done, dice = [], 0, random.Random(seed)
    while done < len(entries):
        first = dice.randint(0, done)
        until = dice.randint(done, len(entries))
        batches.append(("/0", [run(*entries[first:until], first=first)]))
        done = max(done, until)
    found = gather(journal(*batches))
    assert (found.steps, found.ballots, found.spoiled) == (whole.steps, whole.ballots, whole.spoiled)
    assert (found.standing, found.patterns) == (whole.standing, whole.patterns)


@pytest.mark.parametrize("steps", [1, BINS, BINS + 1, 2 * BINS + 3, 5 * BINS])
def test_a_line_along_the_run_has_few_points_and_loses_no_step(steps: int) -> None:
    found = read(run(*("a" for _ in range(steps - 1)), contested("ab.aa")))
    assert len(found.bins) <= BINS
    assert sum(one.steps for one in found.bins) == steps
    assert sum(one.ballots for one in found.bins) == 2 * (steps - 1) + 5
    assert (sum(one.dissent for one in found.bins), sum(one.spoiled for one in found.bins)) == (1, 1)
    assert found.bins[-1].dissent == 1, "in the order of the run"
    assert len({one.steps for one in found.bins[:-1]}) <= 1, "of equal length"


def test_suspicious_steps_know_their_segment_and_their_place() -> None:
    found = gather(journal(("/0", [run("a")]), ("/1", [Record((1,), "run", 0, 5, 2, ())] ), ("/2", [run(
        "a", contested("abba", k=2), first=0)])))  # fmt: skip
    (worst,) = found.suspects
    assert (worst.segment, worst.place.index, worst.dissent) == ("/2", 1, 2)
    assert found.weakest[0].place.index == 1


def test_a_sequential_rule_is_remembered_by_the_lead_it_stands_for() -> None:
    rule = Sequential(0.01, tuple([1 / len(TYPES)] * len(TYPES)))
    assert read(run(contested("aa", k=4, rule=rule), "a")).rules == {4: rule}
