"""What stands of a run: not what was retried, nor what lies below a decomposition that did not hold."""

from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import SUB_PLANS, Batch, Contradicted, Counts, Record
from surefoot.runtime.trace.abandoned import Abandoned
from tests.runtime.journal.in_memory import InMemoryJournal
from tests.runtime.trace.random_runs import RandomRun


def read(*records: Record, end: Contradicted | None = None) -> Abandoned:
    journal = InMemoryJournal()
    journal.commit([Write("/0", Batch(pack(list(records)), Counts(), end))], 1.0)
    return Abandoned(journal)


def test_of_random_runs_exactly_what_they_went_on_with_stands() -> None:
    given_up = 0
    for seed in range(120):
        run = RandomRun(seed)
        found = Abandoned(run.journal)
        stand = {place for place in run.happened.questions if found.stands(*place[:3])}
        assert stand == run.happened.stand, seed
        given_up += len(run.happened.questions) - len(stand)
    assert given_up > 100


def test_a_chain_that_contradicted_its_promise_to_the_end_does_not_stand() -> None:
    found = read(Record((0,), "run", 0, 0, 1, ("x",)), end=Contradicted((0,), "no"))
    assert not found.stands((0,), "run", 0)
    assert not found.stands((0, 3), "run", 0)
    assert found.stands((1,), "run", 0)


def test_a_version_that_was_refuted_is_told_from_one_that_did_not_hold() -> None:
    found = read(Record((), "revised", 0, 0, 0, ("{}",)), Record((), "split", 1, 0, 1, ("s",)))
    assert (found.stands((), "split", 0), found.refuted((), "split", 0)) == (False, True)
    assert (found.stands((), "split", 1), found.refuted((), "split", 1)) == (True, False)
    assert not found.refuted((), "run", 0)
    both = read(Record((), "revised", 0, 0, 0, ("{}",)), Record((), "broken", 0, 0, 0, ()))
    assert not both.refuted((), "split", 0), "it did not hold either"


def test_a_last_decomposition_that_did_not_hold_takes_its_children_along() -> None:
    found = read(Record((), "broken", 0, 0, 0, ()))
    assert not found.stands((), "split", 0)
    assert not found.stands((0,), "run", 0)


def test_children_that_a_new_decomposition_takes_over_stand() -> None:
    broken, kept = Record((), "broken", 0, 0, 0, ()), Record((), "children", 1, 0, 0, (), (0, 1025))
    found = read(broken, Record((), "split", 1, 0, 1, ("s",)), kept)
    assert [found.stands((element,), "run", 0) for element in (0, 1, 1025)] == [True, False, True]


def test_sub_plans_of_earlier_runs_of_a_chain_do_not_stand() -> None:
    found = read(Record((), "run", 1, 0, 1, ("x",)))
    assert not found.stands((3, 0), "run", 0)
    assert found.stands((SUB_PLANS + 3, 0), "run", 0)
