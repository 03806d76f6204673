"""What is kept for ever: it comes back as it was, and its verdicts are counted again, not believed."""

import zlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.errors import JournalError
from surefoot.runtime.payloads import pack, unpack, winner
from surefoot.runtime.records import Contested, Counts, Record, Usage
from surefoot.voting.ballot import Ballot

CANDIDATES = st.text(st.characters(codec="utf-8"), max_size=20)


@st.composite
def contests(draw: st.DrawFn) -> Contested:
    said = draw(st.lists(st.none() | CANDIDATES, max_size=8))
    ballots = (Ballot(n, one) if one is not None else Ballot(n, None, "refused") for n, one in enumerate(said))
    return Contested(draw(st.integers(1, 9)), tuple(ballots), tuple(draw(st.lists(CANDIDATES, max_size=8))))


RECORDS = st.builds(
    Record,
    st.lists(st.integers(0, 2**40), max_size=9).map(tuple),
    st.sampled_from(["run", "split", "children"]),
    st.integers(0, 9),
    st.integers(0, 2**30),
    st.integers(1, 30),
    st.lists(CANDIDATES | contests(), max_size=5).map(tuple),
    st.lists(st.integers(0, 5000), max_size=4).map(tuple),
)


@given(st.lists(RECORDS, max_size=5))
def test_records_come_back_as_they_were(records: list[Record]) -> None:
    assert unpack(pack(records)) == tuple(records)


@given(st.lists(RECORDS, max_size=2), st.data())
def test_bytes_that_are_no_records_are_refused(records: list[Record], data: st.DataObject) -> None:
    whole = pack(records)
    for cut in (whole[:-1], whole[: len(whole) // 2], b"", b"\x00" + whole, data.draw(st.binary(max_size=40))):
        with pytest.raises(JournalError):
            unpack(cut)


def test_records_of_a_later_version_with_more_fields_can_be_read() -> None:
    known = Record((0, 1), "run", 0, 5, 1, ("a", Contested(2, (Ballot(0, "a"), Ballot(1, "a")))))
    record = (*msgspec.to_builtins(known), "something new")
    later = zlib.compress(msgspec.msgpack.encode([record]))
    assert unpack(later) == (known,)


def drawn(text: str) -> tuple[Ballot, ...]:
    return tuple(Ballot(n, None, "refused") if c == "." else Ballot(n, c) for n, c in enumerate(text))


@pytest.mark.parametrize(
    ("text", "k", "rule", "won"),
    [
        ("aa", 2, "first-to-ahead-by", "a"),
        (".a.a", 2, "first-to-ahead-by", "a"),
        ("abbb", 2, "first-to-ahead-by", "b"),
        ("abab", 2, "first-to", "a"),
        ("ababb", 2, "first-to", "a"),
    ],
)
def test_a_winner_is_counted_again(text: str, k: int, rule: str, won: str) -> None:
    assert winner(Contested(k, drawn(text)), rule) == won
    assert winner(Contested(k, drawn(text)[::-1]), rule) == won  # by draw, not by place
    assert winner(won, rule) == won


@pytest.mark.parametrize(
    ("text", "k", "rule"),
    [("", 1, "first-to"), ("..", 1, "first-to"), ("ab", 1 + 1, "first-to"), ("ababab", 2, "first-to-ahead-by")],
)
def test_ballots_that_decide_nothing_have_no_winner(text: str, k: int, rule: str) -> None:
    with pytest.raises(ValueError, match=r"decide nothing|at least 1 ballot"):
        winner(Contested(k, drawn(text)), rule)


def test_counts_add_up() -> None:
    one = Counts(steps=1, calls=3, red_flags={"refused": 1}, cost_usd=0.5)
    other = Counts(steps=2, calls=4, red_flags={"refused": 2, "overlong": 1}, cost_usd=0.25, failed_calls=7)
    one.add(other)
    assert one == Counts(steps=3, calls=7, red_flags={"refused": 3, "overlong": 1}, cost_usd=0.75, failed_calls=7)
    assert other.red_flags == {"refused": 2, "overlong": 1}
    fresh = Counts()
    fresh.add(other)
    fresh.add(other)
    assert Counts().red_flags == {}  # nothing is shared between counts


NUMBERS = st.integers(0, 9)
USED = st.builds(Usage, calls=NUMBERS, tokens_in=NUMBERS, cost_usd=st.sampled_from([0.0, 0.25, 2.0]))
COUNTED = st.builds(
    Counts, steps=st.integers(-3, 9), calls=NUMBERS, cost_usd=st.sampled_from([0.0, 0.5]),
    races=st.dictionaries(st.sampled_from("123"), NUMBERS, max_size=2), unraced_steps=NUMBERS,
    by_kind=st.dictionaries(st.sampled_from(["move", "carry"]), USED, max_size=2),
)  # fmt: skip


@given(st.lists(COUNTED, max_size=5))
def test_counts_add_up_field_by_field(batches: list[Counts]) -> None:
    total = Counts()
    for batch in batches:
        total.add(batch)
    for name in ("steps", "calls", "cost_usd", "unraced_steps", "failed_calls"):
        assert getattr(total, name) == sum(getattr(batch, name) for batch in batches)
    for key in "123":
        assert total.races.get(key, 0) == sum(batch.races.get(key, 0) for batch in batches)
    for kind in ("move", "carry"):
        for name in ("calls", "tokens_in", "cost_usd", "hedged_calls"):
            parts = [getattr(batch.by_kind.get(kind, Usage()), name) for batch in batches]
            assert getattr(total.by_kind.get(kind, Usage()), name) == sum(parts)


def test_what_is_added_is_not_changed_by_what_comes_after() -> None:
    first, second, total = Counts(by_kind={"move": Usage(calls=1)}, races={"2": 1}), Counts(races={"2": 5}), Counts()
    second.by_kind["move"] = Usage(calls=7)
    total.add(first)
    total.add(second)
    assert (first.by_kind["move"].calls, first.races, total.by_kind["move"].calls) == (1, {"2": 1}, 8)
