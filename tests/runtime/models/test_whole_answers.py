"""Whole answers from scores of tokens: an answer that begins another one, choices, and what is left open."""

import math
import random
from collections import Counter

import pytest

from surefoot.runtime.models.port import MOST_LOOK_CALLS, Look
from surefoot.runtime.models.whole_answers import Continuation, Position, WholeAnswers

Table = dict[str, dict[str, float]]
"""For each beginning the tokens that may come next, with their probabilities."""


class Scores:
    """A model given by its table; one token a call, or as many as its greedy way has."""

    def __init__(self, table: Table, places: int = 1) -> None:
        self.table, self.places, self.asked = table, places, list[str]()

    async def __call__(self, beginning: str) -> Continuation:
        self.asked.append(beginning)
        positions = []
        for _ in range(self.places):
            known = self.table.get(beginning, {"": 1.0})
            chosen = max(known, key=lambda token: known[token])
            positions.append(Position(chosen, tuple((token, math.log(p)) for token, p in known.items())))
            if not chosen or "," in chosen:
                break
            beginning += chosen
        return Continuation(tuple(positions), 7, 2)


ONE_TEN: Table = {"": {"1": 0.8, "2": 0.2}, "1": {"0": 0.7, ",": 0.3}, "10": {",": 1.0}, "2": {",": 1.0}}


async def test_an_answer_counts_with_what_ends_it() -> None:
    """By its first token 1 is far ahead; as whole answers 10 has .56, 1 has .24, and 2 may have the open .20."""
    look = await WholeAnswers((",",)).look(Scores(ONE_TEN))
    assert dict(look.answers) == pytest.approx({"10": 0.56, "1": 0.24})
    assert look.answers[0][0] == "10"
    assert (look.calls, look.tokens_in, look.tokens_out, look.tokens_cached) == (3, 21, 3, 6)


async def test_the_greedy_way_is_scored_in_one_call() -> None:
    scores = Scores({"": {"2": 0.97, "9": 0.03}, "2": {"3": 0.98, "4": 0.02}, "23": {",": 1.0}}, places=4)
    look = await WholeAnswers((",",)).look(scores)
    assert scores.asked == [""]
    assert look.answers == (("23", pytest.approx(0.97 * 0.98)),)
    assert look.unread == 0  # what is open is nobody's yet: it is missing from the shares


async def test_what_may_overtake_is_followed_and_what_may_not_is_left_open() -> None:
    """.35 are known after one call: b may be more, what is behind it ends the search, and c is left."""
    table: Table = {"": {"a,": 0.35, "b": 0.45, "c": 0.2}, "b": {",": 0.5, "z,": 0.5}, "c": {",": 1.0}}
    scores = Scores(table)
    look = await WholeAnswers((",",)).look(scores)
    assert look.answers[0] == ("a", pytest.approx(0.35))
    assert scores.asked == ["", "b"]
    assert sum(share for _, share in look.answers) == pytest.approx(0.8)


async def test_what_begins_otherwise_cannot_become_the_same_answer() -> None:
    """.4 are known and .6 open, but of no answer more than .35: b and c lead to different ones."""
    scores = Scores({"": {"a,": 0.4, "b": 0.35, "c": 0.25}})
    assert (await WholeAnswers((",",)).look(scores)).answers == (("a", pytest.approx(0.4)),)
    assert scores.asked == [""]
    joined = Scores({"": {"a,": 0.4, "b": 0.3, "bc": 0.3}, "b": {"c,": 1.0}, "bc": {",": 1.0}})
    assert (await WholeAnswers((",",)).look(joined)).answers[0] == ("bc", pytest.approx(0.6))


async def test_the_answer_that_is_named_is_the_likeliest_of_any_table() -> None:
    rng = random.Random(3)
    calls = 0
    for _ in range(300):
        table: Table = {}
        for beginning in ("", "1", "2", "11", "12", "21"):
            weights = [rng.random() ** 3 for _ in range(4)]
            table[beginning] = dict(zip(("1", "2", "11", ","), (one / sum(weights) for one in weights), strict=True))
        truth = whole(table)
        look = await WholeAnswers((",",)).look(Scores(table))
        calls += look.calls
        if look.calls < MOST_LOOK_CALLS:
            assert truth[look.answers[0][0]] == pytest.approx(max(truth.values()))
    assert calls < 300 * 3.5


def whole(table: Table, beginning: str = "", share: float = 1.0) -> Counter[str]:
    """Every whole answer of a table with its probability; what a table does not go on with ends there."""
    found: Counter[str] = Counter()
    for token, p in table.get(beginning, {"": 1.0}).items():
        if token in ("", ","):
            found[beginning] += share * p  # type: ignore[assignment]
        else:
            found.update(whole(table, beginning + token, share * p))
    return found


async def test_the_likeliest_is_known_before_it_is_said() -> None:
    """The greedy way has .45 and what is open .55: it has to be followed."""
    table: Table = {"": {"a": 0.45, "b": 0.55}, "a": {",": 1.0}, "b": {"x": 0.5, "y": 0.5}}
    table |= {"bx": {",": 1.0}, "by": {",": 1.0}}
    look = await WholeAnswers((",",)).look(Scores(table))
    assert look.answers[0] == ("a", pytest.approx(0.45))


async def test_choices_are_the_only_answers() -> None:
    table: Table = {"": {"Yes": 0.3, "No": 0.2, "Maybe": 0.4, "N": 0.1}, "N": {"o": 0.5, "a": 0.5}}
    look = await WholeAnswers((), ("Yes", "No")).look(Scores(table))
    assert dict(look.answers) == pytest.approx({"Yes": 0.3, "No": 0.25})
    assert look.unread == pytest.approx(0.45)


async def test_a_choice_that_begins_another_is_followed_to_its_end() -> None:
    table: Table = {"": {"in": 1.0}, "in": {"side": 0.4, "": 0.6}, "inside": {"": 1.0}}
    look = await WholeAnswers((), ("in", "inside")).look(Scores(table))
    assert dict(look.answers) == pytest.approx({"in": 0.6, "inside": 0.4})


async def test_tokens_that_are_not_listed_count_against_all() -> None:
    """The likeliest tokens of a place add up to less than 1; the rest is surely unread, not somebody's."""
    look = await WholeAnswers((",",)).look(Scores({"": {"a,": 0.5, "b,": 0.2}}))
    assert dict(look.answers) == pytest.approx({"a": 0.5, "b": 0.2})
    assert look.unread == pytest.approx(0.3)


async def test_it_ends() -> None:
    """A model that never ends an answer is asked so often and no more; nothing is claimed of it."""
    endless: Table = {"x" * n: {"x": 0.99, "y": 0.01} for n in range(50)}
    scores = Scores(endless)
    look = await WholeAnswers((",",)).look(scores)
    assert len(scores.asked) == look.calls == MOST_LOOK_CALLS
    assert all(share < 0.5 for _, share in look.answers)


async def test_scores_that_cannot_be_true_add_nothing() -> None:
    async def ask(beginning: str) -> Continuation:
        return Continuation((Position("a,", (("a,", float("nan")), ("b,", 5.0))),), 0)

    look = await WholeAnswers((",",)).look(ask)
    assert look == Look((("b", 1.0), ("a", 0.0)), 0.0, 1, 0, 1, 0.0)


async def test_a_distribution_may_be_followed_further_than_its_likeliest_answer() -> None:
    look = await WholeAnswers((",",), (), 0.05).look(Scores(ONE_TEN))
    assert dict(look.answers) == pytest.approx({"10": 0.56, "1": 0.24, "2": 0.2})
    assert look.calls == 4
