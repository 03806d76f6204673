"""What a run counts of races that their first ballots did not decide: rules and alarms learn from it."""

from collections.abc import Sequence

from surefoot.runtime.execution.begun_races import NEW, Begun
from surefoot.runtime.execution.escalation.escalate import RaceResult
from surefoot.runtime.execution.escalation.prompt_variants import FIRST
from surefoot.runtime.records import Counts, tally
from surefoot.voting.agreed_errors import first_ballots
from surefoot.voting.ballot import Ballot
from surefoot.voting.raised_lead import RaisedLead
from surefoot.voting.sequential import Sequential


def disagree(ballots: Sequence[Ballot]) -> bool:
    """Return whether two ballots that count name different candidates."""
    return len({ballot.candidate for ballot in ballots if ballot.candidate is not None}) > 1


def count_race(counts: Counts, result: RaceResult) -> None:
    """Count a first race that its first ballots did not decide; the sequential rule learns from every one."""
    pattern = result.pattern
    if isinstance(result.rule, Sequential):
        tally(counts.votes, {f"{pattern.valid - pattern.dissent}-{pattern.dissent}": 1})
    counts.disagreements += pattern.dissent > 0
    if result.variant == FIRST and (pattern.dissent or pattern.spoiled):
        tally(counts.contested, {str(pattern): 1})


def count_first_ballots(counts: Counts, result: RaceResult, rule: str, before: Begun = NEW) -> None:
    """Count the first ballots of a disputed race that a lead decided: they tell how often wrong answers agree.

    Args:
        counts: Where it is counted.
        result: The race.
        rule: Name of the run's rule.
        before: What the race began with: where it was counted then, this count takes the place of that one.
    """
    leads = result.rule is None and rule == "first-to-ahead-by"
    if result.winner is None or result.fields or not (leads or isinstance(result.rule, RaisedLead)):
        return
    raised = result.rule.raised if isinstance(result.rule, RaisedLead) else result.k
    named = [ballot.candidate for ballot in result.ballots if ballot.candidate is not None]
    seen = first_ballots(result.k, raised, result.winner, named)
    if seen is not None:
        tally(counts.first_ballots, {str(seen): 1})
    if before.counted and before.winner is not None:
        earlier = [one for one in before.said if isinstance(one, str)]
        if (counted := first_ballots(before.k, before.raised, before.winner, earlier)) is not None:
            tally(counts.first_ballots, {str(counted): -1})
