"""What a batch that is back has cost, and what it may have cost beyond that.

A provider charges for every line that it answered, also where its answer is cut off, no JSON or lost on the way. Only
what it says itself that it did not answer is free: lines of the file of errors, and what an expired, cancelled or
failed batch leaves out.
"""

from collections.abc import Iterable

import msgspec

from surefoot.runtime.models.batches.bodies import spent_usd
from surefoot.runtime.models.batches.follower import Ended
from surefoot.runtime.models.batches.lines import Line


class Charge(msgspec.Struct, frozen=True):
    """What the lines of a batch have cost.

    Attributes:
        spent_usd: Of those whose tokens are known.
        doubtful_usd: The most that ``doubtful`` others have cost.
        doubtful: Lines that may be charged, and of which nobody can say what they cost.
    """

    spent_usd: float
    doubtful_usd: float
    doubtful: int


def charge_of(ended: Ended, lines: Iterable[Line], prices: tuple[float, float]) -> Charge:
    """Return what a batch has cost.

    Args:
        ended: What came of it.
        lines: All that it asked.
        prices: What a prompt token and a generated one cost at most, in USD.
    """
    results, spent, dearer = ended.results, 0.0, 1.0
    doubts, missing = list[float](), list[float]()
    for line in lines:
        body, fault = results.answers.get(line.id), results.faults.get(line.id)
        known = spent_usd(body, prices) if body is not None else None
        if known is not None:
            spent += known
            # A server that charges for more tokens than were reserved does so for what cannot be read as well.
            dearer = max(dearer, known / most_of(line)) if most_of(line) else dearer
        elif body is not None or (fault is not None and fault.unread):
            doubts.append(most_of(line))
        elif fault is None:
            missing.append(most_of(line))
    # What became of a line that is in neither file is unknown: a completed batch answered it.
    paid = len(missing) if ended.batch.ended == "completed" else results.unread
    doubts += sorted(missing, reverse=True)[:paid]
    return Charge(spent, dearer * sum(doubts), len(doubts))


def unread_usd(line: Line, body: msgspec.Raw, prices: tuple[float, float]) -> float:
    """Return what an answer cost that is no completion, beyond what ``charge_of`` doubts; 0 if it was counted before.

    Args:
        line: What it answers; without what it may cost where an earlier session counted it.
        body: The answer.
        prices: What tokens cost.
    """
    return (spent_usd(body, prices) or 0.0) if most_of(line) else 0.0


def most_of(line: Line) -> float:
    """Return the most that a line may cost, in USD; what was reserved for it if that is more."""
    return max(line.held_usd, line.most_usd)
