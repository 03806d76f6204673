"""What is counted of contested races, from races that are written down."""

import msgspec
import pytest

from surefoot.runtime.execution.escalation.escalate import RaceResult
from surefoot.runtime.execution.escalation.prompt_variants import FIRST, PromptVariant
from surefoot.runtime.execution.race_counts import count_first_ballots, count_race
from surefoot.runtime.records import Counts
from surefoot.voting.ballot import Ballot
from surefoot.voting.raised_lead import RaisedLead

RULE = "first-to-ahead-by"


def race(said: str, k: int, winner: str | None, rule: RaisedLead | None = None, **more: object) -> RaceResult:
    """A race in which each letter was one ballot; ``x`` is a spoiled one."""
    ballots = tuple(
        Ballot(number, None, "misformatted") if one == "x" else Ballot(number, one) for number, one in enumerate(said)
    )
    return RaceResult(FIRST, k, ballots, ("",) * len(said), rule, winner, (), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "disagreements", "contested"), [("aab", 1, True), ("aax", 0, True), ("aa", 0, False), ("", 0, False)]
)
def test_dissent_and_spoiled_ballots_are_told_apart(said: str, disagreements: int, contested: bool) -> None:
    counts = Counts()
    count_race(counts, race(said, 2, "a"))
    assert counts.disagreements == disagreements
    assert sum(counts.contested.values()) == contested
    assert not counts.votes  # of use to a rule that learns only


def test_races_in_another_wording_are_no_sample_of_the_first() -> None:
    counts = Counts()
    count_race(counts, msgspec.structs.replace(race("aab", 2, "a"), variant=PromptVariant("reworded", 1)))
    assert counts.disagreements == 1
    assert not counts.contested


def test_first_ballots_are_counted_where_a_lead_decided_a_dispute() -> None:
    counts = Counts()
    count_first_ballots(counts, race("abaa", 2, "a"), RULE)
    assert sum(counts.first_ballots.values()) == 1


@pytest.mark.parametrize(
    ("result", "rule"),
    [
        (race("abaa", 2, None), RULE),
        (race("abaa", 2, "a", fields=2), RULE),
        (race("abaa", 2, "a"), "first-to"),
        (race("aa", 2, "a"), RULE),
    ],
    ids=["undecided", "by fields", "another rule", "nobody disagreed"],
)
def test_other_races_tell_nothing_of_agreement(result: RaceResult, rule: str) -> None:
    counts = Counts()
    count_first_ballots(counts, result, rule)
    assert not counts.first_ballots
