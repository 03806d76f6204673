"""What batches hold is read back as it was written, and who won is counted again from the ballots."""

import zlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot.decompose.plan import Failure
from surefoot.runtime import payloads
from surefoot.runtime.errors import JournalError
from surefoot.runtime.payloads import extend, failures_in, pack, unpack, unpack_heads, winner
from surefoot.runtime.records import PERSON, Contested, Record
from surefoot.voting.ballot import Ballot

texts = st.text(st.characters(codec="utf-8"), max_size=8)
draws = st.integers(0, 2**40)
ballots = st.builds(Ballot, draws, texts) | st.builds(Ballot, draws, st.none(), texts)
entries = texts | st.builds(
    Contested, st.integers(0, 64), st.lists(ballots, max_size=4).map(tuple), st.lists(texts, max_size=3).map(tuple)
)
records = st.builds(
    Record, st.lists(st.integers(0, 2**40), max_size=4).map(tuple), st.sampled_from(["run", "split", "rows"]),
    st.integers(0, 9), st.integers(0, 9), st.integers(0, 64), st.lists(entries, max_size=4).map(tuple),
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(records, max_size=3))
def test_records_are_read_back_as_they_were_written(found: list[Record]) -> None:
    assert unpack(pack(found)) == tuple(found)


@settings(max_examples=30)
@given(st.lists(records, max_size=3))
def test_heads_say_whose_steps_there_are(found: list[Record]) -> None:
    heads = [(head.node(), head.part, head.attempt) for head in unpack_heads(pack(found))]
    assert heads == [(record.path, record.part, record.attempt) for record in found]


def test_a_head_with_no_path_is_an_error_of_the_journal() -> None:
    (head,) = unpack_heads(zlib.compress(msgspec.msgpack.encode([["no path", "run", 0]])))
    with pytest.raises(JournalError, match="a batch of the journal cannot be read"):
        head.node()
    with pytest.raises(JournalError, match="a batch of the journal cannot be read"):
        unpack_heads(zlib.compress(msgspec.msgpack.encode([[[], "run", -1]])))


def test_a_batch_that_is_too_large_is_refused_before_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "LARGEST_PAYLOAD", 100)
    with pytest.raises(JournalError, match="lower --flush-steps or --max-ballots"):
        pack([Record((), "run", 0, 0, 1, ("x" * 200,))])
    assert unpack(pack([Record((), "run", 0, 0, 1, ("x" * 10,))]))


def test_bytes_that_unpack_to_more_than_any_batch_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = pack([Record((), "run", 0, 0, 1, ("x" * 10_000,))])
    monkeypatch.setattr(payloads, "LARGEST_PAYLOAD", 1000)
    with pytest.raises(JournalError, match="unpacks to over 1,000 bytes"):
        unpack(bomb)


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"damaged", zlib.compress(b"no msgpack"), zlib.compress(msgspec.msgpack.encode([["x"]])),
        zlib.compress(b"\x91" * 5000), pack([Record((), "run", 0, 0, 1, ("a",))])[:-3],
        zlib.compress(msgspec.msgpack.encode([[[], "run", -1, 0, 1, []]])),
        zlib.compress(msgspec.msgpack.encode([[[], "run", 0, 0, 5000, []]])),
    ],
    ids=range(8),
)  # fmt: skip
def test_bytes_that_are_no_batch_are_an_error_of_the_journal(payload: bytes) -> None:
    with pytest.raises(JournalError, match="a batch of the journal"):
        unpack(payload)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=8))
def test_overlapping_stretches_give_every_step_once(stretches: list[tuple[int, int]]) -> None:
    known: list[Any] = []
    for first, count in stretches:
        record = Record((), "run", 0, first, 1, tuple(f"s{n}" for n in range(first, first + count)))
        before = len(known)
        if first > before:
            with pytest.raises(JournalError, match=f"steps {before} to {first - 1} are missing"):
                extend(known, record)
        else:
            extend(known, record)
            assert len(known) == max(before, first + count)
        assert known == [f"s{n}" for n in range(len(known))]


def test_failures_are_found_by_the_path_of_their_node() -> None:
    def failed(path: tuple[int, ...], failure: Failure) -> Record:
        return Record(path, "failed", 0, 0, 0, (msgspec.json.encode(failure).decode(),))

    one, other = Failure("RunFailed", "no"), Failure("BadRow", "é\n")
    found = failures_in(
        [pack([failed((1,), one), Record((2,), "run", 0, 0, 1, ("x",))]), pack([failed((3, 4), other)])]
    )
    assert found == {(1,): one, (3, 4): other}


def contested(said: str, k: int, **more: Any) -> Contested:
    return Contested(
        k, tuple(Ballot(n, None, "illegal") if one == "." else Ballot(n, one) for n, one in enumerate(said)), **more
    )


@pytest.mark.parametrize(
    ("said", "k", "won"), [("aba", 1, "a"), ("abaa", 2, "a"), ("b.bab", 2, "b"), ("aabbbbb", 3, "b")]
)
def test_the_winner_is_counted_again_by_the_runs_rule(said: str, k: int, won: str) -> None:
    assert winner(contested(said, k), "first-to-ahead-by") == won


@pytest.mark.parametrize(("said", "k"), [("ab", 2), ("...", 1), ("aabb", 3)])
def test_ballots_that_decide_nothing_have_no_winner(said: str, k: int) -> None:
    with pytest.raises(ValueError, match="decide nothing"):
        winner(contested(said, k), "first-to-ahead-by")


def test_what_agreed_is_its_own_winner_and_a_person_goes_before_ballots() -> None:
    assert winner("a", "first-to-ahead-by") == "a"
    assert winner(contested("ab", 2, way=PERSON, decided="c"), "first-to-ahead-by") == "c"


def test_each_field_of_a_record_is_counted_by_itself() -> None:
    ballots = tuple(Ballot(n, one) for n, one in enumerate(['["a","x"]', '["b","x"]', '["a","y"]', '["a","x"]']))
    assert winner(Contested(2, ballots, fields=2), "first-to-ahead-by") == '["a","x"]'


def test_a_rule_that_is_not_loaded_is_believed_its_last_ballot() -> None:
    """Somebody only looks: no code of the user's is run for that."""
    assert winner(contested("abb", 2), "mine:Rule") == "b"
    for nothing in (contested("ab.", 2), contested("", 2)):
        with pytest.raises(ValueError, match="decide nothing"):
            winner(nothing, "mine:Rule")
    with pytest.raises(ValueError, match="each of 2 fields is not loaded"):
        winner(contested("ab", 2, fields=2), "mine:Rule")
