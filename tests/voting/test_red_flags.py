import pytest

from surefoot.voting.ballot import Ballot
from surefoot.voting.red_flags import (
    ALWAYS_ON,
    SWITCHABLE,
    RedFlag,
    overlong,
    parse_switch,
)


def test_the_names_that_journals_and_reports_use() -> None:
    assert list(RedFlag) == ["overlong", "misformatted", "inconsistent", "illegal", "refused", "copied"]


def test_a_flag_is_always_on_or_switchable() -> None:
    assert {RedFlag.MISFORMATTED, RedFlag.REFUSED, RedFlag.COPIED} == ALWAYS_ON
    assert {RedFlag.OVERLONG, RedFlag.INCONSISTENT, RedFlag.ILLEGAL} == SWITCHABLE


def test_a_flag_can_spoil_a_ballot_as_it_is() -> None:
    assert Ballot(0, None, RedFlag.OVERLONG) == Ballot(0, None, "overlong")


@pytest.mark.parametrize(
    ("tokens_out", "cut_off", "expected"),
    [
        (0, False, False),
        (749, False, False),
        (750, False, True),  # hitting the limit discards the answer
        (751, False, True),
        (750, True, True),
        (12, True, True),  # another limit was nearer: still not a whole reply
    ],
)
def test_overlong(tokens_out: int, cut_off: bool, expected: bool) -> None:
    assert overlong(tokens_out, 750, cut_off) is expected


@pytest.mark.parametrize(("tokens_out", "limit"), [(-1, 750), (0, 0), (0, -5)])
def test_overlong_refuses_impossible_lengths(tokens_out: int, limit: int) -> None:
    with pytest.raises(ValueError, match="token"):
        overlong(tokens_out, limit, False)


@pytest.mark.parametrize(
    ("text", "switched_on"),
    [
        ("all", SWITCHABLE),
        (" none ", frozenset()),
        ("overlong", {RedFlag.OVERLONG}),
        ("illegal, inconsistent", {RedFlag.ILLEGAL, RedFlag.INCONSISTENT}),
        ("illegal,illegal", {RedFlag.ILLEGAL}),
        ("refused", frozenset()),
        ("overlong,misformatted,inconsistent,illegal,refused", SWITCHABLE),
    ],
)
def test_parse_switch(text: str, switched_on: frozenset[RedFlag]) -> None:
    assert parse_switch(text) == ALWAYS_ON | switched_on


@pytest.mark.parametrize("text", ["", "overlong,", "ilegal", "all,overlong", "OVERLONG", "over\nlong"])
def test_parse_switch_names_what_it_does_not_know(text: str) -> None:
    with pytest.raises(ValueError, match="unknown red flag") as caught:
        parse_switch(text)
    message = str(caught.value)
    assert "\n" not in message
    assert all(flag in message for flag in RedFlag)
