"""Results of rows, read from a journal in any state: in order, each once, with votes, flags and what they cost."""

from typing import Any

import msgspec

from surefoot.decompose.plan import Failure
from surefoot.decompose.segment import segment_key
from surefoot.runtime.journal.rows import Write
from surefoot.runtime.payloads import pack
from surefoot.runtime.records import ASIDE, Batch, Contested, Counts, Record
from surefoot.runtime.session.row_results import RowResult, results_of
from surefoot.voting.ballot import Ballot
from tests.data.own.row_tasks import Next
from tests.runtime.journal.in_memory import InMemoryJournal

RULE = "first-to-ahead-by"


def results(sizes: list[int], *chunks: list[Record]) -> list[RowResult]:
    journal = InMemoryJournal()
    for number, records in enumerate(chunks):
        journal.commit([Write(segment_key((number,)), Batch(pack([one]), Counts())) for one in records], 1.0)
    firsts = [sum(sizes[:number]) for number in range(len(sizes))]
    return list(results_of(journal, Next(), RULE, iter(zip(firsts, sizes, strict=True))))


def rows(entries: dict[int, Any], k: int = 2, costs: tuple[float, ...] = ()) -> Record:
    return Record((0,), "rows", 0, 0, k, tuple(entries.values()), tuple(entries), costs=costs)


def failed(row: int, error: str = "BadRow", cost: tuple[float, ...] = (), chunk: int = 0) -> Record:
    text = msgspec.json.encode(Failure(error, "why")).decode()
    return Record((chunk, row), "failed", 0, 0, 0, (text,), costs=cost)


def test_rows_come_in_order_whatever_order_they_were_answered_in() -> None:
    found = results([3], [rows({2: "30", 0: "10"}), rows({1: "20"})])
    assert [(one.row, one.answer, one.error) for one in found] == [(0, 10, ""), (1, 20, ""), (2, 30, "")]


def test_what_nobody_answered_yet_says_so() -> None:
    found = results([2, 2], [rows({0: "1"})])
    assert [one.row for one in found] == [0, 1, 2, 3]
    assert [one.error for one in found] == ["", "not answered yet", "not answered yet", "not answered yet"]
    assert found[3].answer is None


def test_rows_of_later_chunks_are_numbered_through() -> None:
    later = Record((1,), "rows", 0, 0, 1, ("7",), (1,))
    found = results([3, 2], [rows({0: "1"})], [later, failed(0, chunk=1)])
    assert (found[4].row, found[4].answer) == (4, 7)
    assert (found[3].row, found[3].error) == (3, "BadRow: why")


def test_an_answer_that_was_written_first_stays() -> None:
    (one,) = results([1], [rows({0: "1"}), rows({0: "2"})])
    assert one.answer == 1


def test_the_margin_is_over_the_second_and_flags_are_of_all_ballots() -> None:
    ballots = (Ballot(0, "5"), Ballot(1, None, "misformatted"), Ballot(2, "6"), Ballot(3, "5"), Ballot(4, "5"))
    entry = Contested(2, ballots, before=(Ballot(0, None, "overlong"), Ballot(1, None, "misformatted")))
    contested, agreed = results([2], [rows({0: entry, 1: "9"})])
    assert (contested.answer, contested.votes, contested.margin) == (5, 3, 2)
    assert contested.flags == {"misformatted": 2, "overlong": 1}
    assert (agreed.votes, agreed.margin, agreed.flags) == (2, 2, {})


def test_a_row_without_a_second_has_all_its_votes_as_margin() -> None:
    entry = Contested(2, (Ballot(0, None, "illegal"), Ballot(1, "5"), Ballot(2, "5")))
    (one,) = results([1], [rows({0: entry})])
    assert (one.votes, one.margin) == (2, 2)


def test_what_rows_cost_is_theirs_and_that_of_a_failed_row_too() -> None:
    found = results([3], [rows({0: "1", 1: "2"}, costs=(0.25, 0.5)), failed(2, cost=(0.125,))])
    assert [one.cost_usd for one in found] == [0.25, 0.5, 0.125]
    assert [one.cost_usd for one in results([1], [rows({0: "1"})])] == [0.0]


def test_a_row_that_waits_for_a_person_says_so_until_it_is_answered() -> None:
    aside = Record((0,), ASIDE, 0, 1, 2, (Contested(2, (Ballot(0, "1"), Ballot(1, "2"))),))
    waiting = results([2], [aside])
    assert [one.error for one in waiting] == ["not answered yet", "waits for a person"]
    answered = results([2], [aside, rows({1: "2"})])
    assert (answered[1].answer, answered[1].error) == (2, "")
    refused = results([2], [failed(1), aside])
    assert refused[1].error == "BadRow: why"


def test_a_person_who_decides_against_the_ballots_is_no_negative_margin() -> None:
    ballots = tuple(Ballot(number, said) for number, said in enumerate(["1", "1", "2"]))
    [by_person] = results([1], [rows({0: Contested(2, ballots, decided="2")})])
    assert (by_person.answer, by_person.votes, by_person.margin, by_person.by_person) == (2, 1, 0, True)
    [of_her_own] = results([1], [rows({0: Contested(2, ballots, decided="7")})])
    assert (of_her_own.answer, of_her_own.votes, of_her_own.margin, of_her_own.by_person) == (7, 0, 0, True)
    [by_votes] = results([1], [rows({0: Contested(1, ballots)})])
    assert (by_votes.margin, by_votes.by_person) == (1, False)


class Fields(Next, frozen=True, kw_only=True):
    """Answers with two fields that are voted on one by one."""

    def value_of(self, candidate: str) -> Any:
        """Read both fields."""
        return msgspec.json.decode(candidate)


def test_votes_of_a_row_by_fields_are_those_of_its_closest_field() -> None:
    said = ['["a","x"]', '["a","y"]', '["a","x"]', '["a","x"]']
    entry = Contested(2, tuple(Ballot(n, one) for n, one in enumerate(said)), fields=2)
    journal = InMemoryJournal()
    journal.commit([Write(segment_key((0,)), Batch(pack([rows({0: entry})]), Counts()))], 1.0)
    (one,) = results_of(journal, Fields(), RULE, iter([(0, 1)]))
    assert one.answer == ["a", "x"]
    assert (one.votes, one.margin) == (2, 2), "the first field was decided by two ballots, the second by three to one"
