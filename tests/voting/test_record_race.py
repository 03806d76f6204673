"""The race of records, field by field, against a naive reading of what it says."""

import itertools
import random
from collections import Counter
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.certificate import Evidence, certify
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Deadlocked, Verdict, Won, replay
from surefoot.voting.record_race import (
    FieldWise,
    RecordRace,
    fields_of,
    joined,
    lengths_by_field,
    replay_record,
)
from surefoot.voting.sequential import TYPES, Sequential

Said = tuple[str | None, ...] | None
RULES = st.builds(FirstToAheadBy, st.integers(1, 3)) | st.builds(FirstTo, st.integers(1, 3))
CAPS = st.integers(1, 16)
RECORDS = st.none() | st.tuples(*[st.sampled_from(["a", "a", "b", None])] * 2)
MANY = st.lists(RECORDS, max_size=16)
PAIRS = st.builds(FieldWise, st.tuples(RULES, RULES), st.booleans())


def drawn(records: Sequence[Said]) -> list[Ballot]:
    return [
        Ballot(i, None, "refused") if record is None else Ballot(i, joined(record)) for i, record in enumerate(records)
    ]


def naive(rule: FieldWise, cap: int, records: Sequence[Said]) -> Verdict | None:
    """Each field by ``replay`` over all its ballots; the record when all are decided, and stated if need be."""
    for n in range(1, min(cap, len(records)) + 1):
        said = [record if record is not None else (None,) * len(rule.rules) for record in records[:n]]
        verdicts = [
            replay(one, n, [Ballot(i, r[f], None if r[f] is not None else "x") for i, r in enumerate(said)])  # type: ignore[arg-type]
            for f, one in enumerate(rule.rules)
        ]
        won = [verdict for verdict in verdicts if isinstance(verdict, Won)]
        winners = tuple(verdict.candidate for verdict in won)
        if len(won) == len(verdicts) and (winners in records[:n] or not rule.stated_whole):
            return Won(joined(winners), n, min(verdict.margin for verdict in won))
    if len(records) < cap:
        return None
    tally = Counter(joined(record) for record in records[:cap] if record is not None)
    ranking = sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    return Deadlocked(cap, tuple(ranking), sum(record is None for record in records[:cap]))


@given(PAIRS, CAPS, MANY)
def test_agrees_with_the_naive_reading(rule: FieldWise, cap: int, records: list[Said]) -> None:
    assert replay_record(rule, cap, drawn(records)).verdict == naive(rule, cap, records)


@given(PAIRS, CAPS, MANY, st.randoms(use_true_random=False))
def test_arrival_order_decides_nothing(rule: FieldWise, cap: int, records: list[Said], rng: random.Random) -> None:
    arrived = drawn(records)
    rng.shuffle(arrived)
    race, again = replay_record(rule, cap, arrived), replay_record(rule, cap, drawn(records))
    assert (race.verdict, race.fields, race.tally) == (again.verdict, again.fields, again.tally)


@given(PAIRS, CAPS, MANY)
def test_values_are_opaque(rule: FieldWise, cap: int, records: list[Said]) -> None:
    names = {"a": '"]', "b": "", None: None}
    renamed = [record and tuple(names[one] for one in record) for record in records]
    before, after = (replay_record(rule, cap, drawn(some)).verdict for some in (records, renamed))
    assert type(before) is type(after)
    if isinstance(before, Won) and isinstance(after, Won):
        assert fields_of(after.candidate, 2) == tuple(names[one] for one in fields_of(before.candidate, 2))
        assert (after.ballots, after.margin) == (before.ballots, before.margin)


@given(PAIRS, CAPS, MANY)
def test_fewest_is_exactly_right(rule: FieldWise, cap: int, records: list[Said]) -> None:
    """So many ballots for the leaders of all fields end the race; no fewer, whatever they say, bring a winner."""
    race = RecordRace(rule, cap)
    cast = list(itertools.takewhile(lambda ballot: race.cast(ballot) is None, drawn(records[: cap - 1])))
    if race.verdict is not None:
        assert race.fewest() == 0
        return
    before, n = list(records[: len(cast)]), race.fewest()
    assert 1 <= n <= cap - len(before)
    if n <= 3:
        options: list[Said] = [None, *itertools.product(("a", "b", "c", None), repeat=2)]
        for fewer in itertools.product(options, repeat=n - 1):
            assert not isinstance(naive(rule, cap, [*before, *fewer]), Won)
    leaders = tuple(field.winner or (field.tally[0][0] if field.tally else "a") for field in race.fields)
    verdict = naive(rule, cap, [*before, *[leaders] * n])
    assert verdict is not None
    if isinstance(verdict, Won):
        assert (verdict.candidate, verdict.ballots) == (joined(leaders), len(before) + n)
    else:
        assert n == cap - len(before)


WHOLE = FieldWise((FirstToAheadBy(2),) * 2, stated_whole=True)
CASES: list[tuple[FieldWise, int, list[Said], str]] = [
    # Nobody states (a, a), and it wins: each field leads by two.
    (FieldWise((FirstToAheadBy(2),) * 2), 9, [("a", "x"), ("a", "y"), ("b", "a"), ("b", "a"), ("b", "a")], "aa"),
    (FieldWise((FirstToAheadBy(2),) * 2), 9, [("a", None), (None, "a"), ("a", None), (None, "a")], "aa"),
    (WHOLE, 9, [("a", None), (None, "a")] * 2, "open"),
    (WHOLE, 9, [*[("a", None), (None, "a")] * 2, ("b", "b"), ("a", "a")], "aa"),
    (WHOLE, 5, [*[("a", None), (None, "a")] * 2, ("b", "b")], "none"),
    # One field stays undecided: no plurality, however clear the other field is.
    (FieldWise((FirstToAheadBy(2),) * 2), 4, [("a", "a"), ("a", "b"), ("a", "a"), ("a", "b")], "none"),
    (FieldWise((FirstToAheadBy(2),) * 2), 3, [None, None, None], "none"),
    # Ballots after a field's verdict do not count for it.
    (FieldWise((FirstToAheadBy(1), FirstToAheadBy(3))), 9, [("a", "a"), ("b", "a"), ("b", "a")], "aa"),
    (FieldWise((FirstTo(1), FirstTo(2))), 9, [("a", "x"), ("b", "a"), ("b", "a")], "aa"),
]  # fmt: skip


def outcome(verdict: Verdict | None) -> str:
    if isinstance(verdict, Won):
        return "".join(str(one) for one in fields_of(verdict.candidate, 2))
    return "open" if verdict is None else "none"


@pytest.mark.parametrize("case", CASES)
def test_the_rule_passes(case: tuple[FieldWise, int, list[Said], str]) -> None:
    rule, cap, records, expected = case
    assert outcome(replay_record(rule, cap, drawn(records)).verdict) == expected
    assert outcome(naive(rule, cap, records)) == expected


def plurality(rule: FieldWise, cap: int, records: Sequence[Said]) -> str:
    found = outcome(naive(rule, cap, records))
    if found != "none":
        return found
    tops = [Counter(r[f] for r in records if r and r[f]).most_common(1) for f in range(2)]
    return "".join(str(top[0][0]) for top in tops if top)


def counts_after_the_verdict(rule: FieldWise, cap: int, records: Sequence[Said]) -> str:
    """The leaders of all ballots once each field has been won at some time."""
    if outcome(naive(rule, cap, records)) in ("open", "none"):
        return outcome(naive(rule, cap, records))
    return "".join(str(Counter(r[f] for r in records if r and r[f]).most_common(1)[0][0]) for f in range(2))


def forgets_stated_whole(rule: FieldWise, cap: int, records: Sequence[Said]) -> str:
    return outcome(naive(msgspec.structs.replace(rule, stated_whole=False), cap, records))


def whole_records_only(rule: FieldWise, cap: int, records: Sequence[Said]) -> str:
    ballots = [
        b if r and None not in r else Ballot(b.draw, None, "x") for b, r in zip(drawn(records), records, strict=True)
    ]
    found = replay(rule.rules[-1], cap, ballots)
    return "open" if found is None else "none" if isinstance(found, Deadlocked) else outcome(found)


@pytest.mark.parametrize(
    ("placebo", "caught_by"),
    [(plurality, 5), (counts_after_the_verdict, 7), (forgets_stated_whole, 4), (whole_records_only, 0)],
)
def test_a_rule_that_only_looks_right_is_caught(placebo: object, caught_by: int) -> None:
    wrong = {n for n, (rule, cap, records, expected) in enumerate(CASES) if placebo(rule, cap, records) != expected}  # type: ignore[operator]
    assert caught_by in wrong
    assert len(wrong) < len(CASES)


def test_one_field_is_an_ordinary_race() -> None:
    """Every sequence of up to six ballots of two candidates and a spoiled one, under two rules."""
    for rule in (FirstToAheadBy(2), FirstTo(2)):
        for letters in itertools.product(("a", "b", None), repeat=6):
            record = replay_record(FieldWise((rule,)), 6, drawn([one and (one,) for one in letters])).verdict
            plain = replay(rule, 6, [Ballot(i, one, None if one else "x") for i, one in enumerate(letters)])
            assert type(record) is type(plain)
            if isinstance(record, Won) and isinstance(plain, Won):
                assert record == Won(joined((plain.candidate,)), plain.ballots, plain.margin)


def test_each_field_keeps_its_own_account() -> None:
    rule = FieldWise((FirstToAheadBy(1), FirstToAheadBy(2)))
    race = replay_record(rule, 9, drawn([("a", None), ("b", "x"), None, ("b", "y"), ("b", "x"), ("c", "x")]))
    first, second = race.fields
    assert (first.winner, first.ballots, first.spoiled, first.margin, first.tally) == ("a", 1, 0, 1, (("a", 1),))
    assert (second.winner, second.ballots, second.spoiled, second.margin) == ("x", 6, 2, 2)
    assert second.tally == (("x", 3), ("y", 1))
    assert race.verdict == Won(joined(("a", "x")), 6, 1)
    assert race.spoiled == 1
    assert sum(race.tally.values()) + race.spoiled == 6


def test_the_sequential_rule_decides_fields_too() -> None:
    sequential = Sequential(0.05, (1 / len(TYPES),) * len(TYPES))
    race = RecordRace(FieldWise((sequential, FirstToAheadBy(2))), 30)
    for draw in range(30):
        if race.cast(Ballot(draw, joined(("a", "b")))) is not None:
            break
    assert isinstance(race.verdict, Won)
    assert race.fields[0].ballots == race.verdict.ballots > race.fields[1].ballots == 2


def test_each_field_has_its_own_certificate() -> None:
    """The lengths of a field's races are what ``certify`` takes; a field with dissent is bounded less closely."""
    rule = FieldWise((FirstToAheadBy(3),) * 2)
    smooth: list[Said] = [("a", "b")] * 3
    rough: list[Said] = [("a", "c"), *[("a", "b")] * 4]
    records = [replay_record(rule, 30, drawn(smooth if n % 5 else rough)).fields for n in range(1000)]
    lengths = lengths_by_field(records)
    assert lengths == ({3: 1000}, {3: 800, 5: 200})
    easy, hard = (certify(Evidence({3: one})).by_ballots for one in lengths)
    assert easy < hard
    assert lengths_by_field([]) == ()
    undecided = replay_record(rule, 1, drawn(smooth[:1])).fields
    assert lengths_by_field([undecided]) == ({}, {})


def test_what_is_out_of_order_or_no_record_changes_nothing() -> None:
    race = RecordRace(FieldWise((FirstTo(2),) * 2), 5)
    for bad in (
        Ballot(1, joined(("a", "b"))),
        Ballot(0, "a"),
        Ballot(0, '["a"]'),
        Ballot(0, '["a", 1]'),
        Ballot(0, "[" * 9999),
    ):
        with pytest.raises(ValueError, match=r"^[^\n]+$"):
            race.cast(bad)
    assert (race.tally, race.spoiled, race.fewest()) == ({}, 0, 2)
    race.cast(Ballot(0, joined(("a", "b"))))
    race.cast(Ballot(1, joined(("a", "b"))))
    with pytest.raises(ValueError, match="after the verdict"):
        race.cast(Ballot(2, joined(("a", "b"))))
    with pytest.raises(ValueError, match="each once"):
        replay_record(FieldWise((FirstTo(2),)), 5, [Ballot(0, '["a"]'), Ballot(0, '["a"]')])
    with pytest.raises(ValueError, match="1 or more fields"):
        FieldWise(())
    with pytest.raises(ValueError, match="at least 1 ballot"):
        RecordRace(FieldWise((FirstTo(1),)), 0)


def test_the_rule_travels() -> None:
    rule = FieldWise((FirstToAheadBy(2), FirstTo(3)), stated_whole=True)
    assert msgspec.json.decode(msgspec.json.encode(rule), type=FieldWise) == rule
