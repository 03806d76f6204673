"""The race that answers are decided by: those counted whole, records counted field by field, and looks."""

from collections.abc import Iterable

from surefoot.voting.ballot import Ballot
from surefoot.voting.looks import LookRace, Looks, replay_looks
from surefoot.voting.race import Race, Verdict, replay
from surefoot.voting.record_race import FieldWise, RecordRace, replay_record
from surefoot.voting.rule import Rule

DecisionRule = Rule | FieldWise
"""A rule for answers that are counted whole, or for records field by field."""


def race_for(rule: DecisionRule, max_ballots: int) -> Race | RecordRace | LookRace:
    """Open an empty race; all kinds take ballots, give verdicts and say how many ballots are worth drawing.

    Args:
        rule: When the race is won.
        max_ballots: The cap, 1 or more.
    """
    if isinstance(rule, Looks):
        return LookRace(rule, max_ballots)
    return RecordRace(rule, max_ballots) if isinstance(rule, FieldWise) else Race(rule, max_ballots)


def decide(rule: DecisionRule, max_ballots: int, ballots: Iterable[Ballot]) -> Verdict | None:
    """Find the verdict of a race from its ballots, in any order; ``None`` if they do not decide it.

    Raises:
        ValueError: The draws are not 0, 1, 2, ... each exactly once.
    """
    if isinstance(rule, FieldWise):
        return replay_record(rule, max_ballots, ballots).verdict
    if isinstance(rule, Looks):
        return replay_looks(rule, max_ballots, ballots)
    return replay(rule, max_ballots, tuple(ballots))
