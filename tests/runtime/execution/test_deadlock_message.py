"""A step that stays undecided says what was answered: votes, red flags and one discarded answer."""

from typing import Any

import pytest

from surefoot.decompose.tasks.hanoi import Hanoi
from surefoot.runtime.errors import StepDeadlocked
from surefoot.runtime.execution.deadlock_message import deadlock_message, quoted_reply
from surefoot.runtime.kept_step import KeptReply
from surefoot.voting.ballot import Ballot
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.rule import Rule
from surefoot.voting.sequential import TYPES, Sequential

EVIL = "\x1b]0;owned\x07 a\nb " * 200


def spoiled(*flags: str) -> list[Ballot]:
    return [Ballot(number, None, flag) for number, flag in enumerate(flags)]


def test_flags_are_counted_and_the_commonest_has_an_example() -> None:
    ballots = spoiled(*["overlong"] * 11, "misformatted")
    kept = [KeptReply("no idea", "misformatted", ""), KeptReply("Let us think step by step", "overlong", "900 tokens")]
    told = deadlock_message(2, ballots, ["900 tokens"] * 12, kept)
    assert told == (
        "no candidate led by 2 within 12 ballots; 12 of 12 answers discarded: 11 overlong, 1 misformatted; "
        "for example 'Let us think step by step' (900 tokens)"
    )


def test_why_an_answer_was_discarded_is_said_where_the_answer_does_not_say_it() -> None:
    """What is wrong with a value of the right form is nowhere to be seen in it."""
    kept = [KeptReply('{"n": 9}', "misformatted", "n: none of the choices: 9")]
    told = deadlock_message(2, spoiled("misformatted"), [""], kept)
    assert told.endswith("""for example '{"n": 9}' (n: none of the choices: 9)""")
    assert quoted_reply("no idea", "no idea") == quoted_reply("no idea", "") == "'no idea'"
    assert quoted_reply("x", EVIL).isprintable()
    assert len(quoted_reply(EVIL, EVIL[::-1])) < 300


def test_without_kept_replies_the_detail_is_the_example() -> None:
    told = deadlock_message(2, spoiled("overlong", "overlong"), ["", "900 tokens"])
    assert told.endswith("2 of 2 answers discarded: 2 overlong; for example 900 tokens")


def test_votes_are_counted_and_nothing_is_said_of_flags_where_there_are_none() -> None:
    ballots = [Ballot(number, "abcde"[number % 5]) for number in range(6)]
    told = deadlock_message(3, ballots, [""] * 6)
    assert told == "no candidate led by 3 within 6 ballots; 2 for 'a', 1 for 'b', 1 for 'c' and 2 other candidates"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (Sequential(0.01, (1 / len(TYPES),) * len(TYPES)), "the evidence for no candidate was enough within 5 ballots"),
        (RaisedLead(3, 9), "no candidate led by 9 within 5 ballots"),
        (None, "no candidate led by 3 within 5 ballots"),
    ],
)
def test_what_was_asked_for_is_told_as_the_rule_has_it(rule: Rule | None, told: str) -> None:
    """A lead of 20 of 100 ballots is more than the 5 ballots that agree by which a sequential rule is named."""
    ballots = [Ballot(number, "ab"[number == 0]) for number in range(5)]
    assert deadlock_message(3, ballots, [""] * 5, (), rule).startswith(f"{told}; 4 for 'a'")
    assert deadlock_message(3, ballots, [""] * 5, (), rule, 90).startswith(f"{told}, after 90 in other races; 4")


def test_what_a_model_said_is_one_short_tame_line() -> None:
    told = deadlock_message(1, spoiled("misformatted"), [EVIL], [KeptReply(EVIL, "misformatted", EVIL)])
    assert len(told) < 300
    assert not {"\n", "\x1b", "\x07"} & set(told)


@pytest.mark.parametrize("keep", ["none", "some"])
async def test_the_error_of_a_step_has_it(scripted: Any, step_runner: Any, keep: str) -> None:
    task = Hanoi(disks=3)
    runner = step_runner(task, scripted(*["nonsense"] * 3), max_ballots=3)
    runner.meter.replies.keep = keep
    with pytest.raises(StepDeadlocked, match="3 of 3 answers discarded: 3 ") as caught:
        await runner.decide(task.sample_step(0), 2, 0)
    assert ("for example 'nonsense'" in caught.value.message) == (keep == "some")
