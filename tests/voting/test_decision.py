"""One door to all rules: each gets the race that it needs, and a replay gives the verdict that the race gave."""

import pytest

from surefoot.voting.ballot import Ballot
from surefoot.voting.decision import DecisionRule, decide, race_for
from surefoot.voting.first_to import FirstTo
from surefoot.voting.first_to_ahead_by import FirstToAheadBy
from surefoot.voting.race import Race, Won
from surefoot.voting.record_race import FieldWise, RecordRace, joined
from surefoot.voting.sequential import TYPES, Sequential

RECORD = joined(("x", "y"))


@pytest.mark.parametrize(
    "rule",
    [
        FirstToAheadBy(2),
        FirstTo(2),
        Sequential(0.05, (1 / len(TYPES),) * len(TYPES)),
        FieldWise((FirstToAheadBy(2), FirstTo(3))),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_a_replay_gives_the_verdict_of_the_race(rule: DecisionRule) -> None:
    ballots = [Ballot(0, None, "refused"), *[Ballot(draw, RECORD) for draw in range(1, 40)]]
    race = race_for(rule, 40)
    while (wanted := race.fewest()) > 0:
        for _ in range(wanted):
            race.cast(ballots[sum(race.tally.values()) + race.spoiled])
    assert isinstance(race.verdict, Won)
    assert race.verdict.candidate == RECORD
    assert decide(rule, 40, reversed(ballots)) == race.verdict
    assert decide(rule, 40, ballots[:1]) is None


def test_records_are_read_by_the_rule_for_records_alone() -> None:
    assert isinstance(race_for(FieldWise((FirstTo(1),)), 3), RecordRace)
    assert isinstance(race_for(Sequential(0.05, (1 / len(TYPES),) * len(TYPES)), 3), Race)
    mixed = [Ballot(0, joined(("x", "a"))), Ballot(1, joined(("x", "b"))), Ballot(2, joined(("y", "b")))]
    fields = FieldWise((FirstTo(2), FirstTo(2)))
    assert decide(fields, 3, mixed) == Won(joined(("x", "b")), 3, 1)
    assert not isinstance(decide(FirstTo(2), 3, mixed), Won)
