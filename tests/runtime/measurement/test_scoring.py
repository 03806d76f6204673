"""Properties of scored answers: what is counted by state adds up, whatever was said."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot.runtime.forecast.estimates import Sample
from surefoot.runtime.forecast.measured import KindRate
from surefoot.runtime.kept_step import KeptReply
from surefoot.runtime.measurement.scoring import Scored, examples_of, states_of
from surefoot.runtime.measurement.verdicts import verdict
from surefoot.voting.ballot import Ballot

SAID = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=6)


def scored(number: int, asked: str, said: list[str | None]) -> Scored:
    ballots = tuple(Ballot(n, one, None if one else "misformatted") for n, one in enumerate(said))
    replies = tuple(KeptReply(one or "?", "" if one else "misformatted", one or "no answer") for one in said)
    sample = Sample(number, "move", ballots, replies=replies)
    return Scored(sample, asked, "a", tuple(None if one is None else one != "a" for one in said))


@given(st.lists(st.tuples(st.sampled_from(["x", "y", "z"]), SAID), min_size=1, max_size=12))
def test_states_add_up(rows: list[tuple[str, list[str | None]]]) -> None:
    found = [scored(n, asked, said) for n, (asked, said) in enumerate(rows)]
    states = states_of(found)
    assert len(states) == len({asked for asked, _ in rows})
    assert sum(state.answers for state in states) == sum(len(said) for _, said in rows)
    assert sum(state.readable for state in states) == sum(one is not None for _, said in rows for one in said)
    for state in states:
        assert 0 <= state.right_share + state.wrong_share <= 1 + 1e-12
        assert state.lost == (state.wrong_share > state.right_share)
        assert state.lost or not state.surely_lost
    behind = [state.right_share - state.wrong_share for state in states]
    assert behind == sorted(behind)


@given(st.lists(SAID, min_size=1, max_size=12))
def test_examples_are_only_of_what_failed_and_few(rows: list[list[str | None]]) -> None:
    examples = examples_of([scored(n, "x", said) for n, said in enumerate(rows)])
    assert all(one.flag or one.read != one.right for one in examples)
    assert sum(bool(one.flag) for one in examples) <= 2
    assert sum(not one.flag for one in examples) <= 2
    failed = any(one != "a" for said in rows for one in said)
    assert bool(examples) == failed


def test_a_state_is_lost_beyond_doubt_only_by_many_answers() -> None:
    few, many = (states_of([scored(0, "x", ["b"] * n)])[0] for n in (2, 6))
    assert (few.lost, few.surely_lost) == (True, False)
    assert (many.lost, many.surely_lost) == (True, True)
    close = states_of([scored(0, "x", ["b", "b", "b", "a", "a"])])[0]
    assert (close.lost, close.surely_lost) == (True, False)


def test_verdicts_tell_the_cases_apart() -> None:
    kind = KindRate("move", 12, 12, 4, 4 / 12, 0.1, 0.6)
    even = states_of([scored(0, "x", ["a", "a", "b"]), scored(1, "y", ["a"] * 3)])
    lost = states_of([scored(0, "x", ["b"] * 6), scored(1, "y", ["a"] * 3)])
    assert "by little: many votes are needed" in verdict(kind, even)
    assert "in 1 of 2 states, 1 of them beyond doubt: votes make it worse there" in verdict(kind, lost)
    never = states_of([scored(0, "x", ["a"] * 3), scored(1, "y", [None, None])])
    spotless = verdict(KindRate("move", 5, 3, 0, 0.0, 0.0, 0.5), never)
    assert spotless == (
        "kind move: 3 of 5 readable, none in 1 of 2 states, 0 of those wrong: nothing that votes could correct was seen"
    )
    good = KindRate("", 12, 12, 1, 1 / 12, 0.0, 0.4)
    assert verdict(good, even).startswith("kind (unnamed): 12 of 12 readable, 1 of those wrong")
    assert verdict(good, even).endswith("votes help")
    assert "0 of 9 readable (overlong 8, refused 1)" in verdict(
        KindRate("move", 9, 0, 0, None, 0, 1, {"refused": 1, "overlong": 8}), []
    )
