"""When no reply can be counted: a question is given up, and a model is asked no more."""

import random

import pytest

from surefoot.voting.giving_up import (
    BY_CHANCE,
    FEWEST_QUESTIONS,
    MOST_DISCARDED,
    MOST_REFUSALS,
    NONE_READ,
    NeverRead,
    asked_no_more,
    refused_throughout,
)

REFUSED: list[str | None] = ["refused"] * MOST_REFUSALS
BAD: list[str | None] = ["misformatted", "overlong"] * (MOST_DISCARDED // 2)


def test_only_refusals_and_enough_of_them_are_refused_throughout() -> None:
    assert refused_throughout(REFUSED)
    assert refused_throughout([*REFUSED, "refused"])
    assert not refused_throughout(REFUSED[1:])
    assert not refused_throughout([*REFUSED, None])
    assert not refused_throughout(["misformatted", *REFUSED])


@pytest.mark.parametrize("discarded", [0.0, 0.01, 0.5, 1.0])
def test_a_refused_question_is_given_up_whatever_the_others_are_like(discarded: float) -> None:
    assert asked_no_more(REFUSED, discarded)
    assert not asked_no_more(REFUSED[1:], discarded)


@pytest.mark.parametrize(("discarded", "replies"), [(0.0, 32), (0.02, 32), (0.5, 32), (0.6, 41), (0.8, 93), (0.9, 197)])
def test_the_more_replies_are_discarded_anywhere_the_longer_a_question_is_asked(discarded: float, replies: int) -> None:
    assert asked_no_more(["misformatted"] * replies, discarded)
    assert not asked_no_more(["misformatted"] * (replies - 1), discarded)
    assert discarded**replies <= BY_CHANCE


def test_a_question_of_which_nothing_is_known_is_asked_to_the_cap() -> None:
    assert not asked_no_more(BAD * 100, 1.0)


def test_a_question_that_is_the_only_one_is_given_up_sooner_where_nothing_else_is_known() -> None:
    assert asked_no_more(BAD, 1.0, alone=True)
    assert not asked_no_more(BAD[1:], 1.0, alone=True)
    assert not asked_no_more(BAD, 0.8, alone=True), "a pilot saw every fifth reply of others: it is worth asking on"
    assert not asked_no_more([*BAD, None], 1.0, alone=True)
    assert 0.9 ** len(BAD) < 0.05, "what is said of how many can be read"


def test_a_question_is_alone_until_another_of_its_kind_is_heard_of() -> None:
    never = NeverRead()
    assert not never.alone("answer", 7), "nothing was heard yet"
    never.heard("answer", 7, "misformatted")
    never.heard("thought", 8, None)
    assert never.alone("answer", 7)
    assert not never.alone("thought", 8)
    never.heard("answer", 9, "misformatted")
    assert not never.alone("answer", 7)


def test_a_question_that_was_read_once_is_not_alone() -> None:
    never = NeverRead()
    for flag in ("misformatted", None, "misformatted"):
        never.heard("answer", 7, flag)
    assert not never.alone("answer", 7)


@pytest.mark.parametrize("place", [0, 7, MOST_DISCARDED - 1])
def test_one_reply_that_counts_and_a_question_is_asked_on(place: int) -> None:
    assert asked_no_more(BAD, 0.1)
    assert not asked_no_more([*BAD[:place], None, *BAD[place:]], 0.1)


def stopped_after(flags: list[str | None], questions: int = 8) -> int | None:
    """Replies after which a model is stopped; ``None`` if it is not."""
    never = NeverRead()
    return next(
        (number for number, flag in enumerate(flags, 1) if never.heard("row", number % questions, flag) is not None),
        None,
    )


def test_a_model_of_which_nothing_can_be_read_is_stopped() -> None:
    assert stopped_after(["misformatted"] * 1000) == NONE_READ


def test_what_was_said_is_told_by_red_flag() -> None:
    never = NeverRead()
    told = [never.heard("row", number, "overlong" if number % 4 else "misformatted") for number in range(NONE_READ)]
    assert told[-1] == {"overlong": NONE_READ * 3 // 4, "misformatted": NONE_READ // 4}
    assert told[-2] is None


@pytest.mark.parametrize("place", [0, 50, NONE_READ - 2])
def test_one_reply_that_counts_and_a_model_is_never_stopped(place: int) -> None:
    """The placebo: the same replies, one of which can be read; from there on its kind is none of this rule's."""
    flags: list[str | None] = ["misformatted"] * 5000
    flags[place] = None
    assert stopped_after(flags) is None


def test_a_single_question_never_stops_a_model() -> None:
    """It may be one that nobody can answer in the form that is asked for; a cap on its ballots ends it."""
    assert stopped_after(["misformatted"] * 5000, FEWEST_QUESTIONS - 1) is None
    assert stopped_after(["misformatted"] * 5000, FEWEST_QUESTIONS) == NONE_READ


def test_kinds_of_question_are_told_apart() -> None:
    never = NeverRead()
    assert never.heard("plan", 0, None) is None
    stops = [never.heard("move", number, "illegal") is not None for number in range(NONE_READ)]
    assert stops == [False] * (NONE_READ - 1) + [True]
    assert never.heard("plan", 1, "illegal") is None


@pytest.mark.parametrize("seed", range(20))
def test_a_model_of_which_every_tenth_reply_can_be_read_goes_on(seed: int) -> None:
    """False alarms: 0.9^128 = 1.4e-6 a run; these seeds are fixed."""
    dice = random.Random(seed)
    assert stopped_after([None if dice.random() < 0.1 else "misformatted" for _ in range(2000)]) is None
