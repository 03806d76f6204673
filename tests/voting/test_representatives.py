"""Near-equal answers: who joins whom depends on the order drawn alone, and nothing drifts."""

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.voting.ballot import Ballot
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Won, replay
from surefoot.voting.record_race import joined
from surefoot.voting.representatives import FieldRepresentatives, Representatives, gathered

LIMIT = Decimal("0.01")


def near(a: str, b: str) -> bool:
    return abs(Decimal(a) - Decimal(b)) <= LIMIT


def drawn(texts: list[str | None]) -> list[Ballot]:
    return [Ballot(i, text, None if text is not None else "refused") for i, text in enumerate(texts)]


def counted(texts: list[str | None]) -> list[str | None]:
    return [ballot.candidate for ballot in gathered(drawn(texts), Representatives(near))]


ANSWERS = st.lists(st.none() | st.integers(95, 110).map(lambda n: f"{n / 100:.3f}"), max_size=20)


def test_a_chain_does_not_drift() -> None:
    assert counted(["1.00", "1.01", "1.02", "1.03", "1.01"]) == ["1.00", "1.00", "1.02", "1.02", "1.00"]
    long = [f"{1 + n / 100:.2f}" for n in range(200)]
    for said, candidate in zip(long, counted(list(long)), strict=True):
        assert candidate is not None
        assert near(said, candidate)


def test_joining_any_ballot_would_drift() -> None:
    """The placebo: nearness to any ballot that joined. One candidate reaches from 1.00 to 2.99."""
    clusters: list[list[str]] = []
    for said in [f"{1 + n / 100:.2f}" for n in range(200)]:
        home = next((c for c in clusters if any(near(said, other) for other in c)), None)
        if home is None:
            clusters.append([said])
        else:
            home.append(said)
    assert [(c[0], c[-1]) for c in clusters] == [("1.00", "2.99")]


@given(ANSWERS, st.randoms(use_true_random=False))
def test_only_the_order_drawn_counts(texts: list[str | None], rng: random.Random) -> None:
    arrived = drawn(texts)
    rng.shuffle(arrived)
    assert gathered(arrived, Representatives(near)) == gathered(drawn(texts), Representatives(near))


@given(ANSWERS)
def test_every_ballot_is_near_its_candidate_and_candidates_are_apart(texts: list[str | None]) -> None:
    found = counted(texts)
    for said, candidate in zip(texts, found, strict=True):
        assert (said is None) == (candidate is None)
        assert said is None or candidate is None or near(said, candidate)
    distinct = {candidate for candidate in found if candidate is not None}
    assert distinct <= set(texts)
    assert not any(near(a, b) for a in distinct for b in distinct if a != b)
    bounds = {c: [Decimal(t) for t, f in zip(texts, found, strict=True) if t is not None and f == c] for c in distinct}
    assert all(max(members) - min(members) <= 2 * LIMIT for members in bounds.values())


@given(ANSWERS)
def test_twice_is_once_so_that_a_journal_replays_without_the_type(texts: list[str | None]) -> None:
    once = gathered(drawn(texts), Representatives(near))
    assert gathered(once, Representatives(near)) == once
    assert gathered(once, Representatives(lambda a, b: a == b)) == once


@given(ANSWERS, st.integers(0, 20))
def test_what_is_drawn_later_changes_nothing_before(texts: list[str | None], cut: int) -> None:
    """One by one, as a race draws them: a prefix has the same candidates."""
    assert counted(texts[:cut]) == counted(texts)[:cut]


def test_a_race_over_near_answers_is_won_where_equality_has_no_winner() -> None:
    ballots = drawn(["1.000", "1.004", "0.996", "7.5", "1.009", "1.002"])
    rule = FirstToAheadBy(3)
    assert replay(rule, 6, gathered(ballots, Representatives(near))) == Won("1.000", 3, 3)
    assert not isinstance(replay(rule, 6, ballots), Won)


def test_fields_have_representatives_of_their_own() -> None:
    fields = FieldRepresentatives(lambda number, a, b: a == b if number == 0 else near(a, b), 2)
    assert fields.join(joined(("x", "1.00"))) == joined(("x", "1.00"))
    assert fields.join(joined(("y", "1.01"))) == joined(("y", "1.00"))
    assert fields.join(joined((None, "1.02"))) == joined((None, "1.02"))
    assert fields.join(joined(("X", None))) == joined(("X", None))
    with pytest.raises(ValueError, match="a record of 1 fields in a race of 2"):
        fields.join(joined(("x",)))
