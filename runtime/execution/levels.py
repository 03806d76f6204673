"""What a run sees of its levels, decompositions and single steps, while it shares its votes out among them.

A question that is asked once shows no dissent. Of a level whose lead is 1, every eighth question therefore has a lead
of 2: an audit, without which nobody would notice that the level has begun to err. Which questions these are follows
from their draw numbers, so that a resumed run audits the same ones.
"""

from collections.abc import Mapping, Sequence

from surefoot.runtime.execution.step_runner import MAX_DRAWS
from surefoot.runtime.leads import AUDITED
from surefoot.runtime.records import Contested, Counts, Entry, tally
from surefoot.voting.ballot import Ballot

LEVELS = {"split": "plan", "run": "steps"}
"""Names of the levels in ``Counts.levels``, by the part of the records that hold their questions."""
CALLS, DONE = "calls", ("plan/questions", "steps/questions")
"""Names of what a checkpoint holds beside ``Counts.levels``: calls so far, and decided questions of both levels."""


def counted_in(totals: Counts) -> dict[str, int]:
    """Return what is journalled at a checkpoint of what a run counted up to there."""
    plan, steps = DONE
    return {**totals.levels, plan: totals.decompositions, steps: totals.steps, CALLS: totals.calls}


def done_in(counted: Mapping[str, int]) -> tuple[int, int]:
    """Return how many decompositions and single steps were decided up to a checkpoint."""
    plan, steps = (counted.get(name, 0) for name in DONE)
    return plan, steps


def audited_lead(part: str, attempt: int, k: int, draw: int) -> int:
    """Return the lead that a question is asked with: 2 for an audited one, else what the run asks for.

    Args:
        part: ``split`` or ``run``; others are not audited.
        attempt: Only the first is: a chain run again, and a decomposition asked again, is under suspicion already.
        k: What the run asks for.
        draw: First of the question's draw numbers.
    """
    audited = k == 1 and part in LEVELS and not attempt and not draw // MAX_DRAWS % AUDITED
    return 2 if audited else k


def count_level(counts: Counts, part: str, attempt: int, k: int, entry: Entry) -> None:
    """Count the ballots of a question that was decided in the usual way, with a lead of 2 or more.

    By level: ``answers`` of all kinds, those that were not discarded (``valid``), and those of these that named another
    candidate than the winner (``dissent``).

    Args:
        counts: Where they are counted.
        part: Of the record that will hold the question.
        attempt: Of the chain, or of the decomposition.
        k: Lead that it was asked with.
        entry: What was decided.
    """
    lead = k if isinstance(entry, str) else 0 if entry.remembered else entry.k  # a role may have a lead of its own
    if part in LEVELS and not attempt and lead > 1:
        answers, valid, dissent = (k, k, 0) if isinstance(entry, str) else _ballots_of(entry)
        level = LEVELS[part]
        tally(counts.levels, {f"{level}/answers": answers, f"{level}/valid": valid, f"{level}/dissent": dissent})


def _ballots_of(entry: Contested) -> tuple[int, int, int]:
    """All ballots of a race in the first way to ask, the counted ones, and those for others than the most frequent."""
    ballots: Sequence[Ballot] = entry.before or entry.ballots
    named = [ballot.candidate for ballot in ballots if ballot.candidate is not None]
    most = max((named.count(one) for one in set(named)), default=0)
    return len(ballots), len(named), len(named) - most
