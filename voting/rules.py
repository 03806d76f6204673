"""All rules by which a step can be decided, and the race that each one needs."""

from collections.abc import Iterable

from surefoot.voting.ballot import Ballot
from surefoot.voting.race import Race, Verdict
from surefoot.voting.record_race import FieldWise, RecordRace, replay_record
from surefoot.voting.sequential import AnyRule as ValueRule
from surefoot.voting.sequential import open_race, replay_any

DecisionRule = ValueRule | FieldWise
"""A rule for answers that are counted whole, or for records field by field."""


def race_for(rule: DecisionRule, max_ballots: int) -> Race | RecordRace:
    """An empty race under a rule; both kinds take ballots, give verdicts and say how many ballots are worth drawing.

    Args:
        rule: When the race is won.
        max_ballots: The cap, 1 or more.
    """
    return RecordRace(rule, max_ballots) if isinstance(rule, FieldWise) else open_race(rule, max_ballots)


def decide(rule: DecisionRule, max_ballots: int, ballots: Iterable[Ballot]) -> Verdict | None:
    """The verdict of a race from its ballots, which may come in any order; ``None`` if they do not decide it.

    Raises:
        ValueError: The draws are not 0, 1, 2, ... each exactly once.
    """
    if isinstance(rule, FieldWise):
        return replay_record(rule, max_ballots, ballots).verdict
    return replay_any(rule, max_ballots, tuple(ballots))
